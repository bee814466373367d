//! Combinations of options, the same in every run.

use crate::case::Need;

use crate::probe::fixture::{READER, READER_AT, TREE};

pub(super) const CALLERS_ENVIRONMENT: &[(&str, &str)] = &[
    ("PATH", "/usr/bin:/bin"),
    ("HOME", "/tmp/home"),
    ("TERM", "xterm"),
    ("LANG", "C.UTF-8"),
    ("FAVOURITE", "blue \"sky\""),
    ("AWS_SECRET_ACCESS_KEY", "secret"),
    ("LD_PRELOAD_LOOKALIKE", "no"),
];

/// A view as somebody asks for it.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) words: Vec<String>,
    /// Where the caller stands.
    pub(super) from: &'static str,
    /// Why there can be no such view, if so.
    pub(super) contradiction: Option<&'static str>,
}

pub(super) struct Generator {
    state: u64,
    need: Need,
    words: Vec<String>,
    /// Places that nothing has taken yet, directories and files.
    directories: Vec<&'static str>,
    files: Vec<&'static str>,
}

/// In an empty root, places are made.
const NEW_DIRECTORIES: &[&str] = &[
    "/data/a",
    "/data/b/c",
    "/opt/one",
    "/opt/two/x",
    "/srv/s",
    "/mnt/m",
    "/tmp/in",
    "/o/p/q/r",
    "/var/tmp/in/deep",
    "/z",
];
const NEW_FILES: &[&str] = &["/data/text", "/conf/a.txt", "/conf/b.txt", "/tmp/file", "/readme"];

/// In a tree they must be there.
const DIRECTORIES_OF_ROOT: &[&str] =
    &["/m0", "/m1", "/m2", "/m3", "/m4", "/m5", "/m6", "/m7", "/m8", "/m9"];
const FILES_OF_ROOT: &[&str] = &["/f0", "/f1", "/f2", "/f3", "/f4"];

impl Generator {
    pub(super) fn new(number: u64, need: Need) -> Self {
        let state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d;
        let (directories, files) = (NEW_DIRECTORIES.to_vec(), NEW_FILES.to_vec());
        Self { state, need, words: Vec::new(), directories, files }
    }

    pub(super) fn view(mut self) -> Asked {
        let from = self.pick(&["/", "/tmp/home", "/tmp/tree/project", "/tmp/tree/shown"]);
        self.say("--ro", &format!("{READER}:{READER_AT}"));
        let profile = self.pick(&["run", "run", "build", "service", "empty", "agent"]);
        if profile != "run" || self.one_in(2) {
            self.say("--profile", profile);
        }
        self.root();
        for _ in 0..=self.below(4) {
            self.entry();
        }
        let shares_name = self.walls();
        self.process(shares_name);
        let contradiction = if self.one_in(8) { Some(self.contradict(shares_name)) } else { None };
        Asked { words: self.words, from, contradiction }
    }

    fn root(&mut self) {
        match self.below(8) {
            0 => self.say("--root", "empty"),
            1 | 2 => {
                self.say("--root", &format!("{TREE}/root"));
                if self.one_in(3) {
                    self.words.push("--writable-root".into());
                }
                self.directories = DIRECTORIES_OF_ROOT.to_vec();
                self.files = FILES_OF_ROOT.to_vec();
            }
            _ => {}
        }
        if self.one_in(6) {
            self.say("--scratch-size", "32M");
        }
    }

    fn entry(&mut self) {
        let directory = self.directory();
        let file = self.file();
        let from = |name: &str, at: &str| format!("{TREE}/{name}:{at}");
        match self.below(16) {
            0 => self.say("--ro", &from("shown", directory)),
            1 => self.say("--ro", &from("text", file)),
            2 => self.say("--rw", &from("open1", directory)),
            3 => self.say("--rw-try", &from("open2", directory)),
            4 => self.say("--ro-try", &from("none", directory)),
            5 => {
                let size = self.pick(&["", ":size=1M", ":size=3M"]);
                let mode = self.pick(&["", ":mode=1777", ":mode=700"]);
                self.say("--tmpfs", &format!("{directory}{size}{mode}"));
            }
            6 => self.say("--overlay", &format!("{TREE}/one:{TREE}/two:{directory}")),
            7 => self.say("--overlay", &format!("{TREE}/one:{TREE}/two:{directory}:ro")),
            8 => {
                let changes = self.pick(&["", ":ro"]);
                self.say("--overlay", &format!("{TREE}/one:{directory}{changes}"));
            }
            9 => self.say("--file", &format!("{file}=first line\nsecond \"line\"\n")),
            10 => self.say("--file", &format!("{file}:fd=7")),
            11 => self.say("--dir", directory),
            12 => self.nested(directory),
            13 => {
                let device = self.pick(&["/dev/zero", "/dev/null", "/dev/full"]);
                self.say("--device", &format!("{device}:{file}"));
            }
            14 => {
                self.say("--ro", &from("shown", directory));
                let hidden = self.pick(&["/sub", "/text"]);
                self.say("--mask", &format!("{directory}{hidden}"));
            }
            _ => {
                if directory.starts_with("/m") && directory.len() == 3 {
                    // A tree of the host has its names already.
                    return self.say("--mask", directory);
                }
                self.say("--symlink", &format!("../somewhere/else:{directory}"));
            }
        }
    }

