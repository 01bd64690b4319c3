//! The programs at work beside a Synapse: the bridge with a fake Slack, and a bot.

use crate::synapse;
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Runs the demo in our place, so that Ctrl-C and the exit code are its own.
pub(crate) fn run(workspace: &Workspace, args: &[String]) -> Result<bool> {
    let error = prepare(workspace, args)?.exec();
    Err(error).context("the program `demo` could not be started")
}

/// Sets up what the demo needs and returns the command that runs it.
pub(crate) fn prepare(workspace: &Workspace, args: &[String]) -> Result<Command> {
    let venv = if brings_homeserver(args) { None } else { Some(synapse::install(workspace)?) };
    workspace.build()?;
    let mut demo = Command::new(workspace.program("demo"));
    demo.args(args).current_dir(&workspace.root);
    if let Some(venv) = venv {
        demo.env("SYNAPSE_VENV", venv);
    }
    Ok(demo)
}

/// Runs the demo of a bot in our place.
pub(crate) fn run_bot(workspace: &Workspace, args: &[String]) -> Result<bool> {
    let needs_synapse = !args.iter().any(|arg| arg == "--on" || arg.starts_with("--on=") || arg == "--help");
    let venv = if needs_synapse { Some(synapse::install(workspace)?) } else { None };
    workspace.build()?;
    let mut demo = Command::new(workspace.program("demo_bot"));
    demo.args(args).current_dir(&workspace.root);
    if let Some(venv) = venv {
        demo.env("SYNAPSE_VENV", venv);
    }
    let error = demo.exec();
    Err(error).context("the program `demo_bot` could not be started")
}

fn brings_homeserver(args: &[String]) -> bool {
    args.iter().any(|arg| arg == "--homeserver" || arg.starts_with("--homeserver="))
}

#[cfg(test)]
mod tests {
    use super::brings_homeserver;

    #[test]
    fn sees_a_homeserver_in_both_spellings() {
        let args = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        assert!(brings_homeserver(&args(&["--once", "--homeserver", "http://127.0.0.1:8008"])));
        assert!(brings_homeserver(&args(&["--homeserver=http://127.0.0.1:8008"])));
        assert!(!brings_homeserver(&args(&["--once"])));
    }
}
