//! Finds or makes the room of a chat.

use std::sync::Arc;

use ruma::{OwnedRoomId, RoomAliasId, RoomId, UserId};
use serde_json::json;

use super::Bridge;
use super::room_state::{self, levels};
use super::supervisor::Live;
use crate::config::Level;
use crate::error::JobError;
use crate::event::{ChatInfo, ChatKind};
use crate::id::{ChatKey, RemoteUserId};
use crate::matrix::{CreateRoom, ErrorClass};
use crate::network::{Network, Session};
use crate::store::portal::PortalRow;

const MEMBER: &str = "m.room.member";

impl<N: Network> Bridge<N> {
    /// The portal of a chat; its room is made at the first call. Many callers at once make one room.
    pub(crate) async fn portal(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
    ) -> Result<Arc<PortalRow>, JobError> {
        if let Some(portal) = self.portals.get(chat) {
            return Ok(portal);
        }
        self.portals.or_try_insert_with(chat, Box::pin(self.find_or_make(live, chat, None))).await
    }

    /// Like [`Bridge::portal`], for a chat that somebody on Matrix begins. A room that is made now is theirs: they may invite
    /// others, and the login's owner is not invited. Nobody is yet: what they write before the room is a portal's is lost.
    pub(crate) async fn portal_for(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        person: &UserId,
    ) -> Result<Arc<PortalRow>, JobError> {
        self.portals.or_try_insert_with(chat, Box::pin(self.find_or_make(live, chat, Some(person)))).await
    }

    /// Like [`Bridge::portal`], for a person's command: where the network or the homeserver asks to wait, it is waited
    /// and gone on.
    pub(crate) async fn portal_for_command(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
    ) -> Result<Arc<PortalRow>, JobError> {
        loop {
            match self.portal(live, chat).await {
                Err(JobError::RetryAfter(wait)) => tokio::time::sleep(wait).await,
                done => return done,
            }
        }
    }

    /// A chat that is spoken to: its portal, or the row of one whose room was lost and who has no new one yet.
    pub(crate) async fn known_chat(&self, chat: &ChatKey) -> Result<Option<Arc<PortalRow>>, JobError> {
        match self.known_portal(chat).await? {
            None => Ok(self.store.portal(chat).await?.map(Arc::new)),
            portal => Ok(portal),
        }
    }

    /// A chat's portal, if it has a room.
    pub(crate) async fn known_portal(&self, chat: &ChatKey) -> Result<Option<Arc<PortalRow>>, JobError> {
        if let Some(portal) = self.portals.get(chat) {
            return Ok(Some(portal));
        }
        let Some(row) = self.store.portal(chat).await?.filter(|row| row.room_id.is_some()) else {
            return Ok(None);
        };
        let row = Arc::new(row);
        // One into which nobody was invited yet has to come by `finish_room`.
        if self.store.fact(&uninvited(chat)).await?.is_none() {
            self.portals.insert(chat.clone(), Arc::clone(&row));
        }
        Ok(Some(row))
    }

    async fn find_or_make(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        person: Option<&UserId>,
    ) -> Result<Arc<PortalRow>, JobError> {
        let stored = self.store.portal(chat).await?;
        if let Some(row) = stored.as_ref().filter(|row| row.room_id.is_some()) {
            self.finish_room(live, row).await?;
            return Ok(Arc::new(row.clone()));
        }
        let info = self.with_pictures_had(live, live.session.chat_info(chat).await?, None).await?;
        if let Some(person) = person {
            self.note_beginner(chat, person).await?;
        }
        let room = self.make_room(live, &info, person).await?;
        let row = PortalRow {
            chat: chat.clone(),
            room_id: Some(room.to_string()),
            login_id: live.row.login_id.clone(),
            info,
            avatar_mxc: None,
            created_at: stored.map_or_else(|| self.store.clock().now_ms(), |row| row.created_at),
        };
        self.note_new_room(&live.row.login_id, chat).await?;
        self.become_portal(&room).await?;
        if person.is_none() {
            self.store.put_fact(&uninvited(chat), "").await?;
        }
        self.store.put_portal(&row).await?;
        self.rooms.insert(room.to_string(), Some(chat.clone()));
        tracing::debug!(chat = %chat.chat_id, room = %room, "a portal was made");
        self.finish_room(live, &row).await?;
        self.begin_new_room(&live.row.login_id, chat).await;
        Ok(Arc::new(row))
    }

    /// What has to be noted of a room before it is a portal's.
    pub(crate) async fn become_portal(&self, room: &RoomId) -> Result<(), JobError> {
        if self.pinned_on_both(room).await?.is_none() {
            self.note_pinned(room, &[]).await?;
        }
        Ok(self.handovers.begin(&self.store, room.as_str()).await?)
    }

