//! What is in a file: kept while it is small, otherwise only measured.
use axum::body::Bytes;
use sha2::{Digest as _, Sha256};

/// The most bytes of one file that are kept; of more only length and hash remain.
const MOST_KEPT: usize = 8 << 20;
/// How much of a pattern is made at once.
const CHUNK: u64 = 64 << 10;

/// The bytes of a file, or what is known about them.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    Kept(Bytes),
    /// Bytes that follow from their place, so that a huge file needs no room.
    Pattern {
        length: u64,
    },
    /// Too large to keep.
    Measured {
        length: u64,
        sha256: String,
    },
}

impl Content {
    /// How many bytes it has.
    pub(crate) fn length(&self) -> u64 {
        match self {
            Self::Kept(bytes) => bytes.len() as u64,
            Self::Pattern { length } | Self::Measured { length, .. } => *length,
        }
    }

    /// The SHA-256 in hex. For a pattern it is counted out anew each time.
    pub(crate) fn sha256(&self) -> String {
        match self {
            Self::Kept(bytes) => hex(&Sha256::digest(bytes)),
            Self::Measured { sha256, .. } => sha256.clone(),
            Self::Pattern { length } => {
                let mut hash = Sha256::new();
                let mut at = 0;
                while at < *length {
                    let chunk = pattern(at, *length);
                    at += chunk.len() as u64;
                    hash.update(&chunk);
                }
                hex(&hash.finalize())
            }
        }
    }

    /// The bytes from a place on, at most 64 KiB of them; `None` at the end and for what was not kept.
    pub(crate) fn chunk(&self, at: u64) -> Option<Bytes> {
        let chunk = match self {
            Self::Kept(bytes) => {
                let from = usize::try_from(at).ok().filter(|from| *from < bytes.len())?;
                bytes.slice(from..bytes.len().min(from + 65_536))
            }
            Self::Pattern { length } => pattern(at, *length),
            Self::Measured { .. } => return None,
        };
        Some(chunk).filter(|chunk| !chunk.is_empty())
    }
}

/// The bytes of the pattern from a place on, up to the file's end.
fn pattern(at: u64, length: u64) -> Bytes {
    let end = length.min(at.saturating_add(CHUNK));
    (at..end).map(|place| (place ^ (place >> 8) ^ (place >> 16)).to_le_bytes()[0]).collect()
}

/// Takes bytes in as they come.
#[derive(Debug, Default)]
pub(crate) struct Intake {
    kept: Vec<u8>,
    length: u64,
    hash: Sha256,
}

impl Intake {
    /// Takes the next bytes.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        self.hash.update(bytes);
        if self.length <= MOST_KEPT as u64 {
            self.kept.extend_from_slice(bytes);
        } else {
            self.kept = Vec::new();
        }
    }

    /// All that came.
    pub(crate) fn finish(self) -> Content {
        if self.length <= MOST_KEPT as u64 {
            return Content::Kept(self.kept.into());
        }
        Content::Measured { length: self.length, sha256: hex(&self.hash.finalize()) }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|d| char::from_digit(d.into(), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_files_are_kept_and_large_ones_measured() {
        let mut small = Intake::default();
        small.add(b"hello ");
        small.add(b"you");
        let small = small.finish();
        assert_eq!(small.chunk(6).unwrap(), "you");
        assert!(small.chunk(9).is_none());
        let mut large = Intake::default();
        let pattern = Content::Pattern { length: 9 << 20 };
        let mut at = 0;
        while let Some(chunk) = pattern.chunk(at) {
            at += chunk.len() as u64;
            large.add(&chunk);
        }
        let large = large.finish();
        assert!(matches!(&large, Content::Measured { length, .. } if *length == 9 << 20));
        assert_eq!(large.sha256(), pattern.sha256());
    }

    #[test]
    fn hashes_are_sha256() {
        let abc = Content::Kept(Bytes::from_static(b"abc"));
        assert!(abc.sha256().starts_with("ba7816bf8f01cfea414140de5dae2223"), "{}", abc.sha256());
    }
}
