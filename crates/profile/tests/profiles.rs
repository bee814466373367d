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

/// The same without the columns, whose width depends on every line.
fn lines(uid: u32, view: View) -> Vec<String> {
    let name = view.extends.clone().unwrap_or("run".to_owned());
    let text = described(uid, view).replace(&format!("profile {name}"), "profile");
    let plain = |line: &str| {
        let words = line.split_whitespace().filter(|word| !"│├─└─".contains(word));
        words.collect::<Vec<_>>().join(" ")
    };
    text.lines().map(plain).collect()
}

/// Only what is not as in the same caller's `run`, without what this host lacks anyway: a hundred
/// equal lines hide the ones that matter.
fn check_against_run(uid: u32, view: View, expected: Expect) {
    let (run, theirs) = (lines(uid, View::default()), lines(uid, view));
    let present = |line: &&String| !line.ends_with("(if present) (profile)");
    let gone = run.iter().filter(present).filter(|line| !theirs.contains(line));
    let new = theirs.iter().filter(present).filter(|line| !run.contains(line));
    let gone = gone.map(|line| format!("- {line}\n"));
    expected.assert_eq(&gone.chain(new.map(|line| format!("+ {line}\n"))).collect::<String>());
}

fn profile(name: &str) -> View {
    View { extends: Some(name.to_owned()), ..View::default() }
}

