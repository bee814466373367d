#![allow(unsafe_code, reason = "execve(2) of prepared arguments has no safe wrapper")]

use std::ffi::{CStr, CString, OsStr};
use std::os::fd::{AsFd, AsRawFd as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags, StatVfsMountFlags};
use rustix::io::Errno;

use crate::error::{Call, Error, Obstacle, last_errno};

/// Arguments and environment in the form `execve(2)` takes, made before anything can fail halfway.
#[derive(Debug)]
pub struct Program {
    pub candidates: Vec<CString>,
    pub arguments: Vec<CString>,
    pub environment: Vec<CString>,
}

impl Program {
    /// Becomes the first candidate that can be executed; comes back only with the reason why none can.
    ///
    /// A candidate that is there but may not be executed explains more than one that is missing (`execvp(3)`).
    pub fn execute(&self) -> Error {
        let (arguments, environment) = (pointers(&self.arguments), pointers(&self.environment));
        let mut reason = None;
        for candidate in &self.candidates {
            // SAFETY: every pointer is to a NUL-terminated string that `self` keeps, and both lists end with null.
            unsafe { libc::execve(candidate.as_ptr(), arguments.as_ptr(), environment.as_ptr()) };
            let errno = last_errno();
            let error = refused(candidate, errno);
            match errno {
                Errno::NOENT | Errno::NOTDIR if !error.explains() => {
                    reason = reason.or(Some(error));
                }
                Errno::NOENT | Errno::ACCESS => reason = Some(error),
                _ => return error,
            }
        }
        let nothing = || Call::Execute { program: PathBuf::new(), obstacle: Obstacle::Unknown };
        reason.unwrap_or_else(|| nothing().failed(Errno::NOENT))
    }

    /// What the kernel would answer if arguments and environment are too long, known without executing.
    pub fn too_long(&self) -> Error {
        let exists = |candidate: &&CString| rustix::fs::stat(candidate.as_c_str()).is_ok();
        let found = self.candidates.iter().find(exists).or(self.candidates.first());
        let program = found.map(|path| PathBuf::from(OsStr::from_bytes(path.to_bytes())));
        let program = program.unwrap_or_default();
        Call::Execute { program, obstacle: Obstacle::Unknown }.failed(Errno::TOOBIG)
    }

    /// Becomes the file behind `executable`, which may be opened with `O_PATH`; comes back only with the reason why not.
    pub fn execute_descriptor(&self, executable: impl AsFd) -> Error {
        let (arguments, environment) = (pointers(&self.arguments), pointers(&self.environment));
        let file = executable.as_fd().as_raw_fd();
        // SAFETY: every pointer is to a NUL-terminated string that `self` keeps, and both lists end with null.
        unsafe {
            let (arguments, environment) = (arguments.as_ptr(), environment.as_ptr());
            let path = c"".as_ptr();
            libc::syscall(
                libc::SYS_execveat,
                file,
                path,
                arguments,
                environment,
                libc::AT_EMPTY_PATH,
            )
        };
        Call::other("execveat(own program)").failed(last_errno())
    }
}

/// A list of strings as `execve(2)` takes it; they must outlive the pointers.
fn pointers(list: &[CString]) -> Vec<*const libc::c_char> {
    let ends = list.iter().map(|text| text.as_ptr());
    ends.chain([std::ptr::null()]).collect()
}

/// Why `execve(2)` refused `program`: the answer is the same for several reasons, and the file tells which.
fn refused(program: &CStr, errno: Errno) -> Error {
    let path = Path::new(OsStr::from_bytes(program.to_bytes()));
    let obstacle = match errno {
        Errno::NOENT => interpreter_of(path).map(Obstacle::Interpreter),
        Errno::ACCESS => forbidden(program),
        _ => None,
    };
    let obstacle = obstacle.unwrap_or(Obstacle::Unknown);
    Call::Execute { program: path.to_owned(), obstacle }.failed(errno)
}

fn forbidden(program: &CStr) -> Option<Obstacle> {
    let stat = rustix::fs::stat(program).ok()?;
    if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
        return Some(Obstacle::Directory);
    }
    let mount = rustix::fs::statvfs(program).ok()?;
    match stat.st_mode & 0o111 {
        _ if mount.f_flag.contains(StatVfsMountFlags::NOEXEC) => Some(Obstacle::NoExecMount),
        0 => Some(Obstacle::Mode),
        _ => None,
    }
}

/// What the file asks to be run by: a script's first line or a program's dynamic loader.
fn interpreter_of(path: &Path) -> Option<PathBuf> {
    let file = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    let mut head = [0; 4096];
    let length = rustix::io::read(&file, &mut head).ok()?;
    interpreter_in(&head[..length])
}

fn interpreter_in(head: &[u8]) -> Option<PathBuf> {
    let name = match head.strip_prefix(b"#!") {
        Some(line) => {
            let line = line.split(|byte| *byte == b'\n').next()?.trim_ascii_start();
            line.split(u8::is_ascii_whitespace).next()?
        }
        None => loader_in(head)?,
    };
    (!name.is_empty()).then(|| PathBuf::from(OsStr::from_bytes(name)))
}

/// The loader that an ELF file names, if it stands in the file's beginning (`elf(5)`).
fn loader_in(head: &[u8]) -> Option<&[u8]> {
    const PT_INTERP: u64 = 3;
    let number = |at: usize, size: usize| {
        let bytes = head.get(at..at.checked_add(size)?)?;
        Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    };
    // Where the fields of the 64-bit and of the 32-bit form are, and how wide addresses are.
    let (table, entry_size, count, offset, size, width) = match head.get(..6)? {
        [0x7f, b'E', b'L', b'F', 2, 1] => (32, 54, 56, 8, 32, 8),
        [0x7f, b'E', b'L', b'F', 1, 1] => (28, 42, 44, 4, 16, 4),
        _ => return None,
    };
    let (table, entry_size) = (number(table, width)?, number(entry_size, 2)?);
    for index in 0..number(count, 2)? {
        let entry = usize::try_from(index.checked_mul(entry_size)?.checked_add(table)?).ok()?;
        if number(entry, 4)? == PT_INTERP {
            let start = usize::try_from(number(entry.checked_add(offset)?, width)?).ok()?;
            let length = usize::try_from(number(entry.checked_add(size)?, width)?).ok()?;
            let name = head.get(start..start.checked_add(length)?)?;
            return name.split(|byte| *byte == 0).next();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpreters_of_scripts_and_programs() {
        let of = |head: &[u8]| interpreter_in(head).map(|path| path.display().to_string());
        assert_eq!(of(b"#! /bin/sh -e\n").as_deref(), Some("/bin/sh"));
        assert_eq!(of(b"#!/no/such").as_deref(), Some("/no/such"));
        assert_eq!(of(b"#!\n"), None);
        assert_eq!(of(b"echo hi\n"), None);
        assert_eq!(of(b""), None);
    }

    #[test]
    fn a_loader_is_found_and_a_damaged_file_names_none() {
        let mut head = [0; 160];
        head[..6].copy_from_slice(b"\x7fELF\x02\x01");
        (head[32], head[54], head[56]) = (64, 56, 1);
        (head[64], head[64 + 8], head[64 + 32]) = (3, 128, 10);
        head[128..138].copy_from_slice(b"/lib/ld.so");
        assert_eq!(loader_in(&head), Some(&b"/lib/ld.so"[..]));
        for length in 0..138 {
            assert_eq!(loader_in(&head[..length]), None, "{length} bytes");
        }
        head[64 + 8] = 255;
        assert_eq!(loader_in(&head), None);
    }
}
