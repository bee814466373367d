//! Each restriction, the one place in the code that takes it away, and the host test that must notice.

/// An edit of the code that disables one restriction and lets the rest stand.
#[derive(Debug)]
pub(super) struct Mutation {
    pub(super) restriction: &'static str,
    pub(super) file: &'static str,
    /// Stands exactly once in the file.
    pub(super) text: &'static str,
    pub(super) instead: &'static str,
    /// Of the subject `restrictions`.
    pub(super) test: &'static str,
}

const fn row(
    restriction: &'static str,
    file: &'static str,
    text: &'static str,
    instead: &'static str,
    test: &'static str,
) -> Mutation {
    Mutation { restriction, file, text, instead, test }
}

const MOUNT: &str = "crates/sys/src/mount.rs";
const CONFINE: &str = "crates/sys/src/confine.rs";
const NAMESPACE: &str = "crates/sys/src/namespace.rs";
const LOOKUP: &str = "crates/sys/src/lookup.rs";
const START: &str = "crates/launch/src/start.rs";
const RIGHTS: &str = "crates/launch/src/confine.rs";
const ASSEMBLE: &str = "crates/launch/src/assemble.rs";
const PREPARE: &str = "crates/launch/src/prepare.rs";
const COMMAND: &str = "crates/launch/src/command.rs";
const INIT: &str = "crates/launch/src/init.rs";
const ENTRY: &str = "crates/plan/src/entry.rs";
const ENVIRONMENT: &str = "crates/profile/src/environment.rs";
const COMPILE: &str = "crates/profile/src/seccomp/compile.rs";
const STANDARD: &str = "crates/profile/src/seccomp/standard.rs";

