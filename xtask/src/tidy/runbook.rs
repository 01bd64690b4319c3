//! docs/runbook.md has a section for each alert and for each trouble that the programs tell of themselves.

use super::Finding;
use super::source::Source;

const FILE: &str = "docs/runbook.md";
const RULE: &str = "runbook";
const ALERTS: &str = "deploy/monitoring/rules.yml";
/// What begins a trouble's code in the programs.
const TROUBLES: &[&str] = &["Trouble::down(", "Trouble::degraded("];

/// Checks that each has its heading, and that each section says what to do.
pub(crate) fn check(sources: &[Source]) -> Vec<Finding> {
    let Some(runbook) = sources.iter().find(|source| source.path == FILE) else {
        return vec![Finding::new(
            FILE,
            0,
            RULE,
            "there is no such file, though alerts and codes lead to it",
        )];
    };
    let mut names: Vec<(&str, usize, &str)> = Vec::new();
    for source in sources {
        if source.path == ALERTS {
            names.extend(alerts(&source.text).map(|(line, name)| (source.path.as_str(), line, name)));
        } else if source.is_rust() {
            names.extend(codes(source).map(|(line, name)| (source.path.as_str(), line, name)));
        }
    }
    let headings: Vec<&str> = runbook.text.lines().filter_map(heading).collect();
    let missing = names.iter().filter(|(_, _, name)| !headings.contains(name));
    let missing = missing.map(|(path, line, name)| {
        Finding::new(path, *line, RULE, format!("`{name}` has no section in {FILE}: its heading is the name"))
    });
    missing.chain(unfinished(&runbook.text)).collect()
}

/// The names of alerts, each with its line.
fn alerts(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate();
    lines.filter_map(|(index, line)| Some((index + 1, line.trim().strip_prefix("- alert: ")?.trim())))
}

/// The codes that a program's own code names, each with its line.
fn codes(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    let places = TROUBLES.iter().flat_map(|start| source.code.match_indices(start));
    let outside = places.filter(|(at, _)| !source.in_test(*at));
    outside.filter_map(|(at, start)| {
        let code = source.text[at + start.len()..].trim_start().strip_prefix('"')?.split('"').next()?;
        Some((source.line(at), code))
    })
}

/// The text of a section's heading.
fn heading(line: &str) -> Option<&str> {
    line.strip_prefix("### ").map(str::trim)
}

/// Sections that do not end in what to do.
fn unfinished(text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut open: Option<(usize, &str, bool)> = None;
    let end = [(usize::MAX, "## ")];
    for (index, line) in text.lines().enumerate().map(|(index, line)| (index + 1, line)).chain(end) {
        if line.starts_with("## ") || line.starts_with("### ") {
            if let Some((at, name, false)) = open {
                findings.push(Finding::new(
                    FILE,
                    at,
                    RULE,
                    format!("the section {name} does not say what to do (**Do.**)"),
                ));
            }
            open = heading(line).map(|name| (index, name, false));
        } else if line.starts_with("**Do.**")
            && let Some(section) = &mut open
        {
            section.2 = true;
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(sources: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> = sources.iter().map(|(path, text)| Source::new(*path, *text)).collect();
        check(&sources).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_name_has_its_section() {
        let rules = "groups:\n  - rules:\n      - alert: Down\n      - alert: Slow\n";
        let code = "fn f() -> Trouble {\n    Trouble::down(\n        \"away\",\n        \"It is.\")\n}\n\
                    fn down(code: &str) { Self::down(code); Trouble::degraded(code) }\n\
                    #[cfg(test)]\nmod tests { fn g() { Trouble::down(\"in_a_test\"); } }\n";
        let whole = "# Runbook\n## Alerts\n### Down\n**Do.** Start it.\n### Slow\n**Do.** Wait.\n## Codes\n### away\n**Do.** Look.\n";
        assert_eq!(told(&[(FILE, whole), (ALERTS, rules), ("a/src/b.rs", code)]), Vec::<String>::new());
        let less = whole.replace("### Slow", "### Slower").replace("### away", "### Away");
        let found = told(&[(FILE, &less), (ALERTS, rules), ("a/src/b.rs", code)]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("deploy/monitoring/rules.yml:4: `Slow`"), "{found:?}");
        assert!(found[1].starts_with("a/src/b.rs:2: `away`"), "{found:?}");
    }

    #[test]
    fn a_section_ends_in_what_to_do() {
        let found = told(&[(FILE, "### One\nIt is.\n### Two\n**Do.** This.\n### Three\n")]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("section One") && found[1].contains("section Three"), "{found:?}");
        assert_eq!(told(&[]).len(), 1);
    }
}
