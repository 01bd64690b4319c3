//! A token of a registration: a secret that does not print.

use std::fmt::{self, Write};

use rand::{TryRng, rngs::SysRng};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::Error;

/// A secret shared with the homeserver. Its `Debug` shows nothing, equality takes the same time whatever
/// differs, and the memory is wiped when it is dropped.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
pub struct Token(String);

impl Token {
    /// Makes a new token of 256 bits from the operating system's random source, written as 64 hex digits.
    pub fn random() -> Result<Self, Error> {
        let mut bytes = zeroize::Zeroizing::new([0u8; 32]);
        SysRng.try_fill_bytes(bytes.as_mut()).map_err(|_| Error::Random)?;
        Ok(Self(bytes.iter().fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })))
    }

    /// The secret itself, for a request's header or a comparison; never for a log, an error or a URL.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Token {
    fn from(secret: String) -> Self {
        Self(secret)
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Token {}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}
