//! Makes sure that a remote person has a Matrix user, with their name and picture.

use std::sync::Arc;
use std::time::Duration;

use ruma::OwnedUserId;

use super::Bridge;
use super::supervisor::Live;
use crate::error::{JobError, NetworkError};
use crate::event::UserInfo;
use crate::event::remote::ShownAs;
use crate::id::RemoteUserId;
use crate::matrix::Intent;
use crate::network::{Network, Session};
use crate::store::ghost::GhostRow;

/// How long a profile is believed before the network is asked again.
const BELIEVED: Duration = Duration::from_hours(24);
/// The largest picture that is carried over.
const AVATAR_LIMIT: usize = 4 * 1024 * 1024;

/// A ghost whose Matrix user is set up.
#[derive(Debug)]
pub(crate) struct KnownGhost {
    pub(crate) user_id: OwnedUserId,
    row: GhostRow,
}

impl KnownGhost {
    /// What the ghost is called.
    pub(crate) fn name(&self) -> &str {
        self.row.name.as_deref().unwrap_or(self.row.user_id.as_str())
    }
}

impl<N: Network> Bridge<N> {
    /// The ghost of a person, set up as far as needed: nothing is asked and nothing is sent for one that is up to date.
    /// A name and picture that the message carries itself go before what the network would answer.
    pub(crate) async fn ghost(
        &self,
        live: &Live<N::Session>,
        remote: &RemoteUserId,
        shown_as: Option<&ShownAs>,
    ) -> Result<Arc<KnownGhost>, JobError> {
        let cached = self.ghosts.get(remote).await;
        if let Some(known) = &cached
            && self.is_current(&known.row, shown_as)
        {
            return Ok(Arc::clone(known));
        }
        let stored = match cached {
            Some(known) => Some(known.row.clone()),
            None => self.store.ghost(remote).await?,
        };
        let user_id = self.app.ghosts().user_id(remote);
        let row = if let Some(row) = stored.as_ref().filter(|row| self.is_current(row, shown_as)) {
            row.clone()
        } else {
            self.set_up(live, remote, &user_id, stored, shown_as).await?
        };
        let known = Arc::new(KnownGhost { user_id, row });
        self.ghosts.insert(remote.clone(), Arc::clone(&known)).await;
        Ok(known)
    }

    /// Asks the network about a person again and brings their ghost up to date, if there is one.
    pub(crate) async fn refresh_ghost(
        &self,
        live: &Live<N::Session>,
        remote: &RemoteUserId,
    ) -> Result<(), JobError> {
        let Some(stored) = self.store.ghost(remote).await? else { return Ok(()) };
        self.ghosts.invalidate(remote).await;
        let user_id = self.app.ghosts().user_id(remote);
        self.set_up(live, remote, &user_id, Some(stored), None).await.map(drop)
    }

    fn is_current(&self, row: &GhostRow, shown_as: Option<&ShownAs>) -> bool {
        let age = self.store.clock().now_ms().saturating_sub(row.fetched_at);
        let is_fresh = age < i64::try_from(BELIEVED.as_millis()).unwrap_or(i64::MAX);
        // A picture that could not be had is not tried again with every message.
        match shown_as.and_then(|shown| shown.name.as_deref()) {
            Some(name) => is_fresh && row.name.as_deref() == Some(self.display_name(name).as_str()),
            None => is_fresh,
        }
    }

    fn display_name(&self, name: &str) -> String {
        self.ghost_name.replace("{name}", name)
    }

    async fn set_up(
        &self,
        live: &Live<N::Session>,
        remote: &RemoteUserId,
        user_id: &ruma::UserId,
        stored: Option<GhostRow>,
        shown_as: Option<&ShownAs>,
    ) -> Result<GhostRow, JobError> {
        let info = match shown_as {
            Some(shown) if shown.name.is_some() => {
                let (name, avatar_url) = (shown.name.clone(), shown.avatar_url.clone());
                UserInfo { name, avatar_url, is_bot: true }
            }
            _ => asked(live.session.user_info(remote).await, remote)?,
        };
        let intent = self.app.intent(user_id);
        intent.ensure_registered().await?;
        let mut row = stored.unwrap_or_else(|| GhostRow {
            user_id: remote.as_str().to_owned(),
            name: None,
            avatar_url: None,
            avatar_mxc: None,
            fetched_at: 0,
        });
        let name = self.display_name(info.name.as_deref().unwrap_or(remote.as_str()));
        if row.name.as_deref() != Some(&name) {
            intent.set_displayname(&name).await?;
            row.name = Some(name);
        }
        if info.avatar_url != row.avatar_url {
            self.set_avatar(live, &intent, &mut row, info.avatar_url).await;
        }
        row.fetched_at = self.store.clock().now_ms();
        self.store.put_ghost(&row).await?;
        Ok(row)
    }

    /// Carries the picture over. A person without a picture is better than a message that waits for one, so a failure
    /// only leaves the old picture.
    async fn set_avatar(
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
                    let kind =
                        image_kind(&bytes).ok_or_else(|| JobError::Reject("It is no picture.".to_owned()))?;
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

/// What the network says of a person. One it does not know is shown under their id.
fn asked(answer: Result<UserInfo, NetworkError>, remote: &RemoteUserId) -> Result<UserInfo, JobError> {
    match answer {
        Ok(info) => Ok(info),
        Err(NetworkError::Rejected(why)) => {
            tracing::debug!(user = %remote, why, "the network gives no profile; the id is shown");
            Ok(UserInfo::default())
        }
        Err(error) => Err(error.into()),
    }
}

/// The media type of a picture, by its first bytes; none for what is no picture.
pub(super) fn image_kind(bytes: &[u8]) -> Option<&'static str> {
    Some(match bytes {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xff, 0xd8, ..] => "image/jpeg",
        [b'G', b'I', b'F', b'8', ..] => "image/gif",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        _ => return None,
    })
}
