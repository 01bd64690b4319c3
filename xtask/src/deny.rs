//! Licences, banned crates and sources of what we depend on, checked by cargo-deny.

use crate::process;
use crate::workspace::Workspace;
use anyhow::Result;
use std::path::PathBuf;
use std::process::Command;

const VERSION: &str = "0.20.2";

/// Checks `deny.toml`. Advisories come from a repository on the network: they are shown when it can be reached,
/// and never make a commit red that was green the day before.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let program = install(workspace)?;
    let deny = || {
        let mut command = Command::new(&program);
        command.current_dir(&workspace.root);
        command
    };
    // The check reads the manifests of what other systems would need, too, which no build here has fetched.
    process::run(&mut workspace.cargo(&["fetch", "--quiet", "--locked"]))?;
    process::run(deny().args(["--offline", "check", "bans", "licenses", "sources"]))?;
    // A network that swallows packets must not hold us up.
    let mut fetch = Command::new("timeout");
    fetch.current_dir(&workspace.root).arg("120").arg(&program).args(["fetch", "db"]);
    if !process::succeeds(&mut fetch) {
        println!("xtask: the list of advisories is out of reach; they were not checked");
    } else if process::run(deny().args(["check", "--disable-fetch", "advisories"])).is_err() {
        println!(
            "xtask: there are advisories about dependencies, shown above; please see whether they concern us"
        );
    }
    Ok(())
}

/// The cargo-deny in PATH, else our own under `target/tools`, built at the first use.
fn install(workspace: &Workspace) -> Result<PathBuf> {
    if let Some(program) = process::find("cargo-deny") {
        return Ok(program);
    }
    let root = workspace.target.join("tools");
    let program = root.join("bin/cargo-deny");
    if has_version(&program) {
        return Ok(program);
    }
    println!("xtask: building cargo-deny {VERSION} (about three minutes on two cores, once)");
    let mut command =
        workspace.cargo(&["install", "cargo-deny", "--locked", "--quiet", "--version", VERSION]);
    command.arg("--root").arg(&root).arg("--target-dir").arg(root.join("build"));
    process::run(&mut command)?;
    let _ = std::fs::remove_dir_all(root.join("build"));
    Ok(program)
}

fn has_version(program: &std::path::Path) -> bool {
    program.is_file()
        && process::output(Command::new(program).arg("--version")).is_ok_and(|text| text.contains(VERSION))
}
