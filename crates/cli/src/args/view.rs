//! One option for each key of a view file, with the same name and the same form.
//!
//! The words of the help are those of [`View`]'s own comments; a test compares the two.

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::Args;
use eyot_plan::{
    Bind, Device, FileEntry, Link, NetworkMode, OverlayEntry, RootKind, SeccompChoice, Share,
    TmpfsEntry, UserMode, View,
};

use super::value::{
    self, Environment, Switch, network_words, share_words, text_of_duration, text_of_size,
    user_words,
};

#[derive(Args, Clone, Debug)]
pub(crate) struct ViewArgs {
    #[command(flatten)]
    places: Places,
    #[command(flatten)]
    identity: Identity,
    #[command(flatten)]
    environment: Surroundings,
    #[command(flatten)]
    confinement: Confinement,
    #[command(flatten)]
    limits: Limits,
    #[command(flatten)]
    running: Running,
}

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Root and places")]
struct Places {
    /// The profile to start from: run, build, service, agent or empty
    #[arg(long = "profile", visible_alias = "extends", value_name = "NAME")]
    extends: Option<String>,
    /// What lies beneath everything: `empty`, `host` or a directory
    #[arg(long, value_name = "empty|host|DIR")]
    root: Option<RootKind>,
    /// Let the view write to the directory given as root
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    writable_root: Option<bool>,
    /// Limit of the view's own memory file system, which holds its root and scratch directories
    #[arg(long, value_name = "SIZE", value_parser = text_of_size)]
    scratch_size: Option<String>,
    /// Show a file or directory read-only: `FROM[:AT]`
    #[arg(long, value_name = "FROM[:AT]")]
    ro: Vec<Bind>,
    /// Show a file or directory writable: `FROM[:AT]`
    #[arg(long, value_name = "FROM[:AT]")]
    rw: Vec<Bind>,
    /// Like `ro`, but left out where the host lacks it
    #[arg(long, value_name = "FROM[:AT]")]
    ro_try: Vec<Bind>,
    /// Like `rw`, but left out where the host lacks it
    #[arg(long, value_name = "FROM[:AT]")]
    rw_try: Vec<Bind>,
    /// An empty file system in memory: `AT[:size=64M][:mode=1777]`
    #[arg(long, value_name = "AT[:OPTION…]")]
    tmpfs: Vec<TmpfsEntry>,
    /// Several directories shown as one: `LOWER[:LOWER…]:AT`, changes discarded; `:ro` behind it for none, `:upper=DIR` to keep them
    #[arg(long, value_name = "LOWER:AT[:OPTION]")]
    overlay: Vec<OverlayEntry>,
    /// A file made of text, `AT=TEXT`, or read from a descriptor, `AT:fd=N`
    #[arg(long, value_name = "AT=TEXT")]
    file: Vec<FileEntry>,
    /// A private directory: `AT`
    #[arg(long, value_name = "AT", value_parser = value::text_of_place)]
    dir: Vec<String>,
    /// A symbolic link: `TARGET:AT`
    #[arg(long, value_name = "TARGET:AT")]
    symlink: Vec<Link>,
    /// Hide what is at `AT`
    #[arg(long, value_name = "AT", value_parser = value::text_of_place)]
    mask: Vec<String>,
    /// A character device: `FROM[:AT]`
    #[arg(long, value_name = "FROM[:AT]")]
    device: Vec<Device>,
    /// A proc file system of the view's own, at `/proc`
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    proc: Option<bool>,
    /// The same as `--proc=false`
    #[arg(long, conflicts_with = "proc")]
    no_proc: bool,
    /// `/sys` and `/sys/fs/cgroup`, read-only
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    sys: Option<bool>,
    /// The same as `--sys=false`
    #[arg(long, conflicts_with = "sys")]
    no_sys: bool,
    /// A minimal `/dev`
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    dev: Option<bool>,
    /// The same as `--dev=false`
    #[arg(long, conflicts_with = "dev")]
    no_dev: bool,
}

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Identity and namespaces")]
struct Identity {
    /// The view's host name
    #[arg(long, value_name = "NAME")]
    hostname: Option<String>,
    /// The user id inside
    #[arg(long, value_name = "N", value_parser = value::id)]
    uid: Option<u32>,
    /// The group id inside
    #[arg(long, value_name = "N", value_parser = value::id)]
    gid: Option<u32>,
    /// `own`: a user namespace of the view's own; `host`: none
    #[arg(long, value_parser = user_words(), hide_possible_values = true)]
    user: Option<UserMode>,
    /// Namespaces shared with the host: pid, ipc, uts, cgroup
    #[arg(long, value_delimiter = ',', value_parser = share_words(), hide_possible_values = true)]
    share: Vec<Share>,
    /// `none`, `loopback` or `host`
    #[arg(long, value_parser = network_words(), hide_possible_values = true)]
    net: Option<NetworkMode>,
}

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Environment")]
struct Surroundings {
    /// The directory the command starts in
    #[arg(short = 'C', long, value_name = "DIR", value_parser = value::text_of_place)]
    workdir: Option<String>,
    /// Environment variables to set
    #[arg(long, value_name = "NAME=VALUE")]
    env: Vec<Environment>,
    /// Environment variables of the caller to keep
    #[arg(long, value_name = "NAME", value_parser = value::variable_name)]
    keep_env: Vec<String>,
    /// Descriptors of the caller, beside 0 to 2, that the command keeps
    #[arg(long, value_name = "N", value_parser = value::descriptor)]
    keep_fd: Vec<i32>,
}

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Confinement")]
struct Confinement {
    /// Capabilities to keep, by name (`CAP_NET_BIND_SERVICE`)
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = value::word)]
    cap: Vec<String>,
    /// `default`, `off`, or an OCI seccomp profile (a JSON file)
    #[arg(long, value_name = "default|off|FILE")]
    seccomp: Option<SeccompChoice>,
    /// Open by name what the view closes: nesting, set-id, root-owned, …
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = value::word)]
    allow: Vec<String>,
    /// Protections the view may lack where the machine cannot give them
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = value::word)]
    allow_missing: Vec<String>,
    /// Let crashes write core dumps
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    core_dumps: Option<bool>,
}

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Limits")]
struct Limits {
    /// Memory limit (`512M`)
    #[arg(long, value_name = "SIZE", value_parser = text_of_size)]
    memory: Option<String>,
    /// Most processes and threads at a time
    #[arg(long, value_name = "N", value_parser = value::count)]
    processes: Option<u64>,
    /// Share of the processors (`1.5` is one and a half)
    #[arg(long, value_name = "N", value_parser = value::processors)]
    cpus: Option<f64>,
    /// Most open descriptors a process
    #[arg(long, value_name = "N", value_parser = value::count)]
    open_files: Option<u64>,
    /// Longest time the view may live (`90s`, `5m`)
    #[arg(long, value_name = "TIME", value_parser = text_of_duration)]
    wall_time: Option<String>,
}

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Running")]
struct Running {
    /// Whether eyot is PID 1 inside, reaping orphans and forwarding signals
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    init: Option<bool>,
    /// The same as `--init=false`
    #[arg(long, conflicts_with = "init")]
    no_init: bool,
    /// The command and its arguments
    // Every word from the first that is no option belongs to the command, `-l` of `ls -l` too.
    #[arg(value_name = "COMMAND", trailing_var_arg = true, help_heading = None)]
    command: Vec<OsString>,
}

