//! Carries files and emoji of the remote network to the homeserver.

use std::sync::Arc;

use futures_util::StreamExt as _;
use ruma::UserId;

use super::Bridge;
use super::supervisor::Live;
use crate::content::{CarriedFile, File, FileKind, Message, PartBody, picture};
use crate::error::{JobError, NetworkError};
use crate::matrix::{Intent, MatrixError};
use crate::network::{FileBytes, Network, Session};

/// A file whose length nobody knows beforehand is held in memory, up to so many bytes.
const HELD: usize = 8 * 1024 * 1024;
/// How often a file is tried before its message is shown without it: with the back-off some minutes.
const MOST_TRIES: u32 = 10;
/// The largest picture of an emoji.
const EMOJI_LIMIT: usize = 1024 * 1024;
/// What a file is whose kind nobody knows.
const UNKNOWN_TYPE: &str = "application/octet-stream";

impl<N: Network> Bridge<N> {
    /// Carries a file over, unless an earlier try of its message did: when one of several files fails, the others are not
    /// carried again. The inner error is a sentence that is shown in the file's place.
    pub(super) async fn carry_file_once(
        &self,
        live: &Live<N::Session>,
        file: &File,
        ghost: &UserId,
    ) -> Result<Result<CarriedFile, String>, JobError> {
        let key = (file.source.clone(), ghost.to_owned());
        if let Some(carried) = self.carried.get(&key) {
            return Ok(Ok(CarriedFile::clone(&carried)));
        }
        let carried = self.carry_file(live, file, ghost).await?;
        if let Ok(carried) = &carried {
            self.carried.insert(key, Arc::new(carried.clone()));
        }
        Ok(carried)
    }

    /// Forgets the files of a message that is shown now: the next time that they come they may have changed.
    pub(super) fn forget_carried(&self, message: &Message, ghost: &UserId) {
        for part in &message.parts {
            if let PartBody::File(file) = &part.body {
                self.carried.remove(&(file.source.clone(), ghost.to_owned()));
            }
        }
    }

    /// Streams a file to the homeserver.
    async fn carry_file(
        &self,
        live: &Live<N::Session>,
        file: &File,
        ghost: &UserId,
    ) -> Result<Result<CarriedFile, String>, JobError> {
        let intent = self.app.intent(ghost);
        let limit = intent.media_limit().await.unwrap_or(u64::MAX);
        if let Some(size) = file.size.filter(|size| *size > limit) {
            return Ok(Err(too_large(size, limit)));
        }
        let mut bytes = match live.session.open_file(file).await {
            Ok(bytes) => bytes,
            Err(error) => return self.file_failed(file, error),
        };
        if let Some(size) = bytes.size.filter(|size| *size > limit) {
            return Ok(Err(too_large(size, limit)));
        }
        let about = bytes.about.take();
        let known = about.as_deref().unwrap_or(file);
        let media_type = known.media_type.clone().or_else(|| bytes.media_type.clone());
        let media_type = media_type.unwrap_or_else(|| UNKNOWN_TYPE.to_owned());
        let (uploaded, small) = tokio::join!(
            upload(&intent, bytes, &media_type, known),
            self.small_picture(live, known.preview.as_deref())
        );
        match uploaded {
            Ok((mxc, size, dimensions)) => {
                let thumbnail = match &small {
                    Some(small) => small.upload(&intent).await,
                    None => None,
                };
                let blurhash = small.and_then(|small| small.blurhash);
                Ok(Ok(CarriedFile { mxc, media_type, size, dimensions, blurhash, thumbnail, about }))
            }
            Err(Failure::Network(error)) => self.file_failed(file, error),
            Err(Failure::Matrix(MatrixError::Refused { status: 413, .. })) => {
                Ok(Err("the homeserver finds it too large.".to_owned()))
            }
            Err(Failure::Matrix(MatrixError::Refused { status: 400..=428, .. })) => {
                Ok(Err("the homeserver did not take it.".to_owned()))
            }
            Err(Failure::Matrix(MatrixError::RateLimited(wait))) => Err(JobError::RetryAfter(wait)),
            // Nothing else gets through either, so nothing is held up by the file.
            Err(Failure::Matrix(error @ MatrixError::Unreachable(_))) => Err(error.into()),
            Err(Failure::Matrix(error)) => self.file_failed(file, NetworkError::Transient(error.to_string())),
        }
    }

