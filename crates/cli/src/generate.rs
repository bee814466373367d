//! Man pages, completions and the schema, all made from the definitions that are also executed.

use std::fs;
use std::io;
use std::path::Path;

use clap::Command;
use clap_complete::{Shell, generate};
use clap_mangen::Man;

use crate::args::{self, Generated};
use crate::render::Message;
use crate::schema;

const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Zsh, Shell::Fish];

pub(crate) fn schema_of_views() -> String {
    format!("{:#}\n", schema::view())
}

pub(crate) fn completions(shell: Shell) -> String {
    let mut text = Vec::new();
    generate(shell, &mut built(), "eyot", &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// Writes the man pages or the completions into `directory`.
pub(crate) fn write(what: Generated, directory: &Path) -> Result<(), Message> {
    let written = match what {
        Generated::ManPages => man_pages(directory),
        Generated::Completions => all_completions(directory),
    };
    written.map_err(|error| {
        Message::error(format!("cannot write into '{}': {error}", directory.display()))
    })
}

fn all_completions(directory: &Path) -> io::Result<()> {
    SHELLS.into_iter().try_for_each(|shell| {
        // bash loads a completion by the command's name, zsh by `_` and the name.
        let name = match shell {
            Shell::Zsh => "_eyot".to_owned(),
            Shell::Fish => "eyot.fish".to_owned(),
            _ => "eyot".to_owned(),
        };
        fs::write(directory.join(name), completions(shell))
    })
}

fn man_pages(directory: &Path) -> io::Result<()> {
    man_page(&built(), "eyot", directory)
}

/// One page for `command` and each command below it: `eyot-plan-run.1`.
fn man_page(command: &Command, name: &str, directory: &Path) -> io::Result<()> {
    let page = Man::new(command.clone().display_name(name.to_owned()))
        .title(name.to_uppercase())
        .manual("eyot")
        .source(concat!("eyot ", env!("CARGO_PKG_VERSION")));
    let mut text = Vec::new();
    page.render(&mut text)?;
    fs::write(directory.join(format!("{name}.1")), text)?;
    let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
    shown.into_iter().try_for_each(|command| {
        man_page(command, &format!("{name}-{}", command.get_name()), directory)
    })
}

/// The command line with every option of every command.
fn built() -> Command {
    let mut command = args::command();
    command.build();
    command
}
