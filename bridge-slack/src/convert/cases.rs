//! Tests over case files: what goes in and what has to come out, in a short notation for rich text.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod show;

use bridge_core::content::RichText;
use bridge_core::event::{RemoteEvent, RemoteKind, Scope, Sender};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::wire::Node;
use super::{Own, blocks, blocks_write, decode, mrkdwn_read, mrkdwn_write};
use show::show;

/// The app that the cases are told from.
pub(super) fn own() -> Own {
    Own { user_id: "U0BRIDGE".to_owned(), bot_id: "B0BRIDGE".to_owned(), app_id: "A0BRIDGE".to_owned() }
}

/// The sample payloads, by name.
pub(super) fn payloads() -> Vec<(String, Value)> {
    let cases: Vec<Value> = file(include_str!("cases/payloads.json"));
    cases
        .into_iter()
        .map(|case| (case["name"].as_str().unwrap().to_owned(), case["payload"].clone()))
        .collect()
}

fn file<T: DeserializeOwned>(json: &str) -> Vec<T> {
    serde_json::from_str(json).unwrap()
}

/// Runs all cases and then names every one that came out differently.
fn run(file_text: &str, least: usize, actual: impl Fn(&Value) -> Value) {
    let cases: Vec<Value> = file(file_text);
    assert!(cases.len() >= least, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let actual = actual(case);
        if case["out"] != actual {
            wrong.push(
                json!({ "name": case["name"], "in": case["in"], "expected": case["out"], "actual": actual }),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", serde_json::to_string_pretty(&wrong).unwrap());
}

#[test]
fn blocks_in() {
    run(include_str!("cases/blocks_in.json"), 35, |case| {
        let nodes: Vec<Node> = serde_json::from_value(case["in"].clone()).unwrap();
        let reading = blocks::read(&nodes, "T1");
        let mut lines = show(&reading.text);
        if reading.lossy {
            lines.push("(lossy)".to_owned());
        }
        json!(lines)
    });
}

#[test]
fn mrkdwn_in() {
    run(include_str!("cases/mrkdwn_in.json"), 60, |case| {
        json!(show(&mrkdwn_read::read(case["in"].as_str().unwrap(), "T1")))
    });
}

#[test]
fn out() {
    run(include_str!("cases/out.json"), 40, |case| {
        let text: RichText = serde_json::from_value(case["in"].clone()).unwrap();
        let broadcast = case["broadcast"].as_bool().unwrap_or(false);
        json!({
            "text": mrkdwn_write::write(&text, broadcast),
            "blocks": blocks_write::write(&text, broadcast).get(0).map_or(Value::Null, |block| block["elements"].clone()),
        })
    });
}

#[test]
fn payloads_in() {
    run(include_str!("cases/payloads.json"), 25, |case| match decode(&case["payload"].to_string(), &own()) {
        Ok(event) => summary(&event),
        Err(error) => json!(error.to_string()),
    });
}

fn summary(event: &RemoteEvent) -> Value {
    let scope = match &event.scope {
        Scope::Chat(chat) => format!("chat {chat}"),
        Scope::User(user) => format!("user {user}"),
        Scope::Network => "network".to_owned(),
        other => panic!("{other:?}"),
    };
    let sender = match &event.sender {
        Sender::User { user_id, shown_as: None } => format!("{user_id}"),
        Sender::User { user_id, shown_as: Some(shown) } => {
            format!("{user_id} as {:?} {:?}", shown.name.as_deref(), shown.avatar_url.as_deref())
        }
        Sender::Own { marker, .. } => format!("own {:?}", marker.as_deref()),
        Sender::Network => "network".to_owned(),
        other => panic!("{other:?}"),
    };
    let kind = match &event.kind {
        RemoteKind::Message { id, message } => {
            let text = message.parts.iter().map(|part| match &part.body {
                bridge_core::content::PartBody::Text(text) => show(text),
                other => panic!("{other:?}"),
            });
            json!({
                "id": id, "style": message.style, "thread": message.thread_root,
                "text": text.collect::<Vec<_>>().concat(),
            })
        }
        other => json!(format!("{other:?}")),
    };
    json!({ "scope": scope, "sender": sender, "at": event.at, "dedup": event.dedup, "kind": kind })
}
