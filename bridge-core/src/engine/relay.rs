//! Who speaks on the remote network for a Matrix user.

use std::sync::Arc;

use ruma::{RoomId, UserId};

use super::Bridge;
use super::supervisor::Live;
use crate::error::JobError;
use crate::event::Speaker;
use crate::id::LoginId;
use crate::matrix::{ErrorClass, Profile};
use crate::network::Network;

/// A person's name and picture in a room.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) name: String,
    /// Where anyone can fetch their picture.
    pub(crate) avatar_url: Option<String>,
}

/// The session that sends, and as whom.
pub(crate) struct Voice<S> {
    pub(crate) live: Arc<Live<S>>,
    pub(crate) speaker: Speaker,
}

impl<N: Network> Bridge<N> {
    /// The person's own login if they have one, else the portal's, which relays with their name.
    pub(crate) async fn voice(
        &self,
        room: &RoomId,
        sender: &str,
        portal_login: &LoginId,
    ) -> Result<Voice<N::Session>, JobError> {
        let own = self.logins.all().into_iter().find(|live| live.row.personal && live.row.owner == sender);
        if let Some(live) = own {
            return Ok(Voice { live, speaker: Speaker::Login });
        }
        let Some(live) = self.logins.live(portal_login) else {
            if self.store.login_owner(portal_login).await?.is_some() {
                // Nobody logged out: once what keeps it from starting is mended, the message goes on.
                return Err(JobError::Retry(format!(
                    "The login to {} could not be started; `list-logins` says why.",
                    N::INFO.name
                )));
            }
            return Err(JobError::Reject(format!(
                "The bridge is not logged in to {} any more. Somebody who may has to log in again with `login`.",
                N::INFO.name
            )));
        };
        let named = self.named_in_room(room, sender).await?;
        let (name, avatar_url) = (named.name.clone(), named.avatar_url.clone());
        Ok(Voice { live, speaker: Speaker::Relayed { name, avatar_url } })
    }

    async fn named_in_room(&self, room: &RoomId, sender: &str) -> Result<Arc<Named>, JobError> {
        let user_id =
            UserId::parse(sender).map_err(|_| JobError::Park("The sender's id is malformed.".to_owned()))?;
        let key = (room.to_string(), user_id.clone());
        if let Some(named) = self.names.get(&key) {
            return Ok(named);
        }
        let Profile { displayname, avatar_url } = self.profile_in_room(room, &user_id).await?;
        let name = displayname.filter(|name| !name.trim().is_empty());
        let avatar_url = avatar_url.and_then(|mxc| self.public_media.as_ref()?.picture(&mxc));
        let name = name.unwrap_or_else(|| user_id.localpart().to_owned());
        let named = Arc::new(Named { name, avatar_url });
        self.names.insert(key, Arc::clone(&named));
        Ok(named)
    }

    /// How a person is shown in a room. Of somebody who is not in it (any more) the room says nothing; what their
    /// homeserver says of them everywhere has to do.
    async fn profile_in_room(&self, room: &RoomId, user_id: &UserId) -> Result<Profile, JobError> {
        let bot = self.app.bot();
        let member = match bot.state(room, "m.room.member", user_id.as_str()).await {
            // A room that is lost says nothing of anybody.
            Err(error) if error.class() == ErrorClass::Permanent => None,
            told => told?,
        };
        let member = member.unwrap_or_default();
        let text = |key| member.get(key).and_then(serde_json::Value::as_str);
        if text("membership") == Some("join") {
            let (displayname, avatar_url) = (text("displayname"), text("avatar_url"));
            return Ok(Profile {
                displayname: displayname.map(str::to_owned),
                avatar_url: avatar_url.map(str::to_owned),
            });
        }
        // A message under a poorer name is better than one that waits for a homeserver that may be gone.
        Ok(bot.profile(user_id).await.unwrap_or_default())
    }

    /// A member event told that somebody's name in a room may be another now.
    pub(crate) fn forget_name(&self, room: &str, sender: &str) {
        if let Ok(user_id) = UserId::parse(sender) {
            self.names.remove(&(room.to_owned(), user_id));
        }
    }
}
