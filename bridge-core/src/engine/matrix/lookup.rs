//! Gathers what the conversion of a Matrix message has to know, and what it refers to.

use serde_json::Value;

use super::super::Bridge;
use crate::content::{Lookup, Message, html_read};
use crate::error::JobError;
use crate::network::Network;
use crate::store::message::MessageRow;
use crate::store::portal::PortalRow;

impl<N: Network> Bridge<N> {
    /// Who and what the message names, of those that have a counterpart.
    pub(super) async fn matrix_lookup(
        &self,
        content: &Value,
        portal: &PortalRow,
    ) -> Result<Lookup, JobError> {
        let mut lookup = Lookup::default();
        let body = content.get("body").and_then(Value::as_str).unwrap_or_default();
        let formatted = content.get("formatted_body").and_then(Value::as_str);
        for named in html_read::mentioned(body, formatted) {
            if let Some(remote) = self.app.ghosts().parse(&named) {
                lookup.remote_users.insert(named, remote);
            } else if let Some(own) =
                self.logins.all().into_iter().find(|live| live.row.personal && live.row.owner == named)
            {
                lookup.remote_users.insert(named, own.row.own_user_id.clone());
            } else if Some(named.as_str()) == portal.room_id.as_deref() {
                lookup.remote_chats.insert(named, portal.chat.chat_id.clone());
            } else if named.starts_with('!')
                && let Some(chat) = self.chat_of_room(&named).await?
            {
                lookup.remote_chats.insert(named, chat.chat_id);
            }
        }
        Ok(lookup)
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
