//! The command `eyot` as cases run it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Where the test view shows the executable: the checkout may lie where the case's user may not look.
pub(crate) const AT: &str = "/tmp/bin/eyot";

/// Names the executable to test; `cargo xtask test` builds and names it.
pub(crate) const VARIABLE: &str = "EYOT";

/// What a run of eyot led to.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    pub(crate) fn of(Output { status, stdout, stderr }: Output) -> io::Result<Self> {
        let text = |bytes| String::from_utf8(bytes).map_err(io::Error::other);
        Ok(Said { code: status.code(), out: text(stdout)?, err: text(stderr)? })
    }

    /// The standard output of a run that went well.
    pub(crate) fn fine(self) -> Result<String, String> {
        match self.code {
            Some(0) => Ok(self.out),
            _ => Err(format!("eyot failed: {self:?}")),
        }
    }

    /// The text of a run that eyot itself refused.
    pub(crate) fn refusal(self) -> Result<String, String> {
        match self.code {
            Some(125) if self.out.is_empty() => Ok(self.err),
            _ => Err(format!("eyot did not refuse: {self:?}")),
        }
    }
}

/// Runs eyot with these words.
pub(crate) fn eyot<'a>(words: impl IntoIterator<Item = &'a str>) -> io::Result<Said> {
    said(Command::new(AT).args(words))
}

/// Runs a command that runs eyot.
pub(crate) fn said(command: &mut Command) -> io::Result<Said> {
    Said::of(command.output()?)
}

/// The executable on the host: the named one, or the one built beside this test.
pub(crate) fn place() -> io::Result<PathBuf> {
    if let Some(named) = std::env::var_os(VARIABLE) {
        return std::path::absolute(named);
    }
    // This is TARGET/debug/deps/host-HASH.
    let own = std::env::current_exe()?;
    Ok(own.ancestors().nth(2).unwrap_or(Path::new("/")).join("eyot"))
}

/// Cargo makes the executables of a test's own package only, so a bare `cargo test -p host-tests` needs this.
pub(crate) fn build_if_nobody_did() -> io::Result<()> {
    // nextest starts a harness for each case: there a build must have been made before.
    let named = std::env::var_os(VARIABLE).is_some();
    let under_nextest = std::env::var_os("NEXTEST").is_some() && place()?.exists();
    if named || under_nextest {
        return Ok(());
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--package", "eyot", "--manifest-path", manifest]);
    match build.status()?.success() {
        true => Ok(()),
        false => Err(io::Error::other("eyot cannot be built")),
    }
}