#[test]
fn run_for_root() {
    expect![[r#"
        /                        empty   ro in memory
        ├─ /bin                  link    ro to usr/bin               profile run
        ├─ /dev                  dir     ro mode 755                 profile run
        │  ├─ /dev/fd            link    ro to /proc/self/fd         profile run
        │  ├─ /dev/full          device  rw /dev/full                profile run
        │  ├─ /dev/mqueue        mqueue  rw                          profile run
        │  ├─ /dev/null          device  rw /dev/null                profile run
        │  ├─ /dev/ptmx          link    ro to pts/ptmx              profile run
        │  ├─ /dev/pts           devpts  rw                          profile run
        │  ├─ /dev/random        device  rw /dev/random              profile run
        │  ├─ /dev/shm           scratch rw mode 1777                profile run
        │  ├─ /dev/stderr        link    ro to /proc/self/fd/2       profile run
        │  ├─ /dev/stdin         link    ro to /proc/self/fd/0       profile run
        │  ├─ /dev/stdout        link    ro to /proc/self/fd/1       profile run
        │  ├─ /dev/tty           device  rw /dev/tty                 profile run
        │  ├─ /dev/urandom       device  rw /dev/urandom             profile run
        │  └─ /dev/zero          device  rw /dev/zero                profile run
        ├─ /etc                  dir     ro mode 755                 profile run
        │  ├─ /etc/alternatives  bind    ro /etc/alternatives        profile run
        │  ├─ /etc/gitconfig     file    ro copy of /etc/gitconfig   profile run
        │  ├─ /etc/group         file    ro 27 bytes of text         profile run
        │  ├─ /etc/hostname      file    ro 5 bytes of text          profile run
        │  ├─ /etc/hosts         file    ro 76 bytes of text         profile run
        │  ├─ /etc/ld.so.cache   bind    ro /etc/ld.so.cache         profile run
        │  ├─ /etc/ld.so.conf    file    ro copy of /etc/ld.so.conf  profile run
        │  ├─ /etc/ld.so.conf.d  bind    ro /etc/ld.so.conf.d        profile run
        │  ├─ /etc/localtime     link    ro to /usr/share/zoneinfo/Etc/UTC  profile run
        │  ├─ /etc/nsswitch.conf file    ro 107 bytes of text        profile run
        │  ├─ /etc/passwd        file    ro 89 bytes of text         profile run
        │  └─ /etc/ssl/certs     bind    ro /etc/ssl/certs           profile run
        ├─ /home/ann/work        bind    ro /home/ann/work           profile run
        │                                   its owner is the view's user
        ├─ /lib                  link    ro to usr/lib               profile run
        ├─ /lib64                link    ro to usr/lib64             profile run
        ├─ /proc                 proc    rw                          profile run
        ├─ /root                 scratch rw mode 700                 profile run
        ├─ /run/user/0           scratch rw mode 700                 profile run
        ├─ /sbin                 link    ro to usr/sbin              profile run
        ├─ /sys                  sysfs   ro                          profile run
        │  └─ /sys/fs/cgroup     cgroup  ro                          profile run
        ├─ /tmp                  scratch rw mode 1777                profile run
        ├─ /usr                  bind    ro /usr                     profile run
        └─ /var/tmp              scratch rw mode 1777                profile run

        process
          command       true
          directory     /home/ann/work
          user          uid 0 gid 0, own user namespace on a block of unprivileged host ids
          host name     eyot
          own           pid, ipc, uts, cgroup
          shared        none
          network       none
          environment   HOME, LC_TIME, LOGNAME, PATH, SHELL, TERM, USER, XDG_RUNTIME_DIR
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
          file /etc/bash.bashrc ro (if present) (profile run)
          bind /etc/ca-certificates/extracted ro from /etc/ca-certificates/extracted (if present) (profile run)
          bind /etc/crypto-policies ro from /etc/crypto-policies (if present) (profile run)
          bind /etc/fonts ro from /etc/fonts (if present) (profile run)
          file /etc/inputrc ro (if present) (profile run)
          bind /etc/java-11-openjdk ro from /etc/java-11-openjdk (if present) (profile run)
          bind /etc/java-17-openjdk ro from /etc/java-17-openjdk (if present) (profile run)
          bind /etc/java-21-openjdk ro from /etc/java-21-openjdk (if present) (profile run)
          bind /etc/java-25-openjdk ro from /etc/java-25-openjdk (if present) (profile run)
          file /etc/locale.alias ro (if present) (profile run)
          bind /etc/os-release ro from /etc/os-release (if present) (profile run)
          bind /etc/pki/ca-trust ro from /etc/pki/ca-trust (if present) (profile run)
          bind /etc/pki/tls/certs ro from /etc/pki/tls/certs (if present) (profile run)
          file /etc/pki/tls/openssl.cnf ro (if present) (profile run)
          file /etc/protocols ro (if present) (profile run)
          file /etc/services ro (if present) (profile run)
          bind /etc/ssl/cert.pem ro from /etc/ssl/cert.pem (if present) (profile run)
          file /etc/ssl/openssl.cnf ro (if present) (profile run)
          bind /etc/terminfo ro from /etc/terminfo (if present) (profile run)
          bind /lib32 ro from /lib32 (if present) (profile run)
          bind /libx32 ro from /libx32 (if present) (profile run)
          bind /nix/store ro from /nix/store (if present) (profile run)
    "#]]
    .assert_eq(&described(ROOT, View::default()));
}

#[test]
fn run_for_an_ordinary_user() {
    expect![[r#"
        /                        empty   ro in memory
        ├─ /bin                  link    ro to usr/bin               profile run
        ├─ /dev                  dir     ro mode 755                 profile run
        │  ├─ /dev/fd            link    ro to /proc/self/fd         profile run
        │  ├─ /dev/full          device  rw /dev/full                profile run
        │  ├─ /dev/mqueue        mqueue  rw                          profile run
        │  ├─ /dev/null          device  rw /dev/null                profile run
        │  ├─ /dev/ptmx          link    ro to pts/ptmx              profile run
        │  ├─ /dev/pts           devpts  rw                          profile run
        │  ├─ /dev/random        device  rw /dev/random              profile run
        │  ├─ /dev/shm           scratch rw mode 1777                profile run
        │  ├─ /dev/stderr        link    ro to /proc/self/fd/2       profile run
        │  ├─ /dev/stdin         link    ro to /proc/self/fd/0       profile run
        │  ├─ /dev/stdout        link    ro to /proc/self/fd/1       profile run
        │  ├─ /dev/tty           device  rw /dev/tty                 profile run
        │  ├─ /dev/urandom       device  rw /dev/urandom             profile run
        │  └─ /dev/zero          device  rw /dev/zero                profile run
        ├─ /etc                  dir     ro mode 755                 profile run
        │  ├─ /etc/alternatives  bind    ro /etc/alternatives        profile run
        │  ├─ /etc/gitconfig     file    ro copy of /etc/gitconfig   profile run
        │  ├─ /etc/group         file    ro 39 bytes of text         profile run
        │  ├─ /etc/hostname      file    ro 5 bytes of text          profile run
        │  ├─ /etc/hosts         file    ro 76 bytes of text         profile run
        │  ├─ /etc/ld.so.cache   bind    ro /etc/ld.so.cache         profile run
        │  ├─ /etc/ld.so.conf    file    ro copy of /etc/ld.so.conf  profile run
        │  ├─ /etc/ld.so.conf.d  bind    ro /etc/ld.so.conf.d        profile run
        │  ├─ /etc/localtime     link    ro to /usr/share/zoneinfo/Etc/UTC  profile run
        │  ├─ /etc/nsswitch.conf file    ro 107 bytes of text        profile run
        │  ├─ /etc/passwd        file    ro 124 bytes of text        profile run
        │  └─ /etc/ssl/certs     bind    ro /etc/ssl/certs           profile run
        ├─ /home/ann             scratch rw mode 700                 profile run
        │  └─ /home/ann/work     bind    ro /home/ann/work           profile run
        ├─ /lib                  link    ro to usr/lib               profile run
        ├─ /lib64                link    ro to usr/lib64             profile run
        ├─ /proc                 proc    rw                          profile run
        ├─ /run/user/1000        scratch rw mode 700                 profile run
        ├─ /sbin                 link    ro to usr/sbin              profile run
        ├─ /sys                  sysfs   ro                          profile run
        │  └─ /sys/fs/cgroup     cgroup  ro                          profile run
        ├─ /tmp                  scratch rw mode 1777                profile run
        ├─ /usr                  bind    ro /usr                     profile run
        └─ /var/tmp              scratch rw mode 1777                profile run

        process
          command       true
          directory     /home/ann/work
          user          uid 1000 gid 1000, own user namespace that knows the caller's id only
          groups kept   27, 44
          host name     eyot
          own           pid, ipc, uts, cgroup
          shared        none
          network       none
          environment   HOME, LC_TIME, LOGNAME, PATH, SHELL, TERM, USER, XDG_RUNTIME_DIR
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
          ✗ supplementary-groups  ABSENT: an ordinary user cannot drop groups; kept: 27, 44

        left out, the host has no source
          file /etc/bash.bashrc ro (if present) (profile run)
          bind /etc/ca-certificates/extracted ro from /etc/ca-certificates/extracted (if present) (profile run)
          bind /etc/crypto-policies ro from /etc/crypto-policies (if present) (profile run)
          bind /etc/fonts ro from /etc/fonts (if present) (profile run)
          file /etc/inputrc ro (if present) (profile run)
          bind /etc/java-11-openjdk ro from /etc/java-11-openjdk (if present) (profile run)
          bind /etc/java-17-openjdk ro from /etc/java-17-openjdk (if present) (profile run)
          bind /etc/java-21-openjdk ro from /etc/java-21-openjdk (if present) (profile run)
          bind /etc/java-25-openjdk ro from /etc/java-25-openjdk (if present) (profile run)
          file /etc/locale.alias ro (if present) (profile run)
          bind /etc/os-release ro from /etc/os-release (if present) (profile run)
          bind /etc/pki/ca-trust ro from /etc/pki/ca-trust (if present) (profile run)
          bind /etc/pki/tls/certs ro from /etc/pki/tls/certs (if present) (profile run)
          file /etc/pki/tls/openssl.cnf ro (if present) (profile run)
          file /etc/protocols ro (if present) (profile run)
          file /etc/services ro (if present) (profile run)
          bind /etc/ssl/cert.pem ro from /etc/ssl/cert.pem (if present) (profile run)
          file /etc/ssl/openssl.cnf ro (if present) (profile run)
          bind /etc/terminfo ro from /etc/terminfo (if present) (profile run)
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
            - /etc/gitconfig file ro copy of /etc/gitconfig profile
            - /etc/group file ro 27 bytes of text profile
            - /etc/hostname file ro 5 bytes of text profile
            - /etc/hosts file ro 76 bytes of text profile
            - /etc/passwd file ro 89 bytes of text profile
            - /root scratch rw mode 700 profile
            - /run/user/0 scratch rw mode 700 profile
            - directory /home/ann/work
            - user uid 0 gid 0, own user namespace on a block of unprivileged host ids
            - host name eyot
            - environment HOME, LC_TIME, LOGNAME, PATH, SHELL, TERM, USER, XDG_RUNTIME_DIR
            + /build scratch rw mode 755 profile
            + /etc/group file ro 41 bytes of text profile
            + /etc/hostname file ro 6 bytes of text profile
            + /etc/hosts file ro 77 bytes of text profile
            + /etc/passwd file ro 123 bytes of text profile
            + directory /build
            + user uid 1000 gid 1000, own user namespace on a block of unprivileged host ids
            + host name build
            + environment HOME, LC_ALL, LOGNAME, PATH, SHELL, SOURCE_DATE_EPOCH, TERM, TZ, USER
        "#]],
    );
    check_against_run(
        ANN,
        profile("build"),
        expect![[r#"
            - /etc/gitconfig file ro copy of /etc/gitconfig profile
            - /etc/group file ro 39 bytes of text profile
            - /etc/hostname file ro 5 bytes of text profile
            - /etc/hosts file ro 76 bytes of text profile
            - /etc/passwd file ro 124 bytes of text profile
            - /home/ann scratch rw mode 700 profile
            - /run/user/1000 scratch rw mode 700 profile
            - directory /home/ann/work
            - host name eyot
            - environment HOME, LC_TIME, LOGNAME, PATH, SHELL, TERM, USER, XDG_RUNTIME_DIR
            + /build scratch rw mode 755 profile
            + /etc/group file ro 41 bytes of text profile
            + /etc/hostname file ro 6 bytes of text profile
            + /etc/hosts file ro 77 bytes of text profile
            + /etc/passwd file ro 123 bytes of text profile
            + directory /build
            + host name build
            + environment HOME, LC_ALL, LOGNAME, PATH, SHELL, SOURCE_DATE_EPOCH, TERM, TZ, USER
        "#]],
    );
}

#[test]
fn service() {
    check_against_run(
        ROOT,
        profile("service"),
        expect![[r#"
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
            - /home/ann/work bind ro /home/ann/work profile
            - its owner is the view's user
            - /root scratch rw mode 700 profile
            - /run/user/0 scratch rw mode 700 profile
            - directory /home/ann/work
            - environment HOME, LC_TIME, LOGNAME, PATH, SHELL, TERM, USER, XDG_RUNTIME_DIR
            + /etc bind ro /etc profile
            + /etc/machine-id mask ro profile
            + /etc/shadow mask ro profile
            + /etc/ssh mask ro profile
            + /etc/ssl/private mask ro profile
            + /run scratch rw mode 755 profile
            + directory /
            + environment LC_TIME, LOGNAME, PATH, SHELL, USER
        "#]],
    );
    check_against_run(
        ANN,
        profile("service"),
        expect![[r#"
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
            - /home/ann scratch rw mode 700 profile
            - /home/ann/work bind ro /home/ann/work profile
            - /run/user/1000 scratch rw mode 700 profile
            - directory /home/ann/work
            - environment HOME, LC_TIME, LOGNAME, PATH, SHELL, TERM, USER, XDG_RUNTIME_DIR
            + /etc bind ro /etc profile
            + /etc/machine-id mask ro profile
            + /etc/shadow mask ro profile
            + /etc/ssh mask ro profile
            + /etc/ssl/private mask ro profile
            + /run scratch rw mode 755 profile
            + directory /
            + environment LC_TIME, LOGNAME, PATH, SHELL, USER
        "#]],
    );
}

#[test]
fn agent() {
    check_against_run(
        ROOT,
        profile("agent"),
        expect![[r#"
        - /home/ann/work bind ro /home/ann/work profile
        + /home/ann/work bind rw /home/ann/work profile
        + /home/ann/work/.claude reserve ro no name can be made here profile
        + /home/ann/work/.codex reserve ro no name can be made here profile
        + /home/ann/work/.cursor reserve ro no name can be made here profile
        + /home/ann/work/.devcontainer reserve ro no name can be made here profile
        + /home/ann/work/.envrc reserve ro no name can be made here profile
        + /home/ann/work/.gemini reserve ro no name can be made here profile
        + /home/ann/work/.git bind rw /home/ann/work/.git profile
        + /home/ann/work/.git/commondir reserve ro no name can be made here profile
        + /home/ann/work/.git/config bind ro /home/ann/work/.git/config profile
        + /home/ann/work/.git/config.worktree reserve ro no name can be made here profile
        + /home/ann/work/.git/hooks bind ro /home/ann/work/.git/hooks profile
        + /home/ann/work/.git/modules reserve ro no name can be made here profile
        + /home/ann/work/.git/worktrees reserve ro no name can be made here profile
        + /home/ann/work/.husky reserve ro no name can be made here profile
        + /home/ann/work/.idea reserve ro no name can be made here profile
        + /home/ann/work/.mcp.json reserve ro no name can be made here profile
        + /home/ann/work/.vscode reserve ro no name can be made here profile
    "#]],
    );
    check_against_run(
        ANN,
        profile("agent"),
        expect![[r#"
        - /home/ann/work bind ro /home/ann/work profile
        + /home/ann/.cargo/bin bind ro /home/ann/.cargo/bin profile
        + /home/ann/work bind rw /home/ann/work profile
        + /home/ann/work/.claude reserve ro no name can be made here profile
        + /home/ann/work/.codex reserve ro no name can be made here profile
        + /home/ann/work/.cursor reserve ro no name can be made here profile
        + /home/ann/work/.devcontainer reserve ro no name can be made here profile
        + /home/ann/work/.envrc reserve ro no name can be made here profile
        + /home/ann/work/.gemini reserve ro no name can be made here profile
        + /home/ann/work/.git bind rw /home/ann/work/.git profile
        + /home/ann/work/.git/commondir reserve ro no name can be made here profile
        + /home/ann/work/.git/config bind ro /home/ann/work/.git/config profile
        + /home/ann/work/.git/config.worktree reserve ro no name can be made here profile
        + /home/ann/work/.git/hooks bind ro /home/ann/work/.git/hooks profile
        + /home/ann/work/.git/modules reserve ro no name can be made here profile
        + /home/ann/work/.git/worktrees reserve ro no name can be made here profile
        + /home/ann/work/.husky reserve ro no name can be made here profile
        + /home/ann/work/.idea reserve ro no name can be made here profile
        + /home/ann/work/.mcp.json reserve ro no name can be made here profile
        + /home/ann/work/.vscode reserve ro no name can be made here profile
    "#]],
    );
}

#[test]
fn empty() {
    expect![[r#"
        / empty ro in memory

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
    .assert_eq(&described(ROOT, profile("empty")));
    expect![[r#"
        / empty ro in memory

        process
          command       true
          directory     /
          user          uid 1000 gid 1000, own user namespace that knows the caller's id only
          groups kept   27, 44
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
          ✗ supplementary-groups  ABSENT: an ordinary user cannot drop groups; kept: 27, 44
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
            - / empty ro in memory
            - /bin link ro to usr/bin profile
            - /dev dir ro mode 755 profile
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
        │  ├─ /dev/fd      link    ro to /proc/self/fd    profile run
        │  ├─ /dev/full    device  rw /dev/full           profile run
        │  ├─ /dev/mqueue  mqueue  rw                     profile run
        │  ├─ /dev/null    device  rw /dev/null           profile run
        │  ├─ /dev/ptmx    link    ro to pts/ptmx         profile run
        │  ├─ /dev/pts     devpts  rw                     profile run
        │  ├─ /dev/random  device  rw /dev/random         profile run
        │  ├─ /dev/shm     scratch rw mode 1777           profile run
        │  ├─ /dev/stderr  link    ro to /proc/self/fd/2  profile run
        │  ├─ /dev/stdin   link    ro to /proc/self/fd/0  profile run
        │  ├─ /dev/stdout  link    ro to /proc/self/fd/1  profile run
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
