//! Where the repository and its build folder are.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository and the folder cargo builds into.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    /// The folder with the workspace's `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// The build folder, absolute: `CARGO_TARGET_DIR`, else `target` in the root.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// Finds the repository this program was started from (cargo names our own folder), else the one it was
    /// built in.
    pub(crate) fn find() -> Result<Self> {
        let own =
            std::env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
        let root = Path::new(&own).parent().context("the folder of xtask has no parent")?.to_owned();
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(dir) => root.join(dir),
            None => root.join("target"),
        };
        Ok(Self { root, target })
    }

    /// A program that `cargo build --workspace` makes.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(name)
    }

    /// A cargo command in the root. It uses the cargo that started us, so the toolchain stays the same.
    pub(crate) fn cargo(&self, args: &[&str]) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        // What cargo sets for us speaks of this crate; a build script of another must not read it, or would run again.
        for (name, _) in std::env::vars_os() {
            let is_ours = ["CARGO_MANIFEST_", "CARGO_PKG_"].iter();
            if name.to_str().is_some_and(|name| is_ours.into_iter().any(|start| name.starts_with(start))) {
                command.env_remove(name);
            }
        }
        // Nobody builds twice in a clean checkout, and what is kept for it costs time and disk.
        if std::env::var_os("CI").is_some_and(|value| value == "true") {
            command.env("CARGO_INCREMENTAL", "0");
        }
        command.current_dir(&self.root).args(args);
        command
    }

    /// Builds every program once, so that all later steps use the same files.
    pub(crate) fn build(&self) -> Result<()> {
        crate::process::run(&mut self.cargo(&["build", "--workspace"]))
    }
}

/// Makes a folder and those above it; the error names it.
pub(crate) fn make_folder(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path).with_context(|| format!("the folder {} could not be made", path.display()))
}

#[cfg(test)]
mod tests {
    use super::make_folder;

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let made = make_folder("/proc/none/here".as_ref());
        assert!(made.is_err_and(|error| error.to_string().contains("/proc/none/here")));
    }
}
