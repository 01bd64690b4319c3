//! Which functions the programs run: `build/layout.txt`, from watching both programs.

use crate::dist::{release, target};
use crate::workspace::{Workspace, make_folder};
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
    process::run(release(workspace, &target).args(["--config", "profile.release.strip=false"]))?;
    let folder = workspace.target.join("layout");
    make_folder(&folder)?;
    let mut watch = Command::new(workspace.program("layout"));
    watch.arg("--out").arg(workspace.root.join("build/layout.txt"));
    for (variable, program) in [("BRIDGE_SLACK", "bridge-slack"), ("BRIDGE_BOTS", "bridge-bots")] {
        // Away from where the stripped ones are looked for.
        std::fs::rename(workspace.target.join(&target).join("release").join(program), folder.join(program))?;
        watch.env(variable, folder.join(program));
    }
    process::run(&mut watch)?;
    Ok(true)
}
