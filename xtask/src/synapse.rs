//! The homeserver of the tests and the demo: Synapse from PyPI, in a Python environment of its own.

use crate::python;
use crate::workspace::{Workspace, make_folder};
use anyhow::Result;
use std::path::PathBuf;

/// The version everything is tested against.
const PACKAGE: &str = "matrix-synapse==1.163.2";

/// Installs Synapse unless it is there, and returns its environment (what `SYNAPSE_VENV` names).
pub(crate) fn install(workspace: &Workspace) -> Result<PathBuf> {
    let venv = workspace.target.join("synapse/venv");
    make_folder(&workspace.target.join("synapse"))?;
    python::environment(&venv, &[PACKAGE], PACKAGE)?;
    Ok(venv)
}
