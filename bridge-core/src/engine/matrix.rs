//! Carries Matrix events over to the remote network; one file per kind.

mod delivery;
mod earlier;
pub(super) mod edit;
mod emoji;
pub(super) mod ghost_member;
mod linked;
mod lookup;
mod member;
mod message;
mod opening;
mod pins;
mod reaction;
mod redaction;
mod room_info;
mod taken_back;

pub(in crate::engine) use self::reaction::emoji as reacted_emoji;
use serde_json::Value;

use super::Bridge;
use crate::config::Level;
use crate::error::JobError;
use crate::event::{ChatKind, Scope, Sent};
use crate::id::DedupKey;
use crate::metrics;
use crate::network::Network;
use crate::queue::{Closing, Job, Lane, NewJob};
use crate::store::message::MessageRow;

/// The types of events that the bridge has a use for.
const CARRIED: [&str; 6] =
    ["m.room.message", "m.sticker", "m.reaction", "m.room.redaction", "m.room.member", "m.room.encrypted"];

/// How often coming into a room is tried again whose server may be gone for good.
const JOINS_TRIED: u32 = 5;

/// A Matrix event as far as the bridge reads it. Absent fields are empty: the homeserver families differ.
#[derive(Debug, Clone)]
pub(crate) struct Incoming {
    pub(crate) event_id: String,
    pub(crate) room_id: String,
    pub(crate) sender: String,
    pub(crate) kind: String,
    pub(crate) state_key: Option<String>,
    pub(crate) origin_server_ts: i64,
    pub(crate) content: Value,
    /// Redacted before it came: the homeserver took the content away.
    pub(crate) is_redacted: bool,
    /// The membership before, of a member event, where the homeserver tells it.
    pub(crate) membership_before: Option<String>,
    redacts: Option<String>,
}

impl Incoming {
    /// The event that a redaction takes back: in its content from room version 11 on, beside it before.
    pub(crate) fn redacts(&self) -> Option<&str> {
        self.content.get("redacts").and_then(Value::as_str).or(self.redacts.as_deref())
    }

    /// Reads an event. The error names what is wrong with it, without any of its text.
    pub(crate) fn read(payload: &str) -> Result<Self, String> {
        let event: Value = serde_json::from_str(payload).map_err(|_| "it is not JSON".to_owned())?;
        let Value::Object(mut event) = event else { return Err("it is not an object".to_owned()) };
        let is_redacted = event.get("unsigned").is_some_and(|more| more.get("redacted_because").is_some());
        let before = event.get("unsigned").and_then(|more| more.pointer("/prev_content/membership"));
        let membership_before = before.and_then(Value::as_str).map(str::to_owned);
        let content = event.remove("content").unwrap_or_default();
        let mut text = |name: &str| match event.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(format!("its {name} is not a text")),
        };
        let [event_id, room_id, sender, kind] =
            ["event_id", "room_id", "sender", "type"].map(|name| text(name).map(Option::unwrap_or_default));
        let (event_id, room_id, sender, kind, state_key) =
            (event_id?, room_id?, sender?, kind?, text("state_key")?);
        let redacts = text("redacts")?;
        let origin_server_ts = match event.get("origin_server_ts") {
            None | Some(Value::Null) => 0,
            Some(at) => at.as_i64().ok_or("its origin_server_ts is not a whole number")?,
        };
        Ok(Self {
            event_id,
            room_id,
            sender,
            kind,
            state_key,
            origin_server_ts,
            content,
            is_redacted,
            membership_before,
            redacts,
        })
    }
}

/// Keeps an event that came in a form that no homeserver or client should write.
fn malformed(fault: &str) -> JobError {
    JobError::Park(format!("The Matrix event has an unexpected form: {fault}."))
}

impl<N: Network> Bridge<N> {
    pub(super) async fn handle_matrix(&self, job: &Job) -> Result<Closing, JobError> {
        let event = match Incoming::read(&job.payload) {
            Ok(event) => event,
            Err(fault) => return self.matrix_unreadable(&job.payload, &fault).await,
        };
        if self.app.owns(&event.sender) {
            return Ok(Closing::default());
        }
        if self.moved_on(job, &event).await? {
            return Ok(Closing::default());
        }
        if self.is_taken_back(job, &event).await? {
            metrics::passed_over("matrix: deleted before it was tried again");
            return Ok(Closing::default());
        }
        match event.kind.as_str() {
            "m.room.message" => self.matrix_message(job, &event).await,
            "m.sticker" => self.matrix_sticker(job, event).await,
            "m.room.member" => self.matrix_member(job, &event).await.map(|()| Closing::default()),
            "m.room.encrypted" => self.matrix_encrypted(&event).await,
            "m.reaction"
            | "m.room.redaction"
            | "m.room.name"
            | "m.room.topic"
            | "m.room.avatar"
            | "m.room.pinned_events" => self.matrix_in_portal(job, &event).await,
            // Whoever changed them: the bot's own level may be among them.
            "m.room.power_levels" => match self.chat_of_room(&event.room_id).await? {
                Some(chat) => self.matrix_levels(&event, &chat).await,
                None => Ok(Closing::default()),
            },
            _ => {
                metrics::passed_over("matrix: other");
                Ok(Closing::default())
            }
        }
    }

