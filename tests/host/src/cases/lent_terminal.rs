//! The caller's terminal is lent to a view: nothing that the view writes is lost, and it comes back as it was.

use std::process::Child;
use std::time::{Duration, Instant};

use crate::case::{Outcome, cases};
use crate::executable::AT;
use crate::screen::Screen;

cases! {
    userns: exit_codes_pass_the_terminal, the_last_words_arrive, who_reads_late_misses_nothing, settings_come_back,
        settings_come_back_after_a_kill, a_view_is_stopped_and_goes_on, a_hang_up_ends_the_view;
    root: settings_come_back_after_a_kill_by_root;
}

fn run(screen: &Screen, script: &str) -> Result<Child, Box<dyn std::error::Error>> {
    screen.start(&[AT, "run", "--", "sh", "-c", script])
}

fn exit_codes_pass_the_terminal() -> Outcome {
    let mut screen = Screen::new()?;
    for (script, code) in [("exit 7", 7), ("kill -TERM $$", 143), ("exec /nowhere", 127)] {
        let mut view = run(&screen, script)?;
        assert_eq!(screen.end(&mut view)?.0, Some(code), "{script}");
    }
    Ok(())
}

/// The command ends in the moment in which it has written.
fn the_last_words_arrive() -> Outcome {
    let mut screen = Screen::new()?;
    for _ in 0..20 {
        let mut view = run(&screen, "printf LAST")?;
        assert_eq!(screen.end(&mut view)?, (Some(0), "LAST".to_owned()));
    }
    Ok(())
}

/// The view has ended long before its output is taken.
fn who_reads_late_misses_nothing() -> Outcome {
    let mut screen = Screen::new()?;
    let mut view = run(&screen, "head -c 40000 /dev/zero | tr '\\0' x; printf END")?;
    std::thread::sleep(Duration::from_millis(400));
    let (code, shown) = screen.end(&mut view)?;
    assert_eq!((code, shown.len()), (Some(0), 40_003));
    assert!(shown.ends_with("xEND"));
    Ok(())
}

fn settings_come_back() -> Outcome {
    let mut screen = Screen::new()?;
    let before = screen.settings()?;
    let mut view = run(&screen, "stty -echo -icanon; echo up; read key; exit 5")?;
    screen.expect("up\r\n")?;
    assert!(screen.is_raw());
    screen.type_in(b"\n")?;
    assert_eq!(screen.end(&mut view)?.0, Some(5));
    assert_eq!(screen.settings()?, before);
    Ok(())
}

fn settings_come_back_after_a_kill() -> Outcome {
    let mut screen = Screen::new()?;
    let before = screen.settings()?;
    for pause in 0..8 {
        let mut view = run(&screen, "echo up; exec sleep 50")?;
        screen.wait_until_raw()?;
        // At other moments after it became raw each time, up to a running command.
        std::thread::sleep(Duration::from_millis(pause));
        if pause == 7 {
            screen.expect("up\r\n")?;
        }
        view.kill()?;
        view.wait()?;
        screen.wait_until_cooked()?;
        assert_eq!(screen.settings()?, before);
    }
    Ok(())
}

fn settings_come_back_after_a_kill_by_root() -> Outcome {
    settings_come_back_after_a_kill()
}

/// Ctrl-Z stops the view as a whole, whose shell outside goes on meanwhile.
fn a_view_is_stopped_and_goes_on() -> Outcome {
    let mut screen = Screen::new()?;
    let mut shell = screen.start(&["bash", "--norc", "--noediting", "-i"])?;
    let line = |screen: &mut Screen, text: &str| screen.type_in(format!("{text}\n").as_bytes());
    // What is expected is spelt otherwise than what is typed, which is shown too.
    line(&mut screen, &format!("{AT} run -- sh -c 'echo u\"\"p; cat; exit 6'"))?;
    screen.expect("up\r\n")?;
    line(&mut screen, "first")?;
    screen.expect("first\r\nfirst\r\n")?;
    screen.type_in(b"\x1a")?;
    screen.expect("Stopped")?;
    line(&mut screen, "echo out''side")?;
    screen.expect("outside\r\n")?;
    line(&mut screen, "fg")?;
    screen.wait_until_raw()?;
    line(&mut screen, "second")?;
    screen.expect("second\r\nsecond\r\n")?;
    screen.type_in(b"\x04")?;
    screen.wait_until_cooked()?;
    line(&mut screen, "echo code=$?; exit")?;
    screen.expect("code=6\r\n")?;
    screen.end(&mut shell)?;
    Ok(())
}

fn a_hang_up_ends_the_view() -> Outcome {
    let mut screen = Screen::new()?;
    let mut view = run(&screen, "echo up; exec sleep 50")?;
    screen.expect("up")?;
    let begun = Instant::now();
    drop(screen);
    assert_eq!(view.wait()?.code(), Some(129));
    assert!(begun.elapsed() < Duration::from_secs(10));
    Ok(())
}
