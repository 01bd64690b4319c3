//! A file's bytes on their way from one side to the other.

use std::pin::Pin;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};

use super::decrypt::decrypted;
use crate::content::{EncryptedFile, File, picture};
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

/// Opens a file that lies on the homeserver; what comes is decrypted.
pub(crate) async fn open(bot: &Intent, file: &File) -> Result<FileBytes, NetworkError> {
    let encrypted = EncryptedFile::of_source(&file.source);
    let url = encrypted.as_ref().map_or(file.source.as_str(), |encrypted| &encrypted.url);
    let download = bot.download(url).await.map_err(|error| failure(&error))?;
    let (size, media_type) = (download.size, download.content_type.clone());
    let stream: FileStream =
        Box::pin(download.into_stream().map(|piece| piece.map_err(|error| failure(&error))));
    Ok(match encrypted {
        // In this way of encrypting, the length stays. What the homeserver says of the kind is said of the encrypted bytes.
        Some(encrypted) => FileBytes::new(decrypted(stream, &encrypted), size, None),
        None => FileBytes::new(stream, size, media_type),
    })
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
