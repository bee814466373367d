//! What each profile shows, to root and to an ordinary user.

#[allow(dead_code, reason = "each test binary uses its own part")]
mod host;

use expect_test::expect;
use eyot_plan::View;
use host::described::{ANN, ROOT, check_against_run, described, profile};

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
          bind /etc/ca-certificates/extracted ro from /etc/ca-certificates/extracted (if present) (profile run)
          bind /etc/chromium.d ro from /etc/chromium.d (if present) (profile run)
          bind /etc/crypto-policies ro from /etc/crypto-policies (if present) (profile run)
          bind /etc/fonts ro from /etc/fonts (if present) (profile run)
          bind /etc/java-11-openjdk ro from /etc/java-11-openjdk (if present) (profile run)
          bind /etc/java-17-openjdk ro from /etc/java-17-openjdk (if present) (profile run)
          bind /etc/java-21-openjdk ro from /etc/java-21-openjdk (if present) (profile run)
          bind /etc/java-25-openjdk ro from /etc/java-25-openjdk (if present) (profile run)
          file /etc/locale.alias ro (if present) (profile run)
          bind /etc/maven ro from /etc/maven (if present) (profile run)
          bind /etc/os-release ro from /etc/os-release (if present) (profile run)
          bind /etc/pki/ca-trust ro from /etc/pki/ca-trust (if present) (profile run)
          bind /etc/pki/tls/certs ro from /etc/pki/tls/certs (if present) (profile run)
          file /etc/pki/tls/openssl.cnf ro (if present) (profile run)
          file /etc/protocols ro (if present) (profile run)
          file /etc/services ro (if present) (profile run)
          bind /etc/ssl/cert.pem ro from /etc/ssl/cert.pem (if present) (profile run)
          file /etc/ssl/openssl.cnf ro (if present) (profile run)
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
          bind /etc/ca-certificates/extracted ro from /etc/ca-certificates/extracted (if present) (profile run)
          bind /etc/chromium.d ro from /etc/chromium.d (if present) (profile run)
          bind /etc/crypto-policies ro from /etc/crypto-policies (if present) (profile run)
          bind /etc/fonts ro from /etc/fonts (if present) (profile run)
          bind /etc/java-11-openjdk ro from /etc/java-11-openjdk (if present) (profile run)
          bind /etc/java-17-openjdk ro from /etc/java-17-openjdk (if present) (profile run)
          bind /etc/java-21-openjdk ro from /etc/java-21-openjdk (if present) (profile run)
          bind /etc/java-25-openjdk ro from /etc/java-25-openjdk (if present) (profile run)
          file /etc/locale.alias ro (if present) (profile run)
          bind /etc/maven ro from /etc/maven (if present) (profile run)
          bind /etc/os-release ro from /etc/os-release (if present) (profile run)
          bind /etc/pki/ca-trust ro from /etc/pki/ca-trust (if present) (profile run)
          bind /etc/pki/tls/certs ro from /etc/pki/tls/certs (if present) (profile run)
          file /etc/pki/tls/openssl.cnf ro (if present) (profile run)
          file /etc/protocols ro (if present) (profile run)
          file /etc/services ro (if present) (profile run)
          bind /etc/ssl/cert.pem ro from /etc/ssl/cert.pem (if present) (profile run)
          file /etc/ssl/openssl.cnf ro (if present) (profile run)
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
        + /home/ann/work/refs reserve ro no name can be made here profile
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
        + /home/ann/work/refs reserve ro no name can be made here profile
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
