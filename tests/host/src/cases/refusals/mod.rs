//! Every refusal of `docs/kernel-rules.md`: provoked, and read as the user reads it.

pub(super) mod files;
pub(super) mod kernel;
pub(super) mod mounts;
pub(super) mod namespaces;
pub(super) mod programs;
pub(super) mod resources;

use std::path::Path;

use expect_test::Expect;
use eyot_launch::{Place, Rule, diagnose};
use eyot_sys::{Attributes, DetachedMount, Handle, LastLink, Parameter};

use crate::case::Outcome;
use crate::executable::{Said, eyot};

/// Runs eyot, which must refuse before anything of the command has run, with this text.
fn refused<'a>(words: impl IntoIterator<Item = &'a str>, text: &Expect) -> Outcome {
    text.assert_eq(&steady(&eyot(words)?.refusal()?));
    Ok(())
}

/// The same for a program that cannot be run, which has an exit status of its own.
fn not_run<'a>(words: impl IntoIterator<Item = &'a str>, code: i32, text: &Expect) -> Outcome {
    let Said { code: status, out, err } = eyot(words)?;
    assert_eq!((status, out.as_str()), (Some(code), ""), "{err}");
    text.assert_eq(&steady(&err));
    Ok(())
}

/// How many entries a plan has depends on what the machine has.
fn steady(text: &str) -> String {
    let number = |word: &str| word.trim_end_matches(')').parse::<usize>().is_ok();
    let in_count = |before: &str| matches!(before, "(entry" | "of");
    let mut before = "";
    let words = text.split_inclusive([' ', '\n']).map(|word| {
        let plain = word.trim_end();
        let hidden = in_count(before) && number(plain);
        before = plain;
        if hidden { word.replace(plain.trim_end_matches(')'), "N") } else { word.to_owned() }
    });
    words.collect()
}

/// Mounts an empty file system of `kind` at a new directory.
fn mount_new(kind: &str, at: &str, parameters: &[Parameter<'_>], how: Attributes) -> Outcome {
    std::fs::create_dir_all(at)?;
    let mount = DetachedMount::filesystem(kind, parameters, how)?;
    cover(mount, at)
}

fn cover(mount: DetachedMount, at: &str) -> Outcome {
    let place = Handle::open(at.as_ref(), LastLink::Follow)?;
    mount.attach(&place, Path::new(at))?;
    Ok(())
}

/// What only the library can be made to ask: the kernel's answer must have this rule and no other.
fn has_rule(error: &eyot_sys::Error, rule: Rule) {
    let found = diagnose(error, Place::UserNamespace);
    assert_eq!(found, Some(rule), "{error}: {} {:?}", error.errno, error.kernel_log);
}
