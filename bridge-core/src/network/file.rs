//! A file's bytes on their way from one side to the other.

use std::pin::Pin;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};

use crate::content::File;
use crate::error::NetworkError;
use crate::matrix::error::ErrorClass;
use crate::matrix::{Intent, MatrixError};

/// Bytes, piece by piece. An error ends them; what came before is then not to be used.
pub type FileStream = Pin<Box<dyn Stream<Item = Result<Bytes, NetworkError>> + Send>>;

/// A file that was opened for reading.
pub struct FileBytes {
    /// The content.
    pub stream: FileStream,
    /// How many bytes come, as far as the side that gives them says so. It is relied on: a different number is a broken
    /// transfer.
    pub size: Option<u64>,
    /// What kind it is, in that side's words.
    pub media_type: Option<String>,
}

impl std::fmt::Debug for FileBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileBytes").field("size", &self.size).finish_non_exhaustive()
    }
}

impl FileBytes {
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

/// Opens a file that lies on the homeserver.
pub(crate) async fn open(bot: &Intent, file: &File) -> Result<FileBytes, NetworkError> {
    let download = bot.download(file.source.as_str()).await.map_err(|error| failure(&error))?;
    let (size, media_type) = (download.size, download.content_type.clone());
    let stream = Box::pin(download.into_stream().map(|piece| piece.map_err(|error| failure(&error))));
    Ok(FileBytes { stream, size, media_type })
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
