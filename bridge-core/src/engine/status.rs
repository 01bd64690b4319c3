//! What people are told: answers, notices, and that a message was not delivered.

use ruma::RoomId;
use ruma::events::room::message::RoomMessageEventContent;
use serde_json::{Value, json};

use super::Bridge;
use super::bridge::room_id;
use super::delivery_event::Became;
use super::matrix::{Incoming, edit};
use crate::error::JobError;
use crate::matrix::{Intent, TxnKey, txn_id};
use crate::network::Network;
use crate::queue::{Closing, Job};
use crate::store::letter_id::LetterId;

impl<N: Network> Bridge<N> {
    /// Says something as the bot, once per `key`: a repeat of the job says the same thing under the same key.
    pub(crate) async fn say(&self, room: &RoomId, markdown: &str, key: &str) -> Result<(), JobError> {
        self.say_as(&self.app.bot(), room, markdown, key).await
    }

    /// Like [`Bridge::say`], as another of our users who is in the room.
    pub(crate) async fn say_as(
        &self,
        speaker: &Intent,
        room: &RoomId,
        markdown: &str,
        key: &str,
    ) -> Result<(), JobError> {
        Self::send_notice(speaker, room, notice(markdown), key).await.map(drop)
    }

    async fn send_notice(
        speaker: &Intent,
        room: &RoomId,
        content: Value,
        key: &str,
    ) -> Result<String, JobError> {
        let ghost = speaker.user_id().as_str();
        let txn = txn_id(&TxnKey { kind: "notice", remote_id: key, part: "", ghost, revision: "" });
        Ok(speaker.send(room, "m.room.message", &content, &txn, None).await?.to_string())
    }

    /// Tells the sender, in the room and in answer to the message, that it did not arrive, or how much of it did, and
    /// why. Gives the notice's id. What was told when it was given up before is changed.
    pub(crate) async fn tell_not_delivered(
        &self,
        job: &Job,
        reason: &str,
        for_person: bool,
    ) -> Option<String> {
        let event = Incoming::read(&job.payload).ok()?;
        let what = what(&event)?;
        // What an earlier try had got through; were it not to be known now, the notice would say too much, not nothing.
        let arrived = self.store.event_pairs(&event.event_id).await.map_or(0, |pairs| pairs.len());
        let why = if for_person {
            reason.to_owned()
        } else {
            let id = job.letter_id.unwrap_or(LetterId(job.id));
            format!("The bridge could not handle it. It is kept for the administrator, as dead letter {id}.")
        };
        let became = if for_person { Became::Refused(&why) } else { Became::Kept(&why) };
        self.tell_clients(job, &event, became).await;
        let text = format!("⚠️ {} {why}", undelivered(what, arrived, N::INFO.name));
        let told = match self.notice_about(job).await {
            Some(before) => {
                let key = format!("undelivered/{}/{}", job.dedup, job.id);
                self.change_notice(&event, &before, &text, &key).await.map(|()| before)
            }
            None => self.tell_in_answer(&event, &text, &format!("undelivered/{}", job.dedup)).await,
        };
        if let Err(error) = &told {
            tracing::warn!(job = job.id, %error, "a person could not be told that their message was not delivered");
        }
        told.ok()
    }

    /// Changes what was told of something that has arrived after all.
    pub(crate) async fn tell_delivered_after_all(&self, job: &Job, closing: &Closing) {
        let Ok(event) = Incoming::read(&job.payload) else { return };
        let Some(what) = what(&event) else { return };
        // A message that became nothing was deleted here meanwhile, or its room became another chat's.
        let became_nothing = what == "message" && closing.pairs.is_empty();
        if became_nothing {
            return;
        }
        self.tell_clients(job, &event, Became::Delivered).await;
        let Some(notice) = self.notice_about(job).await else { return };
        let text = format!("✅ This {what} was delivered to {} after all.", N::INFO.name);
        let key = format!("recovered/{}/{}", job.dedup, job.id);
        if let Err(error) = self.change_notice(&event, &notice, &text, &key).await {
            tracing::warn!(job = job.id, %error, "a notice could not be changed: it still says that a message was not delivered");
        }
    }

    /// The notice that tells of a dead letter.
    async fn notice_about(&self, job: &Job) -> Option<String> {
        let letter = self.store.dead_letter(job.letter_id?).await.ok().flatten()?;
        letter.notice
    }

    async fn tell_in_answer(&self, event: &Incoming, text: &str, key: &str) -> Result<String, JobError> {
        let mut content = notice(text);
        content["m.relates_to"] = json!({ "m.in_reply_to": { "event_id": event.event_id } });
        let (bot, room) = (self.app.bot(), room_id(&event.room_id)?);
        Self::send_notice(&bot, room, content, key).await
    }

    async fn change_notice(
        &self,
        event: &Incoming,
        notice_id: &str,
        text: &str,
        key: &str,
    ) -> Result<(), JobError> {
        let content = changed_notice(text, notice_id);
        let (bot, room) = (self.app.bot(), room_id(&event.room_id)?);
        Self::send_notice(&bot, room, content, key).await.map(drop)
    }
}

/// What people call an event that may not arrive; none for what nobody waits for.
fn what(event: &Incoming) -> Option<&'static str> {
    Some(match event.kind.as_str() {
        "m.room.message" if edit::target(&event.content).is_some() => "change",
        "m.room.message" | "m.room.encrypted" | "m.sticker" => "message",
        "m.reaction" => "reaction",
        "m.room.redaction" => "deletion",
        _ => return None,
    })
}

/// What became of a message that was given up after its first `arrived` parts had arrived.
fn undelivered(what: &str, arrived: usize, network: &str) -> String {
    match arrived {
        0 => format!("This {what} was not delivered to {network}."),
        1 => format!("Only the first part of this message arrived on {network}, the rest did not."),
        _ => {
            format!("Only the first {arrived} parts of this message arrived on {network}, the rest did not.")
        }
    }
}

/// What a notice says now; the mark of an edit stands before it for clients that know none, and is no list's.
fn changed_notice(markdown: &str, notice_id: &str) -> Value {
    let new = notice(markdown);
    let mut content = new.clone();
    for key in ["body", "formatted_body"] {
        if let Some(text) = new[key].as_str() {
            content[key] = format!("* {text}").into();
        }
    }
    content["m.new_content"] = new;
    content["m.relates_to"] = json!({ "rel_type": "m.replace", "event_id": notice_id });
    content
}

/// A notice with Markdown as formatted text.
fn notice(markdown: &str) -> Value {
    let content = RoomMessageEventContent::notice_markdown(markdown);
    let mut content =
        serde_json::to_value(content).unwrap_or_else(|_| json!({"msgtype": "m.notice", "body": markdown}));
    content["m.mentions"] = json!({});
    content
}

#[cfg(test)]
mod tests {
    use super::{changed_notice, undelivered};

    #[test]
    fn the_mark_of_an_edit_is_no_list() {
        let content = changed_notice("It was **delivered**.", "$notice");
        assert_eq!(content["body"], "* It was **delivered**.");
        let html = content["formatted_body"].as_str().unwrap_or_default();
        assert!(html.starts_with("* ") && !html.contains("<li>"), "{html}");
        assert_eq!(content["m.new_content"]["body"], "It was **delivered**.");
    }

    #[test]
    fn it_says_how_much_arrived() {
        assert_eq!(undelivered("reaction", 0, "Line"), "This reaction was not delivered to Line.");
        assert!(undelivered("message", 1, "Line").contains("the first part of"));
        assert!(undelivered("message", 3, "Line").contains("the first 3 parts of"));
    }
}
