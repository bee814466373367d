use eyot_plan::{Origin, Plan, PlanError, Root, ViewPath, What};

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
    pub(crate) fn choose(self, plan: &mut Plan) -> Result<ViewPath, PlanError> {
        match self {
            StartAt::Asked { at, by } => match is_directory_of(plan, &at) {
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
                let found = places.iter().find(|at| is_directory_of(plan, at)).unwrap_or(&root);
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
fn is_directory_of(plan: &Plan, at: &ViewPath) -> bool {
    // Parents of entries are made on the way.
    if at.is_root() || plan.entries.iter().any(|entry| entry.at != *at && at.contains(&entry.at)) {
        return true;
    }
    let Some(entry) = plan.covering(at) else {
        return matches!(plan.root, Root::Tree { .. });
    };
    match &entry.what {
        // What lies in it is the host's to say; the start itself finds out.
        What::Bind { .. } | What::Overlay { .. } | What::Kernel { .. } | What::SelfBind => true,
        What::Tmpfs { .. } | What::Scratch { .. } | What::Directory { .. } => entry.at == *at,
        // A link is followed in the view, and that is where it leads to again.
        What::Symlink { .. } => entry.at == *at,
        What::File { .. } | What::Mask | What::Device { .. } | What::Reserved { .. } => false,
    }
}
