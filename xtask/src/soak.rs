//! The soak: random talk while the bridge is killed and cut off, and both sides compared at its end.

use crate::synapse;
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Runs the soak in our place, so that Ctrl-C and the exit code are its own. A real Synapse is set up where one is wanted;
/// for `--postgres` it is run by `cargo xtask postgres -- cargo xtask soak --postgres`.
pub(crate) fn run(workspace: &Workspace, args: &[String]) -> Result<bool> {
    let wants_synapse = args.iter().any(|arg| arg == "synapse" || arg == "--homeserver=synapse");
    let venv = if wants_synapse { Some(synapse::install(workspace)?) } else { None };
    workspace.build()?;
    let mut soak = Command::new(workspace.program("soak"));
    soak.args(args).current_dir(&workspace.root);
    if let Some(venv) = venv {
        soak.env("SYNAPSE_VENV", venv);
    }
    Err(soak.exec()).context("the program `soak` could not be started")
}
