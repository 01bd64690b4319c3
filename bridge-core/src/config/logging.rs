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

impl Default for Logging {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: Format::Text }
    }
}
