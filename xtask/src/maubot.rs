//! maubot's own tools from PyPI, in a Python environment of its own: the scenarios use our API with them.

use crate::python;
use crate::workspace::{Workspace, make_folder};
use anyhow::Result;
use std::path::PathBuf;

/// The version whose API ours is. Without its extra for encryption, which needs a C library.
const PACKAGE: &str = "maubot==0.6.0";

/// Installs maubot unless it is there, and returns its environment (what `MAUBOT_VENV` names).
pub(crate) fn install(workspace: &Workspace) -> Result<PathBuf> {
    let venv = workspace.target.join("maubot/venv");
    make_folder(&workspace.target.join("maubot"))?;
    python::environment(&venv, &[PACKAGE], PACKAGE)?;
    Ok(venv)
}
