//! A message on Matrix: a command, an answer to a question, or something to carry over.

use std::sync::Arc;

use serde_json::Value;

use super::super::Bridge;
use super::super::bridge::room_id;
use super::super::relay::Voice;
use super::{Incoming, malformed};
use crate::config::Level;
use crate::content::{Lookup, Message, PartBody, html_read, plain};
use crate::error::{JobError, NetworkError};
use crate::event::{MatrixEvent, MatrixKind, from_matrix};
use crate::id::{ChatKey, DedupKey, PartId};
use crate::metrics;
use crate::network::{Network, SentPart, Session};
use crate::queue::{Closing, Job};
use crate::store::message::MessageRow;
use crate::store::portal::PortalRow;

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
        if let Some(chat) = self.chat_of_room(&event.room_id).await? {
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
        if is_edit(&event.content) {
            return Err(NetworkError::Unsupported("An edit").into());
        }
        let Some(portal) = self.known_portal(chat).await? else { return Ok(Closing::default()) };
        let room = room_id(&event.room_id)?;
        let Voice { live, speaker } = self.voice(room, &event.sender, &portal.login_id).await?;
        let lookup = self.matrix_lookup(&event.content, &portal).await?;
        let Some(message) = from_matrix::message(&event.content, &lookup) else {
            metrics::passed_over("matrix: a message that says nothing");
            return Ok(Closing::default());
        };
        fits(&live.session, chat, &message)?;
        let marker = DedupKey::new(event.event_id.as_str());
        let kind = MatrixKind::Message(message);
        let outgoing = MatrixEvent::new(chat.clone(), speaker, event.origin_server_ts, marker, kind);
        let done = if job.maybe_sent { find_sent(&live.session, &outgoing).await? } else { Vec::new() };
        let found = done.clone();
        let sent = match live.session.send(&outgoing, done).await {
            Ok(sent) => sent,
            Err(error) => {
                self.note_refusal(&live, &error).await;
                let error = JobError::from(error);
                if !found.is_empty() && !error.is_tried_again() {
                    // The beginning is there: the notice says so, and edits and deletions have to find it.
                    self.store.put_pairs(&pairs(event, chat, found)).await?;
                }
                return Err(error);
            }
        };
        Ok(Closing { sent: sent.len() > found.len(), pairs: pairs(event, chat, sent) })
    }

    /// Who and what the message names, of those that have a counterpart.
    async fn matrix_lookup(&self, content: &Value, portal: &Arc<PortalRow>) -> Result<Lookup, JobError> {
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

fn is_edit(content: &Value) -> bool {
    content.pointer("/m.relates_to/rel_type").and_then(Value::as_str) == Some("m.replace")
}

/// Whether the chat takes the message, known before anything is sent.
fn fits<S: Session>(session: &S, chat: &ChatKey, message: &Message) -> Result<(), JobError> {
    let able = session.capabilities(chat);
    if !able.writable {
        return Err(JobError::Reject("Nobody may write in this chat there.".to_owned()));
    }
    let length: usize = message
        .parts
        .iter()
        .map(|part| match &part.body {
            PartBody::Text(text) => plain::write(text).chars().count(),
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

/// Looks whether an earlier try got through. Were that refused, sending again could double the message.
async fn find_sent<S: Session>(session: &S, event: &MatrixEvent) -> Result<Vec<SentPart>, JobError> {
    session.find_sent(event).await.map_err(|error| match error {
        NetworkError::Rejected(why) => JobError::Park(format!(
            "It may have been sent before a crash, and the network does not let the bridge look: {why}"
        )),
        other => other.into(),
    })
}

fn pairs(event: &Incoming, chat: &ChatKey, sent: Vec<SentPart>) -> Vec<MessageRow> {
    sent.into_iter()
        .map(|part| MessageRow {
            message_id: part.id,
            part_id: PartId::first(),
            event_id: event.event_id.clone(),
            chat: chat.clone(),
            sender: event.sender.clone(),
            sent_at: part.at,
        })
        .collect()
}
