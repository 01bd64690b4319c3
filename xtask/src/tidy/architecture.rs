//! ARCHITECTURE.md speaks of files that exist.

use super::Finding;
use super::source::Source;
use std::fs;
use std::path::Path;

const FILE: &str = "ARCHITECTURE.md";

/// Where a path in the text may begin: at the root, or in a crate of which the text speaks.
const BASES: &[&str] = &["", "bridge-core/src", "bridge-slack/src", "bridge-bots/src", "tests"];

/// Endings by which a name without a folder is taken for a file.
const ENDINGS: &[&str] = &[".rs", ".md", ".toml", ".sql"];

/// Checks every path in backticks.
pub(crate) fn check(root: &Path, sources: &[Source]) -> Vec<Finding> {
    let Ok(text) = fs::read_to_string(root.join(FILE)) else {
        return vec![Finding::new(
            FILE,
            0,
            "architecture",
            "there is no such file, though it is the map for readers",
        )];
    };
    let exists = |path: &str| {
        let somewhere = format!("/{path}");
        BASES.iter().any(|base| root.join(base).join(path).exists())
            || (!path.contains('/') && sources.iter().any(|source| source.path.ends_with(&somewhere)))
    };
    missing(&text, exists)
}

fn missing(text: &str, exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut in_block = false;
    for (index, line) in text.lines().enumerate() {
        in_block ^= line.trim_start().starts_with("```");
        // In a line, every second piece stands between backticks.
        for path in
            line.split('`').skip(1).step_by(2).filter(|path| !in_block && is_path(path) && !exists(path))
        {
            findings.push(Finding::new(FILE, index + 1, "architecture", format!("`{path}` does not exist")));
        }
    }
    findings
}

fn is_path(text: &str) -> bool {
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c));
    plain && !text.starts_with('/') && (text.contains('/') || ENDINGS.iter().any(|end| text.ends_with(end)))
}

#[cfg(test)]
mod tests {
    use super::missing;

    #[test]
    fn finds_only_paths_that_are_gone() {
        let text = "`store/db.rs` and `gone/file.rs`\n`GET /x/y` `ChatId` `/health/ready` `other.rs`\n```\n`in/block`\n```\n";
        let findings = missing(text, |path| path == "store/db.rs");
        let lines: Vec<_> = findings.iter().map(|finding| (finding.line, finding.text.as_str())).collect();
        assert_eq!(lines, [(1, "`gone/file.rs` does not exist"), (2, "`other.rs` does not exist")]);
    }
}
