//! Naming every mistake in a registration, each with its place and its remedy.

mod identity;
mod namespaces;
mod pattern;

use std::{fmt, path::Path};

use serde_yaml::{Mapping, Value};

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// It does not work, or not safely.
    Error,
    /// It works here, but may not elsewhere or later.
    Warning,
}

/// One mistake in a registration. It displays as one sentence and never quotes a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How much it matters.
    pub severity: Severity,
    /// The key it is at, such as `namespaces.users[0].regex`, or `the file`.
    pub at: String,
    /// What is wrong and what it leads to.
    pub text: String,
    /// What to do about it.
    pub remedy: String,
}

impl Problem {
    pub(crate) fn error(at: impl Into<String>, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { severity: Severity::Error, at: at.into(), text: text.into(), remedy: remedy.into() }
    }

    pub(crate) fn warning(at: impl Into<String>, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(at, text, remedy) }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "Error",
            Severity::Warning => "Warning",
        };
        write!(f, "{severity} at {}: {}; {}.", self.at, self.text, self.remedy)
    }
}

/// Names every mistake in a registration's text and, when `path` is given, in that file's permissions. Errors
/// and warnings come in the order of the keys; an empty list means it is fine.
pub fn check(text: &str, path: Option<&Path>) -> Vec<Problem> {
    let mut found = Vec::new();
    match serde_yaml::from_str(text) {
        Ok(Value::Mapping(keys)) => {
            identity::check(&keys, &mut found);
            namespaces::check(&keys, &mut found);
        }
        Ok(_) => found.push(Problem::error("the file", "it holds no keys", "generate a registration")),
        Err(error) => {
            // The parser's own words could quote a line, and the line could be a token.
            let line = error.location().map_or(String::new(), |at| format!(" (line {})", at.line()));
            let text = format!("it is not YAML, or has a key twice{line}");
            found.push(Problem::error("the file", text, "mend that line or generate the file anew"));
        }
    }
    if let Some(path) = path {
        permissions(path, &mut found);
    }
    found
}

#[cfg(unix)]
fn permissions(path: &Path, found: &mut Vec<Problem>) {
    use std::os::unix::fs::MetadataExt;

    let problem = match path.metadata() {
        Ok(file) if file.mode() & 0o006 == 0 => return,
        Ok(_) => Problem::error(
            "the file",
            "every user of this machine can read its tokens or change it",
            "run chmod 600 on it, and give the homeserver's user a copy",
        ),
        Err(_) => Problem::error("the file", "its permissions cannot be read", "check the path"),
    };
    found.push(problem);
}

#[cfg(not(unix))]
fn permissions(_path: &Path, _found: &mut Vec<Problem>) {}

/// The value of a key that must be there; a missing one is noted.
fn required<'a>(keys: &'a Mapping, key: &str, at: &str, found: &mut Vec<Problem>) -> Option<&'a Value> {
    let value = keys.get(key);
    if value.is_none() {
        found.push(Problem::error(at, "the key is missing", "add it or generate the file anew"));
    }
    value
}

/// The text of a key that must be there and not empty; anything else is noted.
fn text<'a>(keys: &'a Mapping, key: &str, at: &str, found: &mut Vec<Problem>) -> Option<&'a str> {
    match required(keys, key, at, found)? {
        Value::String(text) if text.trim().is_empty() => {
            found.push(Problem::error(at, "it is empty", "fill it in or generate the file anew"));
            None
        }
        Value::String(text) => Some(text),
        _ => {
            found.push(Problem::error(at, "it is not text", "write it as text, in quotes if need be"));
            None
        }
    }
}

/// Notes a value that should be `true` or `false` and is neither.
fn boolean(value: &Value, at: &str, found: &mut Vec<Problem>) -> Option<bool> {
    let answer = value.as_bool();
    if answer.is_none() {
        found.push(Problem::error(at, "it is neither true nor false", "write true or false"));
    }
    answer
}

#[cfg(test)]
mod tests;
