//! The host as the queue's handler: takes invitations and answers commands, a lane per room.

use bridge_core::appservice::RoomLanes;
use bridge_core::clock::Clock;
use bridge_core::config::{Level, Permissions};
use bridge_core::error::JobError;
use bridge_core::matrix::{AppService, TxnKey, txn_id};
use bridge_core::queue::{Closing, Handler, InboxError, Job, Lane};
use futures_util::future::BoxFuture;
use ruma::RoomId;
use serde::Deserialize;
use serde_json::{Value, json};

/// Answers for the bot's account.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) app: AppService,
    pub(crate) permissions: Permissions,
    pub(crate) clock: Clock,
}

/// A Matrix event as far as the host reads it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Incoming {
    event_id: String,
    room_id: String,
    sender: String,
    #[serde(rename = "type")]
    kind: String,
    state_key: Option<String>,
    origin_server_ts: i64,
    content: Value,
}

impl Incoming {
    fn text(&self, key: &str) -> &str {
        self.content.get(key).and_then(Value::as_str).unwrap_or_default()
    }
}

impl Handler for Host {
    async fn handle(&self, job: &Job) -> Result<Closing, JobError> {
        // What is no event has no effect; it was counted when it came in.
        let event: Incoming = serde_json::from_str(&job.payload).unwrap_or_default();
        let is_allowed = self.permissions.level(&event.sender) >= Level::Relay;
        let Ok(room) = <&RoomId>::try_from(event.room_id.as_str()) else { return Ok(Closing::default()) };
        if !is_allowed || self.app.owns(&event.sender) {
            return Ok(Closing::default());
        }
        match event.kind.as_str() {
            "m.room.member" => self.invited(room, &event).await?,
            "m.room.message" if event.text("msgtype") != "m.notice" => self.message(room, &event).await?,
            _ => {}
        }
        Ok(Closing::default())
    }

    async fn given_up(&self, job: &Job, reason: &str, _for_person: bool) -> Option<String> {
        tracing::warn!(job = job.id, reason, "an event was given up");
        None
    }
}

impl Host {
    async fn invited(&self, room: &RoomId, event: &Incoming) -> Result<(), JobError> {
        let bot = self.app.bot();
        if event.text("membership") == "invite" && event.state_key.as_deref() == Some(bot.user_id().as_str())
        {
            bot.ensure_registered().await?;
            bot.join(room).await?;
        }
        Ok(())
    }

    async fn message(&self, room: &RoomId, event: &Incoming) -> Result<(), JobError> {
        if event.text("body").trim() != "!ping" {
            return Ok(());
        }
        let took = self.clock.now_ms().saturating_sub(event.origin_server_ts).max(0);
        let content = json!({
            "msgtype": "m.notice",
            "body": format!("Pong! Your message took {took} ms to me."),
            "m.mentions": {},
            "m.relates_to": { "m.in_reply_to": { "event_id": event.event_id } },
        });
        let bot = self.app.bot();
        let ghost = bot.user_id().as_str();
        let key = TxnKey { kind: "pong", remote_id: &event.event_id, part: "", ghost, revision: "" };
        bot.send(room, "m.room.message", &content, &txn_id(&key), None).await?;
        Ok(())
    }
}

/// Each room is a lane of its own.
#[derive(Debug)]
pub(crate) struct Rooms;

impl RoomLanes for Rooms {
    fn lane<'a>(&'a self, room_id: &'a str) -> BoxFuture<'a, Result<Lane, InboxError>> {
        Box::pin(std::future::ready(Ok(Lane::of_room(room_id))))
    }
}
