//! Ready-made parts of plans: what `eyot run` shows unless somebody says otherwise. Nothing here
//! looks at the host: facts come in, entries go out.
//!
//! The profiles are tables ([`PROFILES`]). [`draft`] lays view files and flags over one of them and
//! decides everything that no path of the host has a say in; [`Draft::settle`] asks about those.
//!
//! ```
//! use eyot_plan::{CgroupLayout, Layer, Caller, Facts, Machine, SourceFact, View};
//! use eyot_profile::{LayeredView, draft};
//!
//! # let facts = Facts {
//! #     caller: Caller {
//! #         uid: 1000, gid: 1000, groups: vec![], name: None, home: None, workdir: "/srv".into(),
//! #         environment: vec![], privileged: false, on_terminal: false,
//! #     },
//! #     machine: Machine {
//! #         hostname: "host".into(), kernel: (6, 18), landlock_abi: 7, cgroups: CgroupLayout::None, seccomp: true,
//! #         memory_controller: Ok(()), pids_controller: Ok(()), cpu_controller: Ok(()),
//! #     },
//! # };
//! let view = View { extends: Some("empty".into()), dir: vec!["/data".into()], ..View::default() };
//! let flags = LayeredView { layer: Layer::Flag, name: String::new(), view };
//! let plan = draft(&[flags], &facts, None)?.settle(|_, _| SourceFact::Missing)?;
//! assert_eq!(plan.entries[0].to_string(), "scratch /data rw");
//! # Ok::<(), eyot_plan::PlanError>(())
//! ```

mod asked;
mod capability;
mod confinement;
mod draft;
mod environment;
mod filter;
mod identity;
mod isolation;
mod limits;
mod nearest;
mod place;
mod project;
mod protections;
mod request;
mod row;
mod rows;
pub mod seccomp;
mod start;
mod tables;

pub use confinement::seccomp_file;
pub use draft::{Draft, draft};
pub use protections::PROTECTIONS;
pub use request::LayeredView;
pub use row::{Place, Row, Show, Text, When};
pub use tables::{Home, Kernel, PROFILES, PROTECTED, Profile, Project, Protected, Start, User};
