//! What each profile shows, to root and to an ordinary user.

#[allow(dead_code, reason = "each test binary uses its own part")]
mod host;

use expect_test::{Expect, expect};
use eyot_plan::{NetworkMode, RootKind, UserMode, View};
use host::{facts, flags, plan};

const ROOT: u32 = 0;
const ANN: u32 = 1000;

fn described(uid: u32, view: View) -> String {
    let view = View { command: vec!["true".to_owned()], ..view };
    match plan(&[flags(view)], &facts(uid)) {
        Ok(plan) => plan.describe(),
        Err(error) => format!("error: {error}\n"),
    }
}

/// Only what is not as in the same caller's `run`, without what this host lacks anyway: a hundred
/// equal lines hide the ones that matter.
fn check_against_run(uid: u32, view: View, expected: Expect) {
    let name = view.extends.clone().unwrap_or("run".to_owned());
    let theirs = described(uid, view).replace(&format!("profile {name}"), "profile");
    let run = described(uid, View::default()).replace("profile run", "profile");
    let present = |l: &&str| !l.ends_with("(if present) (profile)");
    let line = |mark: char, line: &str| format!("{mark} {line}\n");
    let gone = run
        .lines()
        .filter(present)
        .filter(|l| !theirs.lines().any(|t| t == *l))
        .map(|l| line('-', l));
    let new = theirs
        .lines()
        .filter(present)
        .filter(|l| !run.lines().any(|r| r == *l))
        .map(|l| line('+', l));
    expected.assert_eq(&gone.chain(new).collect::<String>());
}

fn profile(name: &str) -> View {
    View { extends: Some(name.to_owned()), ..View::default() }
}

