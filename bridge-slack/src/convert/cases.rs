//! Tests over case files: what goes in and what has to come out, in a short notation for rich text.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod show;

use bridge_core::content::html_write::{self, WriteOptions};
use bridge_core::content::{CarriedFile, Lookup, MatrixName, Message, PartBody, RichText};
use bridge_core::event::{RemoteEvent, RemoteKind, Scope, Sender, to_matrix};
use bridge_core::id::{ChatId, RemoteUserId};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::wire::{Attachment, Node};
use super::{Own, attachments, blocks, blocks_write, decode, mrkdwn_read, mrkdwn_write};
use show::show;

/// The app that the cases are told from.
pub(super) fn own() -> Own {
    Own { user_id: "U0BRIDGE".to_owned(), bot_id: "B0BRIDGE".to_owned(), app_id: "A0BRIDGE".to_owned() }
}

/// The sample payloads, by name: whole ones, those around events, and messages with the sample blocks and attachments.
pub(super) fn payloads() -> Vec<(String, Value)> {
    let whole = file::<Value>(include_str!("cases/payloads.json"))
        .into_iter()
        .map(|case| (case["payload"].clone(), case));
    let events = file::<Value>(include_str!("cases/events_in.json"))
        .into_iter()
        .map(|case| (envelope(&case["in"]), case));
    // What blocks say goes before the text, whatever is changed in them; of attachments the text must survive.
    let holding = |file_text: &str, field: &str, text: &str| {
        file::<Value>(file_text)
            .into_iter()
            .map(|case| {
                let held = if field == "blocks" { case["in"].clone() } else { json!([case["in"]]) };
                let message =
                    json!({ "type": "message", "ts": "1700000000.000100", "text": text, field: held });
                (envelope(&message), case)
            })
            .collect::<Vec<_>>()
    };
    let blocks = holding(include_str!("cases/blocks_in.json"), "blocks", "text");
    let attachments = holding(include_str!("cases/attachments_in.json"), "attachments", "MARK");
    whole
        .chain(events)
        .chain(blocks)
        .chain(attachments)
        .map(|(payload, case)| (case["name"].as_str().unwrap().to_owned(), payload))
        .collect()
}

