//! systemd's units: whether systemd understands them, and how far each is kept from the rest of the machine.

use super::{files, scratch, text};
use crate::process;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The most that a unit may be exposed, in tenths, as `systemd-analyze security` counts.
const EXPOSED: u32 = 12;
/// The same for those that ask for health: only root may have a service started anew.
const EXPOSED_AS_ROOT: u32 = 18;

/// Checks units, timers and users.
pub(super) fn check(workspace: &Workspace) -> Result<()> {
    let units = files(workspace, "deploy/systemd", ".service")?;
    let timers = files(workspace, "deploy/systemd", ".timer")?;
    let folder = scratch(workspace, "units")?;
    let mut placed = Vec::new();
    for file in units.iter().chain(&timers) {
        let name = file.file_name().context("a unit has no name")?;
        std::fs::write(folder.join(name), with_programs_here(workspace, &text(file)?))?;
        placed.push(folder.join(name));
    }
    verify(&placed)?;
    units.iter().try_for_each(|unit| score(unit))?;
    let mut users = Command::new("systemd-sysusers");
    process::run(users.arg("--dry-run").arg(workspace.root.join("deploy/systemd/sysusers.conf")))
}

/// A unit as it would be here: systemd looks whether what it starts is there. Our scripts are, in the repository; in place of
/// the programs, which need not be built, stands one that always is.
fn with_programs_here(workspace: &Workspace, unit: &str) -> String {
    let scripts = format!("ExecStart={}/deploy/", workspace.root.display());
    let unit = unit.replace("ExecStart=/usr/local/lib/bridge/", &scripts);
    unit.replace("ExecStart=/usr/local/bin/bridge-slack", "ExecStart=/bin/true")
        .replace("ExecStart=/usr/local/bin/bridge-bots", "ExecStart=/bin/true")
}

/// Has systemd read the units. A key that it does not know is only a warning to it; to us it is a mistake.
fn verify(units: &[PathBuf]) -> Result<()> {
    let mut command = Command::new("systemd-analyze");
    let out = command.args(["verify", "--man=no", "--recursive-errors=no"]).args(units).output()?;
    let said = String::from_utf8_lossy(&out.stderr);
    let names: Vec<&str> =
        units.iter().filter_map(|unit| unit.file_name().and_then(std::ffi::OsStr::to_str)).collect();
    let ours: Vec<&str> = said.lines().filter(|line| names.iter().any(|name| line.contains(name))).collect();
    if !ours.is_empty() || !out.status.success() {
        let why = if ours.is_empty() { said.into_owned() } else { ours.join("\n") };
        bail!("systemd does not take the units:\n{why}");
    }
    Ok(())
}

/// Has systemd say how exposed a unit is.
pub(super) fn score(unit: &Path) -> Result<()> {
    let name = unit.file_name().unwrap_or_default().to_string_lossy();
    let most = if name.contains("-health") { EXPOSED_AS_ROOT } else { EXPOSED };
    let mut command = Command::new("systemd-analyze");
    command.args(["security", "--no-pager", "--offline=true"]).arg(format!("--threshold={most}")).arg(unit);
    let out = command.output().context("systemd-analyze could not be started")?;
    let said = String::from_utf8_lossy(&out.stdout);
    let overall = said.lines().find_map(|line| line.split_once("Overall exposure level for "));
    println!("deploy: exposure of {}", overall.map_or("?", |(_, score)| score));
    if !out.status.success() {
        bail!("{name} is exposed more than {}.{}", most / 10, most % 10);
    }
    Ok(())
}
