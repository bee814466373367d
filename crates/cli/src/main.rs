use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    // Does not come back where this process is on its way to be a view's command.
    eyot_launch::arrive(&words);
    eyot::main_with(words, &mut eyot::Screen::of_this_process())
}