#[test]
fn run_for_root() {
    expect![[r#"
        /  empty, in memory, ro
          link /bin ro to usr/bin                                     profile run
          dir /dev ro                                                 profile run
            link /dev/fd ro to /proc/self/fd                          profile run
            device /dev/full rw                                       profile run
            mqueue /dev/mqueue rw                                     profile run
            device /dev/null rw                                       profile run
            link /dev/ptmx ro to pts/ptmx                             profile run
            devpts /dev/pts rw                                        profile run
            device /dev/random rw                                     profile run
            scratch /dev/shm rw                                       profile run
            link /dev/stderr ro to /proc/self/fd/2                    profile run
            link /dev/stdin ro to /proc/self/fd/0                     profile run
            link /dev/stdout ro to /proc/self/fd/1                    profile run
            device /dev/tty rw                                        profile run
            device /dev/urandom rw                                    profile run
            device /dev/zero rw                                       profile run
          dir /etc ro                                                 profile run
            bind /etc/alternatives ro from /etc/alternatives          profile run
            bind /etc/gitconfig ro from /etc/gitconfig                profile run
            file /etc/group ro                                        profile run
            file /etc/hostname ro                                     profile run
            file /etc/hosts ro                                        profile run
            bind /etc/ld.so.cache ro from /etc/ld.so.cache            profile run
            bind /etc/ld.so.conf ro from /etc/ld.so.conf              profile run
            bind /etc/ld.so.conf.d ro from /etc/ld.so.conf.d          profile run
            link /etc/localtime ro to /usr/share/zoneinfo/Etc/UTC     profile run
            file /etc/nsswitch.conf ro                                profile run
            file /etc/passwd ro                                       profile run
            bind /etc/ssl/certs ro from /etc/ssl/certs                profile run
          bind /home/ann/work ro from /home/ann/work                  profile run
          link /lib ro to usr/lib                                     profile run
          link /lib64 ro to usr/lib64                                 profile run
          proc /proc rw                                               profile run
          scratch /root rw                                            profile run
          scratch /run/user/0 rw                                      profile run
          link /sbin ro to usr/sbin                                   profile run
          sysfs /sys ro                                               profile run
            cgroup /sys/fs/cgroup ro                                  profile run
          scratch /tmp rw                                             profile run
          bind /usr ro from /usr                                      profile run
          scratch /var/tmp rw                                         profile run

        process
          command       true
          directory     /home/ann/work
          user          uid 0 gid 0, own user namespace on a block of unprivileged host ids
          own           pid, ipc, uts, cgroup
          shared        none
          network       none
          capabilities  none
          seccomp       default
          landlock      signals and abstract sockets stay inside
          limits        none
          environment   HOME, LC_TIME, LOGNAME, PATH, SHELL, TERM, USER, XDG_RUNTIME_DIR

        protections
          mounts-locked        held
          user-namespace       held
          pid-namespace        held
          ipc-namespace        held
          uts-namespace        held
          cgroup-namespace     held
          network              held
          seccomp              held
          landlock             held
          no-new-privileges    held
          capabilities         held
          supplementary-groups held

        left out, not on this host
          bind /etc/bash.bashrc ro from /etc/bash.bashrc (if present) (profile run)
          bind /etc/ca-certificates ro from /etc/ca-certificates (if present) (profile run)
          bind /etc/crypto-policies ro from /etc/crypto-policies (if present) (profile run)
          bind /etc/fonts ro from /etc/fonts (if present) (profile run)
          bind /etc/inputrc ro from /etc/inputrc (if present) (profile run)
          bind /etc/java-11-openjdk ro from /etc/java-11-openjdk (if present) (profile run)
          bind /etc/java-17-openjdk ro from /etc/java-17-openjdk (if present) (profile run)
          bind /etc/java-21-openjdk ro from /etc/java-21-openjdk (if present) (profile run)
          bind /etc/java-25-openjdk ro from /etc/java-25-openjdk (if present) (profile run)
          bind /etc/mime.types ro from /etc/mime.types (if present) (profile run)
          bind /etc/os-release ro from /etc/os-release (if present) (profile run)
          bind /etc/pki/ca-trust ro from /etc/pki/ca-trust (if present) (profile run)
          bind /etc/pki/tls/certs ro from /etc/pki/tls/certs (if present) (profile run)
          bind /etc/pki/tls/openssl.cnf ro from /etc/pki/tls/openssl.cnf (if present) (profile run)
          bind /etc/protocols ro from /etc/protocols (if present) (profile run)
          bind /etc/services ro from /etc/services (if present) (profile run)
          bind /etc/ssl/cert.pem ro from /etc/ssl/cert.pem (if present) (profile run)
          bind /etc/ssl/openssl.cnf ro from /etc/ssl/openssl.cnf (if present) (profile run)
          bind /etc/terminfo ro from /etc/terminfo (if present) (profile run)
          bind /etc/vim ro from /etc/vim (if present) (profile run)
          bind /lib32 ro from /lib32 (if present) (profile run)
          bind /libx32 ro from /libx32 (if present) (profile run)
          bind /nix/store ro from /nix/store (if present) (profile run)
    "#]]
    .assert_eq(&described(ROOT, View::default()));
}

#[test]
fn run_for_an_ordinary_user() {
    expect![[r#"
        /  empty, in memory, ro
          link /bin ro to usr/bin                                     profile run
          dir /dev ro                                                 profile run
            link /dev/fd ro to /proc/self/fd                          profile run
            device /dev/full rw                                       profile run
            mqueue /dev/mqueue rw                                     profile run
            device /dev/null rw                                       profile run
            link /dev/ptmx ro to pts/ptmx                             profile run
            devpts /dev/pts rw                                        profile run
            device /dev/random rw                                     profile run
            scratch /dev/shm rw                                       profile run
            link /dev/stderr ro to /proc/self/fd/2                    profile run
            link /dev/stdin ro to /proc/self/fd/0                     profile run
            link /dev/stdout ro to /proc/self/fd/1                    profile run
            device /dev/tty rw                                        profile run
            device /dev/urandom rw                                    profile run
            device /dev/zero rw                                       profile run
          dir /etc ro                                                 profile run
            bind /etc/alternatives ro from /etc/alternatives          profile run
            bind /etc/gitconfig ro from /etc/gitconfig                profile run
            file /etc/group ro                                        profile run
            file /etc/hostname ro                                     profile run
            file /etc/hosts ro                                        profile run
            bind /etc/ld.so.cache ro from /etc/ld.so.cache            profile run
            bind /etc/ld.so.conf ro from /etc/ld.so.conf              profile run
            bind /etc/ld.so.conf.d ro from /etc/ld.so.conf.d          profile run
            link /etc/localtime ro to /usr/share/zoneinfo/Etc/UTC     profile run
            file /etc/nsswitch.conf ro                                profile run
            file /etc/passwd ro                                       profile run
            bind /etc/ssl/certs ro from /etc/ssl/certs                profile run
          scratch /home/ann rw                                        profile run
            bind /home/ann/work ro from /home/ann/work                profile run
          link /lib ro to usr/lib                                     profile run
          link /lib64 ro to usr/lib64                                 profile run
          proc /proc rw                                               profile run
          scratch /run/user/1000 rw                                   profile run
          link /sbin ro to usr/sbin                                   profile run
          sysfs /sys ro                                               profile run
            cgroup /sys/fs/cgroup ro                                  profile run
          scratch /tmp rw                                             profile run
          bind /usr ro from /usr                                      profile run
          scratch /var/tmp rw                                         profile run

        process
          command       true
          directory     /home/ann/work
          user          uid 1000 gid 1000, own user namespace that knows the caller's id only
          own           pid, ipc, uts, cgroup
          shared        none
          network       none
          capabilities  none
          seccomp       default
          landlock      signals and abstract sockets stay inside
          limits        none
          environment   HOME, LC_TIME, LOGNAME, PATH, SHELL, TERM, USER, XDG_RUNTIME_DIR

        protections
          mounts-locked        held
          user-namespace       held
          pid-namespace        held
          ipc-namespace        held
          uts-namespace        held
          cgroup-namespace     held
          network              held
          seccomp              held
          landlock             held
          no-new-privileges    held
          capabilities         held
          supplementary-groups ABSENT: an ordinary user cannot drop groups; kept: 27, 44

        left out, not on this host
          bind /etc/bash.bashrc ro from /etc/bash.bashrc (if present) (profile run)
          bind /etc/ca-certificates ro from /etc/ca-certificates (if present) (profile run)
          bind /etc/crypto-policies ro from /etc/crypto-policies (if present) (profile run)
          bind /etc/fonts ro from /etc/fonts (if present) (profile run)
          bind /etc/inputrc ro from /etc/inputrc (if present) (profile run)
          bind /etc/java-11-openjdk ro from /etc/java-11-openjdk (if present) (profile run)
          bind /etc/java-17-openjdk ro from /etc/java-17-openjdk (if present) (profile run)
          bind /etc/java-21-openjdk ro from /etc/java-21-openjdk (if present) (profile run)
          bind /etc/java-25-openjdk ro from /etc/java-25-openjdk (if present) (profile run)
          bind /etc/mime.types ro from /etc/mime.types (if present) (profile run)
          bind /etc/os-release ro from /etc/os-release (if present) (profile run)
          bind /etc/pki/ca-trust ro from /etc/pki/ca-trust (if present) (profile run)
          bind /etc/pki/tls/certs ro from /etc/pki/tls/certs (if present) (profile run)
          bind /etc/pki/tls/openssl.cnf ro from /etc/pki/tls/openssl.cnf (if present) (profile run)
          bind /etc/protocols ro from /etc/protocols (if present) (profile run)
          bind /etc/services ro from /etc/services (if present) (profile run)
          bind /etc/ssl/cert.pem ro from /etc/ssl/cert.pem (if present) (profile run)
          bind /etc/ssl/openssl.cnf ro from /etc/ssl/openssl.cnf (if present) (profile run)
          bind /etc/terminfo ro from /etc/terminfo (if present) (profile run)
          bind /etc/vim ro from /etc/vim (if present) (profile run)
          bind /lib32 ro from /lib32 (if present) (profile run)
          bind /libx32 ro from /libx32 (if present) (profile run)
          bind /nix/store ro from /nix/store (if present) (profile run)
    "#]]
    .assert_eq(&described(ANN, View::default()));
}

#[test]
fn build() {
    check_against_run(
        ROOT,
        profile("build"),
        expect![[r#"
        -     bind /etc/gitconfig ro from /etc/gitconfig                profile
        -   scratch /root rw                                            profile
        -   scratch /run/user/0 rw                                      profile
        -   directory     /home/ann/work
        -   user          uid 0 gid 0, own user namespace on a block of unprivileged host ids
        -   environment   HOME, LC_TIME, LOGNAME, PATH, SHELL, TERM, USER, XDG_RUNTIME_DIR
        +   scratch /build rw                                           profile
        +   directory     /build
        +   user          uid 1000 gid 1000, own user namespace on a block of unprivileged host ids
        +   environment   HOME, LC_ALL, LOGNAME, PATH, SHELL, SOURCE_DATE_EPOCH, TERM, TZ, USER
    "#]],
    );
    check_against_run(
        ANN,
        profile("build"),
        expect![[r#"
        -     bind /etc/gitconfig ro from /etc/gitconfig                profile
        -   scratch /home/ann rw                                        profile
        -     bind /home/ann/work ro from /home/ann/work                profile
        -   scratch /run/user/1000 rw                                   profile
        -   directory     /home/ann/work
        -   environment   HOME, LC_TIME, LOGNAME, PATH, SHELL, TERM, USER, XDG_RUNTIME_DIR
        +   scratch /build rw                                           profile
        +   bind /home/ann/work ro from /home/ann/work                  profile
        +   directory     /build
        +   environment   HOME, LC_ALL, LOGNAME, PATH, SHELL, SOURCE_DATE_EPOCH, TERM, TZ, USER
    "#]],
    );
}

#[test]
fn service() {
    check_against_run(
        ROOT,
        profile("service"),
        expect![[r#"
        -   dir /etc ro                                                 profile
        -     bind /etc/alternatives ro from /etc/alternatives          profile
        -     bind /etc/gitconfig ro from /etc/gitconfig                profile
        -     file /etc/group ro                                        profile
        -     file /etc/hostname ro                                     profile
        -     file /etc/hosts ro                                        profile
        -     bind /etc/ld.so.cache ro from /etc/ld.so.cache            profile
        -     bind /etc/ld.so.conf ro from /etc/ld.so.conf              profile
        -     bind /etc/ld.so.conf.d ro from /etc/ld.so.conf.d          profile
        -     link /etc/localtime ro to /usr/share/zoneinfo/Etc/UTC     profile
        -     file /etc/nsswitch.conf ro                                profile
        -     file /etc/passwd ro                                       profile
        -     bind /etc/ssl/certs ro from /etc/ssl/certs                profile
        -   bind /home/ann/work ro from /home/ann/work                  profile
        -   scratch /root rw                                            profile
        -   scratch /run/user/0 rw                                      profile
        -   directory     /home/ann/work
        -   environment   HOME, LC_TIME, LOGNAME, PATH, SHELL, TERM, USER, XDG_RUNTIME_DIR
        +   bind /etc ro from /etc                                      profile
        +     mask /etc/machine-id ro                                   profile
        +     mask /etc/shadow ro                                       profile
        +     mask /etc/ssh ro                                          profile
        +     mask /etc/ssl/private ro                                  profile
        +   scratch /run rw                                             profile
        +   directory     /
        +   environment   LC_TIME, LOGNAME, PATH, SHELL, USER
    "#]],
    );
    check_against_run(
        ANN,
        profile("service"),
        expect![[r#"
        -   dir /etc ro                                                 profile
        -     bind /etc/alternatives ro from /etc/alternatives          profile
        -     bind /etc/gitconfig ro from /etc/gitconfig                profile
        -     file /etc/group ro                                        profile
        -     file /etc/hostname ro                                     profile
        -     file /etc/hosts ro                                        profile
        -     bind /etc/ld.so.cache ro from /etc/ld.so.cache            profile
        -     bind /etc/ld.so.conf ro from /etc/ld.so.conf              profile
        -     bind /etc/ld.so.conf.d ro from /etc/ld.so.conf.d          profile
        -     link /etc/localtime ro to /usr/share/zoneinfo/Etc/UTC     profile
        -     file /etc/nsswitch.conf ro                                profile
        -     file /etc/passwd ro                                       profile
        -     bind /etc/ssl/certs ro from /etc/ssl/certs                profile
        -   scratch /home/ann rw                                        profile
        -     bind /home/ann/work ro from /home/ann/work                profile
        -   scratch /run/user/1000 rw                                   profile
        -   directory     /home/ann/work
        -   environment   HOME, LC_TIME, LOGNAME, PATH, SHELL, TERM, USER, XDG_RUNTIME_DIR
        +   bind /etc ro from /etc                                      profile
        +     mask /etc/machine-id ro                                   profile
        +     mask /etc/shadow ro                                       profile
        +     mask /etc/ssh ro                                          profile
        +     mask /etc/ssl/private ro                                  profile
        +   scratch /run rw                                             profile
        +   directory     /
        +   environment   LC_TIME, LOGNAME, PATH, SHELL, USER
    "#]],
    );
}

#[test]
fn agent() {
    check_against_run(
        ROOT,
        profile("agent"),
        expect![[r#"
        -   bind /home/ann/work ro from /home/ann/work                  profile
        +   bind /home/ann/work rw from /home/ann/work                  profile
        +     reserve /home/ann/work/.claude ro                         profile
        +     reserve /home/ann/work/.codex ro                          profile
        +     reserve /home/ann/work/.cursor ro                         profile
        +     reserve /home/ann/work/.devcontainer ro                   profile
        +     reserve /home/ann/work/.envrc ro                          profile
        +     reserve /home/ann/work/.gemini ro                         profile
        +     bind /home/ann/work/.git rw from /home/ann/work/.git      profile
        +       reserve /home/ann/work/.git/commondir ro                profile
        +       bind /home/ann/work/.git/config ro from /home/ann/work/.git/config  profile
        +       reserve /home/ann/work/.git/config.worktree ro          profile
        +       bind /home/ann/work/.git/hooks ro from /home/ann/work/.git/hooks  profile
        +       reserve /home/ann/work/.git/modules ro                  profile
        +       reserve /home/ann/work/.git/worktrees ro                profile
        +     reserve /home/ann/work/.husky ro                          profile
        +     reserve /home/ann/work/.idea ro                           profile
        +     reserve /home/ann/work/.mcp.json ro                       profile
        +     reserve /home/ann/work/.vscode ro                         profile
    "#]],
    );
    check_against_run(
        ANN,
        profile("agent"),
        expect![[r#"
        -     bind /home/ann/work ro from /home/ann/work                profile
        +     bind /home/ann/.cargo/bin ro from /home/ann/.cargo/bin    profile
        +     bind /home/ann/work rw from /home/ann/work                profile
        +       reserve /home/ann/work/.claude ro                       profile
        +       reserve /home/ann/work/.codex ro                        profile
        +       reserve /home/ann/work/.cursor ro                       profile
        +       reserve /home/ann/work/.devcontainer ro                 profile
        +       reserve /home/ann/work/.envrc ro                        profile
        +       reserve /home/ann/work/.gemini ro                       profile
        +       bind /home/ann/work/.git rw from /home/ann/work/.git    profile
        +         reserve /home/ann/work/.git/commondir ro              profile
        +         bind /home/ann/work/.git/config ro from /home/ann/work/.git/config  profile
        +         reserve /home/ann/work/.git/config.worktree ro        profile
        +         bind /home/ann/work/.git/hooks ro from /home/ann/work/.git/hooks  profile
        +         reserve /home/ann/work/.git/modules ro                profile
        +         reserve /home/ann/work/.git/worktrees ro              profile
        +       reserve /home/ann/work/.husky ro                        profile
        +       reserve /home/ann/work/.idea ro                         profile
        +       reserve /home/ann/work/.mcp.json ro                     profile
        +       reserve /home/ann/work/.vscode ro                       profile
    "#]],
    );
}

#[test]
fn empty() {
    expect![[r#"
        /  empty, in memory, ro

        process
          command       true
          directory     /
          user          uid 0 gid 0, own user namespace on a block of unprivileged host ids
          own           pid, ipc, uts, cgroup
          shared        none
          network       none
          capabilities  none
          seccomp       default
          landlock      signals and abstract sockets stay inside
          limits        none
          environment   LC_TIME, LOGNAME, PATH, SHELL, TERM, USER

        protections
          mounts-locked        held
          user-namespace       held
          pid-namespace        held
          ipc-namespace        held
          uts-namespace        held
          cgroup-namespace     held
          network              held
          seccomp              held
          landlock             held
          no-new-privileges    held
          capabilities         held
          supplementary-groups held
    "#]]
    .assert_eq(&described(ROOT, profile("empty")));
    expect![[r#"
        /  empty, in memory, ro

        process
          command       true
          directory     /
          user          uid 1000 gid 1000, own user namespace that knows the caller's id only
          own           pid, ipc, uts, cgroup
          shared        none
          network       none
          capabilities  none
          seccomp       default
          landlock      signals and abstract sockets stay inside
          limits        none
          environment   LC_TIME, LOGNAME, PATH, SHELL, TERM, USER

        protections
          mounts-locked        held
          user-namespace       held
          pid-namespace        held
          ipc-namespace        held
          uts-namespace        held
          cgroup-namespace     held
          network              held
          seccomp              held
          landlock             held
          no-new-privileges    held
          capabilities         held
          supplementary-groups ABSENT: an ordinary user cannot drop groups; kept: 27, 44
    "#]]
    .assert_eq(&described(ANN, profile("empty")));
}

#[test]
fn the_hosts_root_keeps_what_is_private() {
    let view = || View { root: Some(RootKind::Host), ..View::default() };
    check_against_run(
        ROOT,
        view(),
        expect![[r#"
        - /  empty, in memory, ro
        -   link /bin ro to usr/bin                                     profile
        -   dir /dev ro                                                 profile
        -   dir /etc ro                                                 profile
        -     bind /etc/alternatives ro from /etc/alternatives          profile
        -     bind /etc/gitconfig ro from /etc/gitconfig                profile
        -     file /etc/group ro                                        profile
        -     file /etc/hostname ro                                     profile
        -     file /etc/hosts ro                                        profile
        -     bind /etc/ld.so.cache ro from /etc/ld.so.cache            profile
        -     bind /etc/ld.so.conf ro from /etc/ld.so.conf              profile
        -     bind /etc/ld.so.conf.d ro from /etc/ld.so.conf.d          profile
        -     link /etc/localtime ro to /usr/share/zoneinfo/Etc/UTC     profile
        -     file /etc/nsswitch.conf ro                                profile
        -     file /etc/passwd ro                                       profile
        -     bind /etc/ssl/certs ro from /etc/ssl/certs                profile
        -   bind /home/ann/work ro from /home/ann/work                  profile
        -   link /lib ro to usr/lib                                     profile
        -   link /lib64 ro to usr/lib64                                 profile
        -   scratch /run/user/0 rw                                      profile
        -   link /sbin ro to usr/sbin                                   profile
        -   bind /usr ro from /usr                                      profile
        + /  bind ro from /
        +   scratch /dev rw                                             profile
        +   mask /etc/machine-id ro                                     profile
        +   mask /etc/shadow ro                                         profile
        +   mask /etc/ssh ro                                            profile
        +   mask /etc/ssl/private ro                                    profile
        +   scratch /home rw                                            profile
        +     bind /home/ann/work ro from /home/ann/work                profile
        +   scratch /run rw                                             profile
        +     scratch /run/user/0 rw                                    profile
    "#]],
    );
    check_against_run(
        ANN,
        view(),
        expect![[r#"
        - /  empty, in memory, ro
        -   link /bin ro to usr/bin                                     profile
        -   dir /dev ro                                                 profile
        -   dir /etc ro                                                 profile
        -     bind /etc/alternatives ro from /etc/alternatives          profile
        -     bind /etc/gitconfig ro from /etc/gitconfig                profile
        -     file /etc/group ro                                        profile
        -     file /etc/hostname ro                                     profile
        -     file /etc/hosts ro                                        profile
        -     bind /etc/ld.so.cache ro from /etc/ld.so.cache            profile
        -     bind /etc/ld.so.conf ro from /etc/ld.so.conf              profile
        -     bind /etc/ld.so.conf.d ro from /etc/ld.so.conf.d          profile
        -     link /etc/localtime ro to /usr/share/zoneinfo/Etc/UTC     profile
        -     file /etc/nsswitch.conf ro                                profile
        -     file /etc/passwd ro                                       profile
        -     bind /etc/ssl/certs ro from /etc/ssl/certs                profile
        -   scratch /home/ann rw                                        profile
        -     bind /home/ann/work ro from /home/ann/work                profile
        -   link /lib ro to usr/lib                                     profile
        -   link /lib64 ro to usr/lib64                                 profile
        -   scratch /run/user/1000 rw                                   profile
        -   link /sbin ro to usr/sbin                                   profile
        -   bind /usr ro from /usr                                      profile
        + /  bind ro from /
        +   scratch /dev rw                                             profile
        +   mask /etc/machine-id ro                                     profile
        +   mask /etc/shadow ro                                         profile
        +   mask /etc/ssh ro                                            profile
        +   mask /etc/ssl/private ro                                    profile
        +   scratch /home rw                                            profile
        +     scratch /home/ann rw                                      profile
        +       bind /home/ann/work ro from /home/ann/work              profile
        +   scratch /root rw                                            profile
        +   scratch /run rw                                             profile
        +     scratch /run/user/1000 rw                                 profile
    "#]],
    );
}

#[test]
fn a_root_file_system_gets_what_it_has_places_for() {
    let root = RootKind::Directory("/srv/rootfs".to_owned());
    let view = View { root: Some(root), ..View::default() };
    expect![[r#"
        /  bind ro from /srv/rootfs
          scratch /dev rw                                             profile run
            link /dev/fd ro to /proc/self/fd                          profile run
            device /dev/full rw                                       profile run
            mqueue /dev/mqueue rw                                     profile run
            device /dev/null rw                                       profile run
            link /dev/ptmx ro to pts/ptmx                             profile run
            devpts /dev/pts rw                                        profile run
            device /dev/random rw                                     profile run
            scratch /dev/shm rw                                       profile run
            link /dev/stderr ro to /proc/self/fd/2                    profile run
            link /dev/stdin ro to /proc/self/fd/0                     profile run
            link /dev/stdout ro to /proc/self/fd/1                    profile run
            device /dev/tty rw                                        profile run
            device /dev/urandom rw                                    profile run
            device /dev/zero rw                                       profile run
          proc /proc rw                                               profile run
          scratch /tmp rw                                             profile run

        process
          command       true
          directory     /
          user          uid 0 gid 0, own user namespace on a block of unprivileged host ids
          own           pid, ipc, uts, cgroup
          shared        none
          network       none
          capabilities  none
          seccomp       default
          landlock      signals and abstract sockets stay inside
          limits        none
          environment   HOME, LC_TIME, LOGNAME, PATH, SHELL, TERM, USER

        protections
          mounts-locked        held
          user-namespace       held
          pid-namespace        held
          ipc-namespace        held
          uts-namespace        held
          cgroup-namespace     held
          network              held
          seccomp              held
          landlock             held
          no-new-privileges    held
          capabilities         held
          supplementary-groups held

        left out, not on this host
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
        -   user          uid 0 gid 0, own user namespace on a block of unprivileged host ids
        -   mounts-locked        held
        -   user-namespace       held
        +     mask /proc/acpi ro (if present)                           profile
        +     cover /proc/bus ro (if present)                           profile
        +     cover /proc/fs ro (if present)                            profile
        +     cover /proc/irq ro (if present)                           profile
        +     mask /proc/kcore ro (if present)                          profile
        +     mask /proc/keys ro (if present)                           profile
        +     mask /proc/sched_debug ro (if present)                    profile
        +     mask /proc/scsi ro (if present)                           profile
        +     cover /proc/sys ro (if present)                           profile
        +     cover /proc/sysrq-trigger ro (if present)                 profile
        +     mask /proc/timer_list ro (if present)                     profile
        +     mask /sys/firmware ro (if present)                        profile
        +   user          uid 0 gid 0, the host's user namespace
        +   mounts-locked        waived by flag --user
        +   user-namespace       waived by flag --user
    "#]],
    );
}

#[test]
fn an_empty_view_can_ask_for_the_kernels_file_systems() {
    let view = View { proc: Some(true), sys: Some(true), ..profile("empty") };
    expect![[r#"
        /  empty, in memory, ro
          proc /proc rw                                               profile empty with --proc
          sysfs /sys ro                                               profile empty with --sys
            cgroup /sys/fs/cgroup ro                                  profile empty with --sys

        process
          command       true
          directory     /
          user          uid 0 gid 0, own user namespace on a block of unprivileged host ids
          own           pid, ipc, uts, cgroup
          shared        none
          network       none
          capabilities  none
          seccomp       default
          landlock      signals and abstract sockets stay inside
          limits        none
          environment   LC_TIME, LOGNAME, PATH, SHELL, TERM, USER

        protections
          mounts-locked        held
          user-namespace       held
          pid-namespace        held
          ipc-namespace        held
          uts-namespace        held
          cgroup-namespace     held
          network              held
          seccomp              held
          landlock             held
          no-new-privileges    held
          capabilities         held
          supplementary-groups held
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
        -     file /etc/hosts ro                                        profile
        -   sysfs /sys ro                                               profile
        -   network       none
        -   network              held
        +     bind /etc/hosts ro from /etc/hosts                        profile
        +     bind /etc/resolv.conf ro from /etc/resolv.conf            profile
        +   bind /sys ro from /sys                                      profile
        +   network       the host's
        +   network              waived by flag --net
    "#]],
    );
}
