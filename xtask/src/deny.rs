//! Licences, banned crates and sources of what we depend on, checked by cargo-deny.

use crate::workspace::Workspace;
use crate::{process, tool};
use anyhow::Result;
use std::process::Command;

const VERSION: &str = "0.20.2";

/// Checks `deny.toml`. Advisories come from a repository on the network: they are shown when it can be reached,
/// and never make a commit red that was green the day before.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let program = tool::install(workspace, "cargo-deny", VERSION)?;
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
