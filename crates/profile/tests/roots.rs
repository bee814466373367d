//! What is beneath, where it is not the view's own: the host's root, a root file system, the host's user namespace, network.

#[allow(dead_code, reason = "each test binary uses its own part")]
mod host;

use expect_test::expect;
use eyot_plan::{NetworkMode, RootKind, UserMode, View};
use host::described::{ANN, ROOT, check_against_run, described, profile};

#[test]
fn the_hosts_root_keeps_what_is_private() {
    let view = || View { root: Some(RootKind::Host), ..View::default() };
    check_against_run(
        ROOT,
        view(),
        expect![[r#"
            - / empty ro in memory
            - /bin link ro to usr/bin profile
            - /dev dir ro mode 755 profile
            - /dev/fd link ro to /proc/self/fd profile
            - /dev/ptmx link ro to pts/ptmx profile
            - /dev/stderr link ro to /proc/self/fd/2 profile
            - /dev/stdin link ro to /proc/self/fd/0 profile
            - /dev/stdout link ro to /proc/self/fd/1 profile
            - /etc dir ro mode 755 profile
            - /etc/alternatives bind ro /etc/alternatives profile
            - /etc/gitconfig file ro copy of /etc/gitconfig profile
            - /etc/group file ro 27 bytes of text profile
            - /etc/hostname file ro 5 bytes of text profile
            - /etc/hosts file ro 76 bytes of text profile
            - /etc/ld.so.cache bind ro /etc/ld.so.cache profile
            - /etc/ld.so.conf file ro copy of /etc/ld.so.conf profile
            - /etc/ld.so.conf.d bind ro /etc/ld.so.conf.d profile
            - /etc/localtime link ro to /usr/share/zoneinfo/Etc/UTC profile
            - /etc/nsswitch.conf file ro 107 bytes of text profile
            - /etc/passwd file ro 89 bytes of text profile
            - /etc/ssl/certs bind ro /etc/ssl/certs profile
            - /lib link ro to usr/lib profile
            - /lib64 link ro to usr/lib64 profile
            - /sbin link ro to usr/sbin profile
            - /usr bind ro /usr profile
            + / bind ro /
            + /dev scratch rw mode 755 profile
            + /dev/fd link rw to /proc/self/fd profile
            + /dev/ptmx link rw to pts/ptmx profile
            + /dev/stderr link rw to /proc/self/fd/2 profile
            + /dev/stdin link rw to /proc/self/fd/0 profile
            + /dev/stdout link rw to /proc/self/fd/1 profile
            + /etc/machine-id mask ro profile
            + /etc/shadow mask ro profile
            + /etc/ssh mask ro profile
            + /etc/ssl/private mask ro profile
            + /home scratch rw mode 755 profile
            + /run scratch rw mode 755 profile
        "#]],
    );
    check_against_run(
        ANN,
        view(),
        expect![[r#"
            - / empty ro in memory
            - /bin link ro to usr/bin profile
            - /dev dir ro mode 755 profile
            - /dev/fd link ro to /proc/self/fd profile
            - /dev/ptmx link ro to pts/ptmx profile
            - /dev/stderr link ro to /proc/self/fd/2 profile
            - /dev/stdin link ro to /proc/self/fd/0 profile
            - /dev/stdout link ro to /proc/self/fd/1 profile
            - /etc dir ro mode 755 profile
            - /etc/alternatives bind ro /etc/alternatives profile
            - /etc/gitconfig file ro copy of /etc/gitconfig profile
            - /etc/group file ro 39 bytes of text profile
            - /etc/hostname file ro 5 bytes of text profile
            - /etc/hosts file ro 76 bytes of text profile
            - /etc/ld.so.cache bind ro /etc/ld.so.cache profile
            - /etc/ld.so.conf file ro copy of /etc/ld.so.conf profile
            - /etc/ld.so.conf.d bind ro /etc/ld.so.conf.d profile
            - /etc/localtime link ro to /usr/share/zoneinfo/Etc/UTC profile
            - /etc/nsswitch.conf file ro 107 bytes of text profile
            - /etc/passwd file ro 124 bytes of text profile
            - /etc/ssl/certs bind ro /etc/ssl/certs profile
            - /lib link ro to usr/lib profile
            - /lib64 link ro to usr/lib64 profile
            - /sbin link ro to usr/sbin profile
            - /usr bind ro /usr profile
            + / bind ro /
            + /dev scratch rw mode 755 profile
            + /dev/fd link rw to /proc/self/fd profile
            + /dev/ptmx link rw to pts/ptmx profile
            + /dev/stderr link rw to /proc/self/fd/2 profile
            + /dev/stdin link rw to /proc/self/fd/0 profile
            + /dev/stdout link rw to /proc/self/fd/1 profile
            + /etc/machine-id mask ro profile
            + /etc/shadow mask ro profile
            + /etc/ssh mask ro profile
            + /etc/ssl/private mask ro profile
            + /home scratch rw mode 755 profile
            + /root scratch rw mode 700 profile
            + /run scratch rw mode 755 profile
        "#]],
    );
}

#[test]
fn a_root_file_system_gets_what_it_has_places_for() {
    let root = RootKind::Directory("/srv/rootfs".to_owned());
    let view = View { root: Some(root), ..View::default() };
    expect![[r#"
        /                  bind    ro /srv/rootfs
        ├─ /dev            scratch rw mode 755            profile run
        │  ├─ /dev/fd      link    rw to /proc/self/fd    profile run
        │  ├─ /dev/full    device  rw /dev/full           profile run
        │  ├─ /dev/mqueue  mqueue  rw                     profile run
        │  ├─ /dev/null    device  rw /dev/null           profile run
        │  ├─ /dev/ptmx    link    rw to pts/ptmx         profile run
        │  ├─ /dev/pts     devpts  rw                     profile run
        │  ├─ /dev/random  device  rw /dev/random         profile run
        │  ├─ /dev/shm     scratch rw mode 1777           profile run
        │  ├─ /dev/stderr  link    rw to /proc/self/fd/2  profile run
        │  ├─ /dev/stdin   link    rw to /proc/self/fd/0  profile run
        │  ├─ /dev/stdout  link    rw to /proc/self/fd/1  profile run
        │  ├─ /dev/tty     device  rw /dev/tty            profile run
        │  ├─ /dev/urandom device  rw /dev/urandom        profile run
        │  └─ /dev/zero    device  rw /dev/zero           profile run
        ├─ /proc           proc    rw                     profile run
        └─ /tmp            scratch rw mode 1777           profile run

        process
          command       true
          directory     /
          user          uid 0 gid 0, own user namespace on a block of unprivileged host ids
          host name     eyot
          own           pid, ipc, uts, cgroup
          shared        none
          network       none
          environment   HOME, LC_TIME, LOGNAME, PATH, SHELL, TERM, USER
          descriptors   0 to 2
          PID 1         eyot: reaps orphans and forwards signals
          capabilities  none
          seccomp       default
          landlock      signals and abstract sockets stay inside
          root's files  never writable as the view's own
          core dumps    none
          limits        none

        protections
          ✓ mounts-locked         held
          ✓ user-namespace        held
          ✓ pid-namespace         held
          ✓ ipc-namespace         held
          ✓ uts-namespace         held
          ✓ cgroup-namespace      held
          ✓ network               held
          ✓ seccomp               held
          ✓ landlock              held
          ✓ no-new-privileges     held
          ✓ capabilities          held
          ✓ supplementary-groups  held

        left out, the host has no source
          scratch /run rw (if present) (profile run)
          sysfs /sys ro (if present) (profile run)
          cgroup /sys/fs/cgroup ro (if present) (profile run)
          scratch /var/tmp rw (if present) (profile run)

        notes
          the command starts in '/': '/home/ann/work' is not in the view
    "#]]
    .assert_eq(&described(ROOT, view));
}

#[test]
fn without_a_user_namespace_the_kernels_tunables_are_closed() {
    let view = View { user: Some(UserMode::Host), ..View::default() };
    check_against_run(
        ROOT,
        view,
        expect![[r#"
        - its owner is the view's user
        - user uid 0 gid 0, own user namespace on a block of unprivileged host ids
        - ✓ mounts-locked held
        - ✓ user-namespace held
        + /proc/acpi mask ro profile
        + /proc/bus cover ro profile
        + /proc/fs cover ro profile
        + /proc/irq cover ro profile
        + /proc/kcore mask ro profile
        + /proc/keys mask ro profile
        + /proc/sched_debug mask ro profile
        + /proc/scsi mask ro profile
        + /proc/sys cover ro profile
        + /proc/sysrq-trigger cover ro profile
        + /proc/timer_list mask ro profile
        + /sys/firmware mask ro profile
        + user uid 0 gid 0, the host's user namespace
        + ○ mounts-locked waived by flag --user
        + ○ user-namespace waived by flag --user
    "#]],
    );
}

#[test]
fn an_empty_view_can_ask_for_the_kernels_file_systems() {
    let view = View { proc: Some(true), sys: Some(true), ..profile("empty") };
    expect![[r#"
        /                    empty  ro in memory
        ├─ /proc             proc   rw            profile empty with --proc
        └─ /sys              sysfs  ro            profile empty with --sys
           └─ /sys/fs/cgroup cgroup ro            profile empty with --sys

        process
          command       true
          directory     /
          user          uid 0 gid 0, own user namespace on a block of unprivileged host ids
          host name     eyot
          own           pid, ipc, uts, cgroup
          shared        none
          network       none
          environment   LC_TIME, LOGNAME, PATH, SHELL, TERM, USER
          descriptors   0 to 2
          PID 1         eyot: reaps orphans and forwards signals
          capabilities  none
          seccomp       default
          landlock      signals and abstract sockets stay inside
          root's files  never writable as the view's own
          core dumps    none
          limits        none

        protections
          ✓ mounts-locked         held
          ✓ user-namespace        held
          ✓ pid-namespace         held
          ✓ ipc-namespace         held
          ✓ uts-namespace         held
          ✓ cgroup-namespace      held
          ✓ network               held
          ✓ seccomp               held
          ✓ landlock              held
          ✓ no-new-privileges     held
          ✓ capabilities          held
          ✓ supplementary-groups  held
    "#]]
    .assert_eq(&described(ROOT, view));
}

#[test]
fn the_hosts_network_brings_its_names() {
    let view = View { net: Some(NetworkMode::Host), ..View::default() };
    check_against_run(
        ANN,
        view,
        expect![[r#"
        - /etc/hosts file ro 76 bytes of text profile
        - /sys sysfs ro profile
        - network none
        - ✓ network held
        + /etc/hosts bind ro /etc/hosts profile
        + /etc/resolv.conf bind ro /etc/resolv.conf profile
        + /sys bind ro /sys profile
        + network the host's
        + ○ network waived by flag --net
    "#]],
    );
}
