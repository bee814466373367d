use std::cmp::Ordering;
use std::ffi::OsStr;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use serde::{Serialize, Serializer};

use crate::PlanError;

/// A path on the host, before the view exists.
///
/// Invariant: as of [`ViewPath`].
#[derive(Clone, Debug)]
pub struct HostPath(PathBuf);

/// A path as the process in the view will see it.
///
/// Invariant: absolute, and made of plain names only, so two equal places compare equal.
#[derive(Clone, Debug)]
pub struct ViewPath(PathBuf);

impl HostPath {
    pub fn new(path: impl Into<PathBuf>) -> Result<Self, PlanError> {
        checked(path.into()).map(Self)
    }

    pub fn as_path(&self) -> &Path {
        &self.0
    }
}

impl ViewPath {
    pub fn new(path: impl Into<PathBuf>) -> Result<Self, PlanError> {
        checked(path.into()).map(Self)
    }

    pub fn as_path(&self) -> &Path {
        &self.0
    }

    /// The path without its leading slash: how it is looked up inside a root held as a descriptor.
    pub fn relative(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.bytes()[1..]))
    }

    pub fn is_root(&self) -> bool {
        self.bytes().len() == 1
    }

    /// Whether `other` is this place or lies below it.
    pub fn contains(&self, other: &ViewPath) -> bool {
        // Both are normal, so this is Path::starts_with, which every start asks a thousand times, by bytes.
        let (own, other) = (self.bytes(), other.bytes());
        match other.strip_prefix(own) {
            Some(rest) => own.len() == 1 || rest.is_empty() || rest[0] == b'/',
            None => false,
        }
    }

    fn bytes(&self) -> &[u8] {
        self.0.as_os_str().as_bytes()
    }

    pub fn parent(&self) -> Option<ViewPath> {
        let (parent, _) = self.split()?;
        Some(ViewPath(PathBuf::from(OsStr::from_bytes(parent))))
    }

    /// The last name of this place; the root has none.
    pub fn name(&self) -> Option<&OsStr> {
        self.split().map(|(_, name)| OsStr::from_bytes(name))
    }

    fn split(&self) -> Option<(&[u8], &[u8])> {
        let bytes = self.bytes();
        let slash = bytes.iter().rposition(|byte| *byte == b'/')?;
        (bytes.len() > 1).then(|| (&bytes[..slash.max(1)], &bytes[slash + 1..]))
    }

    /// This place with `name` below it.
    pub fn join(&self, name: &str) -> Result<ViewPath, PlanError> {
        ViewPath::new(self.0.join(name))
    }
}

// The bytes decide, because the form is normal; `Path` would take both apart again.
impl PartialEq for HostPath {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_os_str() == other.0.as_os_str()
    }
}

impl Eq for HostPath {}

impl Hash for HostPath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.as_os_str().hash(state);
    }
}

impl PartialEq for ViewPath {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for ViewPath {}

impl Ord for ViewPath {
    /// By components, as `Path` orders: a directory comes before what is in it, and `/a/b` before `/a-b`.
    fn cmp(&self, other: &Self) -> Ordering {
        let rank = |byte: &u8| if *byte == b'/' { 0 } else { *byte };
        self.bytes().iter().map(rank).cmp(other.bytes().iter().map(rank))
    }
}

impl PartialOrd for ViewPath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

macro_rules! shown_as_path {
    ($type:ty) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                // Control characters in a name must not drive the terminal of whoever reads it.
                for byte in self.0.to_string_lossy().chars() {
                    match byte.is_control() {
                        true => write!(f, "{}", byte.escape_default())?,
                        false => write!(f, "{byte}")?,
                    }
                }
                Ok(())
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0.display())
            }
        }
    };
}

shown_as_path!(HostPath);
shown_as_path!(ViewPath);

fn checked(path: PathBuf) -> Result<PathBuf, PlanError> {
    let bytes = path.as_os_str().as_bytes();
    let plain =
        path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    if !path.is_absolute() || !plain || bytes.contains(&0) {
        return Err(PlanError::NotAPlainPath { path });
    }
    // PATH_MAX of limits.h counts the terminating NUL.
    if bytes.len() >= 4096 || path.components().any(|part| part.as_os_str().len() > 255) {
        return Err(PlanError::PathTooLong { path });
    }
    // Components drop repeated and trailing slashes, so equal places are equal paths.
    Ok(path.components().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_places_are_equal_paths() {
        assert_eq!(ViewPath::new("/usr//lib/").unwrap(), ViewPath::new("/usr/lib").unwrap());
    }

    #[test]
    fn places_compare_as_paths_do() {
        let all =
            ["/", "/a", "/a/b", "/a/b/c", "/a-b", "/ab", "/b"].map(|p| ViewPath::new(p).unwrap());
        for one in &all {
            assert_eq!(one.name(), one.as_path().file_name());
            assert_eq!(one.parent().as_ref().map(ViewPath::as_path), one.as_path().parent());
            for other in &all {
                let (one_path, other_path) = (one.as_path(), other.as_path());
                assert_eq!(one.cmp(other), one_path.cmp(other_path), "{one} {other}");
                assert_eq!(one.contains(other), other_path.starts_with(one_path), "{one} {other}");
                assert_eq!(one == other, one_path == other_path, "{one} {other}");
            }
        }
    }

    #[test]
    fn only_plain_absolute_paths_pass() {
        for bad in ["", "usr", "/usr/../etc", "./usr", "/a\0b"] {
            assert!(ViewPath::new(bad).is_err(), "{bad:?}");
        }
        assert!(ViewPath::new(format!("/{}", "x".repeat(256))).is_err());
        assert!(ViewPath::new("/x".repeat(2048)).is_err());
    }

    #[test]
    fn a_name_cannot_drive_the_readers_terminal() {
        assert_eq!(HostPath::new("/a\u{1b}[2J").unwrap().to_string(), "/a\\u{1b}[2J");
    }
}
