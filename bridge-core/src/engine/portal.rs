//! Finds or makes the room of a chat.

use std::sync::Arc;

use ruma::{OwnedRoomId, RoomAliasId, UserId};
use serde_json::json;

use super::Bridge;
use super::bridge::{room_id, soft};
use super::supervisor::Live;
use crate::error::{JobError, NetworkError};
use crate::event::{ChatInfo, ChatKind};
use crate::id::{ChatKey, RemoteUserId};
use crate::matrix::CreateRoom;
use crate::network::{Network, Session};
use crate::store::portal::PortalRow;

impl<N: Network> Bridge<N> {
    /// The portal of a chat; its room is made at the first call. Many callers at once make one room.
    pub(crate) async fn portal(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
    ) -> Result<Arc<PortalRow>, JobError> {
        if let Some(portal) = self.portals.get(chat).await {
            return Ok(portal);
        }
        self.portals
            .try_get_with(chat.clone(), self.find_or_make(live, chat, None))
            .await
            .map_err(|error| JobError::clone(&error))
    }

    /// Like [`Bridge::portal`], for a chat that somebody on Matrix begins. A room that is made now is theirs: they are
    /// invited in its making, and may invite others; the login's owner is not.
    pub(crate) async fn portal_for(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        person: &UserId,
    ) -> Result<Arc<PortalRow>, JobError> {
        self.portals
            .try_get_with(chat.clone(), self.find_or_make(live, chat, Some(person)))
            .await
            .map_err(|error| JobError::clone(&error))
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

    /// A chat's portal, if it has a room.
    pub(crate) async fn known_portal(&self, chat: &ChatKey) -> Result<Option<Arc<PortalRow>>, JobError> {
        if let Some(portal) = self.portals.get(chat).await {
            return Ok(Some(portal));
        }
        let Some(row) = self.store.portal(chat).await?.filter(|row| row.room_id.is_some()) else {
            return Ok(None);
        };
        let row = Arc::new(row);
        self.portals.insert(chat.clone(), Arc::clone(&row)).await;
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
            return Ok(Arc::new(row.clone()));
        }
        let info = live.session.chat_info(chat).await?;
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
        self.store.put_portal(&row).await?;
        self.rooms.insert(room.to_string(), Some(chat.clone())).await;
        if let Ok(owner) = UserId::parse(&live.row.owner)
            && person.is_none()
        {
            soft("invite the owner", self.app.bot().invite(&room, &owner).await);
        }
        tracing::debug!(chat = %chat.chat_id, room = %room, "a portal was made");
        self.begin_new_room(&live.row.login_id, chat);
        Ok(Arc::new(row))
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
        let alias = self.alias(&info.key);
        let bot_id = bot.user_id().to_owned();
        let leader = person.map_or(live.row.owner.as_str(), UserId::as_str);
        let room = CreateRoom {
            name: self.room_name(live, info).await?,
            topic: info.topic.clone(),
            is_direct: info.kind == ChatKind::Direct || (info.kind == ChatKind::Group && person.is_some()),
            invite: person.map(ToOwned::to_owned).into_iter().collect(),
            is_federated: true,
            initial_state: self.bridge_state(info),
            power_levels: Some(json!({
                "users": { bot_id.as_str(): 100, leader: 50 },
                "users_default": 0,
                "events_default": 0,
                "state_default": 50,
                // As is usual on networks: whoever is in a chat may say what it is about, and pin.
                "events": { "m.room.topic": 0, "m.room.pinned_events": 0 },
                "ban": 50, "kick": 50, "redact": 50,
                // Into an open channel whoever is in the room may bring colleagues, who are then relayed.
                "invite": if info.kind == ChatKind::Channel { 0 } else { 50 },
                "notifications": { "room": 50 },
            })),
            ..CreateRoom::default()
        };
        Ok(bot.create_room_at(&alias, room).await?.room_id)
    }

    fn alias(&self, chat: &ChatKey) -> ruma::OwnedRoomAliasId {
        // Chats share the ghosts' escape: it is injective and within our namespace.
        let localpart = self.app.ghosts().user_id(&RemoteUserId::new(chat.to_string()));
        let alias = format!("#{}:{}", localpart.localpart(), self.app.client().server_name());
        RoomAliasId::parse(&alias).unwrap_or_else(|_| unreachable_alias())
    }

    /// Direct chats are called like the other person.
    pub(crate) async fn room_name(
        &self,
        live: &Live<N::Session>,
        info: &ChatInfo,
    ) -> Result<Option<String>, JobError> {
        Ok(match (&info.name, &info.peer) {
            (Some(name), _) => Some(name.clone()),
            (None, Some(peer)) => {
                NetworkError::or_none(live.session.user_info(peer).await)?.and_then(|user| user.name)
            }
            (None, None) => None,
        })
    }

    /// The state that tells other programs, and a rebuild, what the room is tied to (MSC2346).
    pub(crate) fn bridge_state(&self, info: &ChatInfo) -> Vec<(String, String, serde_json::Value)> {
        let network = N::INFO;
        let content = json!({
            "bridgebot": self.app.client().bot(),
            "protocol": { "id": network.id, "displayname": network.name, "external_url": network.url },
            "channel": { "id": info.key.chat_id, "displayname": info.name, "receiver": info.key.receiver },
        });
        let state_key = format!("{}://{}", network.id, info.key.chat_id);
        ["m.bridge", "uk.half-shot.bridge"]
            .into_iter()
            .map(|event_type| (event_type.to_owned(), state_key.clone(), content.clone()))
            .collect()
    }

    /// Brings a portal's name and topic up to what the network says now.
    pub(crate) async fn refresh_portal(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
    ) -> Result<(), JobError> {
        let Some(portal) = self.known_portal(chat).await? else { return Ok(()) };
        let info = live.session.chat_info(chat).await?;
        let Some(room) = portal.room_id.as_deref() else { return Ok(()) };
        let (room, bot) = (room_id(room)?, self.app.bot());
        if info.name != portal.info.name
            && let Some(name) = &info.name
        {
            bot.send_state(room, "m.room.name", "", &json!({ "name": name })).await?;
        }
        if info.topic != portal.info.topic {
            let topic = info.topic.clone().unwrap_or_default();
            bot.send_state(room, "m.room.topic", "", &json!({ "topic": topic })).await?;
        }
        self.keep_portal(PortalRow { info, ..PortalRow::clone(&portal) }).await
    }

    /// Stores what is known of a portal now.
    pub(crate) async fn keep_portal(&self, row: PortalRow) -> Result<(), JobError> {
        self.store.put_portal(&row).await?;
        self.portals.insert(row.chat.clone(), Arc::new(row)).await;
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

/// The escape leaves only characters that every alias may have.
fn unreachable_alias() -> ruma::OwnedRoomAliasId {
    tracing::error!("a chat's alias is malformed");
    ruma::owned_room_alias_id!("#malformed:invalid")
}
