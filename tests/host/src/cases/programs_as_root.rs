//! The same programs when root starts them.

use super::programs::*;
use crate::case::cases;

cases! {
    (root with "gcc"): a_compiler_builds_what_runs, cargo_builds_offline;
    (root with "python3"): python_has_its_modules;
    (root with "node"): node_has_threads_and_names;
    (root with "java"): java_starts;
    (root with "git"): git_trusts_a_bound_checkout, git_commits_where_it_may;
    (root with "script"): a_shell_controls_jobs;
    (root with "vim"): vim_edits_on_a_terminal;
    (root with "tmux"): tmux_has_a_server;
    (root with "ps"): only_the_views_processes_are_listed;
    (root with "openssl"): certificates_are_made;
}
