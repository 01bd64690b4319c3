//! A message on Matrix: a command, an answer to a question, or something to carry over.

use serde_json::Value;

use super::super::Bridge;
use super::delivery::pairs;
use super::{Incoming, edit, malformed};
use crate::config::Level;
use crate::content::{Message, PartBody, RichText, plain};
use crate::error::JobError;
use crate::event::{MatrixKind, from_matrix};
use crate::id::ChatKey;
use crate::metrics;
use crate::network::{Capabilities, Network, Session};
use crate::queue::{Closing, Job};

impl<N: Network> Bridge<N> {
    pub(super) async fn matrix_message(&self, job: &Job, event: &Incoming) -> Result<Closing, JobError> {
        let level = self.permissions.level(&event.sender);
        if level < Level::Relay {
            return Ok(Closing::default());
        }
        let body = event.content.get("body").and_then(Value::as_str).unwrap_or_default();
        // Programs speak in notices; two that answered each other's would never stop.
        let is_notice = event.content.get("msgtype").and_then(Value::as_str) == Some("m.notice");
        if let Some(line) = self.catalogue.strip_prefix(body).filter(|_| !is_notice) {
            // Commands are rare, and each of them is larger than carrying over a message.
            keep_out_of_dead_letters(Box::pin(self.take_command(job, event, line, level)).await)?;
            return Ok(Closing::default());
        }
        if let Some(chat) = self.chat_heard_in(job, &event.room_id).await? {
            return self.carry_over(job, event, &chat).await;
        }
        let owner = self.store.management_room_owner(&event.room_id).await?;
        if owner.as_deref() == Some(event.sender.as_str()) && !is_notice {
            keep_out_of_dead_letters(Box::pin(self.take_line(job, event, body, level)).await)?;
        }
        Ok(Closing::default())
    }

    async fn carry_over(&self, job: &Job, event: &Incoming, chat: &ChatKey) -> Result<Closing, JobError> {
        if event.is_redacted {
            metrics::passed_over("matrix: redacted before it came");
            return Ok(Closing::default());
        }
        if let Some(fault) = from_matrix::fault(&event.content) {
            return Err(malformed(fault));
        }
        if let Some(target) = edit::target(&event.content) {
            return self.matrix_edit(job, event, chat, target).await;
        }
        let Some(portal) = self.known_chat(chat).await? else { return Ok(Closing::default()) };
        let voice = self.voice_of(event, &portal).await?;
        let lookup = self.matrix_lookup(&event.content, &portal, &event.sender).await?;
        let Some(mut message) = from_matrix::message(&event.content, &lookup) else {
            metrics::passed_over("matrix: a message that says nothing");
            return Ok(Closing::default());
        };
        self.settle_emoji(&voice.live, &mut message).await?;
        self.relate(&mut message, &event.content).await?;
        let message = self.fitting(&voice.live.session, chat, event, message)?;
        let root = message.thread_root.clone();
        let delivered = self.deliver(job, event, chat, voice, MatrixKind::Message(message)).await?;
        let pairs = pairs(event, &event.event_id, chat, root.as_ref(), delivered.parts);
        Ok(Closing { sent: delivered.is_new, pairs, ..Closing::default() })
    }
}

impl<N: Network> Bridge<N> {
    /// The message as the chat takes it, known before anything is sent; else the reason why it does not.
    pub(super) fn fitting(
        &self,
        session: &N::Session,
        chat: &ChatKey,
        event: &Incoming,
        message: Message,
    ) -> Result<Message, JobError> {
        let able = session.capabilities(chat);
        let message = self.with_large_files_linked(event, message, able.max_file_bytes)?;
        fits(&able, &message)?;
        Ok(message)
    }
}

/// A line to the bot may hold a token, so its payload is never parked: what cannot be done is logged, and over.
fn keep_out_of_dead_letters(done: Result<(), JobError>) -> Result<(), JobError> {
    match done {
        Err(JobError::Park(why) | JobError::Reject(why)) => {
            tracing::warn!(why, "a command could not be carried out or answered");
            Ok(())
        }
        other => other,
    }
}

/// Whether the chat takes the message, known before anything is sent.
fn fits(able: &Capabilities, message: &Message) -> Result<(), JobError> {
    if !able.writable {
        return Err(JobError::Reject("Nobody may write in this chat there.".to_owned()));
    }
    let length: usize = message
        .parts
        .iter()
        .map(|part| match &part.body {
            PartBody::Text(text) => characters(text),
            PartBody::File(file) => file.caption.as_ref().map_or(0, characters),
        })
        .sum();
    if length > able.max_text_total {
        return Err(JobError::Reject(format!(
            "It has {length} characters, and at most {} are accepted there. Send it in pieces or as a file.",
            able.max_text_total
        )));
    }
    Ok(())
}

fn characters(text: &RichText) -> usize {
    plain::write(text).chars().count()
}
