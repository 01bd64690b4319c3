//! A file that lies encrypted on Matrix: where it is, and by what it is read and checked.

use std::fmt;

use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, Engine};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::FileSource;

/// Programs write the texts with and without padding.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// An `EncryptedFile` of the Matrix specification, version `v2`: AES-CTR with 256 bits, and SHA-256 over what lies on the
/// homeserver. It does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct EncryptedFile {
    /// The `mxc://` address.
    pub url: String,
    /// The key, wiped when dropped.
    pub key: Zeroizing<[u8; 32]>,
    /// The counter's first value.
    pub iv: [u8; 16],
    /// The hash of the encrypted bytes.
    pub sha256: [u8; 32],
}

impl fmt::Debug for EncryptedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncryptedFile")
    }
}

impl EncryptedFile {
    /// Reads the field `file` of an event's content; none for what cannot be decrypted, as another version.
    pub fn read(file: &Value) -> Option<Self> {
        let text = |pointer: &str| file.pointer(pointer).and_then(Value::as_str);
        if text("/v")? != "v2" || text("/key/alg")? != "A256CTR" {
            return None;
        }
        Some(Self {
            url: text("/url")?.to_owned(),
            key: Zeroizing::new(bytes(&URL_SAFE, text("/key/k")?)?),
            iv: bytes(&STANDARD, text("/iv")?)?,
            sha256: bytes(&STANDARD, text("/hashes/sha256")?)?,
        })
    }

    /// As a file's source.
    pub fn source(&self) -> FileSource {
        let file = json!({
            "v": "v2",
            "url": self.url,
            "key": { "alg": "A256CTR", "k": URL_SAFE.encode(*self.key) },
            "iv": STANDARD.encode(self.iv),
            "hashes": { "sha256": STANDARD.encode(self.sha256) },
        });
        FileSource::new(file.to_string())
    }

    /// Out of a file's source; none for one that is an address only.
    pub fn of_source(source: &FileSource) -> Option<Self> {
        // An address is no JSON.
        Self::read(&serde_json::from_str(source.as_str()).ok()?)
    }
}

fn bytes<const N: usize>(engine: &impl Engine, text: &str) -> Option<[u8; N]> {
    engine.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn file() -> Value {
        json!({
            "v": "v2", "url": "mxc://hs/1",
            "key": {
                "alg": "A256CTR", "ext": true, "k": "qcHVMSgYg-71CauWBezXI5qkaRb0LuIy-Wx5kIaHMIA", "kty": "oct",
                "key_ops": ["encrypt", "decrypt"],
            },
            "iv": "X85+XgHN+HEAAAAAAAAAAA",
            "hashes": { "sha256": "5qG4fFnbbVdlAB1Q72JDKwCagV6Dbkx9uds4rSak37c" },
        })
    }

    #[test]
    fn it_goes_through_a_source_and_does_not_print() {
        let read = EncryptedFile::read(&file()).unwrap();
        assert_eq!(EncryptedFile::of_source(&read.source()), Some(read.clone()));
        assert_eq!(format!("{read:?} {:?}", read.source()), "EncryptedFile FileSource");
        assert_eq!(EncryptedFile::of_source(&FileSource::new("mxc://hs/1")), None);
        let mut padded = file();
        padded["hashes"]["sha256"] = "5qG4fFnbbVdlAB1Q72JDKwCagV6Dbkx9uds4rSak37c=".into();
        assert_eq!(EncryptedFile::read(&padded), Some(read));
    }

    #[test]
    fn what_cannot_be_decrypted_is_none() {
        for (pointer, value) in [
            ("/v", json!("v1")),
            ("/key/alg", json!("A128CTR")),
            ("/key/k", json!("qcHV")),
            ("/iv", json!("not base64!")),
            ("/hashes/sha256", json!(7)),
            ("/url", Value::Null),
        ] {
            let mut odd = file();
            *odd.pointer_mut(pointer).unwrap() = value;
            assert_eq!(EncryptedFile::read(&odd), None, "{pointer}");
        }
    }
}
