//! Samples with single fields dropped, retyped or added: the text is there all the same.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use bridge_core::event::RemoteKind;
use proptest::prelude::{Just, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
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

/// Where a change may take the mark away, because it takes away what makes it a message in a place.
fn may_lose(path: &str) -> bool {
    let identity =
        ["/event", "/event/type", "/event/channel", "/event/ts", "/event/subtype", "/event/hidden"];
    let changed = ["/event/message", "/event/message/ts", "/event/message/subtype"];
    identity.contains(&path) || changed.contains(&path)
}

/// The text of what was decoded. `None`: not a message.
fn shown(payload: &Value) -> Option<String> {
    let text = payload.to_string();
    let (scope, dedup) = scope_and_dedup(&text);
    let event = decode(&text, &own()).ok()?;
    assert_eq!((&event.scope, &event.dedup), (&scope, &dedup), "{text}");
    match event.kind {
        RemoteKind::Message { message, .. } | RemoteKind::Edit { message, .. } => {
            Some(serde_json::to_string(&message).unwrap())
        }
        _ => None,
    }
}

fn is_marked(text: &str) -> bool {
    text.contains("MARK")
}

/// Whether another field than the one at this path, in the message that is shown, still tells the mark.
fn told_elsewhere(payload: &Value, path: &str) -> bool {
    let rest = without(payload, path);
    let message = rest.pointer("/event/message").or_else(|| rest.pointer("/event"));
    let fields = ["text", "blocks"].map(|field| message.and_then(|message| message.get(field)).cloned());
    fields.into_iter().flatten().any(|field| is_marked(&field.to_string()))
}

/// Whether the field still says something, and something else: then that is what it says.
fn says_otherwise(path: &str, old: &Value, new: &Value) -> bool {
    let text = path.ends_with("/text") && (new.is_string() || new.is_number());
    // A shorter list of blocks is a list of blocks.
    let shorter =
        path.contains("/blocks") && is_marked(&old.to_string()) && *new == json!([]) && old.is_array();
    // A text object that says nothing but names its kind.
    text || shorter
}

#[test]
fn a_fetched_message_tells_its_reactions() {
    let reactions = json!([
        { "name": "+1", "users": ["U0000001", null, "U0000002"], "count": 9 },
        { "name": "", "users": ["U0000001"] },
        { "name": "party", "users": "nobody" },
        "odd",
    ]);
    let message = json!({ "type": "message", "channel": "C0000001", "user": "U0000001", "ts": "1.000001", "text": "a",
        "reactions": reactions });
    let payload = json!({ "type": "event_callback", "team_id": "T0000001", "event": message });
    let RemoteKind::Message { message, .. } = decode(&payload.to_string(), &own()).unwrap().kind else {
        panic!("it is a message");
    };
    let told: Vec<(String, usize)> =
        message.reactions.iter().map(|one| (one.emoji.as_stored(), one.users.len())).collect();
    assert_eq!(told, [("👍".to_owned(), 2), (":party:".to_owned(), 0)]);
}

#[test]
fn the_text_survives_odd_fields() {
    let (mut tried, mut kept) = (0, 0);
    for (name, payload) in payloads() {
        let marked = shown(&payload).is_some_and(|text| is_marked(&text));
        let mut all = Vec::new();
        paths(&payload, "", &mut all);
        let mut check = |path: &str, changed: &Value, what: &str, must: bool| {
            let after = shown(changed);
            tried += 1;
            if marked && must && !may_lose(path) {
                kept += 1;
                assert!(
                    after.as_deref().is_some_and(is_marked),
                    "{name}: {path} {what}: {after:?}\n{changed}"
                );
            }
        };
        for path in &all {
            let old = payload.pointer(path).unwrap();
            let elsewhere = told_elsewhere(&payload, path);
            let is_entry = parent(path).1.bytes().all(|byte| byte.is_ascii_digit());
            let cut = is_entry && path.contains("/blocks") && is_marked(&old.to_string());
            check(path, &without(&payload, path), "dropped", elsewhere && !cut);
            for odd in odd_values() {
                let must = elsewhere && !says_otherwise(path, old, &odd);
                check(path, &with(&payload, path, &odd), &odd.to_string(), must);
            }
        }
        for path in all.iter().filter(|path| payload.pointer(path).unwrap().is_object()) {
            for odd in odd_values() {
                let mut changed = payload.clone();
                let Some(Value::Object(map)) = changed.pointer_mut(path) else { panic!("{path}") };
                for key in [
                    "unheard_of",
                    "blocks",
                    "files",
                    "attachments",
                    "metadata",
                    "bot_profile",
                    "icons",
                    "edited",
                ] {
                    map.entry(key).or_insert_with(|| odd.clone());
                }
                check(&format!("{path}/added"), &changed, &odd.to_string(), true);
            }
        }
    }
    assert!(tried > 100_000 && kept > 30_000, "{tried} tried, {kept} marked");
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

/// Documents of about a megabyte that repeat one thing, at every place where something can be repeated.
fn huge() -> Vec<Value> {
    let many = |value: Value| {
        let count = 1_000_000 / value.to_string().len();
        Value::Array(vec![value; count])
    };
    let signs = [
        "*", "_a ", "`", "<", "<@", ":a", "[", "&gt; ", "```", "• ", "|", "*<", "> ", "1. ", "a*b_", "&amp;",
    ];
    let mut out: Vec<Value> =
        signs.iter().map(|sign| json!({ "text": sign.repeat(1_000_000 / sign.len()) })).collect();
    for kind in ["mrkdwn", "plain_text", "markdown"] {
        let text = "[a](<*_".repeat(140_000);
        out.push(json!({ "blocks": [{ "type": "section", "text": { "type": kind, "text": text } }] }));
        out.push(json!({ "blocks": [{ "type": "markdown", "text": "- a\n  - b\n> c\n|d|\n|-|\n".repeat(40_000) }] }));
    }
    let element = json!({ "type": "emoji", "name": "wave" });
    let section = json!({ "type": "rich_text_section", "elements": [{ "type": "text", "text": "a\n" }] });
    out.push(json!({ "blocks": [{ "type": "rich_text", "elements": [{ "type": "rich_text_section", "elements": many(element) }] }] }));
    for style in ["bullet", "ordered"] {
        let list = json!({ "type": "rich_text_list", "style": style, "indent": 9, "border": 1, "elements": [section] });
        out.push(json!({ "blocks": [{ "type": "rich_text", "elements": many(list) }] }));
    }
    out.push(json!({ "blocks": [{ "type": "table", "rows": many(json!([{ "type": "raw_text", "text": "a" }])) }] }));
    out.push(json!({ "blocks": [{ "type": "actions", "elements": many(json!({ "type": "button", "text": "a" })) }] }));
    out.push(json!({ "attachments": many(json!({ "from_url": "https://a.test", "text": "a", "fields": [{ "short": true }] })) }));
    out.push(
        json!({ "attachments": [{ "fields": many(json!({ "title": "a", "value": "b", "short": true })) }] }),
    );
    out.push(json!({ "files": many(json!({ "id": "F1", "url_private": "https://a.test" })) }));
    out
}

#[test]
fn a_megabyte_is_read_in_time_that_grows_with_its_length() {
    for (index, fields) in huge().into_iter().enumerate() {
        let mut event = json!({ "type": "message", "channel": "C1", "user": "U1", "ts": "1.000000" });
        event.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        if index == 0 {
            event = json!({
                "type": "message", "subtype": "message_changed", "channel": "C1", "message": event,
                "previous_message": { "text": "a" },
            });
        }
        let text = json!({ "team_id": "T1", "event": event }).to_string();
        // Slower than linear would take many minutes here.
        assert!(decode(&text, &own()).is_ok(), "{}", text.chars().take(200).collect::<String>());
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

/// Any document made of the words that mean something to us.
fn any_document() -> impl Strategy<Value = Value> {
    const WORDS: &[&str] = &[
        "type",
        "text",
        "blocks",
        "elements",
        "attachments",
        "files",
        "message",
        "previous_message",
        "subtype",
        "message_changed",
        "message_deleted",
        "rich_text",
        "rich_text_list",
        "rich_text_section",
        "rich_text_quote",
        "section",
        "table",
        "rows",
        "fields",
        "accessory",
        "title",
        "style",
        "ordered",
        "indent",
        "offset",
        "border",
        "user_id",
        "emoji",
        "name",
        "unicode",
        "1f44b-1f3fd",
        "date",
        "timestamp",
        "mode",
        "snippet",
        "preview",
        "id",
        "message_blocks",
        "is_share",
        "ts",
        "1700000000.000100",
        "edited",
        "reaction",
        "item",
        "channel",
        "C1",
        "chart",
        "series",
        "data",
        "label",
        "value",
        "call",
        "v1",
        "command",
        "data_visualization",
        "button",
        "unknown",
    ];
    let word = prop::sample::select(WORDS);
    let leaf = prop_oneof![
        word.clone().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        "[<>@!*_~`:|&;a. \\n-]{0,24}".prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(6, 80, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..6)
                .prop_map(|fields| fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn any_document_is_read(blocks in any_document(), whole in any_document(), attachments in any_document()) {
        let _ = decode(&whole.to_string(), &own());
        let message = json!({ "type": "message", "ts": "1.000000", "text": "MARK", "blocks": whole });
        let _ = decode(&json!({ "team_id": "T1", "event": message }).to_string(), &own());
        let inner = json!({
            "ts": "1.000000", "text": "MARK", "blocks": [blocks], "attachments": [attachments.clone()], "files": [attachments],
        });
        for event in [
            json!({ "type": "message", "channel": "C1", "subtype": "message_changed", "message": inner }),
            json!({ "type": "message", "channel": "C1", "ts": "1.000000", "text": whole, "blocks": [inner] }),
        ] {
            let text = json!({ "team_id": "T1", "event": event }).to_string();
            prop_assert!(decode(&text, &own()).is_ok(), "{text}");
        }
    }

    #[test]
    fn any_bytes_are_refused_or_read(bytes in any::<Vec<u8>>()) {
        let _ = decode(&String::from_utf8_lossy(&bytes), &own());
    }

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
