//! Carries the small picture of a file over, with a blur of it. Whatever goes wrong with it, the file goes without.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::Bridge;
use super::supervisor::Live;
use crate::content::{File, Preview, Thumbnail, picture};
use crate::error::NetworkError;
use crate::matrix::Intent;
use crate::network::{Network, Session};

/// The largest small picture, in bytes.
const LIMIT: usize = 1024 * 1024;
/// How long fetching it and blurring it may take, and again uploading it: that much it delays its file at most.
const PATIENCE: Duration = Duration::from_secs(8);
/// So many are decoded at once: each takes some megabytes and a thread.
static DECODING: Semaphore = Semaphore::const_new(2);

/// A small picture that was fetched.
pub(super) struct Small {
    bytes: Bytes,
    media_type: &'static str,
    dimensions: (u32, u32),
    pub(super) blurhash: Option<String>,
}

impl<N: Network> Bridge<N> {
    /// Fetches a file's small picture. None where there is none, or it cannot be had soon.
    pub(super) async fn small_picture(
        &self,
        live: &Live<N::Session>,
        preview: Option<&Preview>,
    ) -> Option<Small> {
        let preview = preview?;
        match timeout(PATIENCE, fetch(&live.session, preview)).await {
            Ok(Ok(small)) => small,
            Ok(Err(error)) => {
                tracing::debug!(%error, "a file's small picture could not be fetched; the file goes without");
                None
            }
            Err(_) => {
                tracing::debug!("a file's small picture did not come in time; the file goes without");
                None
            }
        }
    }
}

impl Small {
    /// Puts it on the homeserver, if that works at once.
    pub(super) async fn upload(&self, intent: &Intent) -> Option<Thumbnail> {
        let Self { bytes, media_type, dimensions, .. } = self;
        let uploaded = timeout(PATIENCE, intent.upload(bytes.clone(), media_type, None)).await;
        let uploaded = uploaded.map_err(|_| "it took too long".to_owned());
        match uploaded.and_then(|done| done.map_err(|error| error.to_string())) {
            Ok(mxc) => Some(Thumbnail {
                mxc,
                media_type: (*media_type).to_owned(),
                size: bytes.len() as u64,
                dimensions: *dimensions,
            }),
            Err(why) => {
                tracing::debug!(why, "a file's small picture could not be uploaded; the file goes without");
                None
            }
        }
    }
}

async fn fetch<S: Session>(session: &S, preview: &Preview) -> Result<Option<Small>, NetworkError> {
    let opened = session.open_file(&File::new(preview.source.clone(), "preview")).await?;
    let bytes = opened.into_bytes(LIMIT).await?;
    let (Some(media_type), Some(dimensions)) =
        (picture::media_type(&bytes), picture::size(&bytes).or(preview.dimensions))
    else {
        return Ok(None);
    };
    Ok(Some(Small { blurhash: blurhash(bytes.clone()).await, bytes, media_type, dimensions }))
}

/// A fault of the decoder is one picture without a blur.
async fn blurhash(bytes: Bytes) -> Option<String> {
    let _permit = DECODING.acquire().await.ok()?;
    tokio::task::spawn_blocking(move || picture::blurhash(&bytes)).await.ok().flatten()
}
