use std::process::ExitCode;

use expect_test::expect_file;

use super::say;

#[test]
fn help_is_an_answer_and_not_a_refusal() {
    for line in [&["--help"][..], &["run", "--help"], &["plan", "run", "--help"], &["-V"]] {
        let said = say(line.iter().copied());
        assert_eq!((said.code, said.err.as_str()), (ExitCode::SUCCESS, ""), "{line:?}");
        assert!(!said.out.is_empty(), "{line:?}");
    }
}

#[test]
fn the_short_help_of_every_command() {
    let mut all = String::new();
    for name in ["", "run", "plan", "check", "schema", "completions"] {
        let words = [name, "-h"].into_iter().filter(|word| !word.is_empty());
        all.push_str(&format!("==== eyot {name}\n{}\n", say(words).out));
    }
    expect_file!["../help.txt"].assert_eq(&all);
}