/// A payload around an event, which is in a channel unless it says otherwise.
fn envelope(event: &Value) -> Value {
    let mut event = event.clone();
    let fields = event.as_object_mut().unwrap();
    for (field, value) in [("channel", "C0GENERAL"), ("user", "U0ALICE"), ("event_ts", "1700000009.000900")] {
        fields.entry(field).or_insert_with(|| json!(value));
    }
    json!({
        "team_id": "T0TEAM", "api_app_id": "A0BRIDGE", "type": "event_callback", "event_id": "Ev0001", "event": event,
        "authorizations": [{ "team_id": "T0TEAM", "user_id": "U0BRIDGE", "is_bot": true }],
    })
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

/// Like [`run`], with what arrives on Matrix of what is read.
fn run_through(file_text: &str, least: usize, actual: impl Fn(&Value) -> (Value, Value)) {
    let cases: Vec<Value> = file(file_text);
    let both: Vec<Value> = cases
        .into_iter()
        .map(|mut case| {
            case["out"] = json!([case["out"].take(), case["matrix"].take()]);
            case
        })
        .collect();
    run(&json!(both).to_string(), least, |case| {
        let (out, matrix) = actual(case);
        json!([out, matrix])
    });
}

/// Who and what is known on Matrix in the cases.
fn lookup() -> Lookup {
    let mut lookup = Lookup::default();
    let name = |mxid: &str, name: &str| MatrixName { mxid: Some(mxid.to_owned()), name: name.to_owned() };
    for team in ["t1", "t0team"] {
        lookup.users.insert(RemoteUserId::new(format!("{team}-u0bob")), name("@bob:hs", "Bob"));
        lookup.chats.insert(ChatId::new(format!("{team}-c0general")), name("!general:hs", "#general"));
    }
    lookup.emoji.insert("party_parrot".to_owned(), "mxc://hs/parrot".to_owned());
    lookup
}

/// What of a text arrives on Matrix: its HTML, or plain where that is enough.
fn arrived(text: &RichText) -> Value {
    let written = html_write::write(text, &lookup(), WriteOptions::default());
    json!(written.html.unwrap_or(written.plain))
}

/// The contents of a message's events; all its files could be carried over.
fn contents(message: &Message) -> Value {
    let mut lookup = lookup();
    for part in &message.parts {
        if let PartBody::File(file) = &part.body {
            let media_type = file.media_type.clone().unwrap_or_default();
            let carried = CarriedFile {
                mxc: format!("mxc://hs/{}", part.id),
                media_type,
                size: file.size.unwrap_or(0),
                ..CarriedFile::default()
            };
            lookup.files.insert(file.source.clone(), Ok(carried));
        }
    }
    let contents = to_matrix::message(message, &lookup, to_matrix::MatrixOptions::default());
    json!(contents.into_iter().map(|(part, content)| json!([part, content])).collect::<Vec<_>>())
}

#[test]
fn blocks_in() {
    run_through(include_str!("cases/blocks_in.json"), 130, |case| {
        let nodes: Vec<Node> = serde_json::from_value(case["in"].clone()).unwrap();
        let reading = blocks::read(&nodes, "T1");
        let mut lines = show(&reading.text);
        if reading.lossy {
            lines.push("(lossy)".to_owned());
        }
        (json!(lines), arrived(&reading.text))
    });
}

#[test]
fn mrkdwn_in() {
    run_through(include_str!("cases/mrkdwn_in.json"), 110, |case| {
        let text = mrkdwn_read::read(case["in"].as_str().unwrap(), "T1");
        (json!(show(&text)), arrived(&text))
    });
}

#[test]
fn markdown_in() {
    run_through(include_str!("cases/markdown_in.json"), 40, |case| {
        let text = mrkdwn_read::markdown(case["in"].as_str().unwrap(), "T1");
        (json!(show(&text)), arrived(&text))
    });
}

#[test]
fn attachments_in() {
    run_through(include_str!("cases/attachments_in.json"), 50, |case| {
        let attachment: Attachment = serde_json::from_value(case["in"].clone()).unwrap();
        let text = mrkdwn_read::read(case["text"].as_str().unwrap_or_default(), "T1");
        let text = attachments::read(&attachment, &attachments::Links::of(&text), "T1");
        (json!(show(&text)), arrived(&text))
    });
}

#[test]
fn payloads_in() {
    run_through(include_str!("cases/payloads.json"), 45, |case| decoded(&case["payload"]));
}

#[test]
fn events_in() {
    run_through(include_str!("cases/events_in.json"), 150, |case| decoded(&envelope(&case["in"])));
}

fn decoded(payload: &Value) -> (Value, Value) {
    match decode(&payload.to_string(), &own()) {
        Ok(event) => {
            let matrix = match &event.kind {
                RemoteKind::Message { message, .. } | RemoteKind::Edit { message, .. } => contents(message),
                _ => Value::Null,
            };
            (summary(&event), matrix)
        }
        Err(error) => (json!(error.to_string()), Value::Null),
    }
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
            let (sign, picture) = (if shown.is_guess { "maybe" } else { "as" }, shown.avatar_url.as_deref());
            let emoji = shown.avatar_emoji.as_ref().map(|emoji| format!(" :{emoji}:")).unwrap_or_default();
            format!("{user_id} {sign} {:?} {picture:?}{emoji}", shown.name.as_deref())
        }
        Sender::Own { marker, .. } => format!("own {:?}", marker.as_deref()),
        Sender::Network => "network".to_owned(),
        other => panic!("{other:?}"),
    };
    let kind = match &event.kind {
        RemoteKind::Message { id, message } => {
            let mut out = json!({
                "id": id, "style": message.style, "thread": message.thread_root, "text": shown(message),
            });
            if message.broadcast {
                out["broadcast"] = json!(true);
            }
            out
        }
        RemoteKind::Edit { id, revision, message } => {
            json!({
                "edit": id, "revision": revision, "style": message.style, "thread": message.thread_root,
                "text": shown(message),
            })
        }
        other => json!(format!("{other:?}")),
    };
    json!({ "scope": scope, "sender": sender, "at": event.at, "dedup": event.dedup, "kind": kind })
}

/// All parts of a message, one line a block.
fn shown(message: &Message) -> Vec<String> {
    let mut lines = Vec::new();
    for part in &message.parts {
        match &part.body {
            PartBody::Text(text) => lines.extend(show(text)),
            PartBody::File(file) => {
                lines.push(format!(
                    "F[{}] {:?} {} {} {}b {}x{} {}ms page={} source={}",
                    part.id,
                    file.kind,
                    file.name,
                    file.media_type.as_deref().unwrap_or("-"),
                    file.size.unwrap_or(0),
                    file.width.unwrap_or(0),
                    file.height.unwrap_or(0),
                    file.duration_ms.unwrap_or(0),
                    file.page_url.as_deref().unwrap_or("-"),
                    file.source.as_str(),
                ));
                if let Some(small) = &file.preview {
                    let (width, height) = small.dimensions.unwrap_or_default();
                    lines.push(format!("  small {width}x{height} {}", small.source.as_str()));
                }
                if !file.waveform.is_empty() {
                    lines.push(format!("  loud {:?}", file.waveform));
                }
                lines.extend(file.caption.iter().flat_map(show).map(|line| format!("  {line}")));
            }
            other => panic!("{other:?}"),
        }
    }
    lines
}
