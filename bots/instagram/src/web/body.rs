//! Reads a body as text, unpacked piece by piece, so that neither an endless one nor a bomb takes memory.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;
use http::header::CONTENT_ENCODING;

use crate::outcome::Outcome;

/// Reads at most `most` bytes, packed and unpacked. What is no UTF-8 is replaced.
pub(super) async fn read(mut response: reqwest::Response, most: usize) -> Result<String, Outcome> {
    if response.content_length().is_some_and(|length| length > most as u64) {
        return Err(Outcome::TooLarge);
    }
    let encoding =
        response.headers().get(CONTENT_ENCODING).map(|value| value.as_bytes().to_ascii_lowercase());
    let mut unpacked = match encoding.as_deref() {
        None | Some(b"identity" | b"") => Unpacked::Plain(Bounded::new(most)),
        Some(b"gzip" | b"x-gzip") => Unpacked::Gzip(Box::new(MultiGzDecoder::new(Bounded::new(most)))),
        // Nothing else was asked for.
        Some(_) => return Err(Outcome::ChangedShape),
    };
    let mut packed = 0;
    while let Some(chunk) = response.chunk().await.map_err(|error| super::failure(&error))? {
        packed += chunk.len();
        if packed > most {
            return Err(Outcome::TooLarge);
        }
        unpacked.take(&chunk)?;
    }
    let bytes = unpacked.finish()?;
    Ok(String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

enum Unpacked {
    Plain(Bounded),
    Gzip(Box<MultiGzDecoder<Bounded>>),
}

impl Unpacked {
    fn take(&mut self, chunk: &[u8]) -> Result<(), Outcome> {
        let (written, is_full) = match self {
            Self::Plain(bounded) => (bounded.write_all(chunk), bounded.is_full),
            Self::Gzip(decoder) => (decoder.write_all(chunk), decoder.get_ref().is_full),
        };
        match written {
            Err(_) if is_full => Err(Outcome::TooLarge),
            Err(_) => Err(Outcome::ChangedShape),
            Ok(()) => Ok(()),
        }
    }

    fn finish(self) -> Result<Vec<u8>, Outcome> {
        match self {
            Self::Plain(bounded) => Ok(bounded.bytes),
            Self::Gzip(mut decoder) => match decoder.try_finish() {
                Ok(()) => Ok(std::mem::take(&mut decoder.get_mut().bytes)),
                Err(_) if decoder.get_ref().is_full => Err(Outcome::TooLarge),
                Err(_) => Err(Outcome::ChangedShape),
            },
        }
    }
}

/// Takes so many bytes and no more.
#[derive(Debug)]
struct Bounded {
    bytes: Vec<u8>,
    most: usize,
    is_full: bool,
}

impl Bounded {
    fn new(most: usize) -> Self {
        Self { bytes: Vec::new(), most, is_full: false }
    }
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.most {
            self.is_full = true;
            return Err(io::Error::other("larger than any page that is read"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
