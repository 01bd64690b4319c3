//! The programs that let the bridge die and look at what is left: the soak at random, failpoints at each point, power cuts at
//! each acknowledgement.

use crate::postgres::Postgres;
use crate::workspace::Workspace;
use crate::{debian, process, synapse};
use anyhow::{Context, Result};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Runs one of them in our place, so that Ctrl-C and the exit code are its own. A real Synapse is set up where one is wanted;
/// for `--postgres` it
/// is run by `cargo xtask postgres -- cargo xtask VERB --postgres`.
pub(crate) fn run(workspace: &Workspace, program: &str, args: &[String]) -> Result<bool> {
    let wants_synapse = args.iter().any(|arg| arg == "synapse" || arg == "--homeserver=synapse");
    let venv = if wants_synapse { Some(synapse::install(workspace)?) } else { None };
    if program == "power_loss" && process::find("strace").is_none() {
        debian::install(&["strace"])?;
    }
    workspace.build()?;
    let mut command = Command::new(workspace.program(program));
    command.args(args).current_dir(&workspace.root);
    if let Some(venv) = venv {
        command.env("SYNAPSE_VENV", venv);
    }
    Err(command.exec()).with_context(|| format!("the program `{program}` could not be started"))
}

/// Two minutes of soak from fixed seeds: one process on SQLite, and two on a PostgreSQL of their own.
pub(crate) fn short_soaks(workspace: &Workspace) -> Result<()> {
    workspace.build()?;
    let soak = |args: &[&str]| {
        let mut command = Command::new(workspace.program("soak"));
        command.args(["--minutes", "1"]).args(args).current_dir(&workspace.root);
        command
    };
    process::run(&mut soak(&["--seed", "1"]))?;
    let postgres = Postgres::start(workspace)?;
    let mut two = soak(&["--seed", "2", "--postgres", "--workers", "2"]);
    process::run(two.env("TEST_POSTGRES_URL", postgres.url()))
}
