use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use expect_test::expect_file;

use super::{assert_refused, say};

/// Command lines that are wrong, each for one reason. None of them reaches a program.
const BAD: &[&[&str]] = &[
    &[],
    &["--"],
    &["-l"],
    &["--verbose"],
    &[""],
    &["rnu", "true"],
    &["RUN", "true"],
    &["ls", "-l"],
    &["help"],
    &["plan"],
    &["plan", "stop"],
    &["plan", "rum", "true"],
    &["plan", "--memory", "1G"],
    &["run", "--memroy", "1G", "true"],
    &["run", "--no-network", "true"],
    &["run", "-x", "true"],
    &["run", "--\u{1b}[2J", "true"],
    &["run", "--memory"],
    &["run", "--memory", "", "true"],
    &["run", "--memory", "12 bananas", "true"],
    &["run", "--memory=-1", "true"],
    &["run", "--memory=0", "true"],
    &["run", "--memory=1e9", "true"],
    &["run", "--memory", "1G", "--memory", "2G", "true"],
    &["run", "--scratch-size=much", "true"],
    &["run", "--wall-time=1d", "true"],
    &["run", "--wall-time=", "true"],
    &["run", "--processes=0", "true"],
    &["run", "--processes=many", "true"],
    &["run", "--processes=-1", "true"],
    &["run", "--open-files=1.5", "true"],
    &["run", "--cpus=inf", "true"],
    &["run", "--cpus=-1", "true"],
    &["run", "--cpus=0", "true"],
    &["run", "--uid=-1", "true"],
    &["run", "--uid=4294967295", "true"],
    &["run", "--gid=users", "true"],
    &["run", "--user=mine", "true"],
    &["run", "--net=loopbak", "true"],
    &["run", "--net", "true"],
    &["run", "--share=pid,nte", "true"],
    &["run", "--share=", "true"],
    &["run", "--ro", "", "true"],
    &["run", "--ro=/a:/b:/c", "true"],
    &["run", "--rw=/srv:", "true"],
    &["run", "--ro-try=:/srv", "true"],
    &["run", "--tmpfs=/tmp:siez=1M", "true"],
    &["run", "--tmpfs=/tmp:mode=9999", "true"],
    &["run", "--overlay=/a", "true"],
    &["run", "--file=/etc/motd", "true"],
    &["run", "--file=/etc/motd:fd=x", "true"],
    &["run", "--dir=", "true"],
    &["run", "--symlink=/bin/sh", "true"],
    &["run", "--mask=", "true"],
    &["run", "--device=:", "true"],
    &["run", "--root=hots", "true"],
    &["run", "--root=host", "--root=empty", "true"],
    &["run", "--proc=maybe", "true"],
    &["run", "--proc", "--no-proc", "true"],
    &["run", "--init", "--no-init", "true"],
    &["run", "--no-proc=false", "true"],
    &["run", "--workdir=", "true"],
    &["run", "-C"],
    &["run", "--env", "A", "true"],
    &["run", "--env", "=1", "true"],
    &["run", "--keep-env=A=1", "true"],
    &["run", "--keep-fd=2", "true"],
    &["run", "--keep-fd=three", "true"],
    &["run", "--cap=", "true"],
    &["run", "--allow=a,,b", "true"],
    &["run", "--allow-missing=", "true"],
    &["run", "--seccomp=", "true"],
    &["run", "--core-dumps=some", "true"],
    &["run"],
    &["plan", "run", "--profile=biuld", "true"],
    &["plan", "run", "--profile=", "true"],
    &["plan", "run", "--allow=nestng", "true"],
    &["plan", "run", "--allow-missing=landlok", "true"],
    &["plan", "run", "--cap=CAP_NET_BIND", "true"],
    &["plan", "run", "--ro=/no/such/place", "true"],
    &["plan", "run", "--rw=/no/such/place:/data", "true"],
    &["plan", "run", "--ro=/usr", "--rw=/usr", "true"],
    &["plan", "run", "--mask=/srv", "--dir=/srv/x", "true"],
    &["plan", "run", "--file=/a=x", "--dir=/a/b", "true"],
    &["plan", "run", "--dir=relative", "true"],
    &["plan", "run", "--dir=/a/../b", "true"],
    &["plan", "run", "--workdir=relative", "true"],
    &["plan", "run", "--hostname=a/b", "true"],
    &["plan", "run", "--seccomp=/no/such.json", "true"],
    &["plan", "run", "--seccomp=/usr", "true"],
    &["plan", "run", "--device=/etc/passwd", "true"],
    &["plan", "run", "--ro=/dev/null:/n", "true"],
    &["plan", "run", "--overlay=/etc/passwd:/o", "true"],
    &["check"],
    &["check", "--syntaxonly", "a.toml"],
    &["schema"],
    &["schema", "veiw"],
    &["completions"],
    &["completions", "tcsh"],
];

#[test]
fn each_bad_command_line_is_refused_in_one_sentence() {
    let mut all = String::new();
    for line in BAD {
        let said = say(line.iter().copied());
        let shown: String = line.iter().map(|word| format!(" {}", word.escape_debug())).collect();
        assert_refused(&said, &shown);
        all.push_str(&format!("$ eyot{shown}\n{}\n", said.err));
    }
    expect_file!["../command-lines.txt"].assert_eq(&all);
}

#[test]
fn a_word_that_is_not_utf8_is_named() {
    let odd = OsString::from_vec(b"--mem\xffory=1G".to_vec());
    let said = say(["run".into(), odd, "true".into()]);
    assert_refused(&said, "not UTF-8");
    assert!(said.err.contains("--mem"), "{}", said.err);
    let odd = OsString::from_vec(b"/srv/\xff".to_vec());
    let said = say(["run".into(), "--ro".into(), odd, "true".into()]);
    assert_refused(&said, "not UTF-8");
    assert!(said.err.contains("/srv/"), "{}", said.err);
}

#[test]
fn a_view_that_is_not_found_says_where_it_was_searched() {
    let said = say(["run", "--view", "no-such-view", "true"]);
    assert_refused(&said, "a name");
    assert!(said.err.contains("'no-such-view' (searched: ., "), "{}", said.err);
    assert!(said.err.contains("/etc/eyot/views)"), "{}", said.err);
    let said = say(["run", "--view", "no/such-view.toml", "true"]);
    assert_refused(&said, "a path");
    assert!(said.err.starts_with("error: cannot read 'no/such-view.toml'\n"), "{}", said.err);
    assert_refused(&say(["run", "--view", "", "true"]), "no name");
}
