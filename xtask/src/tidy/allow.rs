//! The exceptions: `allow.txt`, one line for each, `rule path`, with the reason in a comment above it.

use super::Finding;

/// Where the exceptions are listed.
pub(crate) const FILE: &str = "xtask/allow.txt";

/// Drops the findings that are allowed, and adds one for every exception that nothing needs any more.
pub(crate) fn apply(list: &str, findings: Vec<Finding>) -> Vec<Finding> {
    let entries: Vec<(usize, &str)> = list
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let covers =
        |entry: &str, finding: &Finding| entry.split_once(' ') == Some((finding.rule, &finding.path));
    let unused: Vec<Finding> = entries
        .iter()
        .filter(|(_, entry)| !findings.iter().any(|finding| covers(entry, finding)))
        .map(|(line, entry)| {
            Finding::new(FILE, *line, "allow", format!("nothing needs `{entry}`: remove it"))
        })
        .collect();
    let mut left = findings;
    left.retain(|finding| !entries.iter().any(|(_, entry)| covers(entry, finding)));
    left.extend(unused);
    left
}

#[cfg(test)]
mod tests {
    use super::{FILE, Finding, apply};

    #[test]
    fn drops_what_is_allowed_and_names_what_is_unused() {
        let found = || vec![Finding::new("a.rs", 3, "sleep", "x"), Finding::new("b.rs", 4, "sleep", "x")];
        let left = apply("# why\nsleep a.rs\n\nlayers a.rs\n", found());
        let left: Vec<_> = left.iter().map(|finding| (finding.path.as_str(), finding.line)).collect();
        assert_eq!(left, [("b.rs", 4), (FILE, 4)]);
    }
}
