use std::path::Path;

use eyot_plan::{
    Caller, Facts, HostPath, Identity, Isolation, Origin, PlanError, Root, UserMode, UserNamespace,
    ViewPath,
};

use crate::request::{Chosen, Request, refuse};
use crate::tables::{Home, Profile, User};

/// Who the process is inside, and by which names.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) name: String,
    pub(crate) home: Option<ViewPath>,
    pub(crate) runtime_dir: Option<ViewPath>,
}

const NOBODY: u32 = 65534;

/// `None` of the user namespace's own choice means that nobody asked.
pub(crate) fn user_namespace(
    request: Request<'_>,
    facts: &Facts,
) -> Result<(UserNamespace, Option<Origin>), PlanError> {
    match request.last("user", |view| view.user) {
        Some(Chosen { value: UserMode::Host, by }) if facts.caller.privileged => {
            Ok((UserNamespace::Host, Some(by)))
        }
        // unshare(2): a mount namespace needs CAP_SYS_ADMIN, which an ordinary user has only there.
        Some(Chosen { value: UserMode::Host, by }) => {
            Err(refuse("without a user namespace only root can make a view", &by))
        }
        Some(Chosen { value: UserMode::Own, .. }) | None => match facts.caller.privileged {
            true => Ok((UserNamespace::Block, None)),
            false => Ok((UserNamespace::CallersId, None)),
        },
    }
}

impl Who {
    pub(crate) fn decide(
        request: Request<'_>,
        profile: &Profile,
        root: &Root,
        facts: &Facts,
    ) -> Result<Self, PlanError> {
        let caller = &facts.caller;
        let (uid, gid) = match profile.user {
            User::Caller => (caller.uid, caller.gid),
            User::Fixed { uid, gid, .. } => (uid, gid),
        };
        let uid = chosen_id(request.last("uid", |view| view.uid), uid)?;
        let gid = chosen_id(request.last("gid", |view| view.gid), gid)?;
        let (home, runtime_dir) = match (profile.home, root) {
            (Home::None, _) => (None, None),
            // A root file system brings its own homes; which is the user's only its passwd knows.
            (Home::Callers | Home::At(_), Root::Tree { from, .. }) if !is_host_root(from) => {
                (Some(ViewPath::new(if uid == 0 { "/root" } else { "/" })?), None)
            }
            (Home::At(place), _) => (Some(ViewPath::new(place)?), None),
            (Home::Callers, _) => {
                (Some(view_home(caller)?), Some(ViewPath::new(format!("/run/user/{uid}"))?))
            }
        };
        Ok(Self { uid, gid, name: user_name(profile, caller, uid), home, runtime_dir })
    }

    pub(crate) fn identity(&self, isolation: &Isolation, caller: &Caller) -> Identity {
        let kept = |group: &&u32| **group != caller.gid;
        let kept_groups = match isolation.user {
            // setgroups(2) is denied before an ordinary user's gid_map may be written.
            UserNamespace::CallersId => caller.groups.iter().filter(kept).copied().collect(),
            UserNamespace::Block | UserNamespace::Host => Vec::new(),
        };
        Identity { uid: self.uid, gid: self.gid, kept_groups }
    }

    pub(crate) fn passwd(&self) -> String {
        let home = self.home.as_ref().map_or("/".to_owned(), ToString::to_string);
        let root_home = if self.uid == 0 { &home } else { "/root" };
        let mut text = format!("root:x:0:0:root:{root_home}:/bin/sh\n");
        if self.uid != 0 && self.uid != NOBODY {
            let Self { uid, gid, name, .. } = self;
            text += &format!("{name}:x:{uid}:{gid}::{home}:/bin/sh\n");
        }
        text + "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
    }

    pub(crate) fn group(&self) -> String {
        let mut text = "root:x:0:\n".to_owned();
        if self.gid != 0 && self.gid != NOBODY {
            let name = if self.uid == 0 { "user" } else { &self.name };
            text += &format!("{name}:x:{}:\n", self.gid);
        }
        text + "nogroup:x:65534:\n"
    }
}

fn chosen_id(asked: Option<Chosen<u32>>, usual: u32) -> Result<u32, PlanError> {
    match asked {
        // setuid(2) and its kin read this number as "leave it".
        Some(Chosen { value: u32::MAX, by }) => Err(refuse("4294967295 is no id", &by)),
        Some(Chosen { value, .. }) => Ok(value),
        None => Ok(usual),
    }
}

fn user_name(profile: &Profile, caller: &Caller, uid: u32) -> String {
    let name = match profile.user {
        User::Fixed { uid: fixed, name, .. } if fixed == uid => name,
        User::Caller if caller.uid == uid => caller.name.as_deref().unwrap_or("user"),
        User::Fixed { .. } | User::Caller => "user",
    };
    match uid {
        0 => "root".to_owned(),
        NOBODY => "nobody".to_owned(),
        _ if is_plain_field(name) && !["root", "nobody"].contains(&name) => name.to_owned(),
        _ => "user".to_owned(),
    }
}

/// Whether `text` can stand in a line of passwd(5).
fn is_plain_field(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c == ':' || c.is_control())
}

/// The caller's own path where the view can make it, so that what names it keeps working.
fn view_home(caller: &Caller) -> Result<ViewPath, PlanError> {
    let usual = |path: &Path| {
        let below_home = path.strip_prefix("/home").is_ok_and(|rest| rest.components().count() > 0);
        (path == Path::new("/root") || below_home) && path.to_str().is_some_and(is_plain_field)
    };
    let own = callers_home(caller).filter(|home| usual(home.as_path()));
    ViewPath::new(own.as_ref().map_or(Path::new("/home/user"), HostPath::as_path))
}

pub(crate) fn is_host_root(path: &HostPath) -> bool {
    path.as_path().parent().is_none()
}

/// The caller's home on the host, where it is a plain path; some accounts have `/` or nothing.
pub(crate) fn callers_home(caller: &Caller) -> Option<HostPath> {
    let home = HostPath::new(caller.home.clone()?).ok()?;
    home.as_path().parent().is_some().then_some(home)
}
