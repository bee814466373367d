//! Starting other programs, so that an error always says which one failed.

use std::error::Error;
use std::io;
use std::path::Path;
use std::process::{Command, Output};

pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// Runs `command` with our own terminal, after showing it.
pub(crate) fn run(command: &mut Command) -> Result {
    println!("$ {}", shown(command));
    let status = command.status().map_err(|error| cannot_start(command, &error))?;
    if !status.success() {
        return Err(format!("{} failed: {status}", shown(command)).into());
    }
    Ok(())
}

/// What `command` wrote on its standard output; an error if it failed.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = outcome(command)?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        return Err(format!(
            "{} failed: {}\n{}",
            shown(command),
            output.status,
            complaint.trim_end()
        )
        .into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// What `command` wrote and how it ended, whichever way that was.
pub(crate) fn outcome(command: &mut Command) -> Result<Output> {
    Ok(command.output().map_err(|error| cannot_start(command, &error))?)
}

/// Whether a program of this name lies in `PATH`.
pub(crate) fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

/// Reads a file; the error names it.
pub(crate) fn read_file(path: &Path) -> Result<String> {
    std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read '{}': {error}", path.display()).into())
}

/// Writes a file and the directories above it; the error names it.
pub(crate) fn write_file(path: &Path, text: impl AsRef<[u8]>) -> Result {
    let directory = path.parent().unwrap_or(path);
    std::fs::create_dir_all(directory)
        .and_then(|()| std::fs::write(path, text))
        .map_err(|error| format!("cannot write '{}': {error}", path.display()).into())
}

/// Whether this process runs with the effective user id 0.
pub(crate) fn is_root() -> bool {
    // The owner of /proc/self is the effective user of a dumpable process, which this one is.
    std::fs::metadata("/proc/self")
        .is_ok_and(|metadata| std::os::unix::fs::MetadataExt::uid(&metadata) == 0)
}

fn cannot_start(command: &Command, error: &io::Error) -> String {
    format!("cannot start {}: {error}", shown(command))
}

fn shown(command: &Command) -> String {
    // As one would type it: where the program lies matters less to the reader than what it is told.
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    let quoted = words.map(|word| match word.to_string_lossy() {
        word if word.contains([' ', '&', '|', ';', '$', '"']) => format!("'{word}'"),
        word => word.into_owned(),
    });
    quoted.collect::<Vec<_>>().join(" ")
}
