//! A directory of an ordinary user that cases run eyot in.

use std::path::Path;
use std::process::Command;
use std::{fs, io};

use crate::executable::{AT, Said, said};

/// Whose directory it is when root runs the case.
const OWNER: u32 = 1000;

pub(crate) const AT_HOME: &str = "/tmp/project";

/// Makes the directory; it belongs to an ordinary user, because a writable one of root's would be refused.
pub(crate) fn project() -> io::Result<()> {
    fs::create_dir(AT_HOME)?;
    if eyot_sys::effective_ids().0 == 0 {
        std::os::unix::fs::chown(AT_HOME, Some(OWNER), Some(OWNER))?;
    }
    Ok(())
}

/// Makes it, and a git repository in it with one commit.
pub(crate) fn checkout() -> Result<(), Box<dyn std::error::Error>> {
    project()?;
    let make = "git init --quiet . && echo one >file && git add file && git commit --quiet --message=first";
    as_owner(make)?.fine()?;
    Ok(())
}

/// Runs a shell script there as the directory's owner, outside every view.
pub(crate) fn as_owner(script: &str) -> io::Result<Said> {
    let owner = OWNER.to_string();
    let mut command = match eyot_sys::effective_ids().0 {
        0 => {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", &owner, "--regid", &owner, "--clear-groups", "sh"]);
            command
        }
        _ => Command::new("sh"),
    };
    said(command.args(["-euc", script]).envs(GIT).current_dir(AT_HOME))
}

/// Git asks nobody's configuration who commits.
pub(crate) const GIT: [(&str, &str); 5] = [
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_AUTHOR_NAME", "somebody"),
    ("GIT_AUTHOR_EMAIL", "somebody@example.org"),
    ("GIT_COMMITTER_NAME", "somebody"),
    ("GIT_COMMITTER_EMAIL", "somebody@example.org"),
];

/// `eyot run OPTIONS -- sh -euc SCRIPT` there.
pub(crate) fn run_there<'a>(
    options: impl IntoIterator<Item = &'a str>,
    script: &str,
) -> io::Result<Said> {
    let mut eyot = Command::new(AT);
    eyot.arg("run").args(options);
    for (name, _) in GIT {
        eyot.args(["--keep-env", name]);
    }
    said(eyot.args(["--", "sh", "-euc", script]).envs(GIT).current_dir(AT_HOME))
}

/// What a file there holds, seen from outside.
pub(crate) fn read(name: &str) -> io::Result<String> {
    fs::read_to_string(Path::new(AT_HOME).join(name))
}
