//! eyot on a terminal: a foreign program (Python's pty module) is the person who sits there.

use std::process::Command;

use crate::case::{Outcome, cases};
use crate::executable::{AT, said};

cases! {
    (userns with "python3"): the_view_has_a_terminal_of_its_own, its_size_follows, all_output_arrives,
        control_c_interrupts, a_kill_leaves_the_terminal_as_it_was, input_cannot_be_faked;
    (root with "python3"): roots_view_has_a_terminal_of_its_own, roots_kill_leaves_the_terminal_as_it_was;
}

/// What every script begins with: `start` runs eyot as the leader of a session on a terminal, `read_until` and
/// `read_all` take what it prints.
const PERSON: &str = r#"
import fcntl, os, pty, select, signal, struct, sys, termios, time

def start(*words, size=(24, 80)):
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    pid = os.fork()
    if pid == 0:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for number in range(3):
            os.dup2(slave, number)
        os.closerange(3, 64)
        os.execv(sys.argv[1], [sys.argv[1], "run", *words])
    return pid, master, slave

def read_until(master, wanted, seconds=20):
    seen, end = b"", time.time() + seconds
    while wanted not in seen:
        assert time.time() < end, (wanted, seen)
        if select.select([master], [], [], 0.1)[0]:
            seen += os.read(master, 65536)
    return seen

def read_all(pid, master, slave):
    seen, ended = b"", None
    while True:
        if select.select([master], [], [], 0.05)[0]:
            seen += os.read(master, 65536)
        elif ended is not None:
            return seen, ended
        else:
            done, status = os.waitpid(pid, os.WNOHANG)
            ended = os.waitstatus_to_exitcode(status) if done else None
"#;

fn person(script: &str) -> Outcome {
    let script = format!("{PERSON}{script}");
    said(Command::new("python3").args(["-c", &script, AT]))?.fine().map(drop).map_err(Into::into)
}

fn the_view_has_a_terminal_of_its_own() -> Outcome {
    person(
        r#"
seen, code = read_all(*start("sh", "-c", "tty; stty size; exit 7", size=(33, 99)))
assert (seen, code) == (b"/dev/pts/0\r\n33 99\r\n", 7), (seen, code)
"#,
    )
}

fn roots_view_has_a_terminal_of_its_own() -> Outcome {
    the_view_has_a_terminal_of_its_own()
}

fn its_size_follows() -> Outcome {
    person(
        r#"
pid, master, slave = start("sh", "-c", "trap 'stty size; exit 0' WINCH; echo up; while :; do sleep 0.05; done")
read_until(master, b"up")
fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
os.kill(pid, signal.SIGWINCH)
read_until(master, b"40 120")
assert read_all(pid, master, slave)[1] == 0
"#,
    )
}

fn all_output_arrives() -> Outcome {
    person(
        r#"
seen, code = read_all(*start("sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x; echo end"))
assert code == 0 and seen.count(b"x") == 1000000 and seen.endswith(b"end\r\n"), (code, len(seen), seen[-20:])
"#,
    )
}

fn control_c_interrupts() -> Outcome {
    person(
        r#"
pid, master, slave = start("sh", "-c", "echo up; exec sleep 100")
read_until(master, b"up")
os.write(master, b"\x03")
assert read_all(pid, master, slave)[1] == 130
"#,
    )
}

fn a_kill_leaves_the_terminal_as_it_was() -> Outcome {
    person(
        r#"
pid, master, slave = start("sh", "-c", "echo up; exec sleep 100")
read_until(master, b"up")
raw = termios.tcgetattr(slave)[3]
assert not raw & termios.ICANON, "eyot did not make the terminal raw"
os.kill(pid, signal.SIGKILL)
os.waitpid(pid, 0)
end = time.time() + 10
while not termios.tcgetattr(slave)[3] & termios.ICANON:
    assert time.time() < end, "the terminal stayed raw"
    time.sleep(0.02)
assert termios.tcgetattr(slave)[3] & termios.ECHO
"#,
    )
}

fn roots_kill_leaves_the_terminal_as_it_was() -> Outcome {
    a_kill_leaves_the_terminal_as_it_was()
}

/// TIOCSTI would have the caller's shell read what the view wrote (CVE-2017-5226).
fn input_cannot_be_faked() -> Outcome {
    person(
        r#"
fake = "import fcntl, termios\ntry: fcntl.ioctl(0, termios.TIOCSTI, b'x'); print('pushed')\nexcept OSError as e: print(e.errno)"
seen, code = read_all(*start("python3", "-c", fake))
assert (seen, code) == (b"1\r\n", 0), (seen, code)
"#,
    )
}
