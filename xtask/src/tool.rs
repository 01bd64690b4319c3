//! Programs from crates.io that check or make something here: built once, under `target/tools`.

use crate::process;
use crate::workspace::Workspace;
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The program in PATH, else our own of this version, built at the first use. It is built without optimization: what is
/// asked of it takes seconds, and its build with optimization takes minutes.
pub(crate) fn install(workspace: &Workspace, name: &str, version: &str) -> Result<PathBuf> {
    if let Some(program) = process::find(name) {
        return Ok(program);
    }
    let root = workspace.target.join("tools");
    let program = root.join("bin").join(name);
    if has_version(&program, version) {
        return Ok(program);
    }
    println!("xtask: building {name} {version} (about a minute on two cores, once)");
    let build = root.join("build");
    let mut command =
        workspace.cargo(&["install", name, "--locked", "--quiet", "--debug", "--version", version]);
    command.arg("--root").arg(&root).arg("--target-dir").arg(&build);
    // Nobody debugs it.
    command.env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_INCREMENTAL", "0");
    process::run(&mut command)?;
    let _ = std::fs::remove_dir_all(build);
    Ok(program)
}

fn has_version(program: &Path, version: &str) -> bool {
    program.is_file()
        && process::output(Command::new(program).arg("--version")).is_ok_and(|text| text.contains(version))
}
