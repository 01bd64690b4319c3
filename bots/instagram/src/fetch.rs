//! Fetches a post's file into a temporary file: counted while it comes, and what it is told by its own bytes.

use std::io;
use std::time::Duration;

use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;
use url::Url;

use crate::file::{self, Measures};
use crate::outcome::Outcome;
use crate::web::{Arrived, Ask, Realm, Web};

/// A file that was fetched. It is gone when this is dropped.
#[derive(Debug)]
pub struct Download {
    /// The file.
    pub file: NamedTempFile,
    /// Its length.
    pub bytes: u64,
    /// What it is.
    pub measures: Measures,
}

/// Why a file was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// It is larger than is allowed; how large, if that was said before it came.
    #[error("The file is larger than the {limit} bytes that may be fetched.")]
    TooBig {
        /// Its length as announced.
        bytes: Option<u64>,
        /// The limit that held.
        limit: u64,
    },
    /// Its signed address is not valid any more; a fresh one may be.
    #[error("The file's address is not valid any more.")]
    Expired,
    /// It is no picture or video, or was cut off.
    #[error("What came is no whole picture or video.")]
    WrongType,
    /// It is at an address that is not asked.
    #[error("The file is not at an address of Instagram's.")]
    Forbidden,
    /// It did not come in time.
    #[error("The file did not come in time.")]
    Slow,
    /// The connection failed, or the server reported a fault.
    #[error("The file could not be fetched; it may work later.")]
    Unreachable,
    /// It could not be written here.
    #[error(
        "The file could not be written to the folder for temporary files: {0}. Look at its space and rights."
    )]
    Disk(#[from] io::Error),
}

impl FetchError {
    /// Its name in metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::TooBig { .. } => "too_big",
            Self::Expired => "expired",
            Self::WrongType => "wrong_type",
            Self::Forbidden => "forbidden",
            Self::Slow => "slow",
            Self::Unreachable => "unreachable",
            Self::Disk(_) => "disk",
        }
    }
}

impl From<Outcome> for FetchError {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Forbidden => Self::Forbidden,
            Outcome::Slow => Self::Slow,
            Outcome::LoginWall | Outcome::Gone => Self::Expired,
            _ => Self::Unreachable,
        }
    }
}

/// Fetches a file of at most `limit` bytes.
pub(crate) async fn fetch(web: &Web, address: &str, limit: u64) -> Result<Download, FetchError> {
    let url = Url::parse(address).map_err(|_| FetchError::Forbidden)?;
    let of_mirror = web.settings.mirror.as_ref().is_some_and(|mirror| mirror.origin() == url.origin());
    let realm = if of_mirror { Realm::Mirror } else { Realm::Media };
    let time = Duration::from_millis(web.settings.config.limits.download_ms);
    timeout(time, take(web, url, realm, limit)).await.unwrap_or(Err(FetchError::Slow))
}

async fn take(web: &Web, url: Url, realm: Realm, limit: u64) -> Result<Download, FetchError> {
    let ask = Ask { headers: Vec::new(), ..Ask::page(url, realm) };
    let Arrived::At(mut response) = web.open(ask).await? else { return Err(FetchError::Forbidden) };
    match response.status().as_u16() {
        200 => {}
        403 | 404 | 410 => return Err(FetchError::Expired),
        _ => return Err(FetchError::Unreachable),
    }
    if let Some(bytes) = response.content_length().filter(|length| *length > limit) {
        return Err(FetchError::TooBig { bytes: Some(bytes), limit });
    }
    let file = NamedTempFile::new()?;
    let mut out = tokio::fs::File::from_std(file.reopen()?);
    let mut bytes = 0;
    while let Some(chunk) = response.chunk().await.map_err(|_| FetchError::Unreachable)? {
        bytes += chunk.len() as u64;
        // Whatever was announced.
        if bytes > limit {
            return Err(FetchError::TooBig { bytes: None, limit });
        }
        out.write_all(&chunk).await?;
    }
    out.flush().await?;
    let mut readable = file.reopen()?;
    let measures = tokio::task::spawn_blocking(move || file::measure(&mut readable)).await.ok().flatten();
    Ok(Download { file, bytes, measures: measures.ok_or(FetchError::WrongType)? })
}
