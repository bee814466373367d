use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Share;

/// What somebody asked for: a view file, a command line, or a profile's own choices.
///
/// Every key is also an option of the command line, with the same name and the same form.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "eyot view file")]
pub struct View {
    /// The profile to start from: run, build, service, agent or empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extends: Option<String>,
    /// The command and its arguments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,

    /// What lies beneath everything: `empty`, `host` or a directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<RootKind>,
    /// Let the view write to the directory given as root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub writable_root: Option<bool>,
    /// Limit of the view's own memory file system, which holds its root and scratch directories.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scratch_size: Option<String>,

    /// Show a file or directory read-only: `FROM[:AT]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ro: Vec<Bind>,
    /// Show a file or directory writable: `FROM[:AT]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rw: Vec<Bind>,
    /// Like `ro`, but left out where the host lacks it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ro_try: Vec<Bind>,
    /// Like `rw`, but left out where the host lacks it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rw_try: Vec<Bind>,
    /// An empty file system in memory: `AT[:size=64M][:mode=1777]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tmpfs: Vec<TmpfsEntry>,
    /// Several directories shown as one: `LOWER[:LOWER…]:AT`, changes discarded; `:ro` behind it for none, `:upper=DIR` to keep them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overlay: Vec<OverlayEntry>,
    /// A file made of text, `AT=TEXT`, or read from a descriptor, `AT:fd=N`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub file: Vec<FileEntry>,
    /// A private directory: `AT`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dir: Vec<String>,
    /// A symbolic link: `TARGET:AT`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub symlink: Vec<Link>,
    /// Hide what is at `AT`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mask: Vec<String>,
    /// A character device: `FROM[:AT]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub device: Vec<Device>,
    /// A proc file system of the view's own, at `/proc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proc: Option<bool>,
    /// `/sys` and `/sys/fs/cgroup`, read-only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sys: Option<bool>,
    /// A minimal `/dev`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dev: Option<bool>,

    /// The directory the command starts in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workdir: Option<String>,
    /// The view's host name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// The user id inside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// The group id inside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
    /// `own`: a user namespace of the view's own; `host`: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<UserMode>,
    /// Namespaces shared with the host: pid, ipc, uts, cgroup.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub share: Vec<Share>,
    /// `none`, `loopback` or `host`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net: Option<NetworkMode>,

    /// Environment variables to set.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Environment variables of the caller to keep.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keep_env: Vec<String>,
    /// Descriptors of the caller, beside 0 to 2, that the command keeps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keep_fd: Vec<i32>,

    /// Capabilities to keep, by name (`CAP_NET_BIND_SERVICE`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cap: Vec<String>,
    /// `default`, `off`, or an OCI seccomp profile (a JSON file).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seccomp: Option<SeccompChoice>,
    /// Open by name what the view closes: nesting, set-id, root-owned, …
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
    /// Protections the view may lack where the machine cannot give them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow_missing: Vec<String>,
    /// Let crashes write core dumps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub core_dumps: Option<bool>,

    /// Memory limit (`512M`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
    /// Most processes and threads at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processes: Option<u64>,
    /// Share of the processors (`1.5` is one and a half).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus: Option<f64>,
    /// Most open descriptors a process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_files: Option<u64>,
    /// Longest time the view may live (`90s`, `5m`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wall_time: Option<String>,

    /// Whether eyot is PID 1 inside, reaping orphans and forwarding signals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init: Option<bool>,
}

impl View {
    /// Whether any of its limits is best held by a control group.
    pub fn asks_for_groups(&self) -> bool {
        self.memory.is_some() || self.processes.is_some() || self.cpus.is_some()
    }
}

/// A value whose form is wrong; `Display` says what the form is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{}' is not {wanted}", value.escape_debug())]
pub struct BadValue {
    pub value: String,
    pub wanted: &'static str,
}

macro_rules! text_form {
    ($type:ty) => {
        impl TryFrom<String> for $type {
            type Error = BadValue;

            fn try_from(text: String) -> Result<Self, BadValue> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(value: $type) -> String {
                value.to_string()
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                String::json_schema(generator)
            }
        }
    };
}

/// `FROM[:AT]`; a colon in a path is written `\:`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Bind {
    pub from: String,
    pub at: String,
}

/// `FROM[:AT]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Device {
    pub from: String,
    pub at: String,
}

/// `TARGET:AT`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Link {
    pub to: String,
    pub at: String,
}

/// `AT[:size=BYTES][:mode=OCTAL]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TmpfsEntry {
    pub at: String,
    pub size: Option<u64>,
    pub mode: u32,
}

/// `LOWER[:LOWER…]:AT[:ro|:upper=DIR]`; the first lower directory is on top.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OverlayEntry {
    pub lower: Vec<String>,
    pub at: String,
    /// `None`: changes are discarded; `Some("")`: the stack is read-only; otherwise kept there.
    pub upper: Option<String>,
}

