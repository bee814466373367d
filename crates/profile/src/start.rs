use eyot_plan::{HostPath, Links, Origin, Plan, PlanError, Root, SourceFact, ViewPath, What};

use crate::place::moved;
use crate::request::refuse;

/// Where the command is to start.
#[derive(Clone, Debug)]
pub(crate) enum StartAt {
    /// By the user's word: there or nowhere.
    Asked { at: ViewPath, by: Origin },
    /// The first of these that the view shows; the root always is there.
    FirstOf(Vec<ViewPath>),
}

impl StartAt {
    /// Chooses among what `plan` really shows, now that it is known.
    pub(crate) fn choose(
        self,
        plan: &mut Plan,
        mut fact_of: impl FnMut(&HostPath, Links) -> SourceFact,
    ) -> Result<ViewPath, PlanError> {
        let mut is_there = |plan: &Plan, at: &ViewPath| is_directory_of(plan, at, &mut fact_of);
        match self {
            StartAt::Asked { at, by } => match is_there(plan, &at) {
                true => Ok(at),
                false => {
                    let what = format!(
                        "the view has no '{at}' to start in: add it with --dir, --ro or --rw"
                    );
                    Err(refuse(what, &by))
                }
            },
            StartAt::FirstOf(places) => {
                let root = ViewPath::new("/")?;
                let found = places.iter().find(|at| is_there(plan, at)).unwrap_or(&root);
                if places.first().is_some_and(|wanted| wanted != found) {
                    plan.notes.push(format!(
                        "the command starts in '{found}': '{}' is not in the view",
                        places[0]
                    ));
                }
                Ok(found.clone())
            }
        }
    }
}

/// Whether the view has a directory there, as far as a plan can tell.
fn is_directory_of(
    plan: &Plan,
    at: &ViewPath,
    fact_of: &mut impl FnMut(&HostPath, Links) -> SourceFact,
) -> bool {
    // Parents of entries are made on the way.
    if at.is_root() || plan.entries.iter().any(|entry| entry.at != *at && at.contains(&entry.at)) {
        return true;
    }
    let Some(entry) = plan.covering(at) else {
        let Root::Tree { from, .. } = &plan.root else { return false };
        let host = moved(at.as_path(), "/".as_ref(), from.as_path());
        return host.is_some_and(|host| fact_of(&host, Links::Followed) != SourceFact::Missing);
    };
    match &entry.what {
        What::Bind { from, .. } if entry.at != *at => {
            let host = moved(at.as_path(), entry.at.as_path(), from.as_path());
            host.is_some_and(|host| fact_of(&host, Links::Followed) != SourceFact::Missing)
        }
        // What lies in these the start itself finds out.
        What::Overlay { .. } | What::Kernel { .. } | What::SelfBind => true,
        What::Bind { .. } | What::Tmpfs { .. } | What::Scratch { .. } | What::Directory { .. } => {
            entry.at == *at
        }
        // A link is followed in the view, and that is where it leads to again.
        What::Symlink { .. } => entry.at == *at,
        What::File { .. } | What::Mask | What::Device { .. } | What::Reserved { .. } => false,
    }
}
