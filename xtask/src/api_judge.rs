//! Schemathesis, from PyPI, as judge of the bot host's API: it makes calls up from the API's own document.

use crate::workspace::{Workspace, make_folder};
use crate::{process, python};
use anyhow::Result;
use std::path::PathBuf;

/// The version everything is tested against.
const PACKAGE: &str = "schemathesis==4.32.5";
/// The environment variable by which the scenario finds it.
pub(crate) const VARIABLE: &str = "SCHEMATHESIS";
/// The scenario that runs it against the host.
const SCENARIO: &str = "a_judge_finds_no_difference_from_the_document";

/// Installs it unless it is there, and returns the program (what `SCHEMATHESIS` names).
pub(crate) fn install(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.target.join("judges/api");
    make_folder(&folder)?;
    let venv = folder.join("venv");
    python::environment(&venv, &[PACKAGE], PACKAGE)?;
    Ok(venv.join("bin/schemathesis"))
}

/// Has it judge the API of the host as it is built now.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let program = install(workspace)?;
    workspace.build()?;
    let mut test =
        workspace.cargo(&["test", "--workspace", "--test", "scenarios", SCENARIO, "--", "--nocapture"]);
    process::run(test.env(VARIABLE, program))
}
