//! Seals credentials at rest (XChaCha20-Poly1305), bound to the row they stand in.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::TryRng;

use super::db::StoreError;
use crate::secret::Secret;

const SEALED: &str = "sealed1:";
const CLEAR: &str = "clear1:";
const NONCE_BYTES: usize = 24;
/// A key's length in bytes; in a key file it stands as 64 hexadecimal digits.
pub const KEY_BYTES: usize = 32;

/// Closes and opens stored secrets.
pub struct Seal(Option<XChaCha20Poly1305>);

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "Seal(key)" } else { "Seal(none)" })
    }
}

impl Seal {
    /// Seals with this key: 64 hexadecimal digits, as [`Seal::new_key`] makes them.
    pub fn with_key(key: &Secret) -> Result<Self, StoreError> {
        let bytes = unhex(key.expose().trim()).filter(|bytes| bytes.len() == KEY_BYTES).ok_or_else(|| {
            StoreError(
                "The key has to be 64 hexadecimal digits. Put back the old key; if it is lost, make one with \
                 `openssl rand -hex 32` and log in again."
                    .to_owned(),
            )
        })?;
        let cipher = XChaCha20Poly1305::new_from_slice(&bytes)
            .map_err(|_| StoreError("The key has a wrong length.".to_owned()))?;
        Ok(Self(Some(cipher)))
    }

    /// Stores in the clear; whoever starts the program without a key is told so.
    pub fn none() -> Self {
        Self(None)
    }

    /// A new key from the operating system's random source, as text for a key file.
    pub fn new_key() -> Result<Secret, StoreError> {
        let bytes = random::<KEY_BYTES>()?;
        let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        Ok(Secret::new(digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect::<String>()))
    }

    /// Seals a text for the named place. The same text is sealed differently each time.
    pub fn close(&self, place: &str, text: &Secret) -> Result<String, StoreError> {
        let Some(cipher) = &self.0 else { return Ok(format!("{CLEAR}{}", text.expose())) };
        let nonce = random::<NONCE_BYTES>()?;
        let payload = Payload { msg: text.expose().as_bytes(), aad: place.as_bytes() };
        let sealed = cipher
            .encrypt(XNonce::from_slice(&nonce), payload)
            .map_err(|_| StoreError("The credentials could not be sealed.".to_owned()))?;
        Ok(format!("{SEALED}{}", BASE64.encode([nonce.as_slice(), &sealed].concat())))
    }

    /// Opens what was sealed for the named place.
    pub fn open(&self, place: &str, stored: &str) -> Result<Secret, StoreError> {
        if let Some(text) = stored.strip_prefix(CLEAR) {
            return Ok(Secret::new(text));
        }
        let wrong = || {
            StoreError(
                "The stored credentials cannot be opened with this key. Put back the key they were sealed with \
                 (secret.key_file), or remove the login and log in again."
                    .to_owned(),
            )
        };
        let cipher = self.0.as_ref().ok_or_else(wrong)?;
        let bytes =
            stored.strip_prefix(SEALED).and_then(|text| BASE64.decode(text).ok()).ok_or_else(wrong)?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_BYTES).ok_or_else(wrong)?;
        let payload = Payload { msg: sealed, aad: place.as_bytes() };
        let clear = cipher.decrypt(XNonce::from_slice(nonce), payload).map_err(|_| wrong())?;
        String::from_utf8(clear).map(Secret::new).map_err(|_| wrong())
    }
}

/// Where events stand that wait for their effect.
const EVENT: &str = "event";

impl Seal {
    /// Seals an event that is to be queued.
    pub fn close_event(&self, event: &str) -> Result<String, StoreError> {
        self.close(EVENT, &Secret::new(event))
    }

    /// A queued event as it was received, whether it was sealed or not: no event begins like a sealed one, since they all
    /// are JSON.
    pub fn open_event<'e>(&self, stored: &'e str) -> Result<Cow<'e, str>, StoreError> {
        if !stored.starts_with(SEALED) && !stored.starts_with(CLEAR) {
            return Ok(Cow::Borrowed(stored));
        }
        let opened = self.open(EVENT, stored).map_err(|_| {
            StoreError(
                "The event was sealed with another key (secret.key_file), so it cannot be read any more."
                    .to_owned(),
            )
        })?;
        Ok(Cow::Owned(opened.expose().to_owned()))
    }
}

fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    rand::rngs::SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| StoreError(format!("The system gave no random bytes: {error}")))?;
    Ok(bytes)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}
