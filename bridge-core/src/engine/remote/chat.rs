//! Something about a chat as such changed on the remote network.

use super::super::Bridge;
use super::super::bridge::{room_id, soft};
use super::super::room_state;
use super::super::supervisor::Live;
use super::message::chat_of;
use crate::error::{JobError, NetworkError};
use crate::event::{ChatInfo, RemoteEvent, Scope};
use crate::id::ChatKey;
use crate::network::{Network, Session};
use crate::queue::Closing;

impl<N: Network> Bridge<N> {
    /// The chat's data changed: the room follows. `is_archived`: what the event says of that, if anything.
    pub(super) async fn remote_chat_info(
        &self,
        live: &Live<N::Session>,
        event: &RemoteEvent,
        is_archived: Option<bool>,
    ) -> Result<Closing, JobError> {
        let Scope::Chat(chat) = &event.scope else { return Ok(Closing::default()) };
        let Some(portal) = self.known_portal(chat).await? else { return Ok(Closing::default()) };
        let info = match (live.session.chat_info(chat).await, is_archived) {
            (Ok(info), _) => info,
            // An archived chat may not be shown to us any more.
            (Err(NetworkError::Rejected(_)), Some(archived)) => ChatInfo { archived, ..portal.info.clone() },
            (Err(NetworkError::Rejected(why)), None) => {
                tracing::debug!(%chat, why, "the network tells nothing of a chat that changed");
                return Ok(Closing::default());
            }
            (Err(error), _) => return Err(error.into()),
        };
        Box::pin(self.update_portal(live, &portal, info, event.dedup.as_str())).await?;
        Ok(Closing::default())
    }

    /// The chat is gone for good: its room stays for reading.
    pub(super) async fn remote_deleted(
        &self,
        live: &Live<N::Session>,
        event: &RemoteEvent,
    ) -> Result<Closing, JobError> {
        if let Scope::Chat(chat) = &event.scope
            && let Some(portal) = self.known_portal(chat).await?
        {
            let info = ChatInfo { deleted: true, ..portal.info.clone() };
            Box::pin(self.update_portal(live, &portal, info, event.dedup.as_str())).await?;
        }
        Ok(Closing::default())
    }

    /// Ties the room to the chat's new id. The record comes last, so that a repeat does all of it again.
    pub(super) async fn remote_moved(
        &self,
        live: &Live<N::Session>,
        event: &RemoteEvent,
        to: &ChatKey,
    ) -> Result<Closing, JobError> {
        let from = chat_of(event)?;
        let Some(portal) = self.store.portal(from).await? else { return Ok(Closing::default()) };
        if self.known_portal(to).await?.is_some() {
            return Ok(Closing::default());
        }
        let info = match live.session.chat_info(to).await {
            Ok(info) => info.completed_by(&portal.info),
            Err(NetworkError::Rejected(_)) => ChatInfo { key: to.clone(), ..portal.info.clone() },
            Err(error) => return Err(error.into()),
        };
        if let Some(room) = portal.room_id.as_deref() {
            let room = room_id(room)?;
            // By it the room is found again, should the record be lost.
            soft("add an alias", self.app.bot().add_alias(&self.alias(to), room).await);
            for wanted in room_state::forgotten(&portal.info, &N::INFO) {
                if self.app.bot().state(room, wanted.kind, &wanted.key).await?.is_some() {
                    self.set_wanted(room, &wanted).await?;
                }
            }
            Box::pin(self.furnish(live, room, Some(&portal.info), &info)).await?;
        }
        if !self.store.move_portal(from, to, &info).await? {
            return Ok(Closing::default());
        }
        self.portals.remove(from);
        self.portals.remove(to);
        if let Some(room) = portal.room_id {
            self.rooms.insert(room, Some(to.clone()));
        }
        Ok(Closing::default())
    }
}
