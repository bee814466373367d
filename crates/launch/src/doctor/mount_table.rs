//! Lines of `/proc/self/mountinfo` (`proc_pid_mountinfo(5)`).

use std::path::{Path, PathBuf};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MountLine {
    /// Which directory of the file system is shown.
    pub(super) root: PathBuf,
    pub(super) at: PathBuf,
    pub(super) kind: String,
    /// Options of the file system, not of the mount.
    pub(super) options: String,
}

pub(super) fn parse(text: &str) -> Vec<MountLine> {
    text.lines().filter_map(line).collect()
}

fn line(text: &str) -> Option<MountLine> {
    // A varying number of fields ends with a dash of its own.
    let (mount, filesystem) = text.split_once(" - ")?;
    let mount: Vec<&str> = mount.split(' ').collect();
    let filesystem: Vec<&str> = filesystem.split(' ').collect();
    Some(MountLine {
        root: unescaped(mount.get(3)?),
        at: unescaped(mount.get(4)?),
        kind: (*filesystem.first()?).to_owned(),
        options: (*filesystem.get(2)?).to_owned(),
    })
}

/// Spaces and such are written as a backslash and three octal digits.
fn unescaped(text: &str) -> PathBuf {
    let mut parts = text.split('\\');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match code {
            Some(code) => {
                plain.push(code.into());
                plain.push_str(&part[3..]);
            }
            None => plain.push_str(part),
        }
    }
    plain.into()
}

/// The kind of file system that `path` lies on: of the last mount on the longest prefix.
pub(super) fn kind_at<'a>(mounts: &'a [MountLine], path: &Path) -> Option<&'a str> {
    let covering = mounts.iter().filter(|mount| path.starts_with(&mount.at));
    let nearest = covering.max_by_key(|mount| mount.at.components().count())?;
    Some(&nearest.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
23 22 0:5 / /home rw shared:3 master:1 - tmpfs tmpfs rw,size=4k
24 23 0:6 /a\\040b /home/my\\040files rw - xfs /dev/vdb rw
broken
";

    #[test]
    fn fields_before_and_behind_the_dash() {
        let mounts = parse(TEXT);
        assert_eq!(mounts.len(), 3);
        assert_eq!((mounts[1].kind.as_str(), mounts[1].options.as_str()), ("tmpfs", "rw,size=4k"));
        assert_eq!(mounts[2].root, Path::new("/a b"));
        assert_eq!(mounts[2].at, Path::new("/home/my files"));
    }

    #[test]
    fn the_nearest_mount_decides_the_kind() {
        let mounts = parse(TEXT);
        let kind = |path: &str| kind_at(&mounts, Path::new(path));
        assert_eq!(kind("/homework"), Some("ext4"));
        assert_eq!(kind("/home/x"), Some("tmpfs"));
        assert_eq!(kind("/home/my files/x"), Some("xfs"));
    }
}
