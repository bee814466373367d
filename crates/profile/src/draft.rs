use std::ffi::OsString;

use eyot_plan::{
    Entry, Facts, HostPath, Init, Layer, Links, Origin, Owner, Plan, PlanError, Presence, Process,
    Root, Sharing, SourceFact, ViewPath, What, settle,
};

use crate::asked::asked_entries;
use crate::confinement::confinement;
use crate::environment::environment;
use crate::identity::Who;
use crate::isolation::{Walls, hostname, root};
use crate::limits::Limits;
use crate::nearest::unknown;
use crate::place::{moved, view_path};
use crate::project::project_entries;
use crate::protections::{Decided, protections};
use crate::request::{LayeredView, Request, refuse};
use crate::rows::{Setting, profile_entries};
use crate::seccomp::Policy;
use crate::start::StartAt;
use crate::tables::{PROFILES, PROTECTED, Profile, Start};

/// A plan before anybody looked at the host: it says which sources to look at.
#[derive(Clone, Debug)]
pub struct Draft {
    asked: Vec<Entry>,
    plan: Plan,
    start: StartAt,
    policy: Option<Policy>,
}

/// Makes one request of the views, weakest first, and of the profile they extend.
///
/// `seccomp_text` is the content of [`seccomp_file`](crate::seccomp_file).
pub fn draft(
    layers: &[LayeredView],
    facts: &Facts,
    seccomp_text: Option<&str>,
) -> Result<Draft, PlanError> {
    let request = Request { layers };
    let profile = extended_profile(request)?;
    let walls = Walls::decide(request, facts)?;
    let root = root(request, &facts.caller)?;
    let who = Who::decide(request, profile, &root, facts)?;
    let hostname = hostname(request, &walls, profile.hostname)?;
    let limits = Limits::decide(request, facts, &who, walls.isolation.user)?;
    let identity = who.identity(&walls.isolation, &facts.caller);
    let (confinement, policy) =
        confinement(request, &walls, &facts.machine, identity.uid, seccomp_text)?;
    let decided = Decided {
        walls: &walls,
        confinement: &confinement,
        identity: &identity,
        limits: &limits,
        facts,
    };
    let own = Origin::new(Layer::Profile, profile.name);
    let protections = protections(request, decided, &own)?;

    let mut notes = limits.notes.clone();
    let setting = Setting {
        profile,
        root: &root,
        isolation: &walls.isolation,
        who: &who,
        facts,
        hostname: hostname.as_deref().unwrap_or(&facts.machine.hostname),
        limits: &limits.set,
    };
    let asked = all_entries(setting, request, &walls, &mut notes)?;
    notes.extend(setting.groups_note(&asked));
    if walls.isolation.pid == Sharing::Host && !limits.set.needs_cgroup() {
        // Only with a PID namespace or a control group can the kernel name them all.
        notes.push(
            "with the host's processes shared, background processes of the command may outlive the view \
             (a limit such as --processes ends them with it)"
                .to_owned(),
        );
    }
    let process = Process {
        command: command(request),
        workdir: ViewPath::new("/")?,
        environment: environment(request, profile, &facts.caller, &who, &mut notes)?,
        hostname,
        init: match request.last("init", |view| view.init) {
            Some(init) if !init.value => Init::Command,
            Some(_) | None => Init::Eyot,
        },
        keep_fds: keep_fds(request)?,
        terminal: facts.caller.on_terminal,
    };
    let plan = Plan {
        profile: profile.name.to_owned(),
        root,
        entries: Vec::new(),
        isolation: walls.isolation,
        identity,
        confinement,
        limits: limits.set,
        process,
        protections,
        overridden: Vec::new(),
        left_out: Vec::new(),
        notes,
    };
    Ok(Draft { asked, plan, start: start(request, profile, facts, &who)?, policy })
}

impl Draft {
    /// Every entry that anybody asked for, with the sources to look at.
    pub fn asked(&self) -> &[Entry] {
        &self.asked
    }

