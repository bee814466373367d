use std::process::ExitCode;

fn main() -> ExitCode {
    eyot::main_with(std::env::args_os(), &mut eyot::Screen::of_this_process())
}
