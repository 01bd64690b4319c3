//! What people are told: answers, notices, and that a message was not delivered.

use ruma::RoomId;
use ruma::events::room::message::RoomMessageEventContent;
use serde_json::{Value, json};

use super::Bridge;
use super::bridge::room_id;
use super::matrix::{Incoming, edit};
use crate::error::JobError;
use crate::matrix::{Intent, TxnKey, txn_id};
use crate::network::Network;
use crate::queue::Job;

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
        Self::send_notice(speaker, room, notice(markdown), key).await
    }

    async fn send_notice(speaker: &Intent, room: &RoomId, content: Value, key: &str) -> Result<(), JobError> {
        let ghost = speaker.user_id().as_str();
        let txn = txn_id(&TxnKey { kind: "notice", remote_id: key, part: "", ghost, revision: "" });
        speaker.send(room, "m.room.message", &content, &txn, None).await?;
        Ok(())
    }

    /// Tells the sender, in the room and in answer to the message, that it did not arrive, or how much of it did, and
    /// why.
    pub(crate) async fn tell_not_delivered(&self, job: &Job, reason: &str, for_person: bool) {
        let Ok(event) = Incoming::read(&job.payload) else { return };
        let what = match event.kind.as_str() {
            "m.room.message" if edit::target(&event.content).is_some() => "change",
            "m.room.message" | "m.room.encrypted" | "m.sticker" => "message",
            "m.reaction" => "reaction",
            "m.room.redaction" => "deletion",
            _ => return,
        };
        // What an earlier try had got through; were it not to be known now, the notice would say too much, not nothing.
        let arrived = self.store.event_pairs(&event.event_id).await.map_or(0, |pairs| pairs.len());
        let why = if for_person {
            reason.to_owned()
        } else {
            let id = job.id;
            format!("The bridge could not handle it. It is kept for the administrator, as dead letter {id}.")
        };
        let text = format!("⚠️ {} {why}", undelivered(what, arrived, N::INFO.name));
        let told = async {
            let mut content = notice(&text);
            content["m.relates_to"] = json!({ "m.in_reply_to": { "event_id": event.event_id } });
            let (bot, room) = (self.app.bot(), room_id(&event.room_id)?);
            Self::send_notice(&bot, room, content, &format!("undelivered/{}", job.dedup)).await
        };
        if let Err(error) = told.await {
            tracing::warn!(job = job.id, %error, "a person could not be told that their message was not delivered");
        }
    }
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
    use super::undelivered;

    #[test]
    fn it_says_how_much_arrived() {
        assert_eq!(undelivered("reaction", 0, "Line"), "This reaction was not delivered to Line.");
        assert!(undelivered("message", 1, "Line").contains("the first part of"));
        assert!(undelivered("message", 3, "Line").contains("the first 3 parts of"));
    }
}
