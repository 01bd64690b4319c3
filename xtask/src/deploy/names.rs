//! The names of metrics: those that exist, and those that an expression of Prometheus asks for.

use super::{files, text};
use crate::workspace::Workspace;
use anyhow::{Result, bail};
use std::collections::BTreeMap;

/// Metrics of others that our rules ask for, with whose they are.
const OTHERS: &[(&str, &str)] = &[
    ("up", "Prometheus"),
    ("node_filesystem_avail_bytes", "node_exporter"),
    ("node_filesystem_size_bytes", "node_exporter"),
    ("bridge_backup_timestamp_seconds", "deploy/backup-rotate.sh, by node_exporter"),
];

/// The metrics that exist.
pub(super) struct Known {
    /// Name and kind, as the programs list them.
    ours: BTreeMap<String, String>,
}

impl Known {
    /// Reads the generated lists.
    pub(super) fn read(workspace: &Workspace) -> Result<Self> {
        let mut ours = BTreeMap::new();
        for file in files(workspace, "docs/generated", ".md")? {
            if file.to_string_lossy().contains("metrics") {
                ours.extend(text(&file)?.lines().filter_map(listed));
            }
        }
        let backup = text(&workspace.root.join("deploy/backup-rotate.sh"))?;
        if ours.is_empty() || !backup.contains("bridge_backup_timestamp_seconds{") {
            bail!("the list of metrics is empty, or backup-rotate.sh writes its metric no longer");
        }
        Ok(Self { ours })
    }

    /// The programs' own.
    pub(super) fn ours(&self) -> impl Iterator<Item = &str> {
        self.ours.keys().map(String::as_str)
    }

    /// The metric that a series belongs to: a histogram has several.
    pub(super) fn family<'a>(&self, name: &'a str) -> &'a str {
        let bases = ["_bucket", "_sum", "_count"].into_iter().filter_map(|end| name.strip_suffix(end));
        let is_histogram =
            |base: &&str| self.ours.get(*base).is_some_and(|kind| kind.starts_with("histogram"));
        bases.into_iter().find(is_histogram).unwrap_or(name)
    }

    /// An error if one of the names does not exist; `place` asks for them.
    pub(super) fn expect(&self, place: &str, names: Vec<&str>) -> Result<()> {
        if names.is_empty() {
            bail!("{place} asks for no metric");
        }
        for name in names {
            let is_bare_histogram = self.ours.get(name).is_some_and(|kind| kind.starts_with("histogram"));
            let exists =
                self.ours.contains_key(self.family(name)) || OTHERS.iter().any(|(other, _)| *other == name);
            if !exists || is_bare_histogram {
                bail!("{place} asks for {name}, which is in none of docs/generated's lists of metrics");
            }
        }
        Ok(())
    }
}

/// Name and kind in a line of a list.
fn listed(line: &str) -> Option<(String, String)> {
    let mut cells = line.strip_prefix("| `")?.split(" | ");
    Some((cells.next()?.trim_end_matches('`').to_owned(), cells.next()?.to_owned()))
}

/// The metrics that an expression asks for.
pub(super) fn metrics(expr: &str) -> Vec<&str> {
    const WORDS: &[&str] = &[
        "and",
        "or",
        "unless",
        "bool",
        "offset",
        "by",
        "without",
        "on",
        "ignoring",
        "group_left",
        "group_right",
    ];
    let words = words(expr);
    let mut found = Vec::new();
    for (at, (word, end)) in words.iter().enumerate() {
        let rest = expr[*end..].trim_start();
        let is_labels = |before: &str| matches!(before, "by" | "without" | "on" | "ignoring");
        // `sum by (job) (…)`: an aggregation before its labels.
        let aggregates = words.get(at + 1).is_some_and(|(next, _)| {
            matches!(*next, "by" | "without") && rest.starts_with(next) && !rest.starts_with('(')
        });
        let is_label = at > 0 && in_list_of(expr, &words, at, is_labels);
        if !rest.starts_with('(') && !aggregates && !is_label && !WORDS.contains(word) {
            found.push(*word);
        }
    }
    found
}

/// Whether a word stands in the parentheses right behind one of certain words.
fn in_list_of(expr: &str, words: &[(&str, usize)], at: usize, is_labels: impl Fn(&str) -> bool) -> bool {
    let mut before = words[..at].iter().rev().skip_while(|(word, _)| !is_labels(word));
    before.next().is_some_and(|(_, end)| {
        let between = &expr[*end..words[at].1];
        between.trim_start().starts_with('(') && !between.contains(')')
    })
}

/// Every word outside of texts, label matchers and ranges, with where it ends.
fn words(expr: &str) -> Vec<(&str, usize)> {
    let bytes = expr.as_bytes();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':';
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        match bytes[at] {
            b'"' => at = after(bytes, at, b'"'),
            b'{' => at = after(bytes, at, b'}'),
            b'[' => at = after(bytes, at, b']'),
            byte if is_word(byte) => {
                while at < bytes.len() && (is_word(bytes[at]) || bytes[at] == b'.') {
                    at += 1;
                }
                // Numbers and times begin with a digit.
                if !byte.is_ascii_digit() {
                    found.push((&expr[start..at], at));
                }
            }
            _ => at += 1,
        }
    }
    found
}

/// The place behind what closes; texts in between may hold anything.
fn after(bytes: &[u8], open: usize, close: u8) -> usize {
    let mut in_text = close == b'"';
    for (at, byte) in bytes.iter().enumerate().skip(open + 1) {
        if *byte == close && (!in_text || close == b'"') {
            return at + 1;
        }
        in_text ^= *byte == b'"';
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::metrics;

    #[test]
    fn finds_metrics_and_nothing_else() {
        let expr =
            "histogram_quantile(0.99, sum by (job, le) (rate(a_bucket{job=~\"x{2}\", b!=\"c\"}[5m]))) > 1";
        assert_eq!(metrics(expr), ["a_bucket"]);
        let expr = "sum(increase(a_total[15m])) by (job) or 0 * up == 0 and b_total offset 1w > 5";
        assert_eq!(metrics(expr), ["a_total", "up", "b_total"]);
        let expr = "label_replace(up{x=\"]\"}, \"program\", \"$1\", \"job\", \"(.*)\") unless on (program) b";
        assert_eq!(metrics(expr), ["up", "b"]);
        assert!(metrics("time() > 36 * 3600").is_empty());
    }
}
