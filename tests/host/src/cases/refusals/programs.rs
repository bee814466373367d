//! Programs that cannot be run, and what they should have been given.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use expect_test::expect;
use eyot_sys::Attributes;

use super::{mount_new, not_run, refused};
use crate::case::{Outcome, cases};

cases! {
    userns: no_such_program, a_directory_is_no_program, nobody_may_execute_it,
        an_unknown_format, no_such_interpreter, no_such_loader, a_mount_without_programs,
        a_program_being_written, arguments_too_long, no_such_working_directory,
        no_such_working_directory_in_a_bind, a_closed_working_directory,
        a_descriptor_that_is_not_open, a_text_from_a_descriptor_that_is_not_open;
}

fn write_program(name: &str, content: &[u8]) -> std::io::Result<()> {
    fs::write(name, content)?;
    fs::set_permissions(name, fs::Permissions::from_mode(0o755))
}

/// Runs a program of the test's own.
const HOME: [&str; 3] = ["run", "--ro", "/tmp/home:/h"];

fn own(program: &'static str) -> impl Iterator<Item = &'static str> {
    HOME.into_iter().chain([program])
}

fn no_such_program() -> Outcome {
    not_run(
        ["run", "nosuchcommand"],
        127,
        &expect![[r#"
        error: cannot run 'nosuchcommand'
          kernel: execve(/usr/local/sbin/nosuchcommand)
          kernel: No such file or directory (os error 2)
          rule: the view has no such program
                (execve(2), ENOENT)
          try: bind it with --ro, or look at what the view shows (eyot plan run …)
    "#]],
    )
}

fn a_directory_is_no_program() -> Outcome {
    not_run(
        ["run", "/usr"],
        126,
        &expect![[r#"
        error: cannot run '/usr'
          kernel: execve(/usr)
          kernel: Permission denied (os error 13)
          rule: a directory cannot be run
                (execve(2), EACCES)
          try: name a program in it
    "#]],
    )
}

fn nobody_may_execute_it() -> Outcome {
    not_run(
        ["run", "/etc/passwd"],
        126,
        &expect![[r#"
        error: cannot run '/etc/passwd'
          kernel: execve(/etc/passwd)
          kernel: Permission denied (os error 13)
          rule: nobody has the right to execute this file
                (execve(2), EACCES)
          try: give it the right (chmod a+x), or run its interpreter with it (sh FILE)
    "#]],
    )
}

fn an_unknown_format() -> Outcome {
    write_program("script", b"echo hello\n")?;
    not_run(
        own("/h/script"),
        126,
        &expect![[r#"
        error: cannot run '/h/script'
          kernel: execve(/h/script)
          kernel: Exec format error (os error 8)
          rule: the kernel cannot run this kind of file: a script without '#!', or a program of another processor
                (execve(2), ENOEXEC; binfmt_misc)
          try: run its interpreter with it (sh FILE), or give it a first line '#!/bin/sh'
    "#]],
    )
}

fn no_such_interpreter() -> Outcome {
    write_program("script", b"#!/no/such -x\n")?;
    not_run(
        own("/h/script"),
        127,
        &expect![[r#"
        error: cannot run '/h/script'
          kernel: execve(/h/script) by /no/such
          kernel: No such file or directory (os error 2)
          rule: the program is there, but what it must be run by is not: the interpreter in a script's first line, or a dynamic loader
                (execve(2), ENOENT; ld.so(8))
          try: bind that too (--ro), with the libraries it needs
    "#]],
    )
}

fn no_such_loader() -> Outcome {
    // The smallest ELF file that asks for a loader: a header, one program header, and the loader's name.
    let mut program = vec![0; 64 + 56];
    program[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    program[16] = 2; // ET_EXEC
    program[18] = if cfg!(target_arch = "x86_64") { 62 } else { 183 };
    program[20] = 1;
    program[32] = 64; // where the program headers are
    (program[52], program[54], program[56]) = (64, 56, 1);
    program[64] = 3; // PT_INTERP
    (program[64 + 8], program[64 + 32]) = (120, 11);
    program.extend(b"/no/loader\0");
    write_program("program", &program)?;
    not_run(
        own("/h/program"),
        127,
        &expect![[r#"
        error: cannot run '/h/program'
          kernel: execve(/h/program) by /no/loader
          kernel: No such file or directory (os error 2)
          rule: the program is there, but what it must be run by is not: the interpreter in a script's first line, or a dynamic loader
                (execve(2), ENOENT; ld.so(8))
          try: bind that too (--ro), with the libraries it needs
    "#]],
    )
}

fn a_mount_without_programs() -> Outcome {
    mount_new("tmpfs", "/tmp/data", &[], Attributes::DATA.no_exec())?;
    write_program("/tmp/data/script", b"#!/bin/sh\n")?;
    not_run(
        ["run", "--ro", "/tmp/data", "/tmp/data/script"],
        126,
        &expect![[r#"
        error: cannot run '/tmp/data/script'
          kernel: execve(/tmp/data/script)
          kernel: Permission denied (os error 13)
          rule: the file lies on a mount that lets no program be run (noexec)
                (mount(8), noexec; execve(2), EACCES)
          try: bind it from a place without noexec
    "#]],
    )
}

fn a_program_being_written() -> Outcome {
    write_program("script", b"#!/bin/sh\n")?;
    let open = fs::File::options().append(true).open("script")?;
    let outcome = not_run(
        own("/h/script"),
        126,
        &expect![[r#"
        error: cannot run '/h/script'
          kernel: execve(/h/script)
          kernel: Text file busy (os error 26)
          rule: somebody has the program open for writing
                (execve(2), ETXTBSY)
          try: wait until it is written, or bind a copy
    "#]],
    );
    drop(open);
    outcome
}

fn arguments_too_long() -> Outcome {
    // One string may have 131,071 bytes; a view file may have longer ones.
    fs::write("long.toml", format!("[env]\nLONG = \"{}\"\n", "x".repeat(140_000)))?;
    not_run(
        ["run", "--view", "/tmp/home/long.toml", "true"],
        126,
        &expect![[r#"
        error: cannot run 'true'
          kernel: execve(/usr/bin/true)
          kernel: Argument list too long (os error 7)
          rule: arguments and environment together are longer than the kernel takes, or one of them is
                (execve(2), E2BIG)
          try: pass the text in a file (--file), or keep fewer variables
    "#]],
    )
}

fn no_such_working_directory() -> Outcome {
    refused(
        ["run", "--workdir", "/no/such", "true"],
        &expect![[r#"
        error: the view has no '/no/such' to start in: add it with --dir, --ro or --rw (asked by flag --workdir)
    "#]],
    )
}

fn no_such_working_directory_in_a_bind() -> Outcome {
    refused(
        HOME.into_iter().chain(["--workdir", "/h/no", "true"]),
        &expect![[r#"
        error: the view has no '/h/no' to start in: add it with --dir, --ro or --rw (asked by flag --workdir)
    "#]],
    )
}

fn a_closed_working_directory() -> Outcome {
    fs::create_dir("closed")?;
    fs::set_permissions("closed", fs::Permissions::from_mode(0o000))?;
    refused(
        HOME.into_iter().chain(["--workdir", "/h/closed", "true"]),
        &expect![[r#"
        error: cannot enter the working directory
          kernel: chdir(/h/closed)
          kernel: Permission denied (os error 13)
          rule: a directory on the way may not be searched by this user
                (path_resolution(7), EACCES)
          try: have the directories above made searchable (chmod a+x), or start as a user who may
    "#]],
    )
}

/// The number is one that eyot itself comes to use: it must not reach the command.
fn a_descriptor_that_is_not_open() -> Outcome {
    refused(
        ["run", "--keep-fd", "9", "true"],
        &expect![[r#"
            error: cannot give descriptor 9 to the command
              kernel: fcntl(9, F_GETFD)
              kernel: Bad file descriptor (os error 9)
              rule: the descriptor was not open when eyot was started
                    (fcntl(2), EBADF)
              try: open it in the shell before (3<FILE), and see that nothing in between closes it
        "#]],
    )
}

fn a_text_from_a_descriptor_that_is_not_open() -> Outcome {
    refused(
        ["run", "--file", "/x:fd=9", "true"],
        &expect![[r#"
        error: cannot read descriptor 9 for 'file /x ro'
          kernel: fcntl(9, F_GETFD)
          kernel: Bad file descriptor (os error 9)
          rule: the descriptor was not open when eyot was started
                (fcntl(2), EBADF)
          try: open it in the shell before (3<FILE), and see that nothing in between closes it
    "#]],
    )
}
