//! Section `secret`: what seals credentials at rest.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::secret::Secret;

/// The name under which systemd's `LoadCredential=` hands over the key.
pub const CREDENTIAL: &str = "secret-key";

/// The section as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Section {
    key_file: Option<PathBuf>,
}

/// Where the key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretKey {
    /// A file with 64 hexadecimal digits.
    pub key_file: Option<PathBuf>,
}

impl Section {
    pub(super) fn check(self, folder: &Path) -> SecretKey {
        SecretKey { key_file: self.key_file.map(|file| super::placed(folder, &file)) }
    }
}

impl SecretKey {
    /// Reads the key: from the credentials folder if the key is there, else from the file. None when neither is
    /// configured. The error is a sentence with the key's path.
    pub fn read(&self, credentials: Option<&Path>) -> Result<Option<Secret>, String> {
        let handed = credentials.map(|folder| folder.join(CREDENTIAL)).filter(|file| file.exists());
        let Some(file) = handed.as_ref().or(self.key_file.as_ref()) else { return Ok(None) };
        let text = std::fs::read_to_string(file).map_err(|error| {
            format!(
                "secret.key_file: {} could not be read ({error}). Put back the key that the logins were sealed with, 64 \
                 hexadecimal digits. If it is lost, or there never was one, make one with `openssl rand -hex 32`, and log \
                 in again.",
                file.display()
            )
        })?;
        Ok(Some(Secret::new(text)))
    }
}
