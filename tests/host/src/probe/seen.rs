use std::collections::HashMap;

use serde::Deserialize;

/// What `reader.c` tells.
#[derive(Debug, Deserialize)]
pub(crate) struct Seen {
    pub(crate) uid: [u32; 3],
    pub(crate) gid: [u32; 3],
    pub(crate) groups: Vec<u32>,
    pub(crate) uid_map: Option<String>,
    pub(crate) gid_map: Option<String>,
    pub(crate) setgroups: Option<String>,
    pub(crate) hostname: String,
    pub(crate) cwd: Option<String>,
    pub(crate) environment: Vec<String>,
    pub(crate) pid: i32,
    pub(crate) session: i32,
    pub(crate) comm_of_1: Option<String>,
    /// How many the view's `/proc` shows; -1 without one.
    pub(crate) processes: i32,
    pub(crate) effective: u64,
    pub(crate) permitted: u64,
    pub(crate) inheritable: u64,
    pub(crate) bounding: u64,
    pub(crate) ambient: u64,
    pub(crate) no_new_privileges: i32,
    pub(crate) seccomp: i32,
    pub(crate) umask: u32,
    pub(crate) limit_core: [String; 2],
    pub(crate) limit_open_files: [String; 2],
    pub(crate) limit_processes_limit: [String; 2],
    pub(crate) limit_address_space: [String; 2],
    pub(crate) descriptors: Vec<i32>,
    pub(crate) namespaces: HashMap<String, Option<String>>,
    pub(crate) interfaces: Vec<Interface>,
    pub(crate) mounts: Option<String>,
    pub(crate) names: Vec<String>,
    pub(crate) places: Vec<Place>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct Interface {
    pub(crate) name: String,
    pub(crate) up: bool,
}

/// What is at one place; what a kind of file does not have stays at its default.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Place {
    pub(crate) at: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) device: u64,
    pub(crate) inode: u64,
    pub(crate) number: u64,
    pub(crate) link: Option<String>,
    pub(crate) content: Option<String>,
    pub(crate) ro: bool,
    pub(crate) nosuid: bool,
    pub(crate) nodev: bool,
    pub(crate) noexec: bool,
    pub(crate) bytes: u64,
    /// How many names a directory holds; -1 where it cannot be listed.
    pub(crate) names: i32,
    /// 0 or an errno: a name made in a directory, a file opened for writing.
    pub(crate) write: i32,
    /// 0 or an errno: the time set. A read-only mount is asked before the file's mode.
    pub(crate) touch: i32,
}

/// A line of mountinfo (`proc_pid_mountinfo(5)`).
#[derive(Debug)]
pub(crate) struct Mount {
    pub(crate) at: String,
    pub(crate) options: Vec<String>,
    pub(crate) propagates: bool,
    pub(crate) filesystem: String,
}

impl Mount {
    pub(crate) fn of_line(line: &str) -> Option<Self> {
        let (left, right) = line.split_once(" - ")?;
        let fields: Vec<&str> = left.split(' ').collect();
        Some(Self {
            at: (*fields.get(4)?).to_owned(),
            options: fields.get(5)?.split(',').map(str::to_owned).collect(),
            propagates: fields[6..].iter().any(|field| !field.is_empty()),
            filesystem: right.split(' ').next()?.to_owned(),
        })
    }

    pub(crate) fn has(&self, option: &str) -> bool {
        self.options.iter().any(|known| known == option)
    }
}
