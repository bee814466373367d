//! Profile `agent`: git works, and what others run of a checkout stays as it is.

use std::fs;

use crate::case::{Outcome, cases};
use crate::project::{AT_HOME, as_owner, checkout, project, read, run_there};

const AGENT: [&str; 2] = ["--profile", "agent"];

cases! {
    (userns with "git"): an_agent_commits, what_git_runs_cannot_be_changed, git_cannot_be_put_aside,
        free_names_cannot_be_taken, free_names_stay_out_of_commits, nothing_stays_of_a_free_name;
    userns: an_agent_makes_no_repository;
    (root with "git"): root_commits, root_changes_nothing_git_runs, root_takes_no_free_name;
}

fn an_agent_commits() -> Outcome {
    checkout()?;
    let work = "echo two >file; git checkout --quiet -b topic; git commit --quiet --all --message=second; \
                git checkout --quiet -; git merge --quiet topic; git branch --quiet -d topic";
    run_there(AGENT, work)?.fine()?;
    assert_eq!(as_owner("git log --format=%s; git status --short")?.fine()?, "second\nfirst\n");
    Ok(())
}

fn what_git_runs_cannot_be_changed() -> Outcome {
    checkout()?;
    let before = read(".git/config")?;
    let tried = "! touch .git/hooks/pre-commit; ! git config core.hooksPath /tmp; ! rm .git/config; \
                 ! mv .git/hooks .git/other; ! mv .git/config .git/other; ! mkdir .git/worktrees/x; \
                 ! touch .git/config.worktree; ! rm .git/commondir";
    run_there(AGENT, tried)?.fine()?;
    assert_eq!(read(".git/config")?, before);
    assert!(!fs::exists(format!("{AT_HOME}/.git/hooks/pre-commit"))?);
    Ok(())
}

fn git_cannot_be_put_aside() -> Outcome {
    checkout()?;
    let said = run_there(AGENT, "mv .git aside")?;
    assert!(said.err.contains("Device or resource busy"), "{said:?}");
    run_there(AGENT, "! rm -rf .git; ! rmdir .git; ! ln -sfT /tmp .git")?;
    assert!(fs::exists(format!("{AT_HOME}/.git/config"))?);
    Ok(())
}

fn free_names_cannot_be_taken() -> Outcome {
    checkout()?;
    let tried = "! touch .vscode/tasks.json; ! echo evil >.envrc; ! mv file .envrc; ! mv .envrc other; \
                 ! ln -sT /tmp .husky; ! rmdir .claude; ! mkdir .claude/commands; ! rm -rf .mcp.json";
    run_there(AGENT, tried)?.fine()?;
    let said = run_there(AGENT, "mv .husky other")?;
    assert!(said.err.contains("Device or resource busy"), "{said:?}");
    Ok(())
}

fn free_names_stay_out_of_commits() -> Outcome {
    checkout()?;
    let said =
        run_there(AGENT, "git status --short; echo two >more; git add --all; git status --short")?;
    assert_eq!(said.fine()?, "A  more\n");
    Ok(())
}

fn nothing_stays_of_a_free_name() -> Outcome {
    checkout()?;
    run_there(AGENT, "test -e .envrc -a -e .git/commondir")?.fine()?;
    assert_eq!(as_owner("ls -A; ls .git/commondir 2>&1 || true")?.fine()?.lines().count(), 3);
    Ok(())
}

fn an_agent_makes_no_repository() -> Outcome {
    project()?;
    run_there(AGENT, "echo text >file; ! mkdir .git/hooks; ! mv .git other")?.fine()?;
    assert_eq!(as_owner("ls -A")?.fine()?, "file\n");
    Ok(())
}

fn root_commits() -> Outcome {
    an_agent_commits()
}

fn root_changes_nothing_git_runs() -> Outcome {
    what_git_runs_cannot_be_changed()
}

fn root_takes_no_free_name() -> Outcome {
    free_names_cannot_be_taken()
}
