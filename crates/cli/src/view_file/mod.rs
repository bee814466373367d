//! View files: TOML with the keys of [`View`]. A file that is wrong is refused with its place,
//! the bad key or value, and the form that is wanted.

mod explain;
mod find;
mod value;

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use eyot_plan::View;
use serde::Deserialize as _;
use toml::de::{DeTable, Deserializer};

use crate::render::printable;

pub use find::find;
pub(crate) use find::places;

/// Larger files are no view files; reading one must not cost memory.
pub const MOST_BYTES: u64 = 1 << 20;

#[derive(Debug, thiserror::Error)]
pub enum ViewFileError {
    #[error("cannot read '{}'", shown(path))]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("'{}' is {found}, not {wanted}", shown(path))]
    NotAFile { path: PathBuf, found: &'static str, wanted: &'static str },
    #[error("'{}' is larger than {wanted} may be (1 MiB)", shown(path))]
    TooLarge { path: PathBuf, wanted: &'static str },
    #[error("there is no view '{}' (searched: {})", name.escape_debug(), list(searched))]
    NotFound { name: String, searched: Vec<PathBuf> },
    #[error("{}:{line}:{column}: {what}", shown(path))]
    Bad {
        path: PathBuf,
        line: usize,
        column: usize,
        what: String,
        /// What was probably meant, where something is near.
        instead: Option<String>,
    },
}

impl ViewFileError {
    pub fn instead(&self) -> Option<&str> {
        match self {
            ViewFileError::Bad { instead, .. } => instead.as_deref(),
            ViewFileError::Unreadable { .. }
            | ViewFileError::NotAFile { .. }
            | ViewFileError::TooLarge { .. }
            | ViewFileError::NotFound { .. } => None,
        }
    }
}

/// Something wrong at a byte of the text.
#[derive(Debug, PartialEq, Eq)]
struct Fault {
    at: usize,
    what: String,
    instead: Option<String>,
}

/// Understands the text of the view file at `path`, which only names it in errors.
pub fn parse(path: &Path, text: &str) -> Result<View, ViewFileError> {
    understand(text).map_err(|fault| placed(path, text, fault))
}

/// Reads and understands the view file at `path`.
pub fn read(path: &Path) -> Result<View, ViewFileError> {
    parse(path, &text(path, "a view file")?)
}

/// The text of a regular file of a size that `wanted` may have.
pub(crate) fn text(path: &Path, wanted: &'static str) -> Result<String, ViewFileError> {
    String::from_utf8(content(path, wanted)?).map_err(|error| {
        let (good, _) = error.as_bytes().split_at(error.utf8_error().valid_up_to());
        let what = "this is not UTF-8 text".to_owned();
        let fault = Fault { at: good.len(), what, instead: None };
        placed(path, &String::from_utf8_lossy(good), fault)
    })
}

fn understand(text: &str) -> Result<View, Fault> {
    let table = DeTable::parse(text).map_err(|error| explain::syntax(text, &error))?;
    let view = View::deserialize(Deserializer::from(table))
        .map_err(|error| explain::unfitting(text, &error))?;
    match value::refused(&view) {
        None => Ok(view),
        Some(refused) => Err(explain::refused(text, refused)),
    }
}

fn content(path: &Path, wanted: &'static str) -> Result<Vec<u8>, ViewFileError> {
    let unreadable = |source| ViewFileError::Unreadable { path: path.to_owned(), source };
    // Before opening: opening a FIFO waits for a writer, opening a device may act.
    regular(path, wanted, &fs::metadata(path).map_err(unreadable)?)?;
    let file = File::open(path).map_err(unreadable)?;
    regular(path, wanted, &file.metadata().map_err(unreadable)?)?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    match bytes.len() as u64 > MOST_BYTES {
        true => Err(ViewFileError::TooLarge { path: path.to_owned(), wanted }),
        false => Ok(bytes),
    }
}

fn regular(
    path: &Path,
    wanted: &'static str,
    metadata: &fs::Metadata,
) -> Result<(), ViewFileError> {
    use std::os::unix::fs::FileTypeExt as _;

    let kind = metadata.file_type();
    let found = match () {
        () if kind.is_file() => return Ok(()),
        () if kind.is_dir() => "a directory",
        () if kind.is_fifo() => "a pipe",
        () if kind.is_socket() => "a socket",
        () => "a device",
    };
    Err(ViewFileError::NotAFile { path: path.to_owned(), found, wanted })
}

fn placed(path: &Path, text: &str, fault: Fault) -> ViewFileError {
    // Spans end at characters, but no panic is worth the trust.
    let at = text.floor_char_boundary(fault.at);
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
    let Fault { what, instead, .. } = fault;
    ViewFileError::Bad { path: path.to_owned(), line, column, what, instead }
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| shown(path)).collect::<Vec<_>>().join(", ")
}
