//! Checks all files under `deploy/`: each with the tool of whom it is written for.

mod containers;
mod dashboard;
mod monitoring;
mod names;
mod nix;
mod units;

use crate::workspace::{Workspace, make_folder};
use crate::{debian, process};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// One thing that is checked: its name, and the check.
type Check = (&'static str, fn(&Workspace) -> Result<()>);

const CHECKS: &[Check] = &[
    ("scripts", scripts),
    ("units", units::check),
    ("monitoring", monitoring::check),
    ("dashboard", dashboard::check),
    ("containers", containers::check),
    ("nix", nix::check),
];

/// Runs all checks, also after a failure; `true` when all is good.
pub(crate) fn run(workspace: &Workspace) -> Result<bool> {
    install()?;
    let mut all_good = true;
    for (name, check) in CHECKS {
        let start = Instant::now();
        let result = check(workspace);
        if let Err(error) = &result {
            println!("xtask: {name}: {error:#}");
            all_good = false;
        }
        let word = if result.is_ok() { "good" } else { "FAILED" };
        println!("deploy: {name}: {word} in {:.1} s", start.elapsed().as_secs_f64());
    }
    Ok(all_good)
}

/// The tools of the checks that Debian has. Prometheus' own comes without its server, see [`monitoring`].
fn install() -> Result<()> {
    const TOOLS: &[(&str, &str)] =
        &[("systemd-analyze", "systemd"), ("nix-instantiate", "nix-bin"), ("shellcheck", "shellcheck")];
    let missing = |tool: &str| process::find(tool).is_none();
    let packages: Vec<&str> =
        TOOLS.iter().filter(|(tool, _)| missing(tool)).map(|(_, package)| *package).collect();
    if packages.is_empty() { Ok(()) } else { debian::install(&packages) }
}

/// Reads the shell scripts for mistakes, and runs their tests.
fn scripts(workspace: &Workspace) -> Result<()> {
    let tests = files(workspace, "deploy/tests", ".sh")?;
    let mut shellcheck = Command::new("shellcheck");
    shellcheck.args(["--shell", "sh"]).args(files(workspace, "deploy", ".sh")?).args(&tests);
    process::run(&mut shellcheck)?;
    tests.iter().try_for_each(|test| process::run(&mut Command::new(test)))
}

/// The files of a folder that end so, in their order. None is an error: a check of nothing is none.
fn files(workspace: &Workspace, folder: &str, ending: &str) -> Result<Vec<PathBuf>> {
    let path = workspace.root.join(folder);
    let entries = std::fs::read_dir(&path).with_context(|| format!("{folder} could not be read"))?;
    let mut found: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    found.retain(|file| file.to_string_lossy().ends_with(ending));
    found.sort();
    if found.is_empty() {
        bail!("{folder} has no file that ends with {ending}");
    }
    Ok(found)
}

/// An empty folder under the build folder.
fn scratch(workspace: &Workspace, name: &str) -> Result<PathBuf> {
    let folder = workspace.target.join("deploy").join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)
            .with_context(|| format!("{} could not be emptied", folder.display()))?;
    }
    make_folder(&folder)?;
    Ok(folder)
}

/// Reads a file; the error names it.
fn text(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("{} could not be read", file.display()))
}