pub(super) const MUTATIONS: &[Mutation] = &[
    // Mounts.
    row(
        "mounts are read-only where the plan says so",
        MOUNT,
        "bits.set(MountAttrFlags::MOUNT_ATTR_RDONLY, self.read_only);",
        "",
        "a_read_only_bind_refuses_writes",
    ),
    row(
        "set-user-ID files of mounts do not count",
        MOUNT,
        "bits.set(MountAttrFlags::MOUNT_ATTR_NOSUID, self.no_suid);",
        "",
        "set_id_files_of_a_bind_do_not_count",
    ),
    row(
        "device nodes of mounts do not count",
        MOUNT,
        "bits.set(MountAttrFlags::MOUNT_ATTR_NODEV, self.no_dev);",
        "",
        "devices_of_a_bind_do_not_count",
    ),
    row(
        "nothing is executed from the kernel's file systems",
        MOUNT,
        "bits.set(MountAttrFlags::MOUNT_ATTR_NOEXEC, self.no_exec);",
        "",
        "nothing_is_executed_from_the_kernels_files",
    ),
    row(
        "mounts neither receive nor pass on others",
        MOUNT,
        "            attr_set: attributes.to_bits(),\n            attr_clr: 0,\n            propagation: libc::MS_PRIVATE,",
        "            attr_set: attributes.to_bits(),\n            attr_clr: 0,\n            propagation: 0,",
        "a_view_receives_no_mounts_on_a_shared_root",
    ),
    row(
        "the view's own root is read-only",
        ASSEMBLE,
        "self.root.restrict(Path::new(\"/\"), Attributes::DATA.read_only())?;",
        "self.root.restrict(Path::new(\"/\"), Attributes::DATA)?;",
        "the_root_refuses_writes",
    ),
    row(
        "the old root is detached",
        MOUNT,
        "    for _ in 0..=above {\n        detach_at(Path::new(\".\"))?;\n    }\n",
        "    let _ = above;\n",
        "nothing_of_the_old_root_remains",
    ),
    row(
        "the view's /dev is read-only",
        ASSEMBLE,
        "let attributes = Attributes { no_dev: false, ..Attributes::DATA.read_only().no_exec() };",
        "let attributes = Attributes { no_dev: false, ..Attributes::DATA.no_exec() };",
        "devices_cannot_be_added",
    ),
    row(
        "sysfs is read-only",
        ENTRY,
        "KernelFilesystem::Sysfs | KernelFilesystem::Cgroup => Access::ReadOnly,",
        "KernelFilesystem::Sysfs | KernelFilesystem::Cgroup => Access::ReadWrite,",
        "the_kernels_settings_are_read_only",
    ),
    row(
        "a mask hides",
        ASSEMBLE,
        "(What::Mask, _) => self.mask(entry)?,",
        "(What::Mask, _) => {}",
        "a_mask_hides",
    ),
    row(
        "places are looked up inside the view's root only",
        LOOKUP,
        "ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS",
        "ResolveFlags::NO_MAGICLINKS",
        "a_link_of_the_root_leads_nowhere_outside",
    ),
    row(
        "the owner of a writable bind is the view's user",
        PREPARE,
        "if owner == Owner::Mapped && self.plan.isolation.user == UserNamespace::Block {",
        "if owner == Owner::Mapped && self.plan.isolation.user == UserNamespace::Host {",
        "the_owner_of_a_writable_bind_is_the_user",
    ),
    row(
        "root's own directories are not written as root",
        PREPARE,
        "if root_owned && self.plan.confinement.root_owned == RootOwned::Refused {",
        "if root_owned && self.plan.confinement.root_owned == RootOwned::Mapped {",
        "roots_own_directories_stay_roots",
    ),
    // Identity.
    row(
        "supplementary groups are dropped",
        START,
        "                eyot_sys::drop_groups()?;\n                eyot_sys::set_ids(identity.uid, identity.gid)?;",
        "                eyot_sys::set_ids(identity.uid, identity.gid)?;",
        "roots_groups_are_dropped",
    ),
    row(
        "root's view runs with the ids of the plan",
        START,
        "                eyot_sys::drop_groups()?;\n                eyot_sys::set_ids(identity.uid, identity.gid)?;",
        "                eyot_sys::drop_groups()?;",
        "the_user_of_a_root_view",
    ),
    row(
        "root's view has a user namespace on a block of ids",
        START,
        "eyot_sys::join(namespace, Namespaces::USER)?;",
        "let _ = namespace;",
        "the_views_root_is_nobody_outside",
    ),
    row(
        "root's mounts belong to another user namespace",
        START,
        "eyot_sys::join(namespace, Namespaces::USER)?;",
        "let _ = namespace;",
        "the_views_root_cannot_undo_it",
    ),
    row(
        "a user's mounts belong to another user namespace",
        START,
        "                eyot_sys::unshare(Namespaces::USER)?;\n                let map = |inside, outside| IdRange { inside, outside, count: 1 };\n                if let Some(own) = own_proc {",
        "                let map = |inside, outside| IdRange { inside, outside, count: 1 };\n                if let Some(own) = own_proc.filter(|_| identity.uid == u32::MAX) {",
        "the_mounts_belong_to_somebody_else",
    ),
    // Privileges.
    row(
        "the command keeps no capability",
        RIGHTS,
        "eyot_sys::keep_capabilities(&kept)?;",
        "let _ = kept;",
        "the_command_has_no_capability",
    ),
    row(
        "init keeps no capability",
        CONFINE,
        "set_capability_sets(numbers.iter().fold(0, |mask, number| mask | 1_u64 << number))?;",
        "",
        "init_has_no_capability",
    ),
    row(
        "no capability comes back by executing",
        CONFINE,
        "let unwanted = known == 1 && !numbers.contains(&(number as u8));",
        "let unwanted = known == 2 && !numbers.contains(&(number as u8));",
        "no_capability_can_come_back",
    ),
    row(
        "set-user-ID programs give nothing (no_new_privs)",
        RIGHTS,
        "eyot_sys::set_no_new_privileges()?;",
        "",
        "set_id_programs_give_nothing",
    ),
    row(
        "system calls are filtered",
        COMMAND,
        "(Some(filter), None) => eyot_sys::set_syscall_filter(filter, Listener::None).map(drop),",
        "(Some(_), None) => Ok(()),",
        "system_calls_are_filtered",
    ),
    row(
        "abstract sockets stay inside (Landlock)",
        CONFINE,
        "scoped: ABSTRACT_UNIX_SOCKET | SIGNAL,",
        "scoped: SIGNAL | ABSTRACT_UNIX_SOCKET & SIGNAL,",
        "sockets_of_the_host_are_out_of_reach",
    ),
    row(
        "signals stay inside (Landlock)",
        CONFINE,
        "scoped: ABSTRACT_UNIX_SOCKET | SIGNAL,",
        "scoped: ABSTRACT_UNIX_SOCKET | SIGNAL & ABSTRACT_UNIX_SOCKET,",
        "signals_do_not_leave_the_view",
    ),
    row(
        "Landlock is applied",
        RIGHTS,
        "eyot_sys::scope_with_landlock()?;",
        "",
        "sockets_of_the_host_are_out_of_reach",
    ),
    row(
        "init cannot be inspected",
        RIGHTS,
        "eyot_sys::forbid_inspection()?;",
        "",
        "init_cannot_be_inspected",
    ),
    row(
        "no core is dumped",
        COMMAND,
        "eyot_sys::limit_resource(Resource::Core, 0)?;",
        "",
        "no_core_is_dumped",
    ),
    row(
        "open files are limited",
        COMMAND,
        "eyot_sys::limit_resource(Resource::OpenFiles, files)?;",
        "let _ = files;",
        "open_files_are_limited",
    ),
    // Rows of the filter.
    row(
        "key rings are closed",
        STANDARD,
        "names: &[\"keyctl\", \"add_key\", \"request_key\"],",
        "names: &[\"add_key\", \"request_key\"],",
        "keys_are_out_of_reach",
    ),
    row(
        "terminals cannot be typed into (TIOCSTI)",
        STANDARD,
        "when: When::All(&[Condition::int_is(1, 0x5412)]),",
        "when: When::All(&[Condition::int_is(1, 0x5499)]),",
        "terminals_cannot_be_typed_into",
    ),
    row(
        "no new namespace by clone",
        STANDARD,
        "const NEW_NAMESPACES: u64 = 0x7e02_0000;",
        "const NEW_NAMESPACES: u64 = 0x6e02_0000;",
        "no_user_namespace_by_clone",
    ),
    row(
        "no new namespace by unshare",
        STANDARD,
        "const UNSHARE_OF_ONES_OWN: u64 = 0x0005_0f00;",
        "const UNSHARE_OF_ONES_OWN: u64 = 0x1005_0f00;",
        "no_user_namespace_by_unshare",
    ),
    row(
        "clone3, whose flags no filter sees, is closed",
        STANDARD,
        "names: &[\"clone3\"],",
        "names: &[\"fanotify_init\"],",
        "clone3_hides_no_flags",
    ),
    row(
        "no set-user-ID file is made",
        STANDARD,
        "const SET_ID: u64 = 0o6000;",
        "const SET_ID: u64 = 0o2000;",
        "no_set_id_file_is_made",
    ),
    row(
        "the entry of 32-bit calls is closed",
        COMPILE,
        "compiler.emitter.if_equal(arch.audit(), open, closed)",
        "compiler.emitter.if_equal(arch.audit(), open, open)",
        "the_32_bit_entry_is_closed",
    ),
    // Namespaces.
    row(
        "processes are the view's own",
        START,
        "own(isolation.pid, Namespaces::PID)",
        "own(isolation.pid, Namespaces::NONE)",
        "processes_of_the_host_are_not_seen",
    ),
    row(
        "System V IPC is the view's own",
        START,
        "| own(isolation.ipc, Namespaces::IPC)",
        "| own(isolation.ipc, Namespaces::NONE)",
        "ipc_is_its_own",
    ),
    row(
        "the host name is the view's own",
        START,
        "| own(isolation.uts, Namespaces::UTS)",
        "| own(isolation.uts, Namespaces::NONE)",
        "the_host_name_is_its_own",
    ),
    row(
        "the root of control groups is the view's own",
        START,
        "None => own(isolation.cgroup, Namespaces::CGROUP),",
        "None => own(isolation.cgroup, Namespaces::NONE),",
        "the_cgroup_root_is_its_own",
    ),
    row(
        "the network is the view's own",
        START,
        "Network::None | Network::Loopback => Namespaces::NETWORK,",
        "Network::None | Network::Loopback => Namespaces::NONE,",
        "the_network_is_its_own",
    ),
    // The process.
    row(
        "the caller's environment stays outside",
        ENVIRONMENT,
        "name.to_str().is_some_and(|n| fits(pattern, n))",
        "name.to_str().is_some_and(|n| fits(pattern, n) || n.contains(\"SECRET\"))",
        "the_environment_is_scrubbed",
    ),
    row(
        "the caller's descriptors stay outside",
        COMMAND,
        "eyot_sys::close_on_exec_from(3).map_err(|error| (\"close descriptors\", error))?;",
        "",
        "descriptors_do_not_leak",
    ),
    row(
        "init holds nothing of the host open",
        INIT,
        "let _ = eyot_sys::close_all_from(0, &keep);",
        "let _ = keep;",
        "init_holds_nothing_of_the_host",
    ),
    row(
        "the session is the view's own",
        COMMAND,
        "None => eyot_sys::new_session().map_err(|error| (\"start a session\", error))?,",
        "None => {}",
        "the_session_is_its_own",
    ),
    row(
        "new files are not writable by everybody",
        COMMAND,
        "eyot_sys::set_umask(0o022);",
        "",
        "the_umask_is_the_usual_one",
    ),
    row(
        "a view ends with who started it",
        RIGHTS,
        "    eyot_sys::die_with_parent()\n",
        "    Ok(())\n",
        "a_view_ends_with_who_started_it",
    ),
    row(
        "an ordinary user's ids are the plan's",
        NAMESPACE,
        "    write_below(own.as_fd(), \"uid_map\", &lines(&[uid]))?;\n",
        "    write_below(own.as_fd(), \"uid_map\", &lines(&[IdRange { inside: uid.outside, ..uid }]))?;\n",
        "the_user_is_the_one_of_the_plan",
    ),
];
