//! Which crates of others are in a program, and on which of them each depends.

use super::programs::Built;
use super::{PROGRAMS, read};
use crate::process;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// A crate's name and version.
pub(super) type Id = (String, String);

/// One crate.
#[derive(Debug, Clone)]
pub(super) struct Crate {
    pub(super) id: Id,
    /// As an SPDX expression, as the crate states it; empty if it states none.
    pub(super) licence: String,
    /// Where its sources lie.
    pub(super) folder: PathBuf,
    pub(super) repository: Option<String>,
    /// Who wrote it, as it says.
    pub(super) authors: String,
    pub(super) description: Option<String>,
    /// SHA-256 of the archive that it came in; none for our own.
    pub(super) checksum: Option<String>,
    /// What it is built with.
    pub(super) needs: BTreeSet<Id>,
}

/// A program with all crates that it was built from, itself among them.
pub(super) struct Program {
    pub(super) name: &'static str,
    pub(super) crates: BTreeMap<Id, Crate>,
}

/// The crates of all programs, as cargo resolves them for a release.
pub(super) fn of_programs(workspace: &Workspace, built: &Built) -> Result<Vec<Program>> {
    let mut tree =
        workspace.cargo(&["tree", "--locked", "--edges", "normal,build", "--target", &built.target]);
    tree.args(["--prefix", "depth", "--format", " {p}"]);
    for program in PROGRAMS {
        tree.args(["--package", program]);
    }
    let needs = needs(&process::output(&mut tree)?)?;
    let mut metadata = workspace.cargo(&["metadata", "--locked", "--format-version", "1"]);
    metadata.args(["--filter-platform", &built.target]);
    let metadata: Value = serde_json::from_str(&process::output(&mut metadata)?)?;
    let checksums = checksums(&read(&workspace.root.join("Cargo.lock"))?);
    PROGRAMS
        .iter()
        .map(|&name| {
            let ids = reached(name, &needs)?;
            let crates = ids.into_iter().map(|id| {
                let found = describe(&id, &metadata, &checksums, &needs);
                found.with_context(|| format!("cargo tells nothing of {} {}", id.0, id.1)).map(|it| (id, it))
            });
            Ok(Program { name, crates: crates.collect::<Result<_>>()? })
        })
        .collect()
}

/// Reads what `cargo tree --prefix depth` prints: a crate's own needs stand below the first line that names it.
fn needs(tree: &str) -> Result<BTreeMap<Id, BTreeSet<Id>>> {
    let mut needs: BTreeMap<Id, BTreeSet<Id>> = BTreeMap::new();
    let mut above: Vec<Id> = Vec::new();
    for line in tree.lines().filter(|line| !line.trim().is_empty()) {
        let mut words = line.split_whitespace();
        let (depth, name, version) = (words.next(), words.next(), words.next());
        let (Some(depth), Some(name), Some(version)) = (depth, name, version) else {
            bail!("cargo tree printed a line that is not understood: {line}");
        };
        let depth: usize = depth.parse().with_context(|| format!("no depth in: {line}"))?;
        let id = (name.to_owned(), version.trim_start_matches('v').to_owned());
        above.truncate(depth);
        if let Some(over) = above.last() {
            needs.entry(over.clone()).or_default().insert(id.clone());
        }
        needs.entry(id.clone()).or_default();
        above.push(id);
    }
    Ok(needs)
}

/// A program and whatever it needs, at any depth.
fn reached(program: &str, needs: &BTreeMap<Id, BTreeSet<Id>>) -> Result<BTreeSet<Id>> {
    let first = needs.keys().find(|(name, _)| name == program);
    let mut open = vec![first.with_context(|| format!("cargo tree does not show {program}"))?.clone()];
    let mut found = BTreeSet::new();
    while let Some(id) = open.pop() {
        if found.insert(id.clone()) {
            open.extend(needs.get(&id).into_iter().flatten().cloned());
        }
    }
    Ok(found)
}

/// The checksums of `Cargo.lock`.
fn checksums(lock: &str) -> BTreeMap<Id, String> {
    let value = |block: &str, key: &str| {
        let start = format!("{key} = \"");
        let line = block.lines().find_map(|line| line.strip_prefix(start.as_str()))?;
        line.strip_suffix('"').map(str::to_owned)
    };
    let blocks = lock.split("[[package]]");
    blocks.filter_map(|b| Some(((value(b, "name")?, value(b, "version")?), value(b, "checksum")?))).collect()
}

fn describe(
    id: &Id,
    metadata: &Value,
    checksums: &BTreeMap<Id, String>,
    needs: &BTreeMap<Id, BTreeSet<Id>>,
) -> Option<Crate> {
    let packages = metadata["packages"].as_array()?;
    let package = packages.iter().find(|one| one["name"] == *id.0 && one["version"] == *id.1)?;
    let text = |key: &str| package[key].as_str().map(str::to_owned);
    Some(Crate {
        id: id.clone(),
        licence: text("license").unwrap_or_default().replace('/', " OR "),
        folder: PathBuf::from(text("manifest_path")?).parent()?.to_owned(),
        repository: text("repository"),
        authors: authors(package, &id.0),
        description: text("description"),
        checksum: checksums.get(id).cloned(),
        needs: needs.get(id).cloned().unwrap_or_default(),
    })
}

fn authors(package: &Value, name: &str) -> String {
    let names: Vec<&str> =
        package["authors"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if names.is_empty() { format!("the authors of {name}") } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use super::{checksums, needs, reached};

    const TREE: &str = "\
0 program v0.1.0 (/somewhere)
1 near v1.0.0
2 far v2.0.0 (proc-macro)
1 far v2.0.0 (proc-macro) (*)

0 other v0.1.0 (/elsewhere)
1 near v1.0.0 (*)
1 alone v3.0.0
";

    #[test]
    fn a_crate_is_reached_through_others_that_were_shown_before() {
        let needs = needs(TREE).unwrap();
        let names = |program| {
            let found = reached(program, &needs).unwrap();
            found.into_iter().map(|(name, version)| name + " " + &version).collect::<Vec<_>>()
        };
        assert_eq!(names("program"), ["far 2.0.0", "near 1.0.0", "program 0.1.0"]);
        assert_eq!(names("other"), ["alone 3.0.0", "far 2.0.0", "near 1.0.0", "other 0.1.0"]);
        assert!(reached("none", &needs).is_err());
    }

    #[test]
    fn checksums_are_those_of_the_lock_file() {
        let lock = "[[package]]\nname = \"near\"\nversion = \"1.0.0\"\nchecksum = \"abc\"\n\n\
                    [[package]]\nname = \"program\"\nversion = \"0.1.0\"\n";
        let found = checksums(lock);
        assert_eq!(found.len(), 1);
        assert_eq!(found[&("near".to_owned(), "1.0.0".to_owned())], "abc");
    }
}
