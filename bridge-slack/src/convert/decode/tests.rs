//! Samples with single fields dropped, retyped or added: the text is there all the same.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use bridge_core::event::RemoteKind;
use proptest::prelude::{any, prop_assert_eq, proptest};
use serde_json::{Value, json};

use super::super::cases::{own, payloads};
use super::super::scope_and_dedup;
use super::decode;

/// What an odd sender may put in a field.
fn odd_values() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(-7),
        json!(1.5),
        json!(""),
        json!("odd"),
        json!([]),
        json!([null, 1, "x", {}, []]),
        json!({}),
        json!({ "type": 5, "text": [], "id": {}, "elements": 3 }),
    ]
}

/// All places of a document, as paths of keys and indexes.
fn paths(value: &Value, at: &str, out: &mut Vec<String>) {
    if !at.is_empty() {
        out.push(at.to_owned());
    }
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| paths(value, &format!("{at}/{key}"), out)),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(index, value)| paths(value, &format!("{at}/{index}"), out));
        }
        _ => {}
    }
}

fn parent(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap()
}

fn without(payload: &Value, path: &str) -> Value {
    let mut payload = payload.clone();
    let (parent, key) = parent(path);
    match payload.pointer_mut(parent).unwrap() {
        Value::Object(map) => drop(map.remove(key)),
        Value::Array(list) => drop(list.remove(key.parse().unwrap())),
        _ => panic!("{path}"),
    }
    payload
}

fn with(payload: &Value, path: &str, value: &Value) -> Value {
    let mut payload = payload.clone();
    *payload.pointer_mut(path).unwrap() = value.clone();
    payload
}

/// Where the mark stands; a change there, or above, may take it away, and so may one of what makes it a message in a
/// place.
fn may_lose(path: &str) -> bool {
    let identity = [
        "/event",
        "/event/type",
        "/event/channel",
        "/event/ts",
        "/event/subtype",
        "/event/hidden",
        "/event/text",
    ];
    identity.contains(&path)
}

/// The text of what was decoded. `None`: not a message.
fn shown(payload: &Value) -> Option<String> {
    let text = payload.to_string();
    let (scope, dedup) = scope_and_dedup(&text);
    let event = decode(&text, &own()).ok()?;
    assert_eq!((&event.scope, &event.dedup), (&scope, &dedup), "{text}");
    match event.kind {
        RemoteKind::Message { message, .. } => Some(serde_json::to_string(&message).unwrap()),
        _ => None,
    }
}

#[test]
fn the_text_survives_odd_fields() {
    let mut tried = 0;
    for (name, payload) in payloads() {
        let marked = shown(&payload).is_some_and(|text| text.contains("MARK"));
        let mut all = Vec::new();
        paths(&payload, "", &mut all);
        let mut check = |path: &str, changed: &Value, what: &str| {
            let after = shown(changed);
            tried += 1;
            if marked && !may_lose(path) {
                assert!(
                    after.as_deref().is_some_and(|text| text.contains("MARK")),
                    "{name}: {path} {what}: {after:?}\n{changed}"
                );
            }
        };
        for path in &all {
            let old = payload.pointer(path).unwrap();
            // A shorter list of blocks is a list of blocks, and a text that says something else says something else.
            let holds_mark = path.starts_with("/event/blocks") && old.to_string().contains("MARK");
            let is_entry = parent(path).1.bytes().all(|byte| byte.is_ascii_digit());
            if !(holds_mark && is_entry) {
                check(path, &without(&payload, path), "dropped");
            }
            for odd in odd_values() {
                let emptied = holds_mark && odd == json!([]) && old.is_array();
                let told_otherwise = path.ends_with("/text") && (odd.is_string() || odd.is_number());
                if !emptied && !told_otherwise {
                    check(path, &with(&payload, path, &odd), &odd.to_string());
                }
            }
        }
        for path in all.iter().filter(|path| payload.pointer(path).unwrap().is_object()) {
            for odd in odd_values() {
                let mut changed = payload.clone();
                let Some(Value::Object(map)) = changed.pointer_mut(path) else { panic!("{path}") };
                for key in
                    ["unheard_of", "blocks", "files", "attachments", "metadata", "bot_profile", "icons"]
                {
                    map.entry(key).or_insert_with(|| odd.clone());
                }
                check(&format!("{path}/added"), &changed, &odd.to_string());
            }
        }
    }
    assert!(tried > 10_000, "{tried}");
}

#[test]
fn one_lane_and_key_before_and_after_the_commit() {
    for json in
        ["", "{", "[]", "null", r#"{"team_id":"T1","event":{"type":"message","type":"x","channel":"C1"}}"#]
    {
        let (scope, dedup) = scope_and_dedup(json);
        if let Ok(event) = decode(json, &own()) {
            assert_eq!((event.scope, event.dedup), (scope, dedup), "{json}");
        }
    }
}

#[test]
fn half_a_character_costs_only_itself() {
    let json = r#"{"team_id":"T1","event_id":"Ev1","event":{"type":"message","channel":"C1","user":"U1",
        "ts":"1.000000","text":"cut \ud83d","blocks":[{"type":"rich_text","elements":[{"type":"rich_text_section",
        "elements":[{"type":"text","text":"cut \ud83d"}]}]}]}}"#;
    let event = decode(json, &own()).unwrap();
    assert!(serde_json::to_string(&event).unwrap().contains("cut \u{fffd}"));
}

proptest! {
    #[test]
    fn nothing_panics(text in any::<String>(), kind in "[a-z_]{0,12}", value in "[ -~]{0,60}") {
        let _ = decode(&text, &own());
        let _ = decode(&format!(r#"{{"event":{{"type":"{kind}",{value}}}}}"#), &own());
    }

    #[test]
    fn any_text_is_a_message(text in any::<String>()) {
        let payload = json!({ "team_id": "T1", "event": { "type": "message", "channel": "C1", "ts": "1.000000", "text": text } });
        let event = decode(&payload.to_string(), &own()).unwrap();
        prop_assert_eq!(matches!(event.kind, RemoteKind::Message { .. }), true);
    }
}
