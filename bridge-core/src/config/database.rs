//! Section `database`: where data is kept.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

use crate::secret::Secret;

/// The name under which systemd's `LoadCredential=` hands over the password.
pub const CREDENTIAL: &str = "database-password";

/// The section as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Section {
    url: Option<Secret>,
    password_file: Option<PathBuf>,
}

/// Where data is kept.
#[derive(Debug, Clone)]
pub struct Database {
    /// `sqlite:/absolute/file` or `postgres://…`; it may hold a password.
    pub url: Secret,
    /// The file with the password of a PostgreSQL url that holds none.
    pub password_file: Option<PathBuf>,
}

impl Database {
    /// The file of an SQLite database.
    pub fn file(&self) -> Option<&Path> {
        self.url.expose().strip_prefix("sqlite:").map(Path::new)
    }

    /// Reads the password and puts it into the url: from the credentials folder if it is there, else from the file. Changes
    /// nothing when neither is there. The error is a sentence with the key's path.
    pub fn read_password(&mut self, credentials: Option<&Path>) -> Result<(), String> {
        if self.file().is_some() {
            return Ok(());
        }
        let handed = credentials.map(|folder| folder.join(CREDENTIAL)).filter(|file| file.exists());
        let Some(file) = handed.as_ref().or(self.password_file.as_ref()) else { return Ok(()) };
        if has_password(self.url.expose()) {
            return Err(TWO_PASSWORDS.to_owned());
        }
        let text = Secret::new(std::fs::read_to_string(file).map_err(|error| {
            format!(
                "database.password_file: {} could not be read ({error}). Write PostgreSQL's password into it, readable for \
                 the program's user only.",
                file.display()
            )
        })?);
        let password = text.expose().trim_end_matches(['\r', '\n']);
        if password.is_empty() {
            return Err(format!(
                "database.password_file: {} is empty. Write PostgreSQL's password into it.",
                file.display()
            ));
        }
        let mut url = Url::parse(self.url.expose()).map_err(|_| UNREADABLE.to_owned())?;
        url.query_pairs_mut().append_pair("password", password);
        self.url = Secret::new(url.as_str());
        Ok(())
    }
}

const TWO_PASSWORDS: &str = "database.password_file: database.url holds a password already. Take one of the two away; that in \
                             the file is kept apart from the config.";
const UNREADABLE: &str = "database.url: not an address. Write it like postgres://user@127.0.0.1/name; the password may stand in \
     database.password_file.";

/// Whether an address of PostgreSQL brings its password along.
fn has_password(url: &str) -> bool {
    Url::parse(url)
        .is_ok_and(|url| url.password().is_some() || url.query_pairs().any(|(key, _)| key == "password"))
}

impl Section {
    pub(super) fn check(self, folder: &Path, problems: &mut Vec<String>) -> Option<Database> {
        let url = self.url.unwrap_or_else(|| Secret::new("sqlite:bridge.db"));
        let text = url.expose();
        if let Some(file) = text.strip_prefix("sqlite:") {
            if self.password_file.is_some() {
                problems.push(
                    "database.password_file: an SQLite database has no password. Take the key away, or let database.url \
                     name a PostgreSQL server."
                        .to_owned(),
                );
                return None;
            }
            if file.is_empty() {
                problems.push("database.url: names no file. Write it like sqlite:bridge.db.".to_owned());
                return None;
            }
            if file == ":memory:" {
                return Some(Database { url, password_file: None });
            }
            let file = super::placed(folder, Path::new(file.trim_start_matches("//")));
            let url = Secret::new(format!("sqlite:{}", file.display()));
            return Some(Database { url, password_file: None });
        }
        if !(text.starts_with("postgres://") || text.starts_with("postgresql://")) {
            problems.push("database.url: has to start with sqlite: or postgres://.".to_owned());
            return None;
        }
        let host = Url::parse(text).ok().and_then(|url| url.host_str().map(super::homeserver::is_localhost));
        if host == Some(true) {
            problems.push(
                "database.url: names localhost, which may mean ::1. Write 127.0.0.1 instead.".to_owned(),
            );
            return None;
        }
        if self.password_file.is_some() && has_password(text) {
            problems.push(TWO_PASSWORDS.to_owned());
            return None;
        }
        Some(Database { url, password_file: self.password_file.map(|file| super::placed(folder, &file)) })
    }
}
