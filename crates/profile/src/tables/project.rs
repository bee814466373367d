use eyot_plan::Access;

/// A name in the root of an agent's project that it may not make, rename or remove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protected {
    pub name: &'static str,
    pub access: Access,
    /// What the file holds that takes the name while nothing has it; without a text it is an empty
    /// directory.
    pub placeholder: &'static str,
    /// The name beside which the placeholder is an empty directory, of which git takes no notice.
    pub unseen_beside: Option<&'static str>,
}

const fn read_only(name: &'static str) -> Protected {
    Protected { name, access: Access::ReadOnly, placeholder: "", unseen_beside: None }
}

/// What a program outside the view reads and runs on its own, without the user asking for it: by
/// writing one of these the agent would leave its view.
///
/// Deliberately absent: what the user runs knowingly (Makefile, package.json) and what the agent is
/// asked to edit (AGENTS.md, CI files). A repository in a subdirectory is not found here.
pub const PROTECTED: &[Protected] = &[
    // Writable, because commits go there; its own mount, because a mount point cannot be renamed
    // (EBUSY), and so the rows below cannot be evaded by another `.git` in its place.
    Protected { name: ".git", access: Access::ReadWrite, placeholder: "", unseen_beside: None },
    read_only(".git/hooks"),
    read_only(".git/config"), // core.hooksPath, core.fsmonitor, aliases
    // Read as config is, with extensions.worktreeConfig; git dies of one that it cannot read.
    Protected {
        name: ".git/config.worktree",
        access: Access::ReadOnly,
        placeholder: "\n",
        unseen_beside: None,
    },
    // Names another directory to take hooks and config from. Git dies of an empty one; this says
    // "here", which is where they are.
    Protected {
        name: ".git/commondir",
        access: Access::ReadOnly,
        placeholder: ".\n",
        unseen_beside: None,
    },
    // Each submodule and linked worktree has hooks and a config of its own there.
    read_only(".git/modules"),
    read_only(".git/worktrees"),
    // Without a `.git` the project itself could be made a repository: what git takes for one is a directory with HEAD,
    // objects and refs (gitrepository-layout(5)), and it would obey a `config` beside them. A text, so that no directory
    // takes the name. Beside a `.git`, which the agent can spoil so that git looks on, the text would get into commits.
    Protected {
        name: "refs",
        access: Access::ReadOnly,
        placeholder: "no repository\n",
        unseen_beside: Some(".git"),
    },
    read_only(".husky"),        // git hooks that are kept in the tree
    read_only(".envrc"),        // direnv, on entering the directory
    read_only(".vscode"),       // tasks that run on opening the folder
    read_only(".idea"),         // run configurations, external tools
    read_only(".devcontainer"), // commands run on the host before the container starts
    // What starts other agents' tools, and what lets them go unasked.
    read_only(".mcp.json"),
    read_only(".claude"),
    read_only(".codex"),
    read_only(".cursor"),
    read_only(".gemini"),
];
