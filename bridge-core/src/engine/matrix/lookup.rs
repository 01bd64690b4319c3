//! Gathers what the conversion of a Matrix message has to know, and what it refers to.

use ruma::RoomAliasId;
use serde_json::Value;

use super::super::Bridge;
use crate::content::{KnownMessage, Lookup, Message, html_read};
use crate::error::JobError;
use crate::event::from_matrix;
use crate::id::{ChatId, ChatKey};
use crate::matrix::MatrixError;
use crate::network::{Network, Session};
use crate::store::message::MessageRow;
use crate::store::portal::PortalRow;

/// What a message names beyond this number stays as it is written: each costs a question.
const MOST_NAMED: usize = 200;
/// The same of aliases that the homeserver has to be asked about.
const MOST_ASKED: usize = 10;

impl<N: Network> Bridge<N> {
    /// Who and what the message names, of those that have a counterpart, and whether its writer may notify the room.
    pub(super) async fn matrix_lookup(
        &self,
        content: &Value,
        portal: &PortalRow,
        sender: &str,
    ) -> Result<Lookup, JobError> {
        let mut lookup = Lookup::default();
        if from_matrix::notifies_room(content) {
            lookup.may_notify_room = self.may_notify_room(portal, sender).await?;
        }
        let body = content.get("body").and_then(Value::as_str).unwrap_or_default();
        let formatted = content.get("formatted_body").and_then(Value::as_str);
        let mut asked = 0;
        for named in html_read::mentioned(body, formatted).into_iter().take(MOST_NAMED) {
            match named.chars().next() {
                Some('$') => {
                    if let Some(known) = self.message_of_event(&named).await? {
                        lookup.remote_messages.insert(named, known);
                    }
                }
                Some('#') => {
                    if let Some(chat) = self.chat_of_alias(&named, &mut asked).await? {
                        lookup.remote_chats.insert(named, chat);
                    }
                }
                Some('!') if Some(named.as_str()) == portal.room_id.as_deref() => {
                    lookup.remote_chats.insert(named, portal.chat.chat_id.clone());
                }
                Some('!') => {
                    if let Some(chat) = self.chat_of_room(&named).await? {
                        lookup.remote_chats.insert(named, chat.chat_id);
                    }
                }
                _ => self.look_up_user(named, &mut lookup),
            }
        }
        Ok(lookup)
    }

    fn look_up_user(&self, user_id: String, lookup: &mut Lookup) {
        let is_owner = |owner: &str| owner == user_id;
        if let Some(remote) = self.app.ghosts().parse(&user_id) {
            lookup.remote_users.insert(user_id, remote);
        } else if let Some(own) =
            self.logins.all().into_iter().find(|live| live.row.personal && is_owner(&live.row.owner))
        {
            lookup.remote_users.insert(user_id, own.row.own_user_id.clone());
        }
    }

    /// The remote message that an event shows or became, with its address there.
    async fn message_of_event(&self, event_id: &str) -> Result<Option<KnownMessage>, JobError> {
        let Some(row) = self.pair_of(Some(event_id)).await? else { return Ok(None) };
        let login = self.known_portal(&row.chat).await?.and_then(|portal| self.logins.live(&portal.login_id));
        let link =
            login.and_then(|live| live.session.message_link(&row.message_id, row.thread_root.as_ref()));
        Ok(Some(KnownMessage { id: row.message_id, link }))
    }

    /// The chat whose portal an alias leads to. Those that the bridge made say so themselves; about others of the own
    /// server the homeserver is asked, and another server's, which may take a minute to answer, stay as they are.
    async fn chat_of_alias(&self, alias: &str, asked: &mut usize) -> Result<Option<ChatId>, JobError> {
        let Ok(alias) = <&RoomAliasId>::try_from(alias) else { return Ok(None) };
        let own_server = self.app.client().server_name();
        if alias.server_name() != own_server {
            return Ok(None);
        }
        if let Some(chat) = self.app.ghosts().parse(&format!("@{}:{own_server}", alias.alias())) {
            let chat = ChatKey::shared(ChatId::new(chat.as_str()));
            if self.known_portal(&chat).await?.is_some() {
                return Ok(Some(chat.chat_id));
            }
        }
        *asked += 1;
        if *asked > MOST_ASKED {
            return Ok(None);
        }
        let room = match self.app.bot().room_of_alias(alias).await {
            Ok(room) => room,
            Err(wait @ MatrixError::RateLimited(_)) => return Err(wait.into()),
            // A message is worth more than a link in it.
            Err(error) => {
                tracing::debug!(%error, "nobody knows where an alias leads; it stays as it is written");
                None
            }
        };
        let Some(room) = room else { return Ok(None) };
        Ok(self.chat_of_room(room.as_str()).await?.map(|chat| chat.chat_id))
    }

    /// Sets the thread that a message stands in and the message it answers, of those that the network knows. An answer to
    /// something in a thread stays in the thread.
    pub(super) async fn relate(&self, message: &mut Message, content: &Value) -> Result<(), JobError> {
        let relation = content.get("m.relates_to");
        let text = |pointer: &str| relation.and_then(|it| it.pointer(pointer)).and_then(Value::as_str);
        if text("/rel_type") == Some("m.thread")
            && let Some(root) = self.pair_of(text("/event_id")).await?
        {
            message.thread_root = Some(root.thread_root.unwrap_or(root.message_id));
        }
        let is_fallback = relation.and_then(|it| it.get("is_falling_back")) == Some(&Value::Bool(true));
        if !is_fallback && let Some(answered) = self.pair_of(text("/m.in_reply_to/event_id")).await? {
            if message.thread_root.is_none() {
                message.thread_root = answered.thread_root;
            }
            message.reply_to = Some(answered.message_id);
        }
        Ok(())
    }

    async fn pair_of(&self, event_id: Option<&str>) -> Result<Option<MessageRow>, JobError> {
        let Some(event_id) = event_id else { return Ok(None) };
        Ok(self.store.event_pairs(event_id).await?.into_iter().next())
    }
}
