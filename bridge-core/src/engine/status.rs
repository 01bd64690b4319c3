//! What people are told: answers, notices, and that a message was not delivered.

use ruma::events::room::message::RoomMessageEventContent;
use ruma::{OwnedRoomId, RoomId, UserId};
use serde_json::{Value, json};

use super::Bridge;
use super::bridge::room_id;
use super::matrix::Incoming;
use crate::error::JobError;
use crate::matrix::{CreateRoom, TxnKey, txn_id};
use crate::network::Network;
use crate::queue::Job;

impl<N: Network> Bridge<N> {
    /// Says something as the bot, once per `key`: a repeat of the job says the same thing under the same key.
    pub(crate) async fn say(&self, room: &RoomId, markdown: &str, key: &str) -> Result<(), JobError> {
        self.send_as_bot(room, notice(markdown), key).await
    }

    async fn send_as_bot(&self, room: &RoomId, content: Value, key: &str) -> Result<(), JobError> {
        let bot = self.app.bot();
        let ghost = bot.user_id().as_str();
        let txn = txn_id(&TxnKey { kind: "notice", remote_id: key, part: "", ghost, revision: "" });
        bot.send(room, "m.room.message", &content, &txn, None).await?;
        Ok(())
    }

    /// Says something to a person in their direct chat with the bot, which is made if there is none.
    pub(crate) async fn tell(&self, mxid: &str, markdown: &str, key: &str) -> Result<OwnedRoomId, JobError> {
        let room = self.direct_chat(mxid).await?;
        self.say(&room, markdown, key).await?;
        Ok(room)
    }

    /// A person's direct chat with the bot.
    pub(crate) async fn direct_chat(&self, mxid: &str) -> Result<OwnedRoomId, JobError> {
        if let Some(room) = self.store.management_room_of(mxid).await? {
            return Ok(room_id(&room)?.to_owned());
        }
        let person =
            UserId::parse(mxid).map_err(|_| JobError::Park("The user id is malformed.".to_owned()))?;
        let bot = self.app.bot();
        bot.ensure_registered().await?;
        let room = bot
            .create_room(CreateRoom {
                name: Some(format!("{} bridge", N::INFO.name)),
                is_direct: true,
                is_federated: true,
                invite: vec![person],
                ..CreateRoom::default()
            })
            .await?;
        self.store.put_management_room(room.as_str(), mxid).await?;
        Ok(room)
    }

    /// Tells the sender, in the room and in answer to the message, that it did not arrive and why.
    pub(crate) async fn tell_not_delivered(&self, job: &Job, reason: &str, for_person: bool) {
        let Ok(event) = Incoming::read(&job.payload) else { return };
        let what = match event.kind.as_str() {
            "m.room.message" | "m.room.encrypted" | "m.sticker" => "message",
            "m.reaction" => "reaction",
            "m.room.redaction" => "deletion",
            _ => return,
        };
        let text = if for_person {
            format!("⚠️ This {what} was not delivered to {}. {reason}", N::INFO.name)
        } else {
            format!(
                "⚠️ This {what} was not delivered to {}: the bridge could not handle it. It is kept for the \
                 administrator, as dead letter {}.",
                N::INFO.name,
                job.id
            )
        };
        let told = async {
            let mut content = notice(&text);
            content["m.relates_to"] = json!({ "m.in_reply_to": { "event_id": event.event_id } });
            self.send_as_bot(room_id(&event.room_id)?, content, &format!("undelivered/{}", job.dedup)).await
        };
        if let Err(error) = told.await {
            tracing::warn!(job = job.id, %error, "a person could not be told that their message was not delivered");
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
