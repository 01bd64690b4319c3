//! docs/features.md claims nothing without a test that shows it.

use super::Finding;
use super::source::Source;
use std::path::Path;

const FILE: &str = "docs/features.md";
const RULE: &str = "features";
/// Where the scenarios are.
const SCENARIOS: &str = "tests/scenarios/tests/scenarios/";
/// How a cell begins that claims nothing.
const NO_CLAIM: &[&str] = &["not ", "Slack "];

/// Checks each cell of each table, and each scenario that is named.
pub(crate) fn check(root: &Path, sources: &[Source]) -> Vec<Finding> {
    let Some(table) = sources.iter().find(|source| source.path == FILE) else {
        return vec![Finding::new(FILE, 0, RULE, "there is no such file, though it says what is carried")];
    };
    let is_scenario = |module: &str, name: &str| {
        let path = format!("{SCENARIOS}{module}.rs");
        let mount = format!("scenario!({name} in ");
        sources.iter().any(|source| source.path == path && source.text.contains(&mount))
    };
    unshown(&table.text, |named| match named.split_once("::") {
        Some((module, name)) => is_scenario(module, name),
        None => root.join(named).exists(),
    })
}

fn unshown(text: &str, exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut is_body = false;
    for (index, line) in text.lines().enumerate() {
        let mut find = |text: String| findings.push(Finding::new(FILE, index + 1, RULE, text));
        for named in line.split('`').skip(1).step_by(2).filter(|named| is_name(named) && !exists(named)) {
            find(format!("there is no `{named}`"));
        }
        let Some(row) = line.trim().strip_prefix('|') else {
            is_body = false;
            continue;
        };
        // What stands before the rule is the head.
        if row.starts_with("---") {
            is_body = true;
            continue;
        }
        let cells = row.trim_end_matches('|').split('|').skip(1).map(str::trim);
        let claims = cells.filter(|cell| {
            let claims_nothing = cell.is_empty() || NO_CLAIM.iter().any(|start| cell.starts_with(start));
            is_body && !claims_nothing && !cell.split('`').skip(1).step_by(2).any(is_name)
        });
        for claim in claims {
            find(format!("{claim:?} names no test; where nothing is carried it begins with \"not\""));
        }
    }
    findings
}

/// A scenario (`file::name`) or a path.
fn is_name(text: &str) -> bool {
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "._-/:".contains(c));
    plain && (text.contains("::") || text.contains('/') && !text.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::unshown;

    #[test]
    fn a_claim_needs_a_test_that_is_there() {
        let text = "`a/b` | what |\n\n| what | there | here |\n|---|---|---|\n| Text | `x::y` | yes |\n\
                    | Pins | not yet | `x::gone`, `/matrix` |\n| More | | Slack tells nobody |\n";
        let findings = unshown(text, |named| named == "x::y" || named == "a/b");
        let lines: Vec<(usize, &str)> =
            findings.iter().map(|finding| (finding.line, finding.text.as_str())).collect();
        let claim = "\"yes\" names no test; where nothing is carried it begins with \"not\"";
        assert_eq!(lines, [(5, claim), (6, "there is no `x::gone`")]);
    }
}
