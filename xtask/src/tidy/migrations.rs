//! Migrations that have landed are never edited: their hashes are listed.

use super::Finding;
use crate::python::hash;
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// The list: one line for each migration, `sha256  path`.
pub(crate) const LIST: &str = "migrations/hashes.txt";

const EXPLAIN: &str = "\
# The migrations and their SHA-256. A listed one is never edited: databases have run it already.
# `cargo xtask generate` adds the new ones.
";

/// Compares the files with the list.
pub(crate) fn check(root: &Path) -> Result<Vec<Finding>> {
    let list = fs::read_to_string(root.join(LIST)).unwrap_or_default();
    Ok(compare(&list, &present(root)?))
}

/// The list as it is, with the migrations added that it does not have yet.
pub(crate) fn with_new_hashes(root: &Path) -> Result<String> {
    let list = fs::read_to_string(root.join(LIST)).unwrap_or_default();
    Ok(added(&list, &present(root)?))
}

fn added(list: &str, present: &[(String, String)]) -> String {
    let known = entries(list);
    let mut text = if list.is_empty() { EXPLAIN.to_owned() } else { list.to_owned() };
    for (path, hash) in present {
        if !known.iter().any(|(_, known, _)| known == path) {
            text.extend([hash, "  ", path, "\n"]);
        }
    }
    text
}

fn compare(list: &str, present: &[(String, String)]) -> Vec<Finding> {
    let known = entries(list);
    let mut findings = Vec::new();
    for (line, path, hash) in &known {
        let text = match present.iter().find(|(present, _)| present == path) {
            Some((_, now)) if now == hash => continue,
            Some(_) => format!("{path} was edited; undo that and write the change as a new migration"),
            None => format!("{path} is gone; databases have run it, so it must stay"),
        };
        findings.push(Finding::new(LIST, *line, "migrations", text));
    }
    for (path, _) in present {
        if !known.iter().any(|(_, known, _)| known == path) {
            let text = format!("is not listed in {LIST}: run `cargo xtask generate`");
            findings.push(Finding::new(path, 0, "migrations", text));
        }
    }
    findings
}

/// Line, path and hash of every entry.
fn entries(list: &str) -> Vec<(usize, &str, &str)> {
    list.lines()
        .enumerate()
        .filter(|(_, line)| !line.starts_with('#'))
        .filter_map(|(index, line)| line.split_once("  ").map(|(hash, path)| (index + 1, path, hash)))
        .collect()
}

/// Path and hash of every migration, in order.
fn present(root: &Path) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    let Ok(components) = fs::read_dir(root.join("migrations")) else {
        return Ok(found);
    };
    for component in components {
        let component = component?;
        if !component.file_type()?.is_dir() {
            continue;
        }
        for file in fs::read_dir(component.path())? {
            let file = file?.path();
            let path = file.strip_prefix(root)?.to_string_lossy().into_owned();
            if path.ends_with(".sql") {
                let bytes = fs::read(&file).with_context(|| format!("{path} could not be read"))?;
                found.push((path, hash(&bytes)));
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::{added, compare};

    fn files(names: &[(&str, &str)]) -> Vec<(String, String)> {
        names.iter().map(|&(path, hash)| (path.to_owned(), hash.to_owned())).collect()
    }

    #[test]
    fn a_new_one_is_listed_once() {
        let present = files(&[("migrations/core/0001_a.sql", "aa")]);
        let list = added("", &present);
        assert!(compare(&list, &present).is_empty());
        assert_eq!(added(&list, &present), list);
        assert_eq!(compare("", &present).len(), 1);
    }

    #[test]
    fn an_edited_or_removed_one_is_found() {
        let list =
            added("", &files(&[("migrations/core/0001_a.sql", "aa"), ("migrations/core/0002_b.sql", "bb")]));
        let findings = compare(&list, &files(&[("migrations/core/0001_a.sql", "ab")]));
        let texts: Vec<_> = findings.iter().map(|finding| finding.text.as_str()).collect();
        assert_eq!(texts.len(), 2);
        assert!(texts[0].contains("edited"));
        assert!(texts[1].contains("gone"));
    }
}
