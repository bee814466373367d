use std::collections::HashMap;

use serde::Deserialize;

/// What `reader.c` tells.
#[derive(Debug, Deserialize)]
pub(super) struct Seen {
    pub(super) uid: [u32; 3],
    pub(super) gid: [u32; 3],
    pub(super) groups: Vec<u32>,
    pub(super) uid_map: Option<String>,
    pub(super) gid_map: Option<String>,
    pub(super) setgroups: Option<String>,
    pub(super) hostname: String,
    pub(super) cwd: Option<String>,
    pub(super) environment: Vec<String>,
    pub(super) pid: i32,
    pub(super) session: i32,
    pub(super) comm_of_1: Option<String>,
    /// How many the view's `/proc` shows; -1 without one.
    pub(super) processes: i32,
    pub(super) effective: u64,
    pub(super) permitted: u64,
    pub(super) inheritable: u64,
    pub(super) bounding: u64,
    pub(super) ambient: u64,
    pub(super) no_new_privileges: i32,
    pub(super) seccomp: i32,
    pub(super) umask: u32,
    pub(super) limit_core: [String; 2],
    pub(super) limit_open_files: [String; 2],
    pub(super) limit_processes_limit: [String; 2],
    pub(super) limit_address_space: [String; 2],
    pub(super) descriptors: Vec<i32>,
    pub(super) namespaces: HashMap<String, Option<String>>,
    pub(super) interfaces: Vec<Interface>,
    pub(super) mounts: Option<String>,
    pub(super) names: Vec<String>,
    pub(super) places: Vec<Place>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub(super) struct Interface {
    pub(super) name: String,
    pub(super) up: bool,
}

/// What is at one place; what a kind of file does not have stays at its default.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Place {
    pub(super) at: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) device: u64,
    pub(super) inode: u64,
    pub(super) number: u64,
    pub(super) link: Option<String>,
    pub(super) content: Option<String>,
    pub(super) ro: bool,
    pub(super) nosuid: bool,
    pub(super) nodev: bool,
    pub(super) noexec: bool,
    pub(super) bytes: u64,
    /// How many names a directory holds; -1 where it cannot be listed.
    pub(super) names: i32,
    /// 0 or an errno: a name made in a directory, a file opened for writing.
    pub(super) write: i32,
    /// 0 or an errno: the time set. A read-only mount is asked before the file's mode.
    pub(super) touch: i32,
}

/// A line of mountinfo (`proc_pid_mountinfo(5)`).
#[derive(Debug)]
pub(super) struct Mount {
    pub(super) at: String,
    pub(super) options: Vec<String>,
    pub(super) propagates: bool,
    pub(super) filesystem: String,
}

impl Mount {
    pub(super) fn of_line(line: &str) -> Option<Self> {
        let (left, right) = line.split_once(" - ")?;
        let fields: Vec<&str> = left.split(' ').collect();
        Some(Self {
            at: (*fields.get(4)?).to_owned(),
            options: fields.get(5)?.split(',').map(str::to_owned).collect(),
            propagates: fields[6..].iter().any(|field| !field.is_empty()),
            filesystem: right.split(' ').next()?.to_owned(),
        })
    }

    pub(super) fn has(&self, option: &str) -> bool {
        self.options.iter().any(|known| known == option)
    }
}
