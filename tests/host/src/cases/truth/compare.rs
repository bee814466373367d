//! What a plan says beside what the reader found.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Debug;
use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;

use serde_json::Value;

use crate::case::Need;

use crate::probe::fixture::{TREE, names_of_root};
use crate::probe::seen::{Interface, Mount, Place, Seen};

/// Ids that a user namespace does not know are shown as this one.
const UNKNOWN_ID: u32 = 65534;
const EROFS: i32 = 30;
const ENXIO: i32 = 6;

pub(super) struct Comparison<'a> {
    plan: &'a Value,
    seen: &'a Seen,
    outside: &'a Seen,
    need: Need,
    entries: Vec<&'a Value>,
    mounts: Option<Vec<Mount>>,
    differences: Vec<String>,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(plan: &'a Value, seen: &'a Seen, outside: &'a Seen, need: Need) -> Self {
        let entries = plan["entries"].as_array().into_iter().flatten().collect();
        let mounts =
            seen.mounts.as_ref().map(|text| text.lines().filter_map(Mount::of_line).collect());
        Self { plan, seen, outside, need, entries, mounts, differences: Vec::new() }
    }

    pub(super) fn differences(mut self) -> Vec<String> {
        self.identity();
        self.isolation();
        self.confinement();
        self.process();
        self.protections();
        self.nothing_else_is_named();
        self.nothing_else_is_mounted();
        let places: HashMap<&str, &Place> =
            self.seen.places.iter().map(|place| (place.at.as_str(), place)).collect();
        for entry in self.entries.clone() {
            match places.get(at(entry)) {
                Some(place) => self.entry(entry, place),
                None => self.differences.push(format!("the reader skipped {entry}")),
            }
        }
        self.differences
    }

    fn same<T: PartialEq + Debug>(&mut self, what: &str, planned: T, found: T) {
        if planned != found {
            self.differences.push(format!("{what}: planned {planned:?}, found {found:?}"));
        }
    }

    fn user(&self) -> &str {
        self.plan["isolation"]["user"].as_str().unwrap_or_default()
    }

    fn id(&self, name: &str) -> u32 {
        self.plan["identity"][name].as_u64().unwrap_or_default() as u32
    }

    fn identity(&mut self) {
        let (uid, gid) = (self.id("uid"), self.id("gid"));
        self.same("user ids", [uid; 3], self.seen.uid);
        self.same("group ids", [gid; 3], self.seen.gid);
        let kept = self.plan["identity"]["kept_groups"].as_array().map_or(0, Vec::len);
        self.same("number of supplementary groups", kept, self.seen.groups.len());
        for (id, map, own, outer) in [
            (uid, &self.seen.uid_map, self.outside.uid[0], &self.outside.uid_map),
            (gid, &self.seen.gid_map, self.outside.gid[0], &self.outside.gid_map),
        ] {
            let Some(map) = map else { continue };
            let numbers: Vec<u32> = map.split_whitespace().filter_map(|n| n.parse().ok()).collect();
            match self.user() {
                "block" => {
                    let fits = matches!(numbers[..], [0, first, 65536] if first >= 65536);
                    self.same("a block of unprivileged ids", true, fits);
                }
                "callers-id" => self.same("the only id", vec![id, own, 1], numbers),
                _ => self.same("the host's ids", outer.as_deref(), Some(map.as_str())),
            }
        }
        if let ("callers-id", Some(word)) = (self.user(), &self.seen.setgroups) {
            self.same("setgroups", "deny\n", word);
        }
    }

    fn isolation(&mut self) {
        let isolation = &self.plan["isolation"];
        let word = |name: &str| isolation[name].as_str().unwrap_or_default().to_owned();
        let mut own = vec![("mnt", true), ("user", word("user") != "host")];
        own.extend(["pid", "ipc", "uts", "cgroup"].map(|name| (name, word(name) == "own")));
        own.push(("net", word("network") != "host"));
        for (name, is_own) in own {
            if let Some(Some(inside)) = self.seen.namespaces.get(name) {
                let outside = self.outside.namespaces.get(name).and_then(Option::as_ref);
                self.same(&format!("own {name} namespace"), is_own, Some(inside) != outside);
            }
        }
        let loopback = |up| vec![Interface { name: "lo".into(), up }];
        let interfaces = match word("network").as_str() {
            "none" => loopback(false),
            "loopback" => loopback(true),
            _ => self.outside.interfaces.clone(),
        };
        self.same("interfaces", interfaces, self.seen.interfaces.clone());
        let hostname = self.plan["process"]["hostname"].as_str();
        self.same("host name", hostname.unwrap_or(&self.outside.hostname), &self.seen.hostname);
    }

    fn confinement(&mut self) {
        let confinement = &self.plan["confinement"];
        let numbers = confinement["capabilities"].as_array().into_iter().flatten();
        let kept: u64 = numbers.filter_map(|kept| kept["number"].as_u64()).map(|n| 1 << n).sum();
        for (set, found) in [
            ("effective", self.seen.effective),
            ("permitted", self.seen.permitted),
            ("inheritable", self.seen.inheritable),
            ("bounding", self.seen.bounding),
            ("ambient", self.seen.ambient),
        ] {
            self.same(&format!("{set} capabilities"), kept, found);
        }
        let on = i32::from(confinement["no_new_privileges"] == true);
        self.same("no_new_privs", on, self.seen.no_new_privileges);
        // 2 is SECCOMP_MODE_FILTER.
        let mode = if confinement["seccomp"]["kind"] == "filter" { 2 } else { 0 };
        self.same("seccomp", mode, self.seen.seccomp);
        let core = match confinement["core_dumps"] == true {
            true => self.outside.limit_core.clone(),
            false => ["0".into(), "0".into()],
        };
        self.same("limit of core dumps", core, self.seen.limit_core.clone());
        let files = match self.plan["limits"]["open_files"].as_u64() {
            Some(files) => [files.to_string(), files.to_string()],
            None => self.outside.limit_open_files.clone(),
        };
        self.same("limit of descriptors", files, self.seen.limit_open_files.clone());
        let (planned, found) =
            (&self.outside.limit_processes_limit, &self.seen.limit_processes_limit);
        self.same("limit of processes", planned, found);
        let (planned, found) = (&self.outside.limit_address_space, &self.seen.limit_address_space);
        self.same("limit of memory", planned, found);
    }

    fn process(&mut self) {
        let process = &self.plan["process"];
        self.same("working directory", process["workdir"].as_str(), self.seen.cwd.as_deref());
        let variables = process["environment"].as_object().into_iter().flatten();
        let planned: BTreeSet<String> = variables
            .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
            .collect();
        self.same("environment", planned, self.seen.environment.iter().cloned().collect());
        let leaked = self.seen.environment.iter().any(|variable| variable.contains("secret"));
        self.same("the caller's secret in the environment", false, leaked);
        let kept = process["keep_fds"].as_array().into_iter().flatten();
        let planned: Vec<i64> =
            [0, 1, 2].into_iter().chain(kept.filter_map(Value::as_i64)).collect();
        let found = self.seen.descriptors.iter().map(|fd| i64::from(*fd)).collect();
        self.same("descriptors", planned, found);
        self.same("umask", 0o022, self.seen.umask);
        self.same("leader of its session", self.seen.pid, self.seen.session);
        if self.plan["isolation"]["pid"] != "own" {
            return;
        }
        let (first, comm, count) = match process["init"].as_str() {
            Some("eyot") => (2, "eyot\n", 2),
            _ => (1, "reader\n", 1),
        };
        self.same("process number", first, self.seen.pid);
        if let Some(found) = &self.seen.comm_of_1 {
            self.same("process 1", comm, found);
            self.same("processes", count, self.seen.processes);
        }
    }

    /// The plan's own summary must not say more than its parts.
    fn protections(&mut self) {
        let own = |name: &str| match self.seen.namespaces.get(name) {
            Some(Some(inside)) => {
                let outside = self.outside.namespaces.get(name).and_then(Option::as_ref);
                Some(Some(inside) != outside)
            }
            _ => None,
        };
        let facts = [
            ("user-namespace", own("user")),
            ("pid-namespace", own("pid")),
            ("ipc-namespace", own("ipc")),
            ("uts-namespace", own("uts")),
            ("cgroup-namespace", own("cgroup")),
            ("network", own("net")),
            ("seccomp", Some(self.seen.seccomp == 2)),
            ("no-new-privileges", Some(self.seen.no_new_privileges == 1)),
            ("capabilities", Some(self.seen.bounding == 0)),
            ("supplementary-groups", Some(self.seen.groups.is_empty())),
        ];
        for protection in self.plan["protections"].as_array().into_iter().flatten() {
            let name = protection["name"].as_str().unwrap_or_default();
            let known = facts.iter().find(|(known, _)| *known == name).and_then(|(_, fact)| *fact);
            if let Some(fact) = known {
                self.same(&format!("protection {name}"), protection["state"] == "held", fact);
            }
        }
    }

    /// In the view's own memory lies what the plan names, and the way there.
    fn nothing_else_is_named(&mut self) {
        let mut expected: BTreeSet<String> = ["/".to_owned()].into();
        for entry in &self.entries {
            let ancestors = Path::new(at(entry)).ancestors();
            expected.extend(ancestors.map(|path| path.to_string_lossy().into_owned()));
        }
        if self.plan["root"]["kind"] == "tree" {
            expected.extend(names_of_root());
        }
        // A bind may lie on the same file system as the root.
        let is_bound = |name: &str| {
            let mut binds = self.entries.iter().filter(|entry| kind(entry) == "bind");
            binds.any(|bind| name != at(bind) && Path::new(name).starts_with(at(bind)))
        };
        let names = self.seen.names.iter().filter(|name| !expected.contains(*name));
        let unexpected: Vec<_> = names.filter(|name| !is_bound(name)).cloned().collect();
        for name in unexpected {
            self.differences.push(format!("'{name}' is there, and no entry says so"));
        }
    }

    fn nothing_else_is_mounted(&mut self) {
        let Some(mounts) = self.mounts.take() else { return };
        let mut differences = Vec::new();
        for mount in &mounts {
            let entry = self.entries.iter().find(|entry| at(entry) == mount.at);
            // A bind shows what is mounted below its source, too.
            let below_bind = self.entries.iter().any(|entry| {
                entry["kind"] == "bind" && Path::new(&mount.at).starts_with(at(entry))
            });
            let known =
                mount.at == "/" || below_bind || entry.is_some_and(|entry| may_be_mount(entry));
            if !known {
                differences.push(format!("{mount:?} is mounted, and no entry says so"));
            }
            if mount.propagates {
                differences.push(format!("{mount:?} passes mounts on or receives them"));
            }
            if !mount.has("nosuid") {
                differences.push(format!("{mount:?} honours set-user-ID files"));
            }
            let read_only_above = self.entries.iter().rev().find(|entry| {
                entry["kind"] == "bind" && Path::new(&mount.at).starts_with(at(entry))
            });
            if read_only_above
                .is_some_and(|above| entry.is_none() && access(above) == "ro" && !mount.has("ro"))
            {
                differences.push(format!("{mount:?} is writable below a read-only bind"));
            }
        }
        for entry in self.entries.iter().filter(|entry| is_mount(entry)) {
            let there: Vec<&Mount> = mounts.iter().filter(|mount| mount.at == at(entry)).collect();
            let filesystem = match kind(entry) {
                "tmpfs" | "scratch" | "mask" | "reserved" => Some("tmpfs"),
                "overlay" => Some("overlay"),
                "kernel" => entry["filesystem"].as_str(),
                _ => None,
            };
            // What is mounted below the source of a bind may be covered in turn.
            let over_bind = self.entries.iter().any(|above| {
                kind(above) == "bind"
                    && at(above) != at(entry)
                    && Path::new(at(entry)).starts_with(at(above))
            });
            let fits = |mount: &Mount| {
                filesystem.is_none_or(|name| mount.filesystem.trim_end_matches('2') == name)
            };
            match there[..] {
                [mount] if fits(mount) => {}
                [.., mount] if over_bind && fits(mount) => {}
                _ => differences.push(format!("{entry} should be one mount, but is {there:?}")),
            }
        }
        self.differences.extend(differences);
        self.mounts = Some(mounts);
    }

    fn entry(&mut self, entry: &Value, place: &Place) {
        let shown = format!("{} {}", kind(entry), at(entry));
        if place.kind == "none" && self.may_be_missing(entry) {
            return;
        }
        if place.kind != "link" && place.kind != "none" {
            self.attributes(entry, place, &shown);
        }
        match kind(entry) {
            "bind" => self.bind(entry, place, &shown),
            "tmpfs" => {
                self.own_directory(entry, place, &shown);
                if let Some(size) = entry["size"].as_u64() {
                    self.same(&format!("size of {shown}"), size, place.bytes);
                }
            }
            "scratch" => self.own_directory(entry, place, &shown),
            "overlay" => {
                self.same(&format!("type of {shown}"), "directory", &place.kind);
                self.written(entry, place, &shown);
            }
            "file" => self.file(entry, place, &shown),
            "directory" => {
                self.same(&format!("type of {shown}"), "directory", &place.kind);
                self.same(&format!("mode of {shown}"), mode(entry), place.mode);
            }
            "symlink" => {
                self.same(&format!("type of {shown}"), "link", &place.kind);
                self.same(
                    &format!("target of {shown}"),
                    entry["to"].as_str(),
                    place.link.as_deref(),
                );
            }
            "mask" => self.mask(place, &shown),
            "self-bind" => self.same(&format!("writing {shown}"), EROFS, place.touch),
            "reserved" => self.same(&format!("writing {shown}"), EROFS, place.touch),
            "device" => self.device(entry, place, &shown),
            "kernel" => self.same(&format!("type of {shown}"), "directory", &place.kind),
            other => self.differences.push(format!("a kind of entry nobody knows: {other}")),
        }
    }

    /// What a kernel file system has differs from kernel to kernel, so a profile's rows there are for those that have it.
    fn may_be_missing(&self, entry: &Value) -> bool {
        matches!(kind(entry), "mask" | "self-bind") && entry["origin"]["layer"] == "profile"
    }

    fn attributes(&mut self, entry: &Value, place: &Place, shown: &str) {
        // A device is driven through a read-only mount as well.
        if kind(entry) != "device" {
            self.same(&format!("read-only {shown}"), access(entry) == "ro", place.ro);
        }
        self.same(&format!("nosuid {shown}"), true, place.nosuid);
        // The view's own /dev and its terminals are the only places of device nodes.
        let nodes = |entry: &&Value| {
            kind(entry) == "device" || entry["filesystem"] == "devpts" || at(entry) == "/dev"
        };
        let holds_nodes =
            nodes(&entry) || (kind(entry) == "symlink" && at(entry).starts_with("/dev/"));
        if !holds_nodes {
            self.same(&format!("nodev {shown}"), true, place.nodev);
        }
        if matches!(kind(entry), "mask" | "reserved" | "kernel" | "device") {
            self.same(&format!("noexec {shown}"), true, place.noexec);
        }
    }

    /// An entry that says it is writable can be written, one that says it is not cannot.
    fn written(&mut self, entry: &Value, place: &Place, shown: &str) {
        match access(entry) {
            "ro" => self.same(&format!("writing {shown}"), EROFS, place.touch),
            _ => self.same(&format!("writing {shown}"), 0, place.write),
        }
    }

    fn bind(&mut self, entry: &Value, place: &Place, shown: &str) {
        let Ok(source) = fs::metadata(text(entry, "from")) else {
            return self.differences.push(format!("{shown} has no source"));
        };
        let file = (source.dev(), source.ino(), source.mode() & 0o7777);
        self.same(&format!("the file of {shown}"), file, (place.device, place.inode, place.mode));
        let of_case = text(entry, "from").starts_with(TREE);
        // To a user's case, root and nobody look the same.
        if of_case || self.need == Need::Root {
            let owner = self.owner(entry["owner"] == "mapped", (source.uid(), source.gid()));
            self.same(&format!("the owner of {shown}"), owner, (place.uid, place.gid));
        }
        // On the rest of the host, writing is a matter of modes.
        if access(entry) == "ro" || of_case {
            self.written(entry, place, shown);
        }
    }

    /// Who owns a file of the host, as the view sees it.
    fn owner(&self, mapped: bool, (uid, gid): (u32, u32)) -> (u32, u32) {
        let known = |id: u32, own: u32, inside: u32| if id == own { inside } else { UNKNOWN_ID };
        let (inside, own) =
            ((self.id("uid"), self.id("gid")), (self.outside.uid[0], self.outside.gid[0]));
        match self.user() {
            "host" => (uid, gid),
            "block" if mapped => inside,
            "block" => (UNKNOWN_ID, UNKNOWN_ID),
            _ => (known(uid, own.0, inside.0), known(gid, own.1, inside.1)),
        }
    }

    fn own_directory(&mut self, entry: &Value, place: &Place, shown: &str) {
        self.same(&format!("type of {shown}"), "directory", &place.kind);
        self.same(&format!("mode of {shown}"), mode(entry), place.mode);
        let user = (self.id("uid"), self.id("gid"));
        self.same(&format!("the owner of {shown}"), user, (place.uid, place.gid));
        let below: BTreeSet<String> = self
            .entries
            .iter()
            .filter_map(|other| Path::new(at(other)).strip_prefix(at(entry)).ok())
            .filter_map(|rest| rest.components().next())
            .map(|name| name.as_os_str().to_string_lossy().into_owned())
            .collect();
        self.same(&format!("names in {shown}"), below.len() as i32, place.names);
        self.written(entry, place, shown);
    }

    fn file(&mut self, entry: &Value, place: &Place, shown: &str) {
        self.same(&format!("type of {shown}"), "file", &place.kind);
        self.same(&format!("mode of {shown}"), mode(entry), place.mode);
        let content = &entry["content"];
        let planned = match (&content["text"], &content["copy-of"]) {
            (Value::String(text), _) => Some(text.clone()),
            (_, Value::String(from)) => fs::read_to_string(from).ok(),
            // The only descriptor that the callers here give.
            _ => fs::read_to_string(format!("{TREE}/text")).ok(),
        };
        self.same(&format!("content of {shown}"), planned, place.content.clone());
        self.written(entry, place, shown);
    }

    fn mask(&mut self, place: &Place, shown: &str) {
        match place.kind.as_str() {
            "directory" => self.same(&format!("names in {shown}"), 0, place.names),
            _ => self.same(&format!("content of {shown}"), Some(""), place.content.as_deref()),
        }
        self.same(&format!("writing {shown}"), EROFS, place.touch);
    }

    fn device(&mut self, entry: &Value, place: &Place, shown: &str) {
        self.same(&format!("type of {shown}"), "device", &place.kind);
        let number = fs::metadata(text(entry, "from"))
            .map(|source| if source.file_type().is_char_device() { source.rdev() } else { 0 });
        self.same(&format!("number of {shown}"), number.ok(), Some(place.number));
        // A terminal device without a terminal.
        if !(at(entry) == "/dev/tty" && place.write == ENXIO) {
            self.same(&format!("opening {shown}"), 0, place.write);
        }
    }
}

fn text<'a>(entry: &'a Value, key: &str) -> &'a str {
    entry[key].as_str().unwrap_or_default()
}

fn at(entry: &Value) -> &str {
    text(entry, "at")
}

fn kind(entry: &Value) -> &str {
    text(entry, "kind")
}

fn access(entry: &Value) -> &str {
    text(entry, "access")
}

fn mode(entry: &Value) -> u32 {
    entry["mode"].as_u64().unwrap_or_default() as u32
}

/// Kinds that are one mount wherever they are.
fn is_mount(entry: &Value) -> bool {
    matches!(kind(entry), "bind" | "tmpfs" | "scratch" | "overlay" | "kernel" | "reserved")
}

/// A file covers what a tree of the host has by a mount, a device is a node or a mount, a directory of devices is one.
fn may_be_mount(entry: &Value) -> bool {
    is_mount(entry) || matches!(kind(entry), "mask" | "self-bind" | "file" | "device" | "directory")
}