/// A file of the view's own: `AT=TEXT`, or `AT:fd=N` to read it from a descriptor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FileEntry {
    pub at: String,
    pub text: String,
    pub fd: Option<i32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum RootKind {
    Empty,
    Host,
    Directory(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum SeccompChoice {
    Default,
    Off,
    Profile(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UserMode {
    Own,
    Host,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkMode {
    None,
    Loopback,
    Host,
}

text_form!(Bind);
text_form!(Device);
text_form!(Link);
text_form!(TmpfsEntry);
text_form!(OverlayEntry);
text_form!(FileEntry);
text_form!(RootKind);
text_form!(SeccompChoice);

/// Splits at colons that no backslash precedes; `\:` is a colon and `\\` a backslash.
fn split_at_colons(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('\\', Some(':' | '\\')) => parts.last_mut().into_iter().for_each(|part| {
                part.extend(characters.next());
            }),
            (':', _) => parts.push(String::new()),
            _ => parts.last_mut().into_iter().for_each(|part| part.push(character)),
        }
    }
    parts
}

fn escaped(path: &str) -> String {
    path.replace('\\', "\\\\").replace(':', "\\:")
}

fn from_and_at(text: &str, wanted: &'static str) -> Result<(String, String), BadValue> {
    let bad = || BadValue { value: text.to_owned(), wanted };
    match split_at_colons(text).as_slice() {
        // An empty source once bound a whole file system elsewhere (bubblewrap#715).
        [from] if !from.is_empty() => Ok((from.clone(), from.clone())),
        [from, at] if !from.is_empty() && !at.is_empty() => Ok((from.clone(), at.clone())),
        _ => Err(bad()),
    }
}

impl FromStr for Bind {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let (from, at) = from_and_at(text, "FROM or FROM:AT")?;
        Ok(Self { from, at })
    }
}

impl FromStr for Device {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let (from, at) = from_and_at(text, "DEVICE or DEVICE:AT")?;
        Ok(Self { from, at })
    }
}

impl FromStr for Link {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        match split_at_colons(text).as_slice() {
            [to, at] if !to.is_empty() && !at.is_empty() => {
                Ok(Self { to: to.clone(), at: at.clone() })
            }
            _ => Err(BadValue { value: text.to_owned(), wanted: "TARGET:AT" }),
        }
    }
}

impl FromStr for TmpfsEntry {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let bad = || BadValue { value: text.to_owned(), wanted: "AT, AT:size=64M or AT:mode=1777" };
        let parts = split_at_colons(text);
        let (at, options) = parts.split_first().filter(|(at, _)| !at.is_empty()).ok_or_else(bad)?;
        let mut entry = Self { at: at.clone(), size: None, mode: 0o755 };
        for option in options {
            match option.split_once('=') {
                Some(("size", size)) => entry.size = Some(parse_size(size)?),
                Some(("mode", mode)) => {
                    entry.mode = u32::from_str_radix(mode, 8)
                        .ok()
                        .filter(|mode| *mode <= 0o1777)
                        .ok_or_else(bad)?;
                }
                _ => return Err(bad()),
            }
        }
        Ok(entry)
    }
}

impl FromStr for OverlayEntry {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let wanted = "LOWER:AT, LOWER:LOWER:AT, or one of these with ':ro' or ':upper=DIR' behind";
        let bad = || BadValue { value: text.to_owned(), wanted };
        let mut parts = split_at_colons(text);
        let upper = match parts.last().map(String::as_str) {
            Some("ro") => Some(String::new()),
            Some(last) => last.strip_prefix("upper=").map(str::to_owned),
            None => None,
        };
        if upper.is_some() {
            parts.pop();
        }
        let at = parts.pop().ok_or_else(bad)?;
        let complete = !parts.is_empty() && !at.is_empty() && parts.iter().all(|p| !p.is_empty());
        complete.then_some(Self { lower: parts, at, upper }).ok_or_else(bad)
    }
}

impl FromStr for FileEntry {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let bad = || BadValue { value: text.to_owned(), wanted: "AT=TEXT or AT:fd=N" };
        // The first '=' ends the place, so the text may hold anything.
        let (at, rest) = text.split_once('=').ok_or_else(bad)?;
        let entry = match at.strip_suffix(":fd") {
            Some(at) => {
                let fd = rest.parse().ok().filter(|fd| *fd >= 0).ok_or_else(bad)?;
                Self { at: at.to_owned(), text: String::new(), fd: Some(fd) }
            }
            None => Self { at: at.to_owned(), text: rest.to_owned(), fd: None },
        };
        if entry.at.is_empty() { Err(bad()) } else { Ok(entry) }
    }
}

impl FromStr for RootKind {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        match text {
            "empty" => Ok(RootKind::Empty),
            "host" => Ok(RootKind::Host),
            path if path.starts_with('/') || path.starts_with('.') => {
                Ok(RootKind::Directory(path.to_owned()))
            }
            _ => Err(BadValue {
                value: text.to_owned(),
                wanted: "'empty', 'host' or a directory (a relative one starts with './')",
            }),
        }
    }
}

