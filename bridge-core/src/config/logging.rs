//! Section `logging`: what is logged and how it looks.

use serde::Deserialize;

/// What is logged.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Logging {
    /// A level (`info`) or directives (`info,bridge_core=debug`).
    pub level: String,
    /// How lines look.
    pub format: Format,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

impl Logging {
    /// A word that is no level would be taken for the name of a part of the program, and nothing would be logged.
    pub(super) fn check(&self, problems: &mut Vec<String>) {
        const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
        let is_level = |word: &str| LEVELS.iter().any(|level| word.trim().eq_ignore_ascii_case(level));
        let wrong = self.level.split(',').find(|directive| match directive.split_once('=') {
            Some((part, level)) => part.trim().is_empty() || !is_level(level),
            None => !is_level(directive),
        });
        if let Some(wrong) = wrong {
            problems.push(format!(
                "logging.level: {wrong:?} is not a level. Write error, warn, info or debug; for a part of the \
                 program, info,bridge_core::queue=debug."
            ));
        }
    }
}

impl Default for Logging {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: Format::Text }
    }
}
