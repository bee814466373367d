//! Programs that people really run, in the default view.

use std::fs;
use std::path::Path;

use crate::case::{Outcome, cases};
use crate::project::{AT_HOME, as_owner, checkout, project, read, run_there};

cases! {
    (userns with "gcc"): a_compiler_builds_what_runs;
    (userns with "python3"): python_has_its_modules;
    (userns with "node"): node_has_threads_and_names;
    (userns with "java"): java_starts;
    (userns with "git"): git_trusts_a_bound_checkout, git_commits_where_it_may;
    (userns with "script"): a_shell_controls_jobs;
    (userns with "vim"): vim_edits_on_a_terminal;
    (userns with "tmux"): tmux_has_a_server;
    (userns with "ps"): only_the_views_processes_are_listed;
    (userns with "tar"): an_archive_is_unpacked;
    (userns with "openssl"): certificates_are_made;
}

pub(super) fn a_compiler_builds_what_runs() -> Outcome {
    project()?;
    as_owner("echo 'int main(void) { return 42; }' >main.c")?.fine()?;
    let said = run_there([], "gcc -o /tmp/main main.c; /tmp/main")?;
    assert_eq!(said.code, Some(42), "{said:?}");
    Ok(())
}

pub(super) fn python_has_its_modules() -> Outcome {
    project()?;
    as_owner(
        "cat >main.py <<'end'\n\
         import ctypes, getpass, hashlib, multiprocessing, os, pwd, socket, sqlite3, ssl, tempfile\n\
         assert getpass.getuser() == pwd.getpwuid(os.getuid()).pw_name\n\
         ssl.create_default_context()\n\
         tempfile.NamedTemporaryFile().write(b'x')\n\
         with multiprocessing.Pool(2) as pool: print(pool.map(abs, [-1, 2]))\n\
         end",
    )?
    .fine()?;
    assert_eq!(run_there([], "/usr/bin/python3 main.py")?.fine()?, "[1, 2]\n");
    Ok(())
}

pub(super) fn node_has_threads_and_names() -> Outcome {
    project()?;
    as_owner(
        "cat >main.js <<'end'\n\
         require('crypto').randomBytes(4);\n\
         require('os').userInfo();\n\
         require('child_process').execSync('true');\n\
         const { Worker } = require('worker_threads');\n\
         new Worker('', { eval: true }).on('exit', code => console.log(code));\n\
         end",
    )?
    .fine()?;
    assert_eq!(run_there([], "node main.js")?.fine()?, "0\n");
    Ok(())
}

pub(super) fn java_starts() -> Outcome {
    project()?;
    run_there([], "java -version")?.fine()?;
    Ok(())
}

pub(super) fn git_trusts_a_bound_checkout() -> Outcome {
    checkout()?;
    // Git refuses a repository whose owner is somebody else ("dubious ownership").
    assert_eq!(run_there([], "git log --format=%s; git status --short")?.fine()?, "first\n");
    Ok(())
}

pub(super) fn git_commits_where_it_may() -> Outcome {
    checkout()?;
    run_there(["--rw", "."], "echo two >file; git commit --quiet --all --message=second")?
        .fine()?;
    // From outside, the owner sees files of his own.
    let seen = as_owner("git log --format=%s; git status --short; find . ! -user $(id -u)")?;
    assert_eq!(seen.fine()?, "second\nfirst\n");
    Ok(())
}

pub(super) fn a_shell_controls_jobs() -> Outcome {
    project()?;
    let session = "set -m; sleep 9 & kill -STOP %1; wait %1; jobs; kill -KILL %1";
    let said = run_there([], &format!("script -qec \"bash -ic '{session}'\" /dev/null"))?.fine()?;
    assert!(said.contains("Stopped"), "{said}");
    assert!(!said.contains("no job control"), "{said}");
    Ok(())
}

pub(super) fn vim_edits_on_a_terminal() -> Outcome {
    project()?;
    let edit = "script -qec \"vim -u NONE -c 'normal ihello' -c wq file\" /dev/null";
    let script = format!("{edit} >/dev/null; cat file");
    assert_eq!(run_there(["--rw", ".", "--env", "TERM=xterm"], &script)?.fine()?, "hello\n");
    assert_eq!(read("file")?, "hello\n");
    Ok(())
}

pub(super) fn tmux_has_a_server() -> Outcome {
    project()?;
    let said = run_there([], "tmux new-session -d -s one 'sleep 9'; tmux list-sessions -F '#S'")?;
    assert_eq!(said.fine()?, "one\n");
    Ok(())
}

pub(super) fn only_the_views_processes_are_listed() -> Outcome {
    project()?;
    let said = run_there([], "ps -e -o comm=; top -bn1 >/dev/null")?.fine()?;
    assert_eq!(said.split_whitespace().collect::<Vec<_>>(), ["eyot", "sh", "ps"]);
    Ok(())
}

pub(super) fn an_archive_is_unpacked() -> Outcome {
    project()?;
    as_owner("mkdir a; echo text >a/b; tar -cf a.tar a")?.fine()?;
    assert_eq!(run_there([], "cd /tmp; tar -xf project/a.tar; cat a/b")?.fine()?, "text\n");
    Ok(())
}

pub(super) fn certificates_are_made() -> Outcome {
    project()?;
    let request =
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout /tmp/k -out /tmp/c -subj /CN=x";
    run_there([], request)?.fine()?;
    Ok(())
}

/// Root only, because another user could not read a toolchain in root's home.
pub(super) fn cargo_builds_offline() -> Outcome {
    project()?;
    let cargo = std::env::var("CARGO").map_err(|_| "not started by cargo")?;
    let toolchain = Path::new(&cargo).ancestors().nth(2).and_then(Path::to_str);
    let toolchain = toolchain.ok_or("cargo is in no toolchain")?;
    as_owner("mkdir src; echo 'fn main() { println!(\"built\"); }' >src/main.rs")?.fine()?;
    let manifest = "[package]\nname = \"one\"\nedition = \"2024\"\n";
    as_owner(&format!("printf '{}' >Cargo.toml", manifest.replace('\n', "\\n")))?.fine()?;
    let path = format!("PATH={toolchain}/bin:/usr/bin:/bin");
    let options = ["--rw", ".", "--ro", toolchain, "--env", &path];
    assert_eq!(run_there(options, "cargo run --offline --quiet")?.fine()?, "built\n");
    assert!(fs::exists(Path::new(AT_HOME).join("Cargo.lock"))?);
    Ok(())
}
