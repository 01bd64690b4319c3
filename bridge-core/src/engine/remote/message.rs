//! A message of the remote network.

use std::sync::Arc;

use ruma::RoomId;
use serde_json::Value;

use super::super::Bridge;
use super::super::bridge::room_id;
use super::super::ghost::KnownGhost;
use super::super::own_field;
use super::super::supervisor::Live;
use super::relation::{Relation, first_event};
use crate::content::{Mention, Message, PartBody};
use crate::error::JobError;
use crate::event::{RemoteEvent, Scope, Sender, to_matrix};
use crate::id::{ChatKey, PartId, RemoteMessageId};
use crate::matrix::{TxnKey, txn_id};
use crate::network::{Network, Session};
use crate::queue::Closing;
use crate::store::message::MessageRow;
use crate::store::portal::PortalRow;

/// Where a message is shown, and by whom.
pub(super) struct Place {
    pub(super) portal: Arc<PortalRow>,
    pub(super) ghost: Arc<KnownGhost>,
}

impl Place {
    pub(super) fn room(&self) -> Result<&RoomId, JobError> {
        room_id(self.portal.room_id.as_deref().unwrap_or_default())
    }
}

/// The chat of an event that has one.
pub(super) fn chat_of(event: &RemoteEvent) -> Result<&ChatKey, JobError> {
    match &event.scope {
        Scope::Chat(chat) => Ok(chat),
        _ => Err(JobError::Park("The event names no chat.".to_owned())),
    }
}

impl<N: Network> Bridge<N> {
    pub(super) async fn remote_message(
        &self,
        live: &Live<N::Session>,
        event: &RemoteEvent,
        id: &RemoteMessageId,
        message: &Message,
    ) -> Result<Closing, JobError> {
        let chat = chat_of(event)?;
        let is_new = self.is_surely_new(live, event, chat, id, message).await?;
        let shown = if is_new { Vec::new() } else { self.store.message_pairs(id).await? };
        if !shown.is_empty() {
            return self.remote_broadcast(live, event, id, message, &shown).await;
        }
        if let Sender::Own { marker: Some(marker), .. } = &event.sender {
            return Ok(adopt(live.row.own_user_id.as_str(), chat, event, id, message, marker));
        }
        if self.was_shown_before_loss(&live.session, chat, event, id).await? {
            return Ok(Closing::default());
        }
        let place = self.place(live, event, chat).await?;
        let (relation, mut pairs) = self.relation(live, chat, message).await?;
        match self.show(live, event, id, message, &place, &relation).await {
            Ok(shown) => pairs.extend(shown),
            Err(error) => {
                if !pairs.is_empty() && !error.is_tried_again() {
                    // The thread's beginning is there, and answers have to find it.
                    self.store.put_pairs(&pairs).await?;
                }
                return Err(error);
            }
        }
        Ok(Closing { pairs, ..Closing::default() })
    }

    /// Whether a message cannot have been shown: what others say is newer than all that is shown in their chat, nearly always. By
    /// the time that its id tells, which no later news of it changes; ours may be on its way since before, and an answer that is
    /// also shown outside of its thread is told of again.
    async fn is_surely_new(
        &self,
        live: &Live<N::Session>,
        event: &RemoteEvent,
        chat: &ChatKey,
        id: &RemoteMessageId,
        message: &Message,
    ) -> Result<bool, JobError> {
        if !matches!(event.sender, Sender::User { .. }) || message.broadcast {
            return Ok(false);
        }
        let Some(said_at) = live.session.said_at(id) else { return Ok(false) };
        Ok(self.store.is_newer_than_pairs(chat, said_at.min(event.at)).await?)
    }

    /// The room and the ghost, who is in it afterwards.
    pub(super) async fn place(
        &self,
        live: &Live<N::Session>,
        event: &RemoteEvent,
        chat: &ChatKey,
    ) -> Result<Place, JobError> {
        let (remote_user, shown_as) = match &event.sender {
            Sender::Own { user_id, .. } => (user_id, None),
            Sender::User { user_id, shown_as } => (user_id, shown_as.as_ref()),
            Sender::Network => (&live.row.own_user_id, None),
        };
        let portal = self.portal(live, chat).await?;
        let ghost = self.ghost(live, remote_user, shown_as).await?;
        let place = Place { portal, ghost };
        self.app.intent(&place.ghost.user_id).ensure_joined(place.room()?).await?;
        Ok(place)
    }

