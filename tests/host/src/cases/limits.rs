//! Limits hold for a view as a whole, and are told when they were met.

use std::time::Duration;

use crate::case::{Outcome, cases};
use crate::executable::{AT, Said, eyot, said};

cases! {
    cgroups: too_much_memory_is_not_given, too_many_processes_are_refused, processor_time_is_shared_out,
        who_enters_is_limited_too, the_groups_are_gone_afterwards;
}

/// `eyot run OPTIONS -- sh -c SCRIPT`, with the report at the end of the standard output.
fn run(options: &str, script: &str) -> std::io::Result<Said> {
    let line = format!("exec {AT} run --json-fd 5 {options} -- sh -c \"$SCRIPT\" 5>&1");
    said(std::process::Command::new("sh").args(["-c", &line]).env("SCRIPT", script))
}

/// The number in `"LIMIT: NUMBER …"` of a report.
fn hits(report: &str, limit: &str) -> Result<u64, String> {
    let rest = report.split_once(&format!("\"{limit}: ")).map(|(_, rest)| rest);
    let number = rest.and_then(|rest| rest.split(' ').next()?.parse().ok());
    number.ok_or_else(|| format!("nothing of {limit} in {report}"))
}

/// A process that keeps all it reads.
const HOG: &str = "head -c 200000000 /dev/zero | tail -c 200000000 | wc -c";

fn too_much_memory_is_not_given() -> Outcome {
    let hungry = run("--memory 32M", &format!("{HOG}; echo alive"))?;
    assert!(hungry.out.contains("0\nalive\n"), "{hungry:?}");
    assert_eq!(hits(&hungry.out, "memory")?, 1);
    assert!(hungry.err.contains("memory: 1 process killed"), "{hungry:?}");
    // That amount is what it was killed for.
    let fed = run("--memory 600M", HOG)?;
    assert!(fed.out.starts_with("200000000\n"), "{fed:?}");
    hits(&fed.out, "memory").expect_err("the limit was met");
    Ok(())
}

/// Forty processes beside the shell, which ends at the first that it cannot start.
const CROWD: &str = "for i in $(seq 40); do sleep 9 >/dev/null 2>&1 & done; true";

fn too_many_processes_are_refused() -> Outcome {
    let crowded = run("--processes 20", CROWD)?;
    assert!(crowded.code == Some(2) && crowded.err.contains("fork"), "{crowded:?}");
    assert!(hits(&crowded.out, "processes")? > 0, "{crowded:?}");
    let free = run("--processes 100", CROWD)?;
    assert_eq!(free.code, Some(0), "{free:?}");
    hits(&free.out, "processes").expect_err("the limit was met");
    Ok(())
}

/// Which part of a processor's time a busy loop got, in hundredths, and the report.
fn busy(options: &str) -> Result<(u64, String), Box<dyn std::error::Error>> {
    // On a busy machine a second of sleep is longer.
    let script = "up() { cut -d ' ' -f 1 /proc/uptime; }; up; while :; do :; done & sleep 1; \
                  cut -d ' ' -f 14,15 /proc/$!/stat; up; kill $!";
    let run = run(options, script)?;
    let numbers = run.out.split_whitespace().take(4).map(str::parse::<f64>);
    let numbers: Vec<f64> = numbers.collect::<Result<_, _>>()?;
    let [begun, user, system, ended] = numbers[..] else { return Err(run.out.into()) };
    Ok((((user + system) / (ended - begun)) as u64, run.out))
}

fn processor_time_is_shared_out() -> Outcome {
    // So little that even a crowded machine would give more.
    let (share, report) = busy("--cpus 0.1")?;
    assert!((1..=30).contains(&share), "{share} of 100: {report}");
    assert!(hits(&report, "cpus")? > 0, "{report}");
    let (_, report) = busy("--cpus 4")?;
    hits(&report, "cpus").expect_err("held back below the limit");
    Ok(())
}

/// A command may run some moments before its supervisor knows, which `enter` then says.
fn enter_when_made(name: &str, script: &str) -> std::io::Result<Said> {
    loop {
        let entered = eyot(["enter", name, "--", "sh", "-c", script])?;
        if !entered.err.contains("still being made") {
            return Ok(entered);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn who_enters_is_limited_too() -> Outcome {
    let groups = "cat /proc/self/cgroup; echo";
    let script = format!("{groups}; exec sleep 100");
    let options = ["run", "--name", "small", "--memory", "64M", "--processes", "20", "--cpus", "1"];
    let mut view = std::process::Command::new(AT)
        .args(options.iter().chain(&["--", "sh", "-c", &script]))
        .stdout(std::process::Stdio::piped())
        .spawn()?;
    let mut lines =
        std::io::BufRead::lines(std::io::BufReader::new(view.stdout.take().ok_or("no pipe")?));
    let mut own = String::new();
    while let Some(line) = lines.next().transpose()?.filter(|line| !line.is_empty()) {
        own = own + &line + "\n";
    }
    let entered = enter_when_made("small", groups)?.fine()?;
    let crowded = eyot(["enter", "small", "--", "sh", "-c", CROWD])?;
    eyot(["stop", "small"])?.fine()?;
    view.wait()?;
    assert_eq!(entered.trim_end(), own.trim_end());
    assert_ne!(crowded.code, Some(0), "{crowded:?}");
    Ok(())
}

/// The groups that views have below this case's own.
pub(crate) fn groups_of_views() -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let mut found = Vec::new();
    for controller in ["cpu", "memory", "pids"] {
        for entry in std::fs::read_dir(format!("/sys/fs/cgroup/{controller}"))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            found.extend(name.starts_with("eyot-").then(|| format!("{controller}/{name}")));
        }
    }
    Ok(found)
}

fn the_groups_are_gone_afterwards() -> Outcome {
    let words =
        ["run", "--memory", "64M", "--processes", "20", "--cpus", "1", "--", "sleep", "0.4"];
    let mut view = std::process::Command::new(AT).args(words).spawn()?;
    std::thread::sleep(Duration::from_millis(200));
    let during = groups_of_views()?;
    view.wait()?;
    assert_eq!(during.len(), 3, "{during:?}");
    assert_eq!(groups_of_views()?, Vec::<String>::new());
    Ok(())
}
