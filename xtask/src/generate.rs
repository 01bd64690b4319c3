//! Files that are made from the code, so that they cannot drift from it.

use crate::process;
use crate::tidy::migrations;
use crate::workspace::{Workspace, make_folder};
use anyhow::{Context, Result, bail};
use std::fs;
use std::process::Command;

/// What a file is made from.
enum Source {
    /// What a program of ours prints: its name and its arguments.
    Program(&'static str, &'static [&'static str]),
    /// The migrations: their hashes.
    Migrations,
}

use Source::{Migrations, Program};

/// Every generated file.
const FILES: &[(&str, Source)] = &[
    ("docs/generated/bridge-slack.yaml", Program("bridge-slack", &["example-config"])),
    ("docs/generated/bridge-bots.yaml", Program("bridge-bots", &["example-config"])),
    ("docs/generated/openapi.json", Program("bridge-bots", &["openapi"])),
    ("docs/generated/commands-slack.md", Program("bridge-slack", &["commands"])),
    ("docs/generated/metrics.md", Program("bridge-slack", &["metrics-list"])),
    ("docs/generated/metrics-bots.md", Program("bridge-bots", &["metrics-list"])),
    ("docs/generated/slack-manifest.yaml", Program("bridge-slack", &["manifest"])),
    ("registration/examples/slack.yaml", Program("registration", &["example", "slack"])),
    ("registration/examples/bots.yaml", Program("registration", &["example", "bots"])),
    (migrations::LIST, Migrations),
];

/// Writes all files anew.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    for (path, text) in texts(workspace)? {
        let file = workspace.root.join(path);
        if fs::read_to_string(&file).is_ok_and(|old| old == text) {
            continue;
        }
        make_folder(file.parent().unwrap_or(&workspace.root))?;
        fs::write(&file, text).with_context(|| format!("{path} could not be written"))?;
        println!("xtask: wrote {path}");
    }
    Ok(())
}

/// The generated files that are not, in the repository, what the code makes of them now.
pub(crate) fn outdated(workspace: &Workspace) -> Result<Vec<&'static str>> {
    let fresh = texts(workspace)?;
    let differs =
        |path: &str, text: &str| fs::read_to_string(workspace.root.join(path)).ok().as_deref() != Some(text);
    Ok(fresh.into_iter().filter(|(path, text)| differs(path, text)).map(|(path, _)| path).collect())
}

fn texts(workspace: &Workspace) -> Result<Vec<(&'static str, String)>> {
    workspace.build()?;
    FILES.iter().map(|(path, source)| Ok((*path, text(workspace, path, source)?))).collect()
}

fn text(workspace: &Workspace, path: &str, source: &Source) -> Result<String> {
    match source {
        Migrations => migrations::with_new_hashes(&workspace.root),
        Program(name, args) => {
            let mut command = Command::new(workspace.program(name));
            command.args(*args).current_dir(&workspace.root);
            let verb = || format!("{path} is made by the verb `{}` of {name}", args[0]);
            let text =
                process::output(&mut command).with_context(|| format!("{}, which did not work", verb()))?;
            if text.trim().is_empty() {
                bail!("{}, which printed nothing", verb());
            }
            Ok(text)
        }
    }
}
