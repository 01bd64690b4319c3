//! Bytes that nobody can guess, from the system's source.

use std::fmt::Write as _;

use rand::TryRng as _;
use rand::rngs::SysRng;

/// As many as are asked for. The error, a sentence, is that the system has none.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| format!("The system gives no random bytes ({error}). Try again."))?;
    Ok(bytes)
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
