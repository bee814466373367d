//! Every system call eyot makes, as safe functions over owned kernel objects.
//!
//! Three rules keep this crate small:
//!
//! - one function makes one system call (or one sequence that only makes sense whole) and adds no policy;
//! - what the kernel hands out is an owned type ([`DetachedMount`]), never a bare number;
//! - every failure says which call, on what, and what the kernel logged ([`Error`]).
//!
//! `unsafe` lives here and nowhere else: the workspace denies it, and no other crate depends on
//! rustix or libc (`cargo xtask tidy` checks).

mod confine;
mod directory;
mod error;
mod handover;
mod listen;
mod lookup;
mod machine;
mod mount;
mod namespace;
pub mod probe;
mod process;
mod program;
mod socket;
mod terminal;

pub use confine::{
    FilterInstruction, Listener, Resource, effective_capabilities, keep_capabilities, landlock_abi,
    leave_session_keyring, limit_resource, scope_with_landlock, set_no_new_privileges,
    set_syscall_filter, takes_filters,
};
pub use directory::{
    check_writable, create_directory_below, create_file_below, duplicate, find_below,
    hold_directory, link_below, lock_shared, open_directory_below, open_directory_beneath,
    open_file_below, open_to_write_below, random_number, read_below, remove_directory_below,
    remove_file_below, rename_below, set_mode, set_owner, set_times, try_lock, write_below,
};
pub use error::{Call, Error, Kinds, MadeName, Obstacle};
pub use handover::{handover_channel, receive_descriptor, send_descriptor};
pub use listen::{
    Heard, Notification, RootIdentity, SyscallListener, SystemCall, read_memory, read_string,
    read_thread_link,
};
pub use lookup::{
    FileIdentity, Handle, InRoot, Kind, LastLink, give, make_character_device, make_directory,
    make_file, make_owned_directory, make_symlink, set_umask,
};
pub use machine::{
    bring_loopback_up, host_name, is_inspectable, kernel_version, let_heap_grow_in_large_steps,
    lock, may_make_devices, on_each_cpu, on_terminal, root_is_plain_directory, rules_the_machine,
    set_host_name, try_lock_bytes,
};
pub use mount::{
    AttachedMount, Attributes, DetachedMount, Parameter, Reach, detach_at, make_all_private,
    pivot_to, restrict_all,
};
pub use namespace::{
    Fork, IdRange, Namespaces, fork_in_borrowed_memory, fork_into, join, map_own_ids,
    new_user_namespace, open_mount_namespace, open_namespace, open_namespace_below, open_own_proc,
    owner_of_namespace, unshare, write_proc,
};
pub use process::{
    BorrowedFileIds, Change, Child, Ending, Readiness, SignalSet, change_directory,
    check_inherited, close_all_from, close_on_exec_from, copy_descriptor, die_with_parent,
    drop_groups, effective_ids, end, end_at_broken_pipes, enter_directory, forbid_inspection,
    forget_arguments, has_reader, is_alive, keep_capabilities_over_ids, keep_ended_children,
    keep_on_exec, kill, kind_of_descriptor, new_session, next_change, open_process, own_pid, pipe,
    read_byte, read_descriptor, read_signal, read_to_end, send_signal, set_ids, set_own_name,
    supplementary_groups, take_over, wait_readable, wait_ready, write_all, write_descriptor,
};
pub use program::Program;
pub use rustix::io::Errno;
pub use socket::{
    Peer, accept_one, connect_to, listen_at, memory_file, peer_of, peer_process, receive_message,
    send_message,
};
pub use terminal::{
    Moved, Standing, TerminalSettings, copy_window_size, lead_foreground, make_standard,
    new_terminal, open_terminal_again, read_some, set_timer, standing_on, stop_self, take_control,
    timer, write_some,
};