    /// What a failure means for the message: it waits and tries again, but not for ever; then it is shown without the
    /// file, so that what comes behind it is not held up.
    fn file_failed(&self, file: &File, error: NetworkError) -> Result<Result<CarriedFile, String>, JobError> {
        match error {
            NetworkError::Rejected(why) => Ok(Err(why)),
            NetworkError::Unsupported(_) => Ok(Err("files are not carried over.".to_owned())),
            NetworkError::RateLimited(wait) => Err(JobError::RetryAfter(wait)),
            // It was cut off, and says nothing about the file.
            error if !self.store.lease().may_act() => Err(JobError::Retry(error.to_string())),
            error => {
                let failures = self.file_failures.get(&file.source).unwrap_or(0) + 1;
                if failures >= MOST_TRIES {
                    tracing::warn!(%error, "a file could not be carried over; its message is shown without it");
                    return Ok(Err("it could not be carried over.".to_owned()));
                }
                self.file_failures.insert(file.source.clone(), failures);
                Err(error.into())
            }
        }
    }

    /// The picture of one of the network's own emoji, uploaded once.
    pub(super) async fn emoji_mxc(
        &self,
        live: &Live<N::Session>,
        name: &str,
    ) -> Result<Option<String>, JobError> {
        // A text may name anything; what cannot be had is shown by its name.
        let url = match live.session.emoji_url(name).await {
            Ok(Some(url)) => url,
            Ok(None) => return Ok(None),
            Err(NetworkError::RateLimited(wait)) => return Err(JobError::RetryAfter(wait)),
            Err(error) => {
                tracing::debug!(%error, "an emoji could not be looked up; its name is shown");
                return Ok(None);
            }
        };
        let fact = format!("emoji/{url}");
        if let Some(mxc) = self.store.fact(&fact).await? {
            return Ok(Some(mxc));
        }
        let bot = self.app.bot();
        let carried = async {
            let bytes = live.session.download(&url, EMOJI_LIMIT).await.map_err(|error| error.to_string())?;
            let kind = picture::media_type(&bytes).ok_or_else(|| "it is no picture".to_owned())?;
            bot.upload(bytes, kind, Some(name)).await.map_err(|error| error.to_string())
        };
        match carried.await {
            Ok(mxc) => {
                // In this order: a picture that is found is never without its name.
                self.store.put_fact(&name_fact(&mxc), name).await?;
                self.store.put_fact(&fact, &mxc).await?;
                Ok(Some(mxc))
            }
            Err(why) => {
                tracing::debug!(why, "the picture of an emoji could not be carried over; its name is shown");
                Ok(None)
            }
        }
    }

    /// The name of the network's emoji whose picture the bridge brought to this address.
    pub(super) async fn emoji_of_picture(&self, mxc: &str) -> Result<Option<String>, JobError> {
        Ok(self.store.fact(&name_fact(mxc)).await?)
    }
}

fn name_fact(mxc: &str) -> String {
    format!("emoji-name/{mxc}")
}

/// Whose failure it was.
enum Failure {
    Network(NetworkError),
    Matrix(MatrixError),
}

/// Uploads a file. Answers its address and length, and of a picture of unknown size the size that its bytes tell.
async fn upload(
    intent: &Intent,
    mut bytes: FileBytes,
    media_type: &str,
    file: &File,
) -> Result<(String, u64, Option<(u32, u32)>), Failure> {
    let is_sizeless = file.kind == FileKind::Image && file.width.zip(file.height).is_none();
    let dimensions = if is_sizeless { bytes.picture_size().await.map_err(Failure::Network)? } else { None };
    let Some(size) = bytes.size else {
        let whole = bytes.into_bytes(HELD).await.map_err(Failure::Network)?;
        let size = whole.len() as u64;
        let mxc = intent.upload(whole, media_type, Some(&file.name)).await.map_err(Failure::Matrix)?;
        return Ok((mxc, size, dimensions));
    };
    let stream = bytes.stream.map(|piece| piece.map_err(|error| error.to_string()));
    match intent.upload_stream(stream, size, media_type, Some(&file.name)).await {
        Ok(mxc) => Ok((mxc, size, dimensions)),
        // Whatever became of it, nothing refers to it: the next try uploads another one.
        Err(MatrixError::Uncertain(why)) => Err(Failure::Network(NetworkError::Transient(why))),
        Err(error) => Err(Failure::Matrix(error)),
    }
}

fn too_large(size: u64, limit: u64) -> String {
    format!("it has {}, and the homeserver takes {} at most.", megabytes(size), megabytes(limit))
}

/// A length as people read it.
pub(super) fn megabytes(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) / 1_000_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_readable() {
        assert_eq!(megabytes(1_234_567), "1.2 MB");
        assert_eq!(
            too_large(2_000_000, 1_000_000),
            "it has 2.0 MB, and the homeserver takes 1.0 MB at most."
        );
    }
}
