//! A real browser and what drives it: the tests of the bots' pages run in it.

use crate::workspace::Workspace;
use crate::{debian, process, slack_sdks};
use anyhow::{Context, Result};
use std::fs;
use std::path::PathBuf;

/// The environment variable by which the scenario finds the folder.
pub(crate) const VARIABLE: &str = "BROWSER_TESTS";
/// Where the tests and the list of their packages are.
const SOURCE: &str = "tests/browser";

/// Installs the packages, and chromium unless it is there; gives the folder with the tests.
pub(crate) fn install(workspace: &Workspace) -> Result<PathBuf> {
    if process::find("chromium").is_none() {
        println!("xtask: chromium is not in PATH");
        debian::install(&["chromium", "fonts-dejavu-core"])?;
    }
    let folder = slack_sdks::install_node(workspace, SOURCE, "browser")?;
    // Node looks for packages from where the script lies.
    let sources = workspace.root.join(SOURCE);
    for entry in fs::read_dir(&sources).with_context(|| format!("{} could not be read", sources.display()))? {
        let file = entry?.path();
        if file.extension().is_some_and(|extension| extension == "mjs") {
            fs::copy(&file, folder.join(file.file_name().unwrap_or_default()))?;
        }
    }
    Ok(folder)
}
