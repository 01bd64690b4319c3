//! A message of the remote network.

use serde_json::Value;

use super::super::Bridge;
use super::super::bridge::room_id;
use super::super::supervisor::Live;
use crate::content::{Lookup, MatrixName, Mention, Message, PartBody};
use crate::error::{JobError, NetworkError};
use crate::event::{RemoteEvent, Scope, Sender, to_matrix};
use crate::id::{ChatKey, PartId, RemoteMessageId, RemoteUserId};
use crate::matrix::{TxnKey, txn_id};
use crate::network::{Network, Session};
use crate::queue::Closing;
use crate::store::message::MessageRow;

/// Our own field on events: what they show, so that a lost database can be rebuilt from the rooms.
const OUR_FIELD: &str = "dev.bridge-hub.remote";

impl<N: Network> Bridge<N> {
    pub(super) async fn remote_message(
        &self,
        live: &Live<N::Session>,
        event: &RemoteEvent,
        id: &RemoteMessageId,
        message: &Message,
    ) -> Result<Closing, JobError> {
        let Scope::Chat(chat) = &event.scope else {
            return Err(JobError::Park("The message names no chat.".to_owned()));
        };
        if !self.store.message_pairs(id).await?.is_empty() {
            return Ok(Closing::default());
        }
        let (remote_user, shown_as) = match &event.sender {
            Sender::Own { marker: Some(marker), .. } => {
                return Ok(adopt(live.row.own_user_id.as_str(), chat, event, id, marker));
            }
            Sender::Own { user_id, marker: None } => (user_id, None),
            Sender::User { user_id, shown_as } => (user_id, shown_as.as_ref()),
            Sender::Network => (&live.row.own_user_id, None),
        };
        let portal = self.portal(live, chat).await?;
        let room = room_id(portal.room_id.as_deref().unwrap_or_default())?;
        let ghost = self.ghost(live, remote_user, shown_as).await?;
        let lookup = self.remote_lookup(live, message).await?;
        let intent = self.app.intent(&ghost.user_id);
        intent.ensure_joined(room).await?;

        let mut pairs = Vec::new();
        for (part, mut content) in to_matrix::message(message, &lookup, to_matrix::MatrixOptions::default()) {
            content[OUR_FIELD] = serde_json::json!({ "id": id, "part": part });
            let event_id = self.send_part(&intent, room, event, id, &part, &content).await?;
            pairs.push(MessageRow {
                message_id: id.clone(),
                part_id: part,
                event_id,
                chat: chat.clone(),
                sender: ghost.user_id.to_string(),
                sent_at: event.at,
            });
        }
        Ok(Closing { pairs, sent: false })
    }

    async fn send_part(
        &self,
        intent: &crate::matrix::Intent,
        room: &ruma::RoomId,
        event: &RemoteEvent,
        id: &RemoteMessageId,
        part: &PartId,
        content: &Value,
    ) -> Result<String, JobError> {
        let key = TxnKey {
            kind: "message",
            remote_id: id.as_str(),
            part: part.as_str(),
            ghost: intent.user_id().as_str(),
            revision: "",
        };
        let sent = intent.send(room, "m.room.message", content, &txn_id(&key), Some(event.at)).await;
        let sent = match sent {
            // Removed from the room since we last knew: join again, and say it again.
            Err(error) if error.is_forbidden() => {
                intent.ensure_joined(room).await?;
                intent.send(room, "m.room.message", content, &txn_id(&key), Some(event.at)).await
            }
            other => other,
        };
        Ok(sent?.to_string())
    }

    /// The names of everybody the message mentions.
    async fn remote_lookup(&self, live: &Live<N::Session>, message: &Message) -> Result<Lookup, JobError> {
        let mut lookup = Lookup::default();
        for part in &message.parts {
            let PartBody::Text(text) = &part.body;
            for mention in text.mentions() {
                match mention {
                    Mention::User(user) if !lookup.users.contains_key(user) => {
                        let name = self.name_of(live, user).await?;
                        lookup.users.insert(user.clone(), name);
                    }
                    Mention::Chat(chat) if !lookup.chats.contains_key(chat) => {
                        let key = ChatKey::shared(chat.clone());
                        if let Some(portal) = self.store.portal(&key).await? {
                            let name = portal.info.name.unwrap_or_else(|| chat.to_string());
                            lookup.chats.insert(chat.clone(), MatrixName { mxid: portal.room_id, name });
                        }
                    }
                    _ => {}
                }
            }
        }
        Ok(lookup)
    }

    /// How a remote person is mentioned: as the Matrix user whose own login they are, else as their ghost.
    async fn name_of(&self, live: &Live<N::Session>, user: &RemoteUserId) -> Result<MatrixName, JobError> {
        let ghost = self.app.ghosts().user_id(user).to_string();
        let owner =
            self.logins.all().into_iter().find(|other| other.row.personal && other.row.own_user_id == *user);
        let mxid = owner.map_or(ghost, |other| other.row.owner.clone());
        if let Some(name) = self.store.ghost(user).await?.and_then(|row| row.name) {
            return Ok(MatrixName { mxid: Some(mxid), name });
        }
        let info = NetworkError::or_none(live.session.user_info(user).await)?;
        let name = info.and_then(|info| info.name);
        Ok(MatrixName { mxid: Some(mxid), name: name.unwrap_or_else(|| user.to_string()) })
    }
}

/// Our own message coming back, whose pair is not stored: the database is older than the message. The marker says which
/// Matrix event it was.
fn adopt(own_user: &str, chat: &ChatKey, event: &RemoteEvent, id: &RemoteMessageId, marker: &str) -> Closing {
    let (event_id, _part) = marker.rsplit_once('/').unwrap_or((marker, ""));
    let row = MessageRow {
        message_id: id.clone(),
        part_id: PartId::first(),
        event_id: event_id.to_owned(),
        chat: chat.clone(),
        sender: own_user.to_owned(),
        sent_at: event.at,
    };
    Closing { pairs: vec![row], sent: false }
}