impl ViewArgs {
    /// What the options ask for, and the command as it was typed: it need not be UTF-8.
    pub(crate) fn into_view(self) -> (View, Vec<OsString>) {
        let Self { places, identity, environment, confinement, limits, running } = self;
        let switch = |on: Option<bool>, off: bool| Switch { on, off }.value();
        let command = running.command;
        let view = View {
            extends: places.extends,
            command: command.iter().map(|word| word.to_string_lossy().into_owned()).collect(),
            root: places.root,
            writable_root: places.writable_root,
            scratch_size: places.scratch_size,
            ro: places.ro,
            rw: places.rw,
            ro_try: places.ro_try,
            rw_try: places.rw_try,
            tmpfs: places.tmpfs,
            overlay: places.overlay,
            file: places.file,
            dir: places.dir,
            symlink: places.symlink,
            mask: places.mask,
            device: places.device,
            proc: switch(places.proc, places.no_proc),
            sys: switch(places.sys, places.no_sys),
            dev: switch(places.dev, places.no_dev),
            workdir: environment.workdir,
            hostname: identity.hostname,
            uid: identity.uid,
            gid: identity.gid,
            user: identity.user,
            share: identity.share,
            net: identity.net,
            env: environment
                .env
                .into_iter()
                .map(Environment::into_pair)
                .collect::<BTreeMap<_, _>>(),
            keep_env: environment.keep_env,
            keep_fd: environment.keep_fd,
            cap: confinement.cap,
            seccomp: confinement.seccomp,
            allow: confinement.allow,
            allow_missing: confinement.allow_missing,
            core_dumps: confinement.core_dumps,
            memory: limits.memory,
            processes: limits.processes,
            cpus: limits.cpus,
            open_files: limits.open_files,
            wall_time: limits.wall_time,
            init: switch(running.init, running.no_init),
        };
        (view, command)
    }
}