    /// Hands a job on to its chat's lane that was accepted before its room was a portal's: two lanes at work for one chat
    /// would know no order. Says whether it did.
    async fn moved_on(&self, job: &Job, event: &Incoming) -> Result<bool, JobError> {
        if job.lane != Lane::of_room(&event.room_id) {
            return Ok(false);
        }
        let Some(chat) = self.chat_heard_in(job, &event.room_id).await? else { return Ok(false) };
        // What was said before the ghost came stands in front of all that is handed on; a try that was cut off behind the
        // record of the portal has not taken it up.
        if event.kind == "m.room.member"
            && event.content.get("membership").and_then(Value::as_str) == Some("invite")
            && let Some(ghost) =
                event.state_key.as_deref().filter(|who| self.app.ghosts().parse(who).is_some())
            && let Ok(ghost) = ruma::UserId::parse(ghost)
            && let Some(portal) = self.known_portal(&chat).await?
            && matches!(portal.info.kind, ChatKind::Direct | ChatKind::Group)
        {
            self.take_up_earlier(event, &self.app.intent(&ghost), &chat).await?;
        }
        let lane = Lane::of_scope(&Scope::Chat(chat));
        let again = NewJob {
            payload: self.to_store(&lane, &job.payload)?,
            lane,
            source: job.source,
            login_id: None,
            dedup: DedupKey::new(format!("{}/moved on", job.dedup)),
        };
        let done = self.inbox.deliver_all(vec![again]).await;
        done.map_err(|error| JobError::Retry(error.to_string()))?;
        Ok(true)
    }

    /// What only concerns portals, and only from people who may use them.
    async fn matrix_in_portal(&self, job: &Job, event: &Incoming) -> Result<Closing, JobError> {
        let chat = match event.kind.as_str() {
            "m.reaction" | "m.room.redaction" => self.chat_heard_in(job, &event.room_id).await?,
            _ => self.chat_of_room(&event.room_id).await?,
        };
        let Some(chat) = chat.filter(|_| self.permissions.level(&event.sender) >= Level::Relay) else {
            return Ok(Closing::default());
        };
        match event.kind.as_str() {
            "m.reaction" => self.matrix_react(job, event, &chat).await,
            "m.room.redaction" => self.matrix_redaction(job, event, &chat).await,
            "m.room.pinned_events" => self.matrix_pins(job, event, &chat).await,
            "m.room.avatar" => self.matrix_avatar(job, event, &chat).await,
            _ => self.matrix_room_info(job, event, &chat).await,
        }
    }

    /// A sticker is a picture.
    async fn matrix_sticker(&self, job: &Job, mut event: Incoming) -> Result<Closing, JobError> {
        if let Some(content) = event.content.as_object_mut() {
            content.insert("msgtype".to_owned(), "m.image".into());
        }
        self.matrix_message(job, &event).await
    }

    /// An event whose outer form is wrong: one that a portal should have carried is kept, any other is passed over.
    async fn matrix_unreadable(&self, payload: &str, fault: &str) -> Result<Closing, JobError> {
        let event: Value = serde_json::from_str(payload).unwrap_or_default();
        let text = |name: &str| event.get(name).and_then(Value::as_str);
        let may_be_ours = text("type").is_none_or(|kind| CARRIED.contains(&kind));
        if let Some(room) = text("room_id").filter(|_| may_be_ours)
            && self.chat_of_room(room).await?.is_some()
        {
            return Err(malformed(fault));
        }
        metrics::passed_over("matrix: malformed");
        Ok(Closing::default())
    }

    /// The bridge has no keys: in a portal that has to be said, elsewhere it does not matter.
    async fn matrix_encrypted(&self, event: &Incoming) -> Result<Closing, JobError> {
        let is_ours = self.chat_of_room(&event.room_id).await?.is_some()
            || self.store.management_room_owner(&event.room_id).await?.is_some();
        if !is_ours {
            return Ok(Closing::default());
        }
        Err(JobError::Reject(
            "It is encrypted, and the bridge cannot read encrypted messages. Use a room without encryption."
                .to_owned(),
        ))
    }
}

/// The remote messages that an event became, in order.
fn sent(rows: &[MessageRow]) -> Vec<Sent> {
    let mut rows: Vec<&MessageRow> = rows.iter().collect();
    rows.sort_by(|a, b| (a.sent_at, &a.message_id).cmp(&(b.sent_at, &b.message_id)));
    rows.into_iter().map(|row| Sent { part: row.part_id.clone(), id: row.message_id.clone() }).collect()
}

#[cfg(test)]
mod carried;
#[cfg(test)]
mod tests;
