//! Section `database`: where data is kept.

use std::path::Path;

use serde::Deserialize;

use crate::secret::Secret;

/// The section as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Section {
    url: Option<String>,
}

/// Where data is kept.
#[derive(Debug, Clone)]
pub struct Database {
    /// `sqlite:/absolute/file` or `postgres://…`; it may hold a password.
    pub url: Secret,
}

impl Database {
    /// The file of an SQLite database.
    pub fn file(&self) -> Option<&Path> {
        self.url.expose().strip_prefix("sqlite:").map(Path::new)
    }
}

impl Section {
    pub(super) fn check(self, folder: &Path, problems: &mut Vec<String>) -> Option<Database> {
        let text = self.url.unwrap_or_else(|| "sqlite:bridge.db".to_owned());
        if let Some(file) = text.strip_prefix("sqlite:") {
            if file.is_empty() {
                problems.push("database.url: names no file. Write it like sqlite:bridge.db.".to_owned());
                return None;
            }
            if file == ":memory:" {
                return Some(Database { url: Secret::new(text) });
            }
            let file = super::placed(folder, Path::new(file.trim_start_matches("//")));
            return Some(Database { url: Secret::new(format!("sqlite:{}", file.display())) });
        }
        if !(text.starts_with("postgres://") || text.starts_with("postgresql://")) {
            problems.push("database.url: has to start with sqlite: or postgres://.".to_owned());
            return None;
        }
        match url::Url::parse(&text).ok().and_then(|url| url.host_str().map(super::homeserver::is_localhost))
        {
            Some(true) => {
                problems.push(
                    "database.url: names localhost, which may mean ::1. Write 127.0.0.1 instead.".to_owned(),
                );
                None
            }
            _ => Some(Database { url: Secret::new(text) }),
        }
    }
}
