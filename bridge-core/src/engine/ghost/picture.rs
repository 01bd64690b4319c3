//! The picture of a ghost.

use crate::content::picture;
use crate::engine::Bridge;
use crate::engine::supervisor::Live;
use crate::error::JobError;
use crate::matrix::Intent;
use crate::network::{Network, Session};
use crate::store::ghost::GhostRow;

/// The largest picture that is carried over.
pub(in crate::engine) const AVATAR_LIMIT: usize = 4 * 1024 * 1024;

impl<N: Network> Bridge<N> {
    /// Carries the picture over. A person without a picture is better than a message that waits for one, so a failure
    /// only leaves the old picture.
    pub(super) async fn set_avatar(
        &self,
        live: &Live<N::Session>,
        intent: &Intent,
        row: &mut GhostRow,
        url: Option<String>,
    ) {
        let set = async {
            let mxc = match &url {
                None => None,
                Some(url) => {
                    let bytes = live.session.download(url, AVATAR_LIMIT).await?;
                    let kind = picture::media_type(&bytes)
                        .ok_or_else(|| JobError::Reject("It is no picture.".to_owned()))?;
                    Some(intent.upload(bytes, kind, Some("avatar")).await.map_err(JobError::from)?)
                }
            };
            intent.set_avatar_url(mxc.as_deref()).await.map_err(JobError::from)?;
            Ok::<_, JobError>(mxc)
        };
        match set.await {
            Ok(mxc) => {
                row.avatar_mxc = mxc;
                row.avatar_url = url;
            }
            Err(error) => tracing::debug!(%error, "a picture could not be carried over; the old one stays"),
        }
    }
}
