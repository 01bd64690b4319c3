//! A file's bytes on their way from one side to the other.

use std::pin::Pin;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};

use super::decrypt::decrypted;
use super::tries::Tries;
use crate::content::{EncryptedFile, File, FileSource, picture};
use crate::error::NetworkError;
use crate::matrix::error::ErrorClass;
use crate::matrix::{Intent, MatrixError};

/// Bytes, piece by piece. An error ends them; what came before is then not to be used.
pub type FileStream = Pin<Box<dyn Stream<Item = Result<Bytes, NetworkError>> + Send>>;

/// By then a picture has told its size, or it never does.
const HEAD: usize = 256 * 1024;

/// A file that was opened for reading.
pub struct FileBytes {
    /// The content.
    pub stream: FileStream,
    /// How many bytes come, as far as the side that gives them says so. It is relied on: a different number is a broken
    /// transfer.
    pub size: Option<u64>,
    /// What kind it is, in that side's words.
    pub media_type: Option<String>,
    /// All about the file, where the message told less than is known now; what is said about it still comes from the
    /// message.
    pub about: Option<Box<File>>,
}

impl std::fmt::Debug for FileBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileBytes").field("size", &self.size).finish_non_exhaustive()
    }
}

impl FileBytes {
    /// Such a file; the message told all about it.
    pub fn new(stream: FileStream, size: Option<u64>, media_type: Option<String>) -> Self {
        Self { stream, size, media_type, about: None }
    }

    /// A file that is in memory.
    pub fn of_bytes(bytes: Bytes) -> Self {
        let size = bytes.len() as u64;
        Self::new(Box::pin(stream::iter([Ok(bytes)])), Some(size), None)
    }

    /// Width and height of a picture, as its first bytes tell them; they come again.
    pub(crate) async fn picture_size(&mut self) -> Result<Option<(u32, u32)>, NetworkError> {
        let mut head = bytes::BytesMut::new();
        let mut size = None;
        while size.is_none() && head.len() < HEAD {
            let Some(piece) = self.stream.next().await else { break };
            head.extend_from_slice(&piece?);
            size = picture::size(&head);
        }
        let rest = std::mem::replace(&mut self.stream, Box::pin(stream::empty()));
        self.stream = Box::pin(stream::iter([Ok(head.freeze())]).chain(rest));
        Ok(size)
    }

    /// The whole content, `limit` bytes at most; a longer one is a [`NetworkError::Rejected`].
    pub async fn into_bytes(mut self, limit: usize) -> Result<Bytes, NetworkError> {
        let mut whole = bytes::BytesMut::new();
        while let Some(piece) = self.stream.next().await {
            let piece = piece?;
            if whole.len() + piece.len() > limit {
                return Err(NetworkError::Rejected(format!("it has more than {limit} bytes.")));
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }
}

/// Opens a file that lies on the homeserver; what comes is decrypted. A file that fails too often is refused.
pub(super) async fn open(bot: &Intent, file: &File, tries: &Tries) -> Result<FileBytes, NetworkError> {
    let encrypted = EncryptedFile::of_source(&file.source);
    let url = encrypted.as_ref().map_or(file.source.as_str(), |encrypted| &encrypted.url);
    let download = match bot.download(url).await {
        Ok(download) => download,
        // Then every file waits for the homeserver. Its own 502, for a server that it cannot reach, looks like a proxy's.
        Err(error) if bot.media_limit().await.is_err() => return Err(failure(&error)),
        Err(error) => return Err(tries.count(&file.source, failure(&error))),
    };
    let (size, media_type) = (download.size, download.content_type.clone());
    let pieces = download.into_stream().map(|piece| piece.map_err(|error| failure(&error)));
    let stream = counted(pieces, &file.source, tries);
    Ok(match encrypted {
        // In this way of encrypting, the length stays. What the homeserver says of the kind is said of the encrypted bytes.
        Some(encrypted) => FileBytes::new(decrypted(stream, &encrypted), size, None),
        None => FileBytes::new(stream, size, media_type),
    })
}

/// The same bytes, with a failure among them counted.
fn counted(
    pieces: impl Stream<Item = Result<Bytes, NetworkError>> + Send + 'static,
    source: &FileSource,
    tries: &Tries,
) -> FileStream {
    let (source, tries) = (source.clone(), tries.clone());
    Box::pin(pieces.or_else(move |error| {
        let (source, tries) = (source.clone(), tries.clone());
        async move { Err(tries.count(&source, error)) }
    }))
}

fn failure(error: &MatrixError) -> NetworkError {
    if error.is_not_found() {
        return NetworkError::Rejected("The homeserver does not have the file any more.".to_owned());
    }
    match error {
        MatrixError::RateLimited(wait) => NetworkError::RateLimited(*wait),
        MatrixError::Malformed(_) => {
            NetworkError::Rejected("The homeserver's address of the file is not valid.".to_owned())
        }
        refused if matches!(refused.class(), ErrorClass::Permanent) => {
            NetworkError::Rejected("The homeserver does not give out the file.".to_owned())
        }
        other => NetworkError::Transient(format!("The homeserver did not give the file: {other}")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use testkit::{Fault, Homeserver, Kind};

    use super::*;
    use crate::matrix::testing::app_of;

    const DOWNLOAD: &str = "GET */media/download/*";

    #[tokio::test]
    async fn a_file_of_a_dead_server_is_given_up_while_the_homeserver_answers() {
        let slot = Homeserver::lease(Kind::FakeSynapse).await.unwrap();
        let (bot, fake) = (app_of(&slot).bot(), slot.homeserver.fake().unwrap());
        bot.ensure_registered().await.unwrap();
        let (tries, file) = (Tries::default(), File::new(FileSource::new("mxc://dead.example/x"), "x.png"));
        let failed = async || open(&bot, &file, &tries).await.unwrap_err();
        // The homeserver is away, by a proxy's word: that is nothing of the file's.
        fake.fail_next(DOWNLOAD, Fault::Error(502, "M_UNKNOWN"), 12);
        fake.fail_next("GET */media/config", Fault::Error(502, "M_UNKNOWN"), 12);
        for _ in 0..12 {
            assert!(matches!(failed().await, NetworkError::Transient(_)));
        }
        fake.fail_next(DOWNLOAD, Fault::Error(502, "M_UNKNOWN"), 5);
        fake.fail_next(DOWNLOAD, Fault::Reset, 5);
        for _ in 0..9 {
            assert!(matches!(failed().await, NetworkError::Transient(_)));
        }
        let last = failed().await;
        assert!(matches!(&last, NetworkError::Rejected(why) if why.contains("10 tries")), "{last:?}");
    }

    #[tokio::test]
    async fn bytes_that_end_early_each_time_are_given_up() {
        let (tries, source) = (Tries::default(), FileSource::new("mxc://hs/cut"));
        let read = async || {
            let lost = NetworkError::Transient("lost".to_owned());
            let pieces = stream::iter([Ok(Bytes::from_static(b"half")), Err(lost)]);
            FileBytes::new(counted(pieces, &source, &tries), Some(8), None).into_bytes(100).await.unwrap_err()
        };
        for _ in 0..9 {
            assert!(matches!(read().await, NetworkError::Transient(_)));
        }
        assert!(matches!(read().await, NetworkError::Rejected(_)));
    }
}
