//! Decrypts a file of Matrix on its way: piece by piece, and checked before its end is given out.

use aes::Aes256;
use bytes::{Bytes, BytesMut};
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit as _, StreamCipher as _};
use futures_util::StreamExt as _;
use sha2::{Digest as _, Sha256};

use super::file::FileStream;
use crate::content::EncryptedFile;
use crate::error::NetworkError;

const DIFFERS: &str = "The encrypted file differs from the hash that its message names: it was damaged or changed, and is \
                       not sent. Send it again.";

struct Decryption {
    encrypted: FileStream,
    cipher: Ctr128BE<Aes256>,
    hash: Sha256,
    expected: [u8; 32],
    /// The last piece, until it is known whether the whole is right: whoever is told a length beforehand does not ask for
    /// more once it is reached, and so would not hear of an error behind it.
    held: Option<Bytes>,
    is_over: bool,
}

/// The content of an encrypted file. If it does not have the hash that it should have, the stream ends with a
/// [`NetworkError::Rejected`] before its last piece.
pub(super) fn decrypted(encrypted: FileStream, file: &EncryptedFile) -> FileStream {
    let decryption = Decryption {
        encrypted,
        cipher: Ctr128BE::new((&*file.key).into(), (&file.iv).into()),
        hash: Sha256::new(),
        expected: file.sha256,
        held: None,
        is_over: false,
    };
    Box::pin(futures_util::stream::try_unfold(decryption, async |mut decryption| {
        Ok(decryption.next().await?.map(|piece| (piece, decryption)))
    }))
}

impl Decryption {
    async fn next(&mut self) -> Result<Option<Bytes>, NetworkError> {
        while !self.is_over {
            if let Some(piece) = self.encrypted.next().await {
                let piece = self.decrypt(piece?);
                if let Some(earlier) = self.held.replace(piece) {
                    return Ok(Some(earlier));
                }
            } else {
                self.is_over = true;
                if self.hash.finalize_reset()[..] != self.expected {
                    return Err(NetworkError::Rejected(DIFFERS.to_owned()));
                }
            }
        }
        Ok(self.held.take())
    }

    fn decrypt(&mut self, piece: Bytes) -> Bytes {
        self.hash.update(&piece);
        // In place where nobody else holds the bytes.
        let mut piece = piece.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]));
        self.cipher.apply_keystream(&mut piece);
        piece.freeze()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    const PLAIN: &[u8] = b"a sixteen byte sand more";

    /// Encrypted by another implementation, so that the two have to agree.
    fn example() -> (Vec<u8>, EncryptedFile) {
        let file = json!({
            "v": "v2", "url": "mxc://hs/1",
            "key": { "alg": "A256CTR", "k": "__________________________________________8" },
            "iv": "//////////8AAAAAAAAAAA",
            "hashes": { "sha256": "yod3r5DqtrnfuL0LsT50GdJvoChVLV9zXEQHA1j6MtI" },
        });
        let encrypted = [
            0xce, 0x57, 0x46, 0x4b, 0xc9, 0x04, 0x07, 0x15, 0x27, 0xa9, 0xd9, 0xe5, 0xa4, 0x2d, 0x42, 0xf3,
            0x64, 0x0e, 0xa2, 0x1f, 0x66, 0x61, 0x46, 0xe2,
        ];
        (encrypted.to_vec(), EncryptedFile::read(&file).unwrap())
    }

    async fn read(encrypted: &[u8], piece: usize, file: &EncryptedFile) -> Result<Vec<u8>, NetworkError> {
        let pieces: Vec<_> = encrypted.chunks(piece).map(|it| Ok(Bytes::copy_from_slice(it))).collect();
        let mut stream = decrypted(Box::pin(futures_util::stream::iter(pieces)), file);
        let mut whole = Vec::new();
        while let Some(piece) = stream.next().await {
            whole.extend_from_slice(&piece?);
        }
        Ok(whole)
    }

    #[tokio::test]
    async fn a_wrong_hash_ends_it_before_its_last_piece() {
        let (mut encrypted, file) = example();
        for piece in [1, 3, 16, 100] {
            assert_eq!(read(&encrypted, piece, &file).await.unwrap(), PLAIN);
        }
        encrypted[0] ^= 1;
        let pieces: Vec<_> = encrypted.chunks(8).map(|it| Ok(Bytes::copy_from_slice(it))).collect();
        let stream = decrypted(Box::pin(futures_util::stream::iter(pieces)), &file);
        let given: Vec<_> = stream.collect().await;
        assert_eq!(given.len(), 3, "two of three pieces, then the error");
        assert!(matches!(&given[2], Err(NetworkError::Rejected(why)) if why == DIFFERS));
    }

    #[tokio::test]
    async fn an_empty_file_is_checked_too() {
        let (_, mut file) = example();
        assert!(read(&[], 1, &file).await.is_err());
        file.sha256 = Sha256::digest([]).into();
        assert!(read(&[], 1, &file).await.unwrap().is_empty());
    }
}
