//! The Nix files: read, evaluated with a stand-in for nixpkgs' library, and their units compared with those for systemd alone.

use super::{files, scratch, text, units};
use crate::process;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// What may stand in one kind of unit only: paths, which differ, and what NixOS writes elsewhere or does not need.
const OWN: &[&str] =
    &["Environment", "ExecStart", "IOSchedulingClass", "MemoryHigh", "Nice", "ReadWritePaths"];

/// Checks packages and modules.
pub(super) fn check(workspace: &Workspace) -> Result<()> {
    let folder = scratch(workspace, "nix")?;
    for part in ["deploy/nix", "deploy/nix/tests", "plugins/template-hello-native"] {
        for file in files(workspace, part, ".nix")? {
            process::output(nix(&folder, &["--parse"]).arg(file))?;
        }
    }
    let evaluate = |name: &str| -> Result<Value> {
        let file = workspace.root.join("deploy/nix/tests").join(name);
        let out = process::output(nix(&folder, &["--eval", "--strict", "--json"]).arg(file))?;
        serde_json::from_str(&out).with_context(|| format!("{name} did not give JSON"))
    };
    println!("deploy: the flake gives {}", evaluate("flake.nix")?);
    println!("deploy: the example's machine and its test are {}", evaluate("example.nix")?);
    scored(&folder, &evaluate("template.nix")?)?;
    let modules = evaluate("modules.nix")?;
    scored(&folder, &modules["own"])?;
    for (name, unit) in &scored(&folder, &modules["both"])? {
        let other = text(&workspace.root.join("deploy/systemd").join(name))?;
        let differ = differences(unit, &other);
        if !differ.is_empty() {
            bail!("{name} is not the same in deploy/nix and deploy/systemd: {}", differ.join(", "));
        }
    }
    Ok(())
}

/// The units that a test gives, by their names; each is kept from what it does not need.
fn scored(folder: &Path, made: &Value) -> Result<BTreeMap<String, String>> {
    let made: BTreeMap<String, String> =
        serde_json::from_value(made.clone()).context("there are no units")?;
    if made.is_empty() {
        bail!("the modules give no units");
    }
    for (name, unit) in &made {
        let file = folder.join(name);
        std::fs::write(&file, unit)?;
        units::score(&file)?;
    }
    Ok(made)
}

/// Nix with a store of its own, so that nobody has to be root and nothing is left behind.
fn nix(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("nix-instantiate");
    command.env("NIX_CONFIG", "build-users-group =").args(args);
    for (name, part) in [("NIX_STORE_DIR", "store"), ("NIX_STATE_DIR", "state"), ("NIX_LOG_DIR", "log")] {
        command.env(name, folder.join(part));
    }
    command
}

/// The keys that have other values in one unit than in the other.
fn differences(one: &str, other: &str) -> Vec<String> {
    let (one, other) = (keys(one), keys(other));
    let all = one.keys().chain(other.keys().filter(|key| !one.contains_key(*key)));
    all.filter(|key| !OWN.contains(key) && one.get(*key) != other.get(*key))
        .map(|key| (*key).to_owned())
        .collect()
}

/// The keys of a unit's section `[Service]` with their values.
fn keys(unit: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut lines = unit.lines().map(str::trim).skip_while(|line| *line != "[Service]").skip(1);
    let section = std::iter::from_fn(|| lines.next().filter(|line| !line.starts_with('[')));
    for (key, value) in section.filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='))
    {
        found.entry(key).or_default().push(value);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::differences;

    #[test]
    fn finds_what_differs() {
        let one =
            "[Unit]\nAfter=a\n[Service]\n# A.\nUser=a\nUMask=0077\nSystemCallFilter=a\nSystemCallFilter=~b\n";
        assert!(differences(one, &one.replace("After=a", "After=b")).is_empty());
        assert_eq!(differences(one, &one.replace("UMask=0077\n", "")), ["UMask"]);
        assert_eq!(differences(&one.replace("=~b", "=b"), one), ["SystemCallFilter"]);
        assert!(differences(one, &format!("{one}Nice=10\n[Install]\nWantedBy=b\n")).is_empty());
    }
}