    /// Makes the room under an alias made from the chat, so that a room whose record a crash lost is found again
    /// instead of made a second time.
    async fn make_room(
        &self,
        live: &Live<N::Session>,
        info: &ChatInfo,
        person: Option<&UserId>,
    ) -> Result<OwnedRoomId, JobError> {
        let bot = self.app.bot();
        bot.ensure_registered().await?;
        let around = Box::pin(self.around(live, info)).await?;
        let state = room_state::wanted(info, &around).into_iter().filter(|wanted| !wanted.is_empty());
        let peer = info.peer.as_ref().map(|peer| self.app.ghosts().user_id(peer));
        let peer = peer.as_deref().filter(|_| info.kind == ChatKind::Direct);
        let leader = person.map_or(around.owner, UserId::as_str);
        let caretakers: Vec<&str> = [Some(leader), peer.map(UserId::as_str)].into_iter().flatten().collect();
        let room = CreateRoom {
            is_direct: info.kind == ChatKind::Direct,
            is_federated: true,
            initial_state: state.map(|it| (it.kind.to_owned(), it.key, it.content)).collect(),
            power_levels: Some(levels::first(info, around.bot, &caretakers)),
            ..CreateRoom::default()
        };
        let made = bot.create_room_at(&self.alias(&info.key), room).await?;
        if made.is_found {
            // What the one who made it knew of the chat may be old.
            Box::pin(self.furnish(live, &made.room_id, None, info)).await?;
        }
        Ok(made.room_id)
    }

    /// Invites into a new room unless it was done. The event for which the room was made is tried again until this is done,
    /// and comes by here each time, also after a crash.
    async fn finish_room(&self, live: &Live<N::Session>, row: &PortalRow) -> Result<(), JobError> {
        let (name, Some(room)) = (uninvited(&row.chat), &row.room_id) else { return Ok(()) };
        if self.store.fact(&name).await?.is_none() {
            return Ok(());
        }
        match self.invite_first(live, super::bridge::room_id(room)?, &row.info).await {
            Err(error) if error.is_tried_again() => return Err(error),
            Err(error) => tracing::debug!(%error, "nobody could be invited into a new room"),
            Ok(_) => {}
        }
        Ok(self.store.forget_fact(&name).await?)
    }

    /// Invites whom the room of a chat is for that went on over there: who began the chat, else the login's owner.
    async fn invite_first(
        &self,
        live: &Live<N::Session>,
        room: &RoomId,
        info: &ChatInfo,
    ) -> Result<bool, JobError> {
        let may_begin = |who: &String| self.permissions.level(who) >= Level::User;
        let beginner = self.beginner(&info.key).await?.filter(may_begin);
        let is_direct = info.kind == ChatKind::Direct || beginner.is_some();
        let Ok(person) = UserId::parse(beginner.as_deref().unwrap_or(&live.row.owner)) else {
            return Ok(false);
        };
        self.invite_to(room, info, &person, is_direct).await
    }

    /// Invites somebody to a chat's room. To a direct chat the other person's ghost does, so that clients list it under them.
    /// `false`: the homeserver does not let them be invited.
    pub(crate) async fn invite_to(
        &self,
        room: &RoomId,
        info: &ChatInfo,
        person: &UserId,
        is_direct: bool,
    ) -> Result<bool, JobError> {
        let mut content = json!({ "membership": "invite" });
        if is_direct {
            content["is_direct"] = true.into();
        }
        if let (ChatKind::Direct, Some(peer)) = (info.kind, &info.peer) {
            let ghost = self.app.intent(&self.app.ghosts().user_id(peer));
            let invited = async {
                ghost.ensure_joined(room).await?;
                ghost.put_state(room, MEMBER, person.as_str(), &content, None).await
            };
            if invited.await.is_ok() {
                return Ok(true);
            }
        }
        match self.app.bot().put_state(room, MEMBER, person.as_str(), &content, None).await {
            Err(error) if error.class() == ErrorClass::Permanent => {
                tracing::debug!(%error, "somebody could not be invited");
                Ok(false)
            }
            done => Ok(done.map(|_| true)?),
        }
    }

    pub(super) fn alias(&self, chat: &ChatKey) -> ruma::OwnedRoomAliasId {
        // Chats share the ghosts' escape: it is injective and within our namespace.
        let localpart = self.app.ghosts().user_id(&RemoteUserId::new(chat.to_string()));
        let alias = format!("#{}:{}", localpart.localpart(), self.app.client().server_name());
        RoomAliasId::parse(&alias).unwrap_or_else(|_| unreachable_alias())
    }

    /// Stores what is known of a portal now.
    pub(crate) async fn keep_portal(&self, row: PortalRow) -> Result<(), JobError> {
        self.store.put_portal(&row).await?;
        self.portals.insert(row.chat.clone(), Arc::new(row));
        Ok(())
    }

    /// Notes a chat as known, without a room yet.
    pub(crate) async fn know_chat(&self, live: &Live<N::Session>, info: ChatInfo) -> Result<(), JobError> {
        let row = PortalRow {
            chat: info.key.clone(),
            room_id: None,
            login_id: live.row.login_id.clone(),
            info,
            avatar_mxc: None,
            created_at: self.store.clock().now_ms(),
        };
        Ok(self.store.note_portal(&row).await?)
    }
}

/// The name under which it is noted that nobody was invited yet into a chat's room.
fn uninvited(chat: &ChatKey) -> String {
    format!("uninvited/{chat}")
}

/// The escape leaves only characters that every alias may have.
fn unreachable_alias() -> ruma::OwnedRoomAliasId {
    tracing::error!("a chat's alias is malformed");
    ruma::owned_room_alias_id!("#malformed:invalid")
}
