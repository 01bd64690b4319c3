//! Runs the fuzz targets of `tests/fuzz`.

use crate::process;
use crate::workspace::Workspace;
use anyhow::Result;

/// Builds and runs them with the verb's own arguments. Built with the whole workspace's features, or every dependency
/// would be built again.
pub(crate) fn run(workspace: &Workspace, args: &[String]) -> Result<bool> {
    let mut build = workspace.cargo(&["build", "--workspace", "--bin", "fuzz"]);
    process::run(&mut build)?;
    let mut fuzz = std::process::Command::new(workspace.program("fuzz"));
    fuzz.args(args).current_dir(&workspace.root);
    Ok(fuzz.status()?.success())
}
