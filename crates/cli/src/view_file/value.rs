//! What the type of a key does not say: sizes, times, ranges, and no NUL byte anywhere.

use eyot_plan::{BadValue, View, parse_duration, parse_size};

use crate::args::value as form;

/// A value of the right type that still is wrong: its key, and which one in a list or table.
#[derive(Debug, PartialEq)]
pub(super) struct Refused {
    pub(super) key: &'static str,
    pub(super) part: Part,
    pub(super) error: BadValue,
}

#[derive(Debug, PartialEq)]
pub(super) enum Part {
    Whole,
    Item(usize),
    Name(String),
}

type Check = fn(&str) -> Result<(), BadValue>;

/// The first value in `view` that no plan could use. The checks are those of the options.
pub(super) fn refused(view: &View) -> Option<Refused> {
    single(view).or_else(|| lists(view)).or_else(|| environment(view))
}

fn single(view: &View) -> Option<Refused> {
    let text = |key, value: &Option<String>, check: Check| {
        value.as_deref().and_then(|text| of(key, Part::Whole, check(text)))
    };
    let number = |key, value: Option<String>, check: Check| {
        value.and_then(|text| of(key, Part::Whole, check(&text)))
    };
    text("scratch-size", &view.scratch_size, |text| parse_size(text).map(drop))
        .or_else(|| text("memory", &view.memory, |text| parse_size(text).map(drop)))
        .or_else(|| text("wall-time", &view.wall_time, |text| parse_duration(text).map(drop)))
        .or_else(|| text("workdir", &view.workdir, |text| form::text_of_place(text).map(drop)))
        .or_else(|| text("extends", &view.extends, |text| form::word(text).map(drop)))
        .or_else(|| number("uid", shown(view.uid), |text| form::id(text).map(drop)))
        .or_else(|| number("gid", shown(view.gid), |text| form::id(text).map(drop)))
        .or_else(|| number("processes", shown(view.processes), |t| form::count(t).map(drop)))
        .or_else(|| number("open-files", shown(view.open_files), |t| form::count(t).map(drop)))
        .or_else(|| number("cpus", shown(view.cpus), |text| form::processors(text).map(drop)))
}

fn shown<T: ToString>(value: Option<T>) -> Option<String> {
    value.map(|value| value.to_string())
}

fn lists(view: &View) -> Option<Refused> {
    let place: Check = |text| form::text_of_place(text).map(drop);
    let word: Check = |text| form::word(text).map(drop);
    let variable: Check = |text| form::variable_name(text).map(drop);
    let lists: [(&'static str, &[String], Check); 7] = [
        ("command", &view.command, without_nul),
        ("dir", &view.dir, place),
        ("mask", &view.mask, place),
        ("keep-env", &view.keep_env, variable),
        ("cap", &view.cap, word),
        ("allow", &view.allow, word),
        ("allow-missing", &view.allow_missing, word),
    ];
    let in_lists = lists.into_iter().find_map(|(key, list, check)| {
        list.iter().enumerate().find_map(|(i, text)| of(key, Part::Item(i), check(text)))
    });
    in_lists.or_else(|| {
        let checked = view.keep_fd.iter().map(|fd| form::descriptor(&fd.to_string()));
        checked.enumerate().find_map(|(i, fd)| of("keep-fd", Part::Item(i), fd))
    })
}

fn environment(view: &View) -> Option<Refused> {
    view.env.iter().find_map(|(name, value)| {
        let checked = form::variable_name(name).map(drop).and_then(|()| without_nul(value));
        of("env", Part::Name(name.clone()), checked)
    })
}

fn without_nul(text: &str) -> Result<(), BadValue> {
    let wanted = "a text that a program can be given (no NUL character)";
    match text.contains('\0') {
        true => Err(BadValue { value: text.to_owned(), wanted }),
        false => Ok(()),
    }
}

fn of<T>(key: &'static str, part: Part, checked: Result<T, BadValue>) -> Option<Refused> {
    checked.err().map(|error| Refused { key, part, error })
}
