//! Somebody came into a chat of the remote network or went.

use super::super::Bridge;
use super::super::bridge::{leave, room_id};
use super::super::supervisor::Live;
use super::message::chat_of;
use crate::error::JobError;
use crate::event::{MemberChange, RemoteEvent};
use crate::id::RemoteUserId;
use crate::network::Network;
use crate::queue::Closing;

impl<N: Network> Bridge<N> {
    /// Lets the ghost join or leave the room, if there is one. A chat without a room gets none for this.
    pub(super) async fn remote_member(
        &self,
        live: &Live<N::Session>,
        event: &RemoteEvent,
        user: &RemoteUserId,
        change: MemberChange,
    ) -> Result<Closing, JobError> {
        let chat = chat_of(event)?;
        let Some(portal) = self.known_portal(chat).await? else { return Ok(Closing::default()) };
        self.member_syncs.note(chat, user, change);
        let room = room_id(portal.room_id.as_deref().unwrap_or_default())?;
        let is_ours = self.logins.all().iter().any(|other| other.row.own_user_id == *user);
        match change {
            _ if is_ours => {}
            MemberChange::Joined => {
                let ghost = self.ghost(live, user, None).await?;
                self.app.intent(&ghost.user_id).ensure_joined(room).await?;
            }
            MemberChange::Left => {
                let ghost = self.app.ghosts().user_id(user);
                if self.store.ghost(user).await?.is_some() {
                    // Most never spoke, so most were never in it.
                    leave(&self.app.intent(&ghost), room).await?;
                }
            }
        }
        Ok(Closing::default())
    }
}
