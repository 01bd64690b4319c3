//! What is told of a room's messages, by events of ours and of others.

use serde_json::json;

use super::*;

fn owns(user: &str) -> bool {
    user.starts_with("@ghost_")
}

fn event(id: &str, sender: &str, at: i64, content: &Value) -> Value {
    json!({ "type": "m.room.message", "event_id": id, "sender": sender, "origin_server_ts": at, "content": content })
}

fn shown(id: &str, at: i64, message: &str, part: &str) -> Value {
    let field = json!({ "id": message, "part": part });
    event(id, "@ghost_a:hs", at, &json!({ "msgtype": "m.text", "body": "a", own_field::FIELD: field }))
}

fn said(id: &str, at: i64) -> Value {
    event(id, "@ada:hs", at, &json!({ "msgtype": "m.text", "body": "a" }))
}

fn file(id: &str, at: i64, name: &str) -> Value {
    event(id, "@ada:hs", at, &json!({ "msgtype": "m.file", "body": name, "url": "mxc://hs/1" }))
}

fn reaction(id: &str, target: &str) -> Value {
    let relation = json!({ "rel_type": "m.annotation", "event_id": target, "key": "👍" });
    json!({ "type": "m.reaction", "event_id": id, "sender": "@ada:hs", "origin_server_ts": 9,
        "content": { "m.relates_to": relation } })
}

fn post(id: &str, marker: Option<&str>, at: i64) -> Posted {
    let (marker, files) = (marker.map(str::to_owned), Vec::new());
    Posted { id: RemoteMessageId::new(id), marker, files, at, thread_root: None }
}

fn found(events: &[Value], posted: Vec<Posted>) -> Found {
    let mut timeline = Timeline::new(ChatKey::shared("c".into()), "@ghost_bot:hs".to_owned());
    for event in events {
        timeline.take(event, owns);
    }
    assert_eq!(timeline.count, events.len());
    timeline.with_posted(posted)
}

/// Message, part, event and thread of each pair.
fn pairs(found: &Found) -> Vec<(&str, &str, &str, &str)> {
    let mut pairs: Vec<_> = found
        .rows
        .iter()
        .map(|row| {
            let thread = row.thread_root.as_ref().map_or("", RemoteMessageId::as_str);
            (row.message_id.as_str(), row.part_id.as_str(), row.event_id.as_str(), thread)
        })
        .collect();
    pairs.sort_unstable();
    pairs
}

#[test]
fn our_own_events_say_what_they_show() {
    let mut answer = shown("$3", 30, "m2", "");
    answer["content"]["m.relates_to"] = json!({ "rel_type": "m.thread", "event_id": "$1" });
    let mut edit = shown("$4", 40, "m1", "");
    edit["content"]["m.relates_to"] = json!({ "rel_type": "m.replace", "event_id": "$1" });
    let mut redacted = shown("$5", 50, "m3", "");
    redacted["content"] = json!({});
    let found =
        found(&[redacted, edit, answer, shown("$2", 10, "m1", "F1"), shown("$1", 10, "m1", "")], Vec::new());
    assert_eq!(pairs(&found), [("m1", "", "$1", ""), ("m1", "F1", "$2", ""), ("m2", "", "$3", "m1")]);
    assert!(found.rows.iter().all(|row| row.sender == "@ghost_a:hs" && row.sent_at >= 10));
}

#[test]
fn others_cannot_say_what_their_events_show() {
    let mut forged = shown("$1", 10, "m1", "");
    forged["sender"] = "@eve:hs".into();
    assert!(found(&[forged, json!(7), json!({ "content": [] })], Vec::new()).rows.is_empty());
}

#[test]
fn what_was_posted_belongs_to_the_event_its_marker_names() {
    let mut edit = said("$2", 20);
    edit["content"]["m.relates_to"] = json!({ "rel_type": "m.replace", "event_id": "$1" });
    let posted = vec![
        post("p0", Some("$1/0"), 11),
        post("p1", Some("$1/1"), 12),
        post("p2", Some("$2/2"), 21),
        post("p3", Some("$unread/0"), 22),
        post("note", Some("$r/0"), 5),
    ];
    let found = found(&[reaction("$r", "$1"), edit, said("$1", 10)], posted);
    let expected = [
        ("note", "note", "reactions:p0", ""),
        ("p0", "", "$1", ""),
        ("p1", "1", "$1", ""),
        ("p2", "2", "$1", ""),
    ];
    assert_eq!(pairs(&found), expected);
    assert_eq!(found.unpaired, 1);
    assert!(found.rows.iter().all(|row| row.sender == "@ada:hs"));
    assert_eq!(found.reactions.len(), 1);
    assert_eq!((found.reactions[0].message_id.as_str(), found.reactions[0].emoji.as_str()), ("p0", "👍"));
}

#[test]
fn a_file_belongs_to_the_event_with_one_of_its_name() {
    let named = |id, at, name: &str| Posted { files: vec![name.to_owned()], ..post(id, None, at) };
    let events = [file("$3", 40, "b.txt"), file("$2", 30, "a.txt"), file("$1", 10, "a.txt"), said("$0", 5)];
    let posted = vec![named("p2", 35, "a.txt"), named("p1", 11, "a.txt"), named("p4", 50, "a.txt")];
    let found = found(&events, posted);
    assert_eq!(pairs(&found), [("p1", "", "$1", ""), ("p2", "", "$2", "")]);
    assert_eq!(found.unpaired, 1);
}

#[test]
fn what_was_taken_away_was_shown_and_what_the_bot_says_does_not_count() {
    let taken = |id, sender, at| event(id, sender, at, &json!({}));
    let events = [
        shown("$1", 10, "m1", ""),
        taken("$2", "@ghost_a:hs", 20),
        taken("$3", "@ghost_bot:hs", 30),
        taken("$4", "@ada:hs", 40),
        shown("$5", 50, "m5", ""),
    ];
    let found = found(&events, vec![post("m6", Some("$none"), 60)]);
    assert_eq!(found.rows.len(), 2);
    assert_eq!((found.shown_until(50), found.shown_until(51)), (Some(20), Some(50)));
    assert_eq!((found.shown_until(10), found.said_until(10)), (None, None));
}

#[test]
fn threads_that_were_answered_on_matrix_are_looked_for_over_there() {
    let in_thread = |mut event: Value, root: &str| {
        event["content"]["m.relates_to"] = json!({ "rel_type": "m.thread", "event_id": root });
        event
    };
    let mut beside = in_thread(shown("$3", 30, "m3", ""), "$elsewhere");
    beside["content"][own_field::FIELD]["thread"] = "m0".into();
    let events = [
        shown("$1", 10, "m1", ""),
        in_thread(said("$2", 20), "$1"),
        beside,
        in_thread(said("$4", 40), "$elsewhere"),
        in_thread(said("$5", 50), "$old"),
        in_thread(shown("$6", 60, "m6", ""), "$nobody answered"),
    ];
    let mut timeline = Timeline::new(ChatKey::shared("c".into()), String::new());
    for event in &events {
        timeline.take(event, owns);
    }
    assert_eq!(timeline.beginnings_behind(), ["$elsewhere", "$old"]);
    timeline.take(&shown("$old", 1, "m-old", ""), owns);
    assert_eq!(timeline.beginnings_behind(), ["$elsewhere"]);
    assert_eq!(timeline.answered(), ["m0", "m1", "m-old"].map(RemoteMessageId::new).into());
}
