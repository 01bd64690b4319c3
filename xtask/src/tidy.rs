//! The rules of the repository that no compiler checks; each rule is a file in `tidy/`.

mod allow;
mod architecture;
mod crates;
mod features;
mod layers;
pub(crate) mod migrations;
mod names;
mod paths;
mod runbook;
mod shape;
mod source;
mod words;

use crate::process;
use crate::workspace::Workspace;
use anyhow::Result;
use source::Source;
use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;

/// One place where a rule is not kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    path: String,
    /// Counted from 1; 0 when the whole file is meant.
    line: usize,
    /// The rule's short name, as `allow.txt` names it.
    rule: &'static str,
    text: String,
}

impl Finding {
    fn new(path: &str, line: usize, rule: &'static str, text: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, rule, text: text.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {} [{}]", self.path, self.text, self.rule),
            line => write!(f, "{}:{line}: {} [{}]", self.path, self.text, self.rule),
        }
    }
}

/// Checks everything and prints what it finds; `true` when there is nothing.
pub(crate) fn run(workspace: &Workspace) -> Result<bool> {
    let sources = read(&workspace.root)?;
    let mut findings = Vec::new();
    for source in &sources {
        findings.extend(shape::check(source));
        findings.extend(layers::check(source));
        findings.extend(names::check(source));
        findings.extend(words::check(source));
    }
    findings.extend(crates::check(workspace)?);
    findings.extend(migrations::check(&workspace.root)?);
    findings.extend(architecture::check(&workspace.root, &sources));
    findings.extend(features::check(&workspace.root, &sources));
    findings.extend(runbook::check(&sources));
    let allowed = fs::read_to_string(workspace.root.join(allow::FILE)).unwrap_or_default();
    let mut findings = allow::apply(&allowed, findings);
    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    println!("tidy: {} files, {} findings", sources.len(), findings.len());
    Ok(findings.is_empty())
}

/// Every text file that git knows or would add.
fn read(root: &Path) -> Result<Vec<Source>> {
    let mut git = Command::new("git");
    git.current_dir(root).args(["ls-files", "--cached", "--others", "--exclude-standard"]);
    let mut paths = Vec::new();
    match process::quiet_output(&mut git) {
        Some(list) => paths.extend(list.lines().map(str::to_owned)),
        // An unpacked archive is no git repository.
        None => walk(root, "", &mut paths)?,
    }
    paths.sort();
    paths.dedup();
    let text = |path: String| fs::read_to_string(root.join(&path)).ok().map(|text| Source::new(path, text));
    Ok(paths.into_iter().filter_map(text).collect())
}

fn walk(root: &Path, folder: &str, paths: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        match entry.file_type()?.is_dir() {
            true if matches!(name.as_str(), "target" | ".git" | "node_modules" | "__pycache__") => {}
            true => walk(root, &path, paths)?,
            false => paths.push(path),
        }
    }
    Ok(())
}