    /// Sends all events of a message and gives their pairs.
    pub(super) async fn show(
        &self,
        live: &Live<N::Session>,
        event: &RemoteEvent,
        id: &RemoteMessageId,
        message: &Message,
        place: &Place,
        relation: &Relation,
    ) -> Result<Vec<MessageRow>, JobError> {
        let lookup = self.remote_lookup(live, message, place).await?;
        let mut options = to_matrix::MatrixOptions::default();
        options.write.room_mentions = self.notifies_room(message, place).await?;
        let contents = to_matrix::message(message, &lookup, options);
        let mut pairs = Vec::with_capacity(contents.len());
        for (part, mut content) in relation.apply(contents) {
            own_field::put_thread(&mut content, message.thread_root.as_ref());
            let key = Key { kind: "message", id, part: &part, revision: "" };
            let event_id = self.send_part(place, event, &key, content).await?;
            pairs.push(MessageRow {
                message_id: id.clone(),
                part_id: part,
                event_id,
                chat: chat_of(event)?.clone(),
                sender: place.ghost.user_id.to_string(),
                sent_at: event.at,
                thread_root: message.thread_root.clone(),
            });
        }
        self.forget_carried(message, &place.ghost.user_id);
        if let Some(target) = first_event(&pairs) {
            self.show_earlier_reactions(live, event, id, message, &target, event.at).await?;
        }
        Ok(pairs)
    }

    /// Whether a message that addresses everybody notifies the room: as for anybody else, the room's power levels say.
    async fn notifies_room(&self, message: &Message, place: &Place) -> Result<bool, JobError> {
        let addresses_all = message.parts.iter().any(|part| match &part.body {
            PartBody::Text(text) => text.mentions().contains(&&Mention::Everyone),
            PartBody::File(file) => {
                file.caption.as_ref().is_some_and(|text| text.mentions().contains(&&Mention::Everyone))
            }
        });
        if !addresses_all {
            return Ok(false);
        }
        self.may_notify_room(&place.portal, place.ghost.user_id.as_str()).await
    }

    /// Sends one event of a message as its ghost. Repeated with the same key it is sent once.
    pub(super) async fn send_part(
        &self,
        place: &Place,
        event: &RemoteEvent,
        key: &Key<'_>,
        mut content: Value,
    ) -> Result<String, JobError> {
        own_field::put(&mut content, key.id, key.part);
        let intent = self.app.intent(&place.ghost.user_id);
        let txn = txn_id(&TxnKey {
            kind: key.kind,
            remote_id: key.id.as_str(),
            part: key.part.as_str(),
            ghost: intent.user_id().as_str(),
            revision: key.revision,
        });
        let sent =
            intent.send_joined(place.room()?, "m.room.message", &content, &txn, Some(event.at)).await?;
        Ok(sent.to_string())
    }
}

/// What one event of a message is, from the network's point of view.
pub(super) struct Key<'a> {
    pub(super) kind: &'static str,
    pub(super) id: &'a RemoteMessageId,
    pub(super) part: &'a PartId,
    pub(super) revision: &'a str,
}

/// Our own message coming back, whose pair is not stored: the database is older than the message. The marker says which
/// Matrix event it was.
pub(super) fn adopt(
    own_user: &str,
    chat: &ChatKey,
    event: &RemoteEvent,
    id: &RemoteMessageId,
    message: &Message,
    marker: &str,
) -> Closing {
    let (event_id, index) = marker.rsplit_once('/').unwrap_or((marker, ""));
    let row = MessageRow {
        message_id: id.clone(),
        part_id: PartId::numbered(index.parse().unwrap_or(0)),
        event_id: event_id.to_owned(),
        chat: chat.clone(),
        sender: own_user.to_owned(),
        sent_at: event.at,
        thread_root: message.thread_root.clone(),
    };
    Closing { pairs: vec![row], ..Closing::default() }
}