impl FromStr for SeccompChoice {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        match text {
            "default" => Ok(SeccompChoice::Default),
            "off" => Ok(SeccompChoice::Off),
            "" => Err(BadValue { value: String::new(), wanted: "'default', 'off' or a file" }),
            path => Ok(SeccompChoice::Profile(path.to_owned())),
        }
    }
}

impl fmt::Display for Bind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", escaped(&self.from), escaped(&self.at))
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", escaped(&self.from), escaped(&self.at))
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", escaped(&self.to), escaped(&self.at))
    }
}

impl fmt::Display for TmpfsEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", escaped(&self.at))?;
        if let Some(size) = self.size {
            write!(f, ":size={size}")?;
        }
        write!(f, ":mode={:o}", self.mode)
    }
}

impl fmt::Display for OverlayEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for lower in &self.lower {
            write!(f, "{}:", escaped(lower))?;
        }
        f.write_str(&escaped(&self.at))?;
        match self.upper.as_deref() {
            None => Ok(()),
            Some("") => f.write_str(":ro"),
            Some(upper) => write!(f, ":upper={}", escaped(upper)),
        }
    }
}

impl fmt::Display for FileEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fd {
            Some(fd) => write!(f, "{}:fd={fd}", self.at),
            None => write!(f, "{}={}", self.at, self.text),
        }
    }
}

impl fmt::Display for RootKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RootKind::Empty => "empty",
            RootKind::Host => "host",
            RootKind::Directory(path) => path,
        })
    }
}

impl fmt::Display for SeccompChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SeccompChoice::Default => "default",
            SeccompChoice::Off => "off",
            SeccompChoice::Profile(path) => path,
        })
    }
}

/// Bytes from `64M`, `1.5G` or a plain number; K, M, G and T are powers of 1024.
pub fn parse_size(text: &str) -> Result<u64, BadValue> {
    let bad = || BadValue { value: text.to_owned(), wanted: "a size such as 4096, 64M or 1.5G" };
    let digits = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let factor: f64 = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => 1.0,
        "K" | "KB" | "KIB" => 1024.0,
        "M" | "MB" | "MIB" => 1024.0 * 1024.0,
        "G" | "GB" | "GIB" => 1024.0 * 1024.0 * 1024.0,
        "T" | "TB" | "TIB" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return Err(bad()),
    };
    // Only digits and a point: f64 would also read 'inf', '1e9' and '-0'.
    if !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Err(bad());
    }
    let bytes = digits.parse::<f64>().map_err(|_| bad())? * factor;
    // Up to 2^53 every whole number of bytes is exact.
    if (1.0..9_007_199_254_740_992.0).contains(&bytes) { Ok(bytes as u64) } else { Err(bad()) }
}

/// A time from `90s`, `5m`, `2h`, `250ms` or plain seconds.
pub fn parse_duration(text: &str) -> Result<Duration, BadValue> {
    let bad = || BadValue { value: text.to_owned(), wanted: "a time such as 250ms, 90s, 5m or 2h" };
    let digits = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let factor = match &text[digits.len()..] {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(bad()),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Err(bad());
    }
    let seconds = digits.parse::<f64>().map_err(|_| bad())? * factor;
    // A view that lives longer than 100 years is a typing mistake.
    if (0.001..3.2e9).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(bad())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bind_names_one_or_two_places() {
        let bind: Bind = "/srv/a\\:b:/data".parse().unwrap();
        assert_eq!((bind.from.as_str(), bind.at.as_str()), ("/srv/a:b", "/data"));
        assert_eq!(bind.to_string().parse::<Bind>().unwrap(), bind);
        for bad in ["", ":", "/a:", ":/a", "/a:/b:/c"] {
            assert!(bad.parse::<Bind>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn sizes_and_times() {
        assert_eq!(parse_size("64M"), Ok(64 << 20));
        assert_eq!(parse_size("1.5G"), Ok(3 << 29));
        assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
        for bad in ["", "M", "-1", "1e9", "inf", "1.2.3", "0", "64X", "99999999T", "é"] {
            assert!(parse_size(bad).is_err(), "{bad:?}");
        }
        for bad in ["", "s", "-1s", "1d", "0", "1e3s"] {
            assert!(parse_duration(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn overlays_say_where_changes_go() {
        let overlay: OverlayEntry = "/a:/b:/at:upper=/u".parse().unwrap();
        assert_eq!(overlay.lower, ["/a", "/b"]);
        assert_eq!((overlay.at.as_str(), overlay.upper.as_deref()), ("/at", Some("/u")));
        assert_eq!("/a:/at".parse::<OverlayEntry>().unwrap().upper, None);
        assert!("/a".parse::<OverlayEntry>().is_err());
    }

    #[test]
    fn text_of_a_file_may_hold_anything() {
        let file: FileEntry = "/etc/motd=a=b:c".parse().unwrap();
        assert_eq!((file.at.as_str(), file.text.as_str(), file.fd), ("/etc/motd", "a=b:c", None));
        assert_eq!("/x:fd=7".parse::<FileEntry>().unwrap().fd, Some(7));
        assert!("/x:fd=-1".parse::<FileEntry>().is_err());
    }
}
