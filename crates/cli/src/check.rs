//! `eyot check`: every file is reported, so that one run finds all that is wrong.

use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

use crate::OUR_FAILURE;
use crate::args::{CheckRequest, Depth, Form};
use crate::engine;
use crate::render::{self, Message};
use crate::screen::Screen;
use crate::view_file;

#[derive(Serialize)]
struct Report<'a> {
    format: u32,
    files: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    file: String,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instead: Option<&'a str>,
}

pub(crate) fn check(request: &CheckRequest, screen: &mut Screen<'_>) -> ExitCode {
    let results: Vec<_> =
        request.files.iter().map(|file| (file, one(file, request.depth))).collect();
    let bad = results.iter().any(|(_, result)| result.is_err());
    match request.form {
        Form::Text => {
            for (file, result) in &results {
                match result {
                    Ok(()) => screen.answer(&format!("{}: good\n", file.display())),
                    Err(message) => screen.refuse(message),
                };
            }
        }
        Form::Json => {
            let files = results.iter().map(|(file, result)| line(file, result)).collect();
            screen.answer_json(&Report { format: 1, files });
        }
    }
    if bad { ExitCode::from(OUR_FAILURE) } else { ExitCode::SUCCESS }
}

fn one(file: &Path, depth: Depth) -> Result<(), Message> {
    let view = view_file::read(file).map_err(|error| render::view_file_error(&error))?;
    match depth {
        Depth::Syntax => Ok(()),
        Depth::Plan => engine::plan_of_file(file, view).map(drop),
    }
}

fn line<'a>(file: &Path, result: &'a Result<(), Message>) -> Line<'a> {
    let message = result.as_ref().err();
    Line {
        file: file.display().to_string(),
        ok: message.is_none(),
        error: message.map(Message::headline),
        instead: message.and_then(|message| message.labelled("try").next()),
    }
}