    /// One thing within another.
    fn nested(&mut self, at: &str) {
        match self.below(4) {
            0 => {
                self.say("--tmpfs", at);
                self.say("--ro", &format!("{TREE}/shown:{at}/deep/below"));
                self.say("--file", &format!("{at}/file=within"));
            }
            1 => {
                self.say("--ro", &format!("{TREE}/shown:{at}"));
                self.say("--rw", &format!("{TREE}/open1:{at}/sub/inner"));
            }
            2 => {
                self.say("--rw", &format!("{TREE}/project:{at}"));
                self.say("--ro", &format!("{TREE}/project/.git:{at}/.git"));
                self.say("--file", &format!("{at}/src/main.c=int main(void) {{ return 0; }}\n"));
            }
            _ => {
                self.say("--dir", at);
                self.say("--symlink", &format!("file:{at}/link"));
                self.say("--file", &format!("{at}/file=within"));
                self.say("--dir", &format!("{at}/inner"));
            }
        }
    }

    /// Says whether the view shares the host's name.
    fn walls(&mut self) -> bool {
        match self.below(6) {
            0 => self.say("--net", "host"),
            1 | 2 => self.say("--net", "loopback"),
            3 => self.say("--net", "none"),
            _ => {}
        }
        let mut shared = Vec::new();
        for share in ["pid", "ipc", "uts", "cgroup"] {
            if self.one_in(8) {
                shared.push(share);
            }
        }
        if !shared.is_empty() {
            self.say("--share", &shared.join(","));
        }
        if self.need == Need::Root && self.one_in(8) {
            self.say("--user", "host");
        }
        for kernel in ["--no-proc", "--no-sys", "--no-dev"] {
            if self.one_in(10) {
                self.words.push(kernel.into());
            }
        }
        shared.contains(&"uts")
    }

    fn process(&mut self, shares_name: bool) {
        if !shares_name && self.one_in(4) {
            self.say("--hostname", "island");
        }
        for id in ["--uid", "--gid"] {
            if self.one_in(4) {
                let number = self.pick(&["0", "1", "1000", "1234", "65534"]);
                self.say(id, number);
            }
        }
        if self.one_in(3) {
            self.say("--env", "SAID=with spaces = and signs");
        }
        if self.one_in(3) {
            self.say("--keep-env", "FAVOURITE");
        }
        if self.one_in(4) {
            self.say("--keep-fd", "7");
        }
        if self.one_in(6) {
            self.words.push("--no-init".into());
        }
        if self.one_in(6) {
            self.say("--workdir", "/probe");
        }
        if self.one_in(6) {
            self.words.push("--core-dumps".into());
        }
        if self.one_in(6) {
            self.say("--open-files", "512");
        }
        if self.one_in(8) {
            self.say("--cap", "CAP_NET_BIND_SERVICE,CAP_CHOWN");
        }
        if self.one_in(12) {
            self.say("--seccomp", "off");
        }
    }

    fn contradict(&mut self, shares_name: bool) -> &'static str {
        let first = self.words.len();
        let why = match self.below(12) {
            0 => {
                self.words.extend(["--tmpfs", "/twice", "--dir", "/twice"].map(Into::into));
                "one place is asked for twice"
            }
            1 => {
                self.words.extend(["--file", "/file=x", "--dir", "/file/below"].map(Into::into));
                "something lies beneath a file"
            }
            2 => {
                self.words.extend(["--mask", "/masked", "--dir", "/masked/below"].map(Into::into));
                "a mask hides a later entry"
            }
            3 if !shares_name && !self.words.iter().any(|word| word == "--hostname") => {
                self.words.extend(["--share", "uts", "--hostname", "x"].map(Into::into));
                "a shared name would be changed"
            }
            4 => {
                self.say("--ro", &format!("{TREE}/none:/none"));
                "the source is missing"
            }
            5 => {
                self.say("--device", &format!("{TREE}/shown:/shown"));
                "the source is no device"
            }
            6 => {
                self.say("--rw", "/dev/null:/null");
                "a device comes as a file"
            }
            7 => {
                self.say("--workdir", "/no/where");
                "the working directory is not in the view"
            }
            8 => {
                self.say("--tmpfs", "/");
                "the root is covered"
            }
            9 => {
                self.say("--cap", "CAP_NONSENSE");
                "there is no such capability"
            }
            10 => {
                self.say("--user", "host");
                match self.need {
                    Need::UserNamespace => {}
                    Need::Root | Need::ControlGroups => self.say("--cap", "CAP_SYS_ADMIN"),
                }
                "nothing would keep the view from being undone"
            }
            _ => {
                self.say("--ro", "../up:/up");
                "a source leads upwards"
            }
        };
        // A value given twice: the later word counts, so the earlier must go.
        if let Some(option @ ("--workdir" | "--user")) = self.words.get(first).map(String::as_str) {
            let option = option.to_owned();
            let earlier = self.words[..first].iter().position(|word| *word == option);
            if let Some(earlier) = earlier {
                self.words.drain(earlier..earlier + 2);
            }
        }
        why
    }

    fn directory(&mut self) -> &'static str {
        let index = self.below(self.directories.len() as u64);
        self.directories.swap_remove(index as usize)
    }

    fn file(&mut self) -> &'static str {
        let index = self.below(self.files.len() as u64);
        self.files.swap_remove(index as usize)
    }

    fn say(&mut self, option: &str, value: &str) {
        self.words.extend([option.to_owned(), value.to_owned()]);
    }

    fn pick(&mut self, list: &[&'static str]) -> &'static str {
        list[self.below(list.len() as u64) as usize]
    }

    fn one_in(&mut self, number: u64) -> bool {
        self.below(number) == 0
    }

    /// A linear congruential generator (Knuth's MMIX): the same numbers for everybody.
    fn below(&mut self, limit: u64) -> u64 {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % limit
    }
}
