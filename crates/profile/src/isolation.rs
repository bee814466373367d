use eyot_plan::{
    Access, Caller, Facts, HostPath, Isolation, Network, NetworkMode, Origin, PlanError, Root,
    RootKind, Share, Sharing, UserNamespace, View,
};

use crate::identity::user_namespace;
use crate::place::host_path;
use crate::request::{Chosen, Request, refuse};

/// Which walls the view has, and by whose word one is not there.
#[derive(Clone, Debug)]
pub(crate) struct Walls {
    pub(crate) isolation: Isolation,
    pub(crate) user_by: Option<Origin>,
    pub(crate) network_by: Option<Origin>,
    pub(crate) shared: Vec<(Share, Origin)>,
}

impl Walls {
    pub(crate) fn decide(request: Request<'_>, facts: &Facts) -> Result<Self, PlanError> {
        let (user, user_by) = user_namespace(request, facts)?;
        let network = request.last("net", |view| view.net);
        let shared: Vec<(Share, Origin)> = request
            .all("share", |view| view.share.iter().copied())
            .into_iter()
            .map(|share| (share.value, share.by))
            .collect();
        let of = |wanted: Share| match shared.iter().any(|(share, _)| *share == wanted) {
            true => Sharing::Host,
            false => Sharing::Own,
        };
        let isolation = Isolation {
            user,
            network: network.as_ref().map_or(Network::None, |network| match network.value {
                NetworkMode::None => Network::None,
                NetworkMode::Loopback => Network::Loopback,
                NetworkMode::Host => Network::Host,
            }),
            pid: of(Share::Pid),
            ipc: of(Share::Ipc),
            uts: of(Share::Uts),
            cgroup: of(Share::Cgroup),
        };
        Ok(Self { isolation, user_by, network_by: network.map(|network| network.by), shared })
    }

    pub(crate) fn shared_by(&self, wanted: Share) -> Option<&Origin> {
        self.shared.iter().find(|(share, _)| *share == wanted).map(|(_, by)| by)
    }
}

impl Walls {
    /// A user namespace of the view's own lets ids of files be mapped; without one, or with the
    /// caller's id only, the view's ids are the host's.
    pub(crate) fn maps_owners(&self) -> bool {
        self.isolation.user == UserNamespace::Block
    }
}

pub(crate) fn root(request: Request<'_>, caller: &Caller) -> Result<Root, PlanError> {
    let size = request.last("scratch-size", |view| view.scratch_size.as_deref());
    let size = size.map(|size| parsed(&size, eyot_plan::parse_size)).transpose()?;
    let writable = request.last("writable-root", |view| view.writable_root.filter(|on| *on));
    let kind = request.last("root", |view| view.root.as_ref());
    let tree = match &kind {
        None | Some(Chosen { value: RootKind::Empty, .. }) => None,
        Some(Chosen { value: RootKind::Host, .. }) => Some(HostPath::new("/")?),
        Some(Chosen { value: RootKind::Directory(path), by }) => Some(host_path(path, caller, by)?),
    };
    let is_host = tree.as_ref().is_some_and(|from| from.as_path().parent().is_none());
    let access = match writable {
        None => Access::ReadOnly,
        Some(Chosen { by, .. }) if is_host || tree.is_none() => {
            return Err(refuse("only a directory given as root can be writable", &by));
        }
        Some(_) => Access::ReadWrite,
    };
    Ok(match tree {
        None => Root::Empty { size },
        Some(from) => Root::Tree { from, access, size },
    })
}

/// The value of a key in the form that `parse` reads.
pub(crate) fn parsed<T>(
    text: &Chosen<&str>,
    parse: impl Fn(&str) -> Result<T, eyot_plan::BadValue>,
) -> Result<T, PlanError> {
    parse(text.value).map_err(|error| refuse(error.to_string(), &text.by))
}

/// The name the view goes by, or `None` where it has the host's.
pub(crate) fn hostname(
    request: Request<'_>,
    walls: &Walls,
    usual: &str,
) -> Result<Option<String>, PlanError> {
    let asked = request.last("hostname", |view: &View| view.hostname.as_deref());
    let shared = walls.shared_by(Share::Uts);
    match (asked, shared) {
        (Some(name), Some(by)) => {
            let what = format!(
                "'{}' would rename the host: the view shares its name ({by})",
                name.value.escape_debug()
            );
            Err(refuse(what, &name.by))
        }
        (None, Some(_)) => Ok(None),
        (None, None) => Ok(Some(usual.to_owned())),
        (Some(name), None) if is_hostname(name.value) => Ok(Some(name.value.to_owned())),
        (Some(name), None) => {
            let what = format!(
                "'{}' is no host name: 1 to 64 letters, digits, '.', '-' and '_'",
                name.value.escape_debug()
            );
            Err(refuse(what, &name.by))
        }
    }
}

/// The kernel takes any 64 bytes; these are the ones that a line of hosts(5) can hold.
fn is_hostname(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    (1..=64).contains(&name.len()) && name.chars().all(plain)
}
