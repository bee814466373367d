use std::process::ExitCode;

use super::say;

#[test]
fn a_plan_is_printed_as_a_tree_or_as_json_and_nothing_is_done() {
    let options = ["--dir=/data", "--hostname=island", "--", "no-such-program", "-x"];
    let text = say(["plan", "run"].into_iter().chain(options));
    assert_eq!((text.code, text.err.as_str()), (ExitCode::SUCCESS, ""));
    let row = text.out.lines().find(|line| line.contains("/data")).expect("the directory is shown");
    assert!(row.contains("scratch rw") && row.ends_with("flag --dir"), "{row}");
    assert!(text.out.contains("\n  command       no-such-program -x\n"), "{}", text.out);
    assert!(text.out.contains("\n  host name     island\n"), "{}", text.out);

    let json = say(["plan", "--json", "run"].into_iter().chain(options));
    assert_eq!((json.code, json.err.as_str()), (ExitCode::SUCCESS, ""));
    let plan: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!(plan["format"], 1);
    assert_eq!(plan["process"]["command"], serde_json::json!(["no-such-program", "-x"]));
    let entries = plan["entries"].as_array().expect("a list");
    assert!(entries.iter().any(|entry| entry["at"] == "/data"), "{entries:?}");
}

#[test]
fn flags_stand_above_the_view_file() {
    let file = "../../examples/views/empty-shell.toml";
    let said = say(["plan", "run", "--view", file, "--tmpfs=/tmp:size=1M", "--workdir=/usr", "ls"]);
    assert_eq!(said.code, ExitCode::SUCCESS, "{}", said.err);
    let row = said.out.lines().find(|line| line.contains("─ /tmp ")).expect("/tmp is shown");
    assert!(row.contains("1 MiB") && row.ends_with("flag --tmpfs"), "{row}");
    assert!(said.out.contains("\n  command       ls\n"), "{}", said.out);
    assert!(said.out.contains("\n  directory     /usr\n"), "{}", said.out);
    assert!(said.out.contains("covered by a stronger request\n  tmpfs /tmp "), "{}", said.out);
}
