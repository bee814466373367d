use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use eyot_plan::Network;

use super::finding::{Loudness, Remedy, Subject, Withheld};

/// Whom a socket is to be connected with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    Internet(SocketAddr),
    Path(PathBuf),
    /// An abstract or unnamed address, or a family that no network option is about.
    Other,
}

/// `sizeof(struct sockaddr_un)`, the longest that matters.
pub(super) const LONGEST: usize = 110;

const AF_UNIX: u16 = 1;
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;

impl Peer {
    /// Reads a `struct sockaddr`.
    pub(super) fn read(bytes: &[u8]) -> Self {
        Self::try_read(bytes).unwrap_or(Peer::Other)
    }

    fn try_read(bytes: &[u8]) -> Option<Self> {
        let family = u16::from_ne_bytes(bytes.get(..2)?.try_into().ok()?);
        let port = || Some(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?));
        Some(match family {
            AF_UNIX => {
                let path = bytes[2..].split(|byte| *byte == 0).next().unwrap_or_default();
                match path.is_empty() {
                    true => Peer::Other,
                    false => Peer::Path(std::ffi::OsStr::from_bytes(path).into()),
                }
            }
            AF_INET => {
                let address: [u8; 4] = bytes.get(4..8)?.try_into().ok()?;
                Peer::Internet((Ipv4Addr::from(address), port()?).into())
            }
            AF_INET6 => {
                let address: [u8; 16] = bytes.get(8..24)?.try_into().ok()?;
                Peer::Internet((Ipv6Addr::from(address), port()?).into())
            }
            _ => Peer::Other,
        })
    }
}

/// Whether a view with this network reaches `peer`.
pub(super) fn withheld(peer: SocketAddr, network: Network) -> Option<Withheld> {
    // The unspecified address is this machine as well (ip(7)).
    let here = |address: IpAddr| address.is_loopback() || address.is_unspecified();
    let (by, modes): (_, &[&str]) = match (network, here(peer.ip().to_canonical())) {
        (Network::Host, _) | (Network::Loopback, true) => return None,
        (Network::None, true) => ("the view has no network", &["loopback", "host"]),
        (Network::None, false) => ("the view has no network", &["host"]),
        (Network::Loopback, false) => ("the view's network is its loopback", &["host"]),
    };
    Some(Withheld {
        subject: Subject::Network(peer.to_string()),
        by: by.to_owned(),
        remedies: modes.iter().map(|mode| Remedy::new("--net", mode)).collect(),
        loudness: Loudness::AtOnce,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(family: u16, rest: &[u8]) -> Vec<u8> {
        [&family.to_ne_bytes(), rest].concat()
    }

    #[test]
    fn addresses_are_read_whatever_their_length() {
        let four = bytes(AF_INET, &[0, 80, 1, 1, 1, 1, 0, 0, 0, 0]);
        assert_eq!(Peer::read(&four), Peer::Internet("1.1.1.1:80".parse().unwrap()));
        let path = bytes(AF_UNIX, b"/run/x.sock\0rest");
        assert_eq!(Peer::read(&path), Peer::Path("/run/x.sock".into()));
        assert_eq!(Peer::read(&bytes(AF_UNIX, b"\0abstract")), Peer::Other);
        for length in 0..four.len() - 4 {
            assert_eq!(Peer::read(&four[..length.min(7)]), Peer::Other);
        }
    }

    #[test]
    fn the_option_is_the_narrowest_that_reaches_the_peer() {
        let text = |peer: &str, network| {
            withheld(peer.parse().unwrap(), network).map(|withheld| withheld.to_string())
        };
        assert_eq!(
            text("127.0.0.1:80", Network::None).unwrap(),
            "no network to 127.0.0.1:80: the view has no network; opened by --net loopback or --net host"
        );
        assert_eq!(text("[::ffff:127.0.0.1]:80", Network::Loopback), None);
        assert_eq!(text("0.0.0.0:80", Network::Loopback), None);
        assert!(text("1.1.1.1:80", Network::Loopback).unwrap().ends_with("by --net host"));
        assert_eq!(text("1.1.1.1:80", Network::Host), None);
    }
}
