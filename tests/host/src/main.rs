//! Tests that change what a process sees. Each runs in a process and a view of its own.
//!
//! Namespaces are only given to a process with one thread, and a test harness starts threads. So this binary plays
//! two parts: the harness lists the cases and starts itself again for each; the copy, still single threaded, enters a
//! fresh view and runs that case alone.
//!
//! A case that fails must not be able to hurt the host. The copy runs as nobody unless the case needs root, sees the
//! host read-only, writes to memory of its own (`/tmp` and `/run`) and never deletes: the kernel clears the view away
//! with the process.
//!
//! A case the machine cannot run is listed as ignored, which every runner shows. Naming its need in
//! `EYOT_TESTS_REQUIRE` (`userns,root,cgroups,programs`) runs it all the same, so CI cannot pass by running nothing.

mod case;
mod cases;
mod executable;
mod filter;
mod inside;
mod outside;
mod own_groups;
mod probe;
mod project;
mod screen;

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    match words.get(1).map(String::as_str) {
        Some(outside::INSIDE) => inside::run(&words[2..]),
        _ => outside::run(),
    }
}
