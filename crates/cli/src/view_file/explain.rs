//! Why a text is no view file. All of this runs only for a wrong file, so the keys and their
//! forms are read from the JSON Schema instead of being written down twice.

use std::ops::Range;

use eyot_plan::View;
use serde_json::{Value as Schema, json};
use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use super::Fault;
use super::value::{Part, Refused};
use crate::schema;

/// Longer pieces of a file are not repeated in its error.
const MOST_SHOWN: usize = 60;

/// The text is no TOML.
pub(super) fn syntax(text: &str, error: &Error) -> Fault {
    let span = error.span().unwrap_or(0..0);
    let mut what = error.message().trim().replace('\n', ", ");
    let found = text.get(span.clone()).unwrap_or_default();
    if (1..=MOST_SHOWN).contains(&found.len()) && !found.contains('\n') {
        what.push_str(&format!(": '{}'", found.escape_debug()));
    }
    Fault { at: span.start, what, instead: None }
}

/// The text is TOML, but a key or the form of a value is unknown.
pub(super) fn unfitting(text: &str, error: &Error) -> Fault {
    let (table, _) = DeTable::parse_recoverable(text);
    let schema = schema::view();
    let mut rows: Vec<_> = table.get_ref().iter().collect();
    rows.sort_by_key(|(key, _)| key.span().start);
    let fault = rows.into_iter().find_map(|(key, value)| {
        let name = key.get_ref().as_ref();
        match schema["properties"].get(name) {
            None => Some(unknown_key(name, key.span(), &schema)),
            Some(form) => misfit(name, &Form::of(form, &schema), value),
        }
    });
    fault.unwrap_or_else(|| syntax(text, error))
}

/// Every type is right, but a value is not.
pub(super) fn refused(text: &str, refused: Refused) -> Fault {
    let Refused { key, part, error } = refused;
    let (table, _) = DeTable::parse_recoverable(text);
    let found = table.get_ref().iter().find(|(name, _)| name.get_ref() == key);
    let at = found.map_or(0, |(_, value)| part_span(value, &part).start);
    Fault { at, what: format!("{key}: {error}"), instead: None }
}

fn part_span(value: &Spanned<DeValue<'_>>, part: &Part) -> Range<usize> {
    let inner = match (value.get_ref(), part) {
        (DeValue::Array(items), Part::Item(index)) => items.get(*index).map(Spanned::span),
        (DeValue::Table(table), Part::Name(name)) => {
            table.iter().find(|(key, _)| key.get_ref() == name).map(|(key, _)| key.span())
        }
        _ => None,
    };
    inner.unwrap_or(value.span())
}

fn unknown_key(name: &str, span: Range<usize>, schema: &Schema) -> Fault {
    let keys = schema["properties"].as_object().into_iter().flatten().map(|(key, _)| key.as_str());
    let instead = match nearest(name, keys) {
        Some(key) => format!("'{key}'"),
        None => "'eyot schema view' lists the keys".to_owned(),
    };
    let what = format!("unknown key '{}'", short(name));
    Fault { at: span.start, what, instead: Some(instead) }
}

/// The word nearest to `word`; `None` where none is near enough to have been meant.
fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // The comparison takes time by the product of the lengths, and no key is nearly that long.
    let start: String = word.chars().take(40).collect();
    let rated = known.map(|key| (strsim::jaro_winkler(&start, key), key));
    rated.filter(|(near, _)| *near > 0.75).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, key)| key)
}

/// The form of a value, as the schema tells it.
#[derive(Clone, Debug, PartialEq)]
enum Form {
    Text,
    Words(Vec<String>),
    Bool,
    Whole { least: i64, most: i64 },
    Number,
    List(Box<Form>),
    Table(Box<Form>),
}

impl Form {
    fn of(schema: &Schema, whole: &Schema) -> Form {
        if let Some(pointer) = schema["$ref"].as_str() {
            let target = pointer.strip_prefix('#').and_then(|pointer| whole.pointer(pointer));
            return target.map_or(Form::Text, |target| Form::of(target, whole));
        }
        if let Some(some) = schema["anyOf"].get(0) {
            return Form::of(some, whole);
        }
        if let Some(words) = schema["enum"].as_array() {
            return Form::Words(
                words.iter().filter_map(|w| Some(w.as_str()?.to_owned())).collect(),
            );
        }
        // `["string", "null"]` is a key that may be absent.
        let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
        match kind {
            Some("boolean") => Form::Bool,
            Some("integer") => Form::whole(schema["format"].as_str()),
            Some("number") => Form::Number,
            Some("array") => Form::List(Box::new(Form::of(&schema["items"], whole))),
            Some("object") => {
                Form::Table(Box::new(Form::of(&schema["additionalProperties"], whole)))
            }
            _ => Form::Text,
        }
    }

