//! Slack's own clients, from PyPI and npm: the judges of our fake Slack run on them.

use crate::python::{self, Stamp};
use crate::workspace::{Workspace, make_folder};
use crate::{debian, process};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the judges need to run.
pub(crate) struct SlackSdks {
    /// The Python that has the SDK.
    pub(crate) python: PathBuf,
    /// The folder with `node_modules`; a script must lie in it to find them.
    pub(crate) node: PathBuf,
}

/// Installs the clients unless they are there.
pub(crate) fn install(workspace: &Workspace) -> Result<SlackSdks> {
    Ok(SlackSdks {
        python: install_python(workspace)?,
        node: install_node(workspace, "tests/fake-slack/judges/node", "judges/node")?,
    })
}

fn install_python(workspace: &Workspace) -> Result<PathBuf> {
    let list = workspace.root.join("tests/fake-slack/judges/python/requirements.txt");
    let text = read(&list)?;
    let folder = workspace.target.join("judges/python");
    make_folder(&folder)?;
    let venv = folder.join("venv");
    python::environment(&venv, &["--requirement", &list.to_string_lossy()], &text)?;
    Ok(venv.join("bin/python"))
}

/// Installs the packages that a folder of the repository lists into a folder below `target`, unless they are there.
pub(crate) fn install_node(workspace: &Workspace, source: &str, folder: &str) -> Result<PathBuf> {
    let (source, folder) = (workspace.root.join(source), workspace.target.join(folder));
    make_folder(&folder)?;
    let mut input = read(&source.join("package.json"))?;
    fs::copy(source.join("package.json"), folder.join("package.json"))?;
    // With a lock file npm installs exactly what it names.
    let mut verb = "install";
    if let Ok(lock) = fs::read_to_string(source.join("package-lock.json")) {
        fs::write(folder.join("package-lock.json"), &lock)?;
        input.push_str(&lock);
        verb = "ci";
    }
    let stamp = Stamp::new(folder.join("stamp"), &input);
    if stamp.holds() && folder.join("node_modules").is_dir() {
        return Ok(folder);
    }
    stamp.clear()?;
    if process::find("node").is_none() || process::find("npm").is_none() {
        println!("xtask: node and npm are not in PATH");
        debian::install(&["nodejs", "npm"])?;
    }
    println!("xtask: installing the packages of {} into {}", source.display(), folder.display());
    let mut npm = Command::new("npm");
    npm.args([verb, "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&folder);
    process::run(&mut npm)
        .context("npm packages could not be installed; is the package registry reachable?")?;
    stamp.set()?;
    Ok(folder)
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("{} could not be read", file.display()))
}
