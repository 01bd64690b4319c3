//! Which functions the programs run: `build/layout.txt`, from watching both programs.

use crate::dist::target;
use crate::workspace::Workspace;
use crate::{debian, process};
use anyhow::Result;
use std::process::Command;

/// Builds both programs as a release has them, but with their symbols, has them watched, and writes the file anew.
pub(crate) fn run(workspace: &Workspace) -> Result<bool> {
    if process::find("valgrind").is_none() {
        debian::install(&["valgrind"])?;
    }
    workspace.build()?;
    let target = target(workspace)?;
    let mut build = workspace.cargo(&["build", "--release", "--locked", "--target", &target]);
    build.args(["--config", "profile.release.strip=false", "--workspace"]);
    build.args(["--bin", "bridge-slack", "--bin", "bridge-bots"]);
    process::run(&mut build)?;
    let folder = workspace.target.join(target).join("release");
    let mut watch = Command::new(workspace.program("layout"));
    watch.arg("--out").arg(workspace.root.join("build/layout.txt"));
    for (variable, program) in [("BRIDGE_SLACK", "bridge-slack"), ("BRIDGE_BOTS", "bridge-bots")] {
        watch.env(variable, folder.join(program));
    }
    process::run(&mut watch)?;
    Ok(true)
}
