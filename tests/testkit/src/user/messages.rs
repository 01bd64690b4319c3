//! Messages: sending, editing, reacting, redacting, reading back.
use anyhow::Context as _;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Event, User, client_path};
use crate::Result;

impl User {
    /// Sends an event; answers its id.
    pub async fn send(&self, room_id: &str, kind: &str, content: &Value) -> Result<String> {
        for content in [content, &content["m.new_content"]] {
            let texts = ["body", "formatted_body"].into_iter().filter_map(|key| content[key].as_str());
            self.session.said.lock().unwrap().extend(texts.map(str::to_owned));
        }
        let txn_id = self.next_txn();
        let path = ["rooms", room_id, "send", kind, &txn_id];
        event_id(&self.client_call(Method::PUT, &path, Some(content)).await?)
    }

    /// Sends a plain text message.
    pub async fn send_text(&self, room_id: &str, text: &str) -> Result<String> {
        self.send(room_id, "m.room.message", &json!({ "msgtype": "m.text", "body": text })).await
    }

    /// Sends a message with HTML.
    pub async fn send_html(&self, room_id: &str, text: &str, html: &str) -> Result<String> {
        let content = json!({
            "msgtype": "m.text", "body": text, "format": "org.matrix.custom.html", "formatted_body": html,
        });
        self.send(room_id, "m.room.message", &content).await
    }

    /// Answers a message outside of threads.
    pub async fn reply(&self, room_id: &str, to: &str, text: &str) -> Result<String> {
        let relation = json!({ "m.in_reply_to": { "event_id": to } });
        let content = json!({ "msgtype": "m.text", "body": text, "m.relates_to": relation });
        self.send(room_id, "m.room.message", &content).await
    }

    /// Writes into the thread below `root`.
    pub async fn send_in_thread(&self, room_id: &str, root: &str, text: &str) -> Result<String> {
        let relation = json!({
            "rel_type": "m.thread", "event_id": root, "is_falling_back": true, "m.in_reply_to": { "event_id": root },
        });
        let content = json!({ "msgtype": "m.text", "body": text, "m.relates_to": relation });
        self.send(room_id, "m.room.message", &content).await
    }

    /// Replaces the text of an own message; answers the edit's id.
    pub async fn edit(&self, room_id: &str, target: &str, text: &str) -> Result<String> {
        let content = json!({
            "msgtype": "m.text", "body": format!("* {text}"),
            "m.new_content": { "msgtype": "m.text", "body": text },
            "m.relates_to": { "rel_type": "m.replace", "event_id": target },
        });
        self.send(room_id, "m.room.message", &content).await
    }

    /// Reacts with a key, which is mostly an emoji; answers the reaction's id.
    pub async fn react(&self, room_id: &str, target: &str, key: &str) -> Result<String> {
        let relation = json!({ "rel_type": "m.annotation", "event_id": target, "key": key });
        self.send(room_id, "m.reaction", &json!({ "m.relates_to": relation })).await
    }

    /// Removes an event; answers the redaction's id.
    pub async fn redact(&self, room_id: &str, target: &str) -> Result<String> {
        let txn_id = self.next_txn();
        let path = ["rooms", room_id, "redact", target, &txn_id];
        event_id(&self.client_call(Method::PUT, &path, Some(&json!({}))).await?)
    }

    /// One event as the server has it now.
    pub async fn event(&self, room_id: &str, event_id: &str) -> Result<Event> {
        let json = self.client_call(Method::GET, &["rooms", room_id, "event", event_id], None).await?;
        Ok(Event::read(room_id, &json))
    }

    /// The whole timeline as the server has it now, oldest first.
    pub async fn messages(&self, room_id: &str) -> Result<Vec<Event>> {
        let mut events = vec![];
        let path = client_path(&["rooms", room_id, "messages"]);
        let mut from = String::new();
        loop {
            let page = self.request(Method::GET, &format!("{path}?dir=b&limit=200{from}"), None).await?;
            events.extend(
                page["chunk"].as_array().into_iter().flatten().map(|event| Event::read(room_id, event)),
            );
            match page["end"].as_str() {
                Some(end) => from = format!("&from={end}"),
                None => break,
            }
        }
        events.reverse();
        Ok(events)
    }

    /// The texts of all `m.room.message` events as the server has them now, oldest first. Edits and redacted messages
    /// are left out.
    pub async fn texts(&self, room_id: &str) -> Result<Vec<String>> {
        let messages = self.messages(room_id).await?;
        let shown = messages.iter().filter(|event| {
            event.kind == "m.room.message" && event.replaces().is_none() && !event.is_redacted()
        });
        Ok(shown.map(|event| event.body().to_owned()).collect())
    }

    /// Says that this user types, or no longer does.
    pub async fn typing(&self, room_id: &str, is_typing: bool) -> Result<()> {
        let body =
            if is_typing { json!({ "typing": true, "timeout": 30_000 }) } else { json!({ "typing": false }) };
        let path = ["rooms", room_id, "typing", self.user_id()];
        self.client_call(Method::PUT, &path, Some(&body)).await.map(drop)
    }

    /// Says that this user has read up to an event.
    pub async fn mark_read(&self, room_id: &str, event_id: &str) -> Result<()> {
        let path = ["rooms", room_id, "receipt", "m.read", event_id];
        self.client_call(Method::POST, &path, Some(&json!({}))).await.map(drop)
    }
}

fn event_id(answer: &Value) -> Result<String> {
    Ok(answer["event_id"].as_str().context("the server answered no event_id")?.to_owned())
}
