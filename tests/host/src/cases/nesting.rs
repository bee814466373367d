//! Sandboxes in sandboxes: others around eyot, and with `--allow nesting` others in it.

use std::process::Command;

use crate::case::{Outcome, cases};
use crate::executable::{AT, Said, eyot, said};
use crate::project::{AT_HOME, as_owner, project};

cases! {
    userns: namespaces_are_closed_by_default, a_view_in_a_view_in_a_view;
    (userns with "bwrap"): bwrap_in_a_view, a_view_in_bwrap, a_masked_proc_is_diagnosed,
        root_without_rights_is_diagnosed;
    (userns with "chromium"): chromium_keeps_its_own_sandbox;
    root: closed_for_root_too, roots_view_in_a_view_in_a_view, roots_masked_proc_is_diagnosed;
    (root with "bwrap"): bwrap_in_roots_view;
    (root with "chromium"): chromium_as_somebody_else_in_roots_view;
}

const NESTING: [&str; 5] = ["run", "--allow", "nesting", "--ro", AT];

fn namespaces_are_closed_by_default() -> Outcome {
    let said = eyot(["run", "--", "unshare", "--user", "true"])?;
    assert_ne!(said.code, Some(0), "{said:?}");
    Ok(())
}

fn closed_for_root_too() -> Outcome {
    namespaces_are_closed_by_default()
}

fn a_view_in_a_view_in_a_view() -> Outcome {
    let nested =
        [AT, "run", "--allow", "nesting", "--ro", AT, "--", AT, "run", "--", "echo", "deep"];
    assert_eq!(eyot(NESTING.into_iter().chain(["--"]).chain(nested))?.fine()?, "deep\n");
    Ok(())
}

fn roots_view_in_a_view_in_a_view() -> Outcome {
    a_view_in_a_view_in_a_view()
}

fn bwrap_in_a_view() -> Outcome {
    let bwrap =
        ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"];
    let words = NESTING.into_iter().chain(["--"]).chain(bwrap).chain(["echo", "deep"]);
    assert_eq!(eyot(words)?.fine()?, "deep\n");
    Ok(())
}

fn bwrap_in_roots_view() -> Outcome {
    bwrap_in_a_view()
}

/// `bwrap MORE eyot run OPTIONS echo deep`.
fn in_bwrap(more: &[&str], options: &[&str]) -> std::io::Result<Said> {
    let mut bwrap = Command::new("bwrap");
    bwrap.args(["--unshare-all", "--bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]);
    said(bwrap.args(more).args([AT, "run"]).args(options).args(["echo", "deep"]))
}

fn a_view_in_bwrap() -> Outcome {
    assert_eq!(in_bwrap(&[], &[])?.fine()?, "deep\n");
    Ok(())
}

fn a_masked_proc_is_diagnosed() -> Outcome {
    let mask = ["--ro-bind", "/etc/hostname", "/proc/version"];
    refused_as_too_revealing(&in_bwrap(&mask, &[])?.refusal()?);
    assert_eq!(in_bwrap(&mask, &["--no-proc"])?.fine()?, "deep\n");
    Ok(())
}

/// The test's own /proc is masked for root.
fn roots_masked_proc_is_diagnosed() -> Outcome {
    let in_userns = |options: &[&str]| {
        let mut unshare = Command::new("unshare");
        unshare.args(["--user", "--map-root-user", AT, "run"]).args(options);
        said(unshare.args(["echo", "deep"]))
    };
    refused_as_too_revealing(&in_userns(&[])?.refusal()?);
    assert_eq!(in_userns(&["--no-proc"])?.fine()?, "deep\n");
    Ok(())
}

fn refused_as_too_revealing(said: &str) {
    for part in ["kernel log: e VFS: Mount too revealing", "fully visible", "--no-proc"] {
        assert!(said.contains(part), "{said}");
    }
}

fn root_without_rights_is_diagnosed() -> Outcome {
    let said = in_bwrap(&["--uid", "0", "--gid", "0"], &[])?.refusal()?;
    assert!(said.contains("CAP_SETFCAP"), "{said}");
    Ok(())
}

fn chromium_keeps_its_own_sandbox() -> Outcome {
    chromium(&[])
}

/// Chromium itself refuses to be root with its sandbox on.
fn chromium_as_somebody_else_in_roots_view() -> Outcome {
    chromium(&["--uid", "1000", "--gid", "1000"])
}

fn chromium(options: &[&str]) -> Outcome {
    project()?;
    let page = "<p id=sum></p><script>sum.textContent = `2+2=${2+2}`</script>";
    as_owner(&format!("echo '{page}' >page.html"))?.fine()?;
    let at = format!("file://{AT_HOME}/page.html");
    let mut view = Command::new(AT);
    view.current_dir(AT_HOME).args(NESTING).args(options).args(["--", "chromium", "--headless"]);
    view.args(["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]);
    view.args(["--disable-background-networking", "--disable-component-update", "--dump-dom", &at]);
    let page = said(&mut view)?.fine()?;
    assert!(page.contains(">2+2=4</p>"), "{page}");
    Ok(())
}