    fn whole(format: Option<&str>) -> Form {
        match format {
            Some("uint32") => Form::Whole { least: 0, most: u32::MAX.into() },
            Some("int32") => Form::Whole { least: i32::MIN.into(), most: i32::MAX.into() },
            // TOML has no larger numbers.
            _ => Form::Whole { least: 0, most: i64::MAX },
        }
    }

    /// What a value of another type was probably meant to be.
    fn meant_by(&self, found: &DeValue<'_>) -> Option<String> {
        match (self, found) {
            (Form::Text, DeValue::Integer(number)) => Some(format!("\"{}\"", number.as_str())),
            (Form::Text, DeValue::Float(number)) => Some(format!("\"{}\"", number.as_str())),
            (Form::List(item), DeValue::String(text)) if matches!(**item, Form::Text) => {
                Some(format!("[\"{}\"]", short(text)))
            }
            (Form::Bool | Form::Whole { .. } | Form::Number, DeValue::String(text)) => {
                let fits = match self {
                    Form::Bool => text.parse::<bool>().is_ok(),
                    _ => text.parse::<u32>().is_ok(),
                };
                fits.then(|| format!("{text}, without quotes"))
            }
            _ => None,
        }
    }

    fn name(&self) -> String {
        match self {
            Form::Text => "a text in quotes".into(),
            Form::Words(words) => format!("one of \"{}\"", words.join("\", \"")),
            Form::Bool => "true or false".into(),
            Form::Whole { least, most } if *most == i64::MAX => {
                format!("a whole number from {least}")
            }
            Form::Whole { least, most } if *least < 0 => format!("a whole number up to {most}"),
            Form::Whole { least, most } => format!("a whole number from {least} to {most}"),
            Form::Number => "a number".into(),
            Form::List(item) => match **item {
                Form::Text => "a list of texts: [\"…\"]".into(),
                _ => format!("a list, each {}", item.name()),
            },
            Form::Table(_) => "a table: { NAME = \"VALUE\" }".into(),
        }
    }
}

/// What is wrong with the value of a known key; `None` if nothing is.
fn misfit(key: &str, form: &Form, value: &Spanned<DeValue<'_>>) -> Option<Fault> {
    let fault = |what: String| Some(Fault { at: value.span().start, what, instead: None });
    match (form, value.get_ref()) {
        (Form::Text, DeValue::String(text)) => {
            text_misfit(key, json!({ key: text })).and_then(fault)
        }
        (Form::Words(words), DeValue::String(word)) => {
            let found = words.iter().any(|known| known == word);
            let near = nearest(word, words.iter().map(String::as_str));
            (!found).then(|| Fault {
                at: value.span().start,
                what: format!("{key}: '{}' is not {}", short(word), form.name()),
                instead: near.map(|word| format!("\"{word}\"")),
            })
        }
        (Form::Whole { least, most }, DeValue::Integer(number)) => {
            let value = i64::from_str_radix(number.as_str(), number.radix());
            match value {
                Ok(value) if (*least..=*most).contains(&value) => None,
                _ => fault(format!("{key}: {} is not {}", number.as_str(), form.name())),
            }
        }
        (Form::List(item), DeValue::Array(items)) => {
            items.iter().find_map(|value| match (&**item, value.get_ref()) {
                (Form::Text, DeValue::String(text)) => text_misfit(key, json!({ key: [text] }))
                    .map(|what| Fault { at: value.span().start, what, instead: None }),
                _ => misfit(key, item, value),
            })
        }
        (Form::Table(item), DeValue::Table(table)) => {
            table.iter().find_map(|(name, value)| match (&**item, value.get_ref()) {
                (Form::Text, DeValue::String(_)) => None,
                _ => misfit(&format!("{key}.{}", short(name.get_ref())), item, value),
            })
        }
        (Form::Bool, DeValue::Boolean(_)) => None,
        (Form::Number, DeValue::Integer(_) | DeValue::Float(_)) => None,
        (_, found) => Some(Fault {
            at: value.span().start,
            what: format!("{key}: {} is not {}", kind(found), form.name()),
            instead: form.meant_by(found),
        }),
    }
}

/// Why a text is not of the form that its key wants, by trying a view that says nothing else.
fn text_misfit(key: &str, alone: Schema) -> Option<String> {
    let error = serde_json::from_value::<View>(alone).err()?;
    Some(format!("{key}: {error}"))
}

fn kind(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text '{}'", short(text)),
        DeValue::Integer(number) => format!("the number {}", number.as_str()),
        DeValue::Float(number) => format!("the number {}", number.as_str()),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(time) => format!("the time {time}"),
        DeValue::Array(_) => "a list".into(),
        DeValue::Table(_) => "a table".into(),
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{}…", text[..end].escape_debug()),
        None => text.escape_debug().to_string(),
    }
}
