//! Carries Matrix events out on Slack, and finds again what of them was carried out already.

use std::sync::Arc;

use bridge_core::clock::Clock;
use bridge_core::error::NetworkError;
use bridge_core::event::{MatrixEvent, MatrixKind};
use bridge_core::id::RemoteMessageId;
use bridge_core::network::{Context, SentPart};
use serde_json::json;

use super::people::People;
use crate::api::reply::{Done, Posted};
use crate::api::{CallError, Caller};
use crate::convert::{Options, Own, Piece, Post};
use crate::id::{self, MessageRef};
use crate::transcode::Transcoder;

const POST: &str = "chat.postMessage";
const UPDATE: &str = "chat.update";
const DELETE: &str = "chat.delete";

/// What carrying out takes.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) bot: Caller,
    pub(super) team_id: String,
    pub(super) own: Arc<Own>,
    pub(super) options: Options,
    pub(super) transcoder: Transcoder,
    pub(super) clock: Clock,
    pub(super) context: Context,
    pub(super) people: People,
}

impl Desk {
    /// Carries an event out. `done`: what [`Desk::find`] found of it.
    pub(super) async fn send(
        &self,
        event: &MatrixEvent,
        done: Vec<SentPart>,
    ) -> Result<Vec<SentPart>, NetworkError> {
        match &event.kind {
            MatrixKind::Message(message) => self.send_message(event, message, done).await,
            MatrixKind::Edit { sent, message } => self.edit(event, sent, message, done).await,
            MatrixKind::Delete { sent } => self.delete(sent).await,
            MatrixKind::React(reaction) => self.react(event, reaction, done).await,
            MatrixKind::Name(name) => self.rename(event, name.as_deref()).await,
            MatrixKind::Topic(topic) => self.set_topic(event, topic.as_deref()).await,
            MatrixKind::Pin { message, is_pinned } => self.set_pin(message, *is_pinned).await,
            MatrixKind::Member { user_id, is_in } => self.set_member(event, user_id, *is_in).await,
            _ => Err(NetworkError::Unsupported("This")),
        }
    }

    /// Looks for what an earlier try may have left on Slack. What may be done twice is not looked for.
    pub(super) async fn find(&self, event: &MatrixEvent) -> Result<Vec<SentPart>, NetworkError> {
        match &event.kind {
            MatrixKind::Message(message) => self.find_message(event, message).await,
            MatrixKind::Edit { sent, message } => self.find_added(event, sent, message).await,
            MatrixKind::React(reaction) => self.find_note(event, reaction).await,
            _ => Ok(Vec::new()),
        }
    }

    pub(super) async fn post(&self, post: &Post) -> Result<SentPart, NetworkError> {
        let reply: Result<Posted, _> = self.bot.post(POST, Some(&post.channel), &post.body()).await;
        let reply = reply.map_err(|error| error.of_post(POST))?;
        let ts = reply.ts.as_deref().unwrap_or_default();
        let channel = reply.channel.as_deref().unwrap_or(&post.channel);
        self.part(&post.part, channel, ts).ok_or_else(|| {
            NetworkError::Uncertain("Slack's answer to chat.postMessage names no message.".to_owned())
        })
    }

    /// Makes a message say what the piece says.
    pub(super) async fn update(&self, piece: &Piece, message: &MessageRef) -> Result<(), CallError> {
        let reply: Result<Done, _> = self.bot.post(UPDATE, None, &piece.update(&message.ts)).await;
        reply.map(drop)
    }

    /// Removes a message; one that is gone is removed.
    pub(super) async fn remove(&self, message: &MessageRef) -> Result<(), NetworkError> {
        let body = json!({ "channel": message.channel_id, "ts": message.ts });
        let reply: Result<Done, _> = self.bot.post(DELETE, None, &body).await;
        match reply {
            Err(error) if error.code() == Some("message_not_found") => Ok(()),
            reply => reply.map(drop).map_err(|error| error.of_change(DELETE)),
        }
    }

    pub(super) fn part(&self, part: &bridge_core::id::PartId, channel: &str, ts: &str) -> Option<SentPart> {
        let id = id::message_id(&self.team_id, channel, ts)?;
        Some(SentPart { part: part.clone(), id, at: id::ts_ms(ts)? })
    }
}

/// Slack's ids of a message, or a sentence.
pub(super) fn message_ref(id: &RemoteMessageId) -> Result<MessageRef, NetworkError> {
    id::parse_message_id(id)
        .ok_or_else(|| NetworkError::Rejected("This is not a message of Slack.".to_owned()))
}
