//! What the command says, word for word. Nothing here runs a program: refusals come before that,
//! and the other commands only print. `UPDATE_EXPECT=1` writes the expected texts anew.

mod command_lines;
mod examples;
mod help;
mod mutations;
mod plans;
mod view_files;

use std::ffi::OsString;
use std::process::ExitCode;

use eyot::Screen;

/// What a command line leads to.
struct Said {
    out: String,
    err: String,
    code: ExitCode,
}

fn say<W: Into<OsString>>(words: impl IntoIterator<Item = W>) -> Said {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let words = [OsString::from("eyot")].into_iter().chain(words.into_iter().map(Into::into));
    let code = eyot::main_with(words, &mut Screen::plain(&mut out, &mut err));
    let text = |bytes| String::from_utf8(bytes).expect("eyot prints UTF-8");
    Said { out: text(out), err: text(err), code }
}

/// Whether this is one clear refusal and nothing else.
fn assert_refused(said: &Said, what: &str) {
    let ours = ExitCode::from(eyot::OUR_FAILURE);
    assert_eq!(said.code, ours, "{what}");
    assert_eq!(said.out, "", "{what}");
    assert!(said.err.starts_with("error: "), "{what}: {}", said.err);
    assert_eq!(said.err.matches("error:").count(), 1, "{what}: {}", said.err);
    assert!(!said.err.contains(|c: char| c.is_control() && c != '\n'), "{what}: {:?}", said.err);
}
