//! `cargo xtask demo`: the main job on real input. A source package is built in a view without a network, by the
//! host's read-only toolchain, while a step planted in its Makefile tries what a hostile package would try.

mod planted;
mod source;

use crate::command::{self, Result, is_root, outcome, run};
use crate::setup::{self, Section};
use crate::workspace::{self, Profile};
use planted::Planted;
use source::Source;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Ask no mirror; build the small project in examples/
    #[arg(long)]
    offline: bool,
    /// Leave the built tree where it is
    #[arg(long)]
    keep: bool,
    /// Use this executable rather than building one
    #[arg(long)]
    eyot: Option<PathBuf>,
}

pub(crate) fn demo(arguments: &Arguments) -> Result {
    setup::ensure(&[Section::Build, Section::Demo])?;
    let eyot = match &arguments.eyot {
        Some(eyot) => std::path::absolute(eyot)?,
        None => workspace::build_eyot(Profile::Dev)?,
    };
    let scratch = Scratch::create()?;
    let shown = show(arguments, &eyot, &scratch.directory);
    if arguments.keep {
        println!("\nkept: {}", scratch.directory.display());
        return shown;
    }
    scratch.remove()?;
    shown
}

fn show(arguments: &Arguments, eyot: &Path, scratch: &Path) -> Result {
    heading("1. A real source package");
    let source =
        if arguments.offline { source::example(scratch)? } else { source::fetch(scratch)? };
    println!("{} in {}", source.origin, source.directory.display());
    let planted = Planted::plant(&source.directory, scratch)?;
    give_to_nobody(&source.directory)?;

    heading(
        "2. The step planted in its Makefile works on the bare host, as far as that harms nothing",
    );
    planted.prove_harmless_attempts()?;

    heading("3. What the build will see: nothing is done yet");
    let build = ["sh", "-c", source.build];
    run(&mut view(eyot, &["plan", "run"], &source, &planted, &build))?;

    heading("4. The build");
    let begun = Instant::now();
    run(&mut view(eyot, &["run"], &source, &planted, &build))?;
    println!("built in {:.1} s", begun.elapsed().as_secs_f64());

    heading("5. The result, in a view as well: nobody has read its source");
    run(&mut view(eyot, &["run"], &source, &planted, &["sh", "-c", source.try_out]))?;

    heading("6. What the view withheld from the planted step");
    planted.judge()
}

/// The words of the command line that matter: the tree is writable, all else is the default view.
fn view(
    eyot: &Path,
    verb: &[&str],
    source: &Source,
    planted: &Planted,
    command: &[&str],
) -> Command {
    let mut view = Command::new(eyot);
    // The caller's home is the one with the canary in it.
    view.current_dir(&source.directory).env("HOME", planted.home());
    view.args(verb).args(["--net", "none", "--rw"]).arg(&source.directory);
    view.arg("--workdir").arg(&source.directory).arg("--").args(command);
    view
}

/// Root's view runs on unprivileged ids and never writes as root's: as in any build service, the tree is somebody's.
fn give_to_nobody(directory: &Path) -> Result {
    if is_root() {
        run(Command::new("chown").args(["-R", "nobody:nogroup"]).arg(directory))
    } else {
        Ok(())
    }
}

fn heading(text: &str) {
    println!("\n── {text} ──");
}

/// A directory for everything the demo writes.
#[derive(Debug)]
struct Scratch {
    directory: PathBuf,
}

impl Scratch {
    fn create() -> Result<Scratch> {
        let directory = std::env::temp_dir().join(format!("eyot-demo-{}", std::process::id()));
        std::fs::DirBuilder::new().mode(0o755).create(&directory)?;
        Ok(Scratch { directory })
    }

    /// Never through a mount: had a view left one here, removing its files would remove the host's.
    fn remove(&self) -> Result {
        let mounts = command::read_file(Path::new("/proc/self/mountinfo"))?;
        let directory = self.directory.display().to_string();
        if mounts.contains(&directory) {
            return Err(
                format!("a mount was left below '{directory}': nothing there is removed").into()
            );
        }
        let removal = outcome(
            Command::new("rm").args(["-r", "-f", "--one-file-system", "--"]).arg(&self.directory),
        )?;
        if removal.status.success() {
            Ok(())
        } else {
            Err(format!("cannot remove '{directory}'").into())
        }
    }
}
