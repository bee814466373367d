//! The tree that the views are made from, in memory of the case's own.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;
use std::process::{Command, Stdio};

use eyot_sys::{Attributes, DetachedMount, Handle, LastLink, Parameter};

use crate::case::{Need, Outcome};

/// Mounted with no attribute at all, so that every one that a view has is eyot's.
pub(crate) const TREE: &str = "/tmp/tree";
pub(crate) const READER: &str = "/tmp/bin/reader";
pub(crate) const ATTEMPT: &str = "/tmp/bin/attempt";
/// Where the views show it.
pub(crate) const READER_AT: &str = "/probe/reader";
/// Who owns the tree where root makes views: root's own directories may not be shown writable.
pub(crate) const OWNER: u32 = 1000;

const DIRECTORIES: &[&str] = &[
    "shown/sub/inner",
    "one",
    "two",
    "open1",
    "open2",
    "project/.git/hooks",
    "project/src",
    "root/probe",
    "root/proc",
    "root/sys",
    "root/dev",
    "root/tmp",
    "root/run",
    "root/home",
    "root/root",
    "root/usr/share",
    "root/etc",
    "root/var/tmp",
    "root/m0",
    "root/m1",
    "root/m2",
    "root/m3",
    "root/m4",
    "root/m5",
    "root/m6",
    "root/m7",
    "root/m8",
    "root/m9",
];

const FILES: &[&str] = &[
    "text",
    "other",
    "shown/text",
    "shown/sub/hidden",
    "one/a",
    "one/both",
    "two/b",
    "two/both",
    "open1/text",
    "project/src/main.c",
    "project/.git/config",
    "project/.git/HEAD",
    "root/probe/reader",
    "root/etc/passwd",
    "root/usr/share/text",
    "root/f0",
    "root/f1",
    "root/f2",
    "root/f3",
    "root/f4",
];

/// Directories that a view writes to, whoever its user is.
const OPEN: &[&str] = &["shown", "open1", "open2", "root", "project", "project/.git"];

pub(crate) fn make(need: Need) -> Outcome {
    fs::create_dir(TREE)?;
    let mount = DetachedMount::filesystem(
        "tmpfs",
        &[Parameter::Text("mode", "0755")],
        Attributes::default(),
    )?;
    mount.attach(&Handle::open(TREE.as_ref(), LastLink::Follow)?, TREE.as_ref())?;
    let tree = Path::new(TREE);
    for directory in DIRECTORIES {
        fs::create_dir_all(tree.join(directory))?;
    }
    for file in FILES {
        fs::write(tree.join(file), format!("this is {file}\n"))?;
    }
    for directory in OPEN {
        fs::set_permissions(tree.join(directory), fs::Permissions::from_mode(0o777))?;
    }
    if need == Need::Root {
        for name in names_below(tree)? {
            chown(name, Some(OWNER), Some(OWNER))?;
        }
    }
    Ok(())
}

fn names_below(directory: &Path) -> std::io::Result<Vec<std::path::PathBuf>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            names.extend(names_below(&path)?);
        }
        names.push(path);
    }
    Ok(names)
}

/// The names that a root from the tree brings by itself.
pub(crate) fn names_of_root() -> impl Iterator<Item = String> {
    let below = |path: &str| path.strip_prefix("root").map(str::to_owned);
    let parents = |path: String| {
        let ancestors: Vec<String> =
            Path::new(&path).ancestors().map(|p| p.to_string_lossy().into_owned()).collect();
        ancestors
    };
    DIRECTORIES.iter().chain(FILES).filter_map(move |path| below(path)).flat_map(parents)
}

/// A static program, because the view may be empty but for it.
fn compile(to: &str, source: &[u8]) -> Outcome {
    use std::io::Write as _;
    let mut compiler = Command::new("cc");
    compiler.args(["-O1", "-static", "-Wall", "-Wextra", "-Werror", "-o", to, "-x", "c", "-"]);
    let mut compiler = compiler.stdin(Stdio::piped()).spawn()?;
    let mut pipe = compiler.stdin.take().ok_or("no pipe to the compiler")?;
    pipe.write_all(source)?;
    drop(pipe);
    if compiler.wait()?.success() { Ok(()) } else { Err(format!("{to} does not compile").into()) }
}

/// The program that tells what it finds.
pub(crate) fn compile_reader() -> Outcome {
    compile(READER, include_bytes!("../../reader/reader.c"))
}

/// The program that tries what is forbidden.
pub(crate) fn compile_attempt() -> Outcome {
    compile(ATTEMPT, include_bytes!("../../reader/attempt.c"))
}