    /// The policy that the plan's filter is compiled from: it can say why a call was refused.
    pub fn policy(&self) -> Option<&Policy> {
        self.policy.as_ref()
    }

    /// The plan on a host whose paths are what `fact_of` says.
    pub fn settle(
        self,
        mut fact_of: impl FnMut(&HostPath, Links) -> SourceFact,
    ) -> Result<Plan, PlanError> {
        let Draft { mut asked, mut plan, start, policy: _ } = self;
        check_root(&plan.root, &mut fact_of)?;
        unseen_by_git(&mut asked, &mut fact_of);
        let (asked, absent) = without_missing_places(asked, &plan.root, &mut fact_of);
        let mut settled = settle(asked, &mut fact_of)?;
        settled.left_out.extend(absent);
        plan.take(settled);
        plan.process.workdir = start.choose(&mut plan, &mut fact_of)?;
        Ok(plan)
    }
}

fn extended_profile(request: Request<'_>) -> Result<&'static Profile, PlanError> {
    let Some(named) = request.last("extends", |view| view.extends.as_deref()) else {
        return Ok(&PROFILES[0]);
    };
    let names: Vec<&str> = PROFILES.iter().map(|profile| profile.name).collect();
    let found = PROFILES.iter().find(|profile| profile.name == named.value);
    found.ok_or_else(|| refuse(unknown("profile", named.value, &names), &named.by))
}

fn all_entries(
    setting: Setting<'_>,
    request: Request<'_>,
    walls: &Walls,
    notes: &mut Vec<String>,
) -> Result<Vec<Entry>, PlanError> {
    let owner = if walls.maps_owners() { Owner::Mapped } else { Owner::AsOnDisk };
    let caller = &setting.facts.caller;
    let mut entries = profile_entries(setting, request)?;
    if setting.shows_project() {
        entries.extend(project_entries(setting.profile, caller, &entries, owner, notes)?);
    }
    entries.extend(asked_entries(request, caller, owner)?);
    Ok(entries)
}

/// A tree that is to be the root must be there, and be a directory.
fn check_root(
    root: &Root,
    fact_of: &mut impl FnMut(&HostPath, Links) -> SourceFact,
) -> Result<(), PlanError> {
    let Root::Tree { from, .. } = root else { return Ok(()) };
    let found = match fact_of(from, Links::Followed) {
        SourceFact::Directory => return Ok(()),
        SourceFact::Missing => "the host has nothing there".to_owned(),
        SourceFact::Unreachable { reason } => reason,
        SourceFact::File
        | SourceFact::Symlink { .. }
        | SourceFact::CharacterDevice
        | SourceFact::BlockDevice
        | SourceFact::Other => "it is no directory".to_owned(),
    };
    Err(PlanError::NoRoot { from: from.to_string(), found })
}

/// Keeps placeholders out of what git commits, where there is a repository.
fn unseen_by_git(asked: &mut [Entry], fact_of: &mut impl FnMut(&HostPath, Links) -> SourceFact) {
    for entry in asked {
        let What::Reserved { from, placeholder, .. } = &mut entry.what else { continue };
        let path = from.as_path();
        let row =
            PROTECTED.iter().find(|row| path.file_name().is_some_and(|name| name == row.name));
        let beside = row.and_then(|row| row.unseen_beside).map(|name| path.with_file_name(name));
        let Some(Ok(beside)) = beside.map(HostPath::new) else { continue };
        if fact_of(&beside, Links::Copied) != SourceFact::Missing {
            placeholder.clear();
        }
    }
}

/// Takes out what covers or makes a place that a tree of the host does not have: nothing can be
/// made there, and nothing is there to hide.
fn without_missing_places(
    mut asked: Vec<Entry>,
    root: &Root,
    fact_of: &mut impl FnMut(&HostPath, Links) -> SourceFact,
) -> (Vec<Entry>, Vec<Entry>) {
    asked.sort_by(|a, b| a.at.cmp(&b.at));
    let mut kept: Vec<Entry> = Vec::new();
    let mut absent: Vec<Entry> = Vec::new();
    for mut entry in asked {
        let of_profile = entry.origin.layer <= Layer::Profile;
        let beneath_absent = of_profile && absent.iter().any(|above| above.at.contains(&entry.at));
        let covers_place = entry.presence == Presence::Optional && entry.sources().is_empty();
        let host = if covers_place { host_place(&entry.at, &kept, root) } else { None };
        let fact = host.map(|host| fact_of(&host, Links::Copied));
        let exists = match fact {
            // What a kernel file system has, putting the view together finds out. Anywhere else in
            // the view's own memory the place is made.
            None if covers_place && !covers_something(&entry) => {
                entry.presence = Presence::Required;
                true
            }
            None | Some(SourceFact::Unreachable { .. }) => true,
            Some(SourceFact::Missing) => false,
            Some(_) if covers_something(&entry) => {
                entry.presence = Presence::Required;
                true
            }
            Some(fact) => {
                // A directory cannot cover a file or a link.
                entry.presence = Presence::Required;
                fact == SourceFact::Directory
            }
        };
        if exists && !beneath_absent { kept.push(entry) } else { absent.push(entry) }
    }
    (kept, absent)
}

/// Whether the entry is about what is at its place already.
fn covers_something(entry: &Entry) -> bool {
    matches!(entry.what, What::Mask | What::SelfBind)
}

/// Which path of the host shows at `at`, if one does.
fn host_place(at: &ViewPath, above: &[Entry], root: &Root) -> Option<HostPath> {
    let nearest = above.iter().rev().find(|entry| entry.at.contains(at));
    match (nearest.map(|entry| (&entry.what, &entry.at)), root) {
        (Some((What::Bind { from, .. }, place)), _) => {
            moved(at.as_path(), place.as_path(), from.as_path())
        }
        (Some(_), _) | (None, Root::Empty { .. }) => None,
        (None, Root::Tree { from, .. }) => moved(at.as_path(), "/".as_ref(), from.as_path()),
    }
}

fn command(request: Request<'_>) -> Vec<OsString> {
    let given = |view: &eyot_plan::View| {
        let command: Vec<OsString> = view.command.iter().map(OsString::from).collect();
        (!command.is_empty()).then_some(command)
    };
    request.last("command", given).map(|chosen| chosen.value).unwrap_or_default()
}

fn keep_fds(request: Request<'_>) -> Result<Vec<i32>, PlanError> {
    let named = request.all("keep-fd", |view| view.keep_fd.iter().copied());
    if let Some(bad) = named.iter().find(|fd| fd.value < 0) {
        return Err(refuse(format!("'{}' is no descriptor", bad.value), &bad.by));
    }
    // 0 to 2 are kept anyway.
    let mut fds: Vec<i32> = named.into_iter().map(|fd| fd.value).filter(|fd| *fd > 2).collect();
    fds.sort_unstable();
    fds.dedup();
    Ok(fds)
}

fn start(
    request: Request<'_>,
    profile: &Profile,
    facts: &Facts,
    who: &Who,
) -> Result<StartAt, PlanError> {
    if let Some(asked) = request.last("workdir", |view| view.workdir.as_deref()) {
        return Ok(StartAt::Asked { at: view_path(asked.value, &asked.by)?, by: asked.by });
    }
    let mut places = Vec::new();
    match profile.start {
        // A directory that was removed has no plain path. One of a kernel file system need not be in
        // the view's own: there are other processes in it.
        Start::Project => places.extend(
            ViewPath::new(&facts.caller.workdir)
                .ok()
                .filter(|at| !["/proc", "/sys"].iter().any(|made| at.as_path().starts_with(made))),
        ),
        Start::At(place) => places.push(ViewPath::new(place)?),
    }
    places.extend(who.home.clone());
    Ok(StartAt::FirstOf(places))
}
