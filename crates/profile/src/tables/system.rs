use crate::row::{Place, Row, Show, Text, When, row, row_at};

/// Programs and libraries. They are readable by everybody, so ids need no mapping.
pub(super) const USR: &[Row] = &[
    row("/usr", Show::Host),
    row("/bin", Show::HostOrItsLink),
    row("/sbin", Show::HostOrItsLink),
    row("/lib", Show::HostOrItsLink),
    row("/lib32", Show::HostOrItsLink),
    row("/lib64", Show::HostOrItsLink),
    row("/libx32", Show::HostOrItsLink),
    row("/nix/store", Show::HostIfPresent),
];

/// What programs cannot do without. Each directory is a mount and costs every start, so only what was
/// missed by a real program is here. Deliberately absent: machine-id, which tells machines apart.
pub(super) const ETC: &[Row] = &[
    row("/etc", Show::Directory),
    row("/etc/ld.so.cache", Show::HostIfPresent),
    // The linker of binutils looks here for libraries that libraries need.
    row("/etc/ld.so.conf", Show::CopyIfPresent),
    row("/etc/ld.so.conf.d", Show::HostIfPresent),
    // Half of Debian's /usr/bin points here: cc, java, editor, awk.
    row("/etc/alternatives", Show::HostIfPresent),
    // Not /etc/ssl and /etc/pki as they are: both have a directory `private` with keys.
    row("/etc/ssl/certs", Show::HostIfPresent),
    row("/etc/ssl/openssl.cnf", Show::CopyIfPresent),
    row("/etc/ssl/cert.pem", Show::HostIfPresent), // Alpine and Arch
    row("/etc/ca-certificates/extracted", Show::HostIfPresent), // Arch
    row("/etc/pki/tls/certs", Show::HostIfPresent), // Fedora
    row("/etc/pki/tls/openssl.cnf", Show::CopyIfPresent),
    row("/etc/pki/ca-trust", Show::HostIfPresent),
    row("/etc/crypto-policies", Show::HostIfPresent),
    row("/etc/localtime", Show::HostOrItsLink),
    row("/etc/os-release", Show::HostOrItsLink),
    row("/etc/locale.alias", Show::CopyIfPresent),
    // getservbyname and getprotobyname fail without them, and `make check` of many with them.
    row("/etc/services", Show::CopyIfPresent),
    row("/etc/protocols", Show::CopyIfPresent),
    row("/etc/fonts", Show::HostIfPresent),
    // Where the admin's own entries are; the distribution's are in /usr.
    row("/etc/terminfo", Show::HostIfPresent).when(When::Terminal),
    // A Java runtime's conf directory is made of links to these; it does not start without.
    row("/etc/java-11-openjdk", Show::HostIfPresent),
    row("/etc/java-17-openjdk", Show::HostIfPresent),
    row("/etc/java-21-openjdk", Show::HostIfPresent),
    row("/etc/java-25-openjdk", Show::HostIfPresent),
    // Read by the command `chromium` and by Maven's, which die where they are missing.
    row("/etc/chromium.d", Show::HostIfPresent),
    row("/etc/maven", Show::HostIfPresent),
    row("/etc/passwd", Show::Text(Text::Passwd)),
    row("/etc/group", Show::Text(Text::Group)),
    row("/etc/hostname", Show::Text(Text::Hostname)),
    // The host's file may name modules that talk to daemons which are not in the view.
    row("/etc/nsswitch.conf", Show::Text(Text::Fixed(NSSWITCH))),
    row("/etc/hosts", Show::Text(Text::Hosts)).when(When::OwnNetwork),
    row("/etc/hosts", Show::HostIfPresent).when(When::HostNetwork),
    row("/etc/resolv.conf", Show::HostIfPresent).when(When::HostNetwork),
];

const NSSWITCH: &str = "\
passwd: files
group: files
shadow: files
hosts: files dns
networks: files
protocols: files
services: files
";

/// What the host's admin set for people at a shell.
pub(super) const COMFORT: &[Row] = &[
    row("/etc/bash.bashrc", Show::CopyIfPresent).when(When::Terminal),
    row("/etc/inputrc", Show::CopyIfPresent).when(When::Terminal),
    row("/etc/gitconfig", Show::CopyIfPresent),
];

pub(super) const SCRATCH: &[Row] =
    &[row("/tmp", Show::Scratch(0o1777)), row("/var/tmp", Show::Scratch(0o1777))];

pub(super) const HOMES: &[Row] =
    &[row_at(Place::Home, Show::Scratch(0o700)), row_at(Place::RuntimeDir, Show::Scratch(0o700))];

/// Compilers that live in the home directory. Deliberately absent: the rest of ~/.cargo, which
/// holds the token for the registry.
pub(super) const TOOLCHAIN_OF_HOME: &[Row] = &[
    row_at(Place::InHome(".rustup"), Show::HostIfPresent),
    row_at(Place::InHome(".cargo/bin"), Show::HostIfPresent),
];

/// Over a whole /etc, what an unmapped root (`--user host`) could still read as its owner, and what
/// tells machines apart.
pub(super) const HIDDEN_OF_ETC: &[Row] = &[
    row("/etc/shadow", Show::Hidden),
    row("/etc/shadow-", Show::Hidden),
    row("/etc/gshadow", Show::Hidden),
    row("/etc/gshadow-", Show::Hidden),
    row("/etc/ssh", Show::Hidden),
    row("/etc/ssl/private", Show::Hidden),
    row("/etc/pki/tls/private", Show::Hidden),
    row("/etc/machine-id", Show::Hidden),
];

/// What `--root host` keeps to the host: everybody's homes, and the sockets in /run, which connect
/// to daemons of the host however read-only the mount is. The mount points exist in the tree or the
/// row is left out, because the tree is not written to.
pub(super) const HOST_ROOT: &[Row] = &[
    row("/tmp", Show::Scratch(0o1777)),
    row("/var/tmp", Show::ScratchIfPresent(0o1777)),
    row("/run", Show::ScratchIfPresent(0o755)),
    row_at(Place::RuntimeDir, Show::ScratchIfPresent(0o700)),
    row("/home", Show::ScratchIfPresent(0o755)),
    row("/root", Show::ScratchIfPresent(0o700)),
    row("/var/home", Show::ScratchIfPresent(0o755)), // Fedora Silverblue
    row_at(Place::Home, Show::ScratchIfPresent(0o700)),
    row_at(Place::CallersHome, Show::ScratchIfPresent(0o700)),
    row("/etc/shadow", Show::Hidden),
    row("/etc/shadow-", Show::Hidden),
    row("/etc/gshadow", Show::Hidden),
    row("/etc/gshadow-", Show::Hidden),
    row("/etc/ssh", Show::Hidden),
    row("/etc/ssl/private", Show::Hidden),
    row("/etc/pki/tls/private", Show::Hidden),
    row("/etc/machine-id", Show::Hidden),
];

/// A root file system in a directory: what every distribution expects fresh at boot.
pub(super) const ROOTFS: &[Row] = &[
    row("/tmp", Show::ScratchIfPresent(0o1777)),
    row("/var/tmp", Show::ScratchIfPresent(0o1777)),
    row("/run", Show::ScratchIfPresent(0o755)),
];
