//! Encrypted attachments, as clients send them in encrypted rooms and people forward them to others.
use aes::Aes256;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit as _, StreamCipher as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::User;
use crate::Result;

impl User {
    /// Uploads a file encrypted and answers the `EncryptedFile` that events name it by.
    pub async fn upload_encrypted(&self, mut bytes: Vec<u8>) -> Result<Value> {
        let (key, mut iv): ([u8; 32], [u8; 16]) = (rand::random(), rand::random());
        iv[8..].fill(0);
        Ctr128BE::<Aes256>::new(&key.into(), &iv.into()).apply_keystream(&mut bytes);
        let sha256 = STANDARD_NO_PAD.encode(Sha256::digest(&bytes));
        let url = self.upload("", "application/octet-stream", bytes).await?;
        Ok(json!({
            "v": "v2", "url": url, "iv": STANDARD_NO_PAD.encode(iv), "hashes": { "sha256": sha256 },
            "key": {
                "alg": "A256CTR", "ext": true, "k": URL_SAFE_NO_PAD.encode(key), "kty": "oct",
                "key_ops": ["encrypt", "decrypt"],
            },
        }))
    }
}
