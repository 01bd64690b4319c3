//! The config of `react`.

use std::collections::BTreeMap;

use regex::{RegexSet, RegexSetBuilder};
use serde::{Deserialize, Serialize};

use crate::plugin::{PluginConfig, Problem};

/// How large the patterns of a rule may become, in bytes of memory.
const LARGEST: usize = 1 << 20;

/// The config.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What holds for all patterns.
    pub default_flags: Vec<Flag>,
    /// How often it may answer.
    pub antispam: Antispam,
    /// The rules by name; the first in the order of the names that fits counts.
    pub rules: BTreeMap<String, Rule>,
}

impl Default for Config {
    fn default() -> Self {
        Self { default_flags: vec![Flag::Ignorecase], antispam: Antispam::default(), rules: BTreeMap::new() }
    }
}

/// What holds for patterns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Flag {
    /// Large and small letters are the same.
    Ignorecase,
    /// `^` and `$` stand for the ends of lines.
    Multiline,
    /// `.` stands for a line break, too.
    Dotall,
}

/// How often it may answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Antispam {
    /// In a room.
    pub room: Limit,
    /// To a person.
    pub user: Limit,
}

impl Default for Antispam {
    fn default() -> Self {
        Self { room: Limit { max: 10, delay: 60 }, user: Limit { max: 5, delay: 60 } }
    }
}

/// So many answers in so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// How many; 0 for no limit.
    pub max: u32,
    /// In how many seconds.
    pub delay: u32,
}

/// A rule.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    /// Only in these rooms, by their ids; everywhere if empty.
    pub rooms: Vec<String>,
    /// Not in these.
    pub not_rooms: Vec<String>,
    /// Patterns of which one has to fit.
    pub matches: Vec<String>,
    /// Patterns of which none may fit.
    pub not_matches: Vec<String>,
    /// What to react with.
    pub react: Option<String>,
    /// What to answer.
    pub reply: Option<String>,
}

impl Config {
    /// The patterns, read with the flags.
    pub(super) fn set_of(&self, patterns: &[String]) -> Result<RegexSet, regex::Error> {
        let has = |flag| self.default_flags.contains(&flag);
        RegexSetBuilder::new(patterns)
            .case_insensitive(has(Flag::Ignorecase))
            .multi_line(has(Flag::Multiline))
            .dot_matches_new_line(has(Flag::Dotall))
            .size_limit(LARGEST)
            .build()
    }
}

impl PluginConfig for Config {
    fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (name, rule) in &self.rules {
            let field = format!("rules.{name}");
            if rule.matches.is_empty() {
                problems
                    .push(Problem::new(format!("{field}.matches"), "is empty; write at least one pattern."));
            }
            if rule.react.is_none() && rule.reply.is_none() {
                problems.push(Problem::new(&field, "does nothing; write `react` or `reply`."));
            }
            for (key, patterns) in [("matches", &rule.matches), ("not_matches", &rule.not_matches)] {
                for (at, pattern) in patterns.iter().enumerate() {
                    if self.set_of(std::slice::from_ref(pattern)).is_err() {
                        let text =
                            "is no pattern that can be read (a regular expression without look-around).";
                        problems.push(Problem::new(format!("{field}.{key}[{at}]"), text));
                    }
                }
                if problems.is_empty() && self.set_of(patterns).is_err() {
                    problems.push(Problem::new(
                        format!("{field}.{key}"),
                        "is too large altogether; split the rule.",
                    ));
                }
            }
        }
        problems
    }
}
