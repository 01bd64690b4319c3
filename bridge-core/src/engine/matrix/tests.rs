//! Events in forms that nobody should send: kept where a portal should have carried them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use serde_json::{Value, json};
use testkit::Kind;

use super::super::testing::{Paper, Stage};
use crate::error::JobError;

async fn stage() -> (Stage, String) {
    let stage = Stage::new(Kind::FakeSynapse, Paper::silent()).await;
    let room = stage.portal().await;
    (stage, room)
}

fn event(room: &str, kind: &str, content: &Value) -> Value {
    json!({ "event_id": "$1", "room_id": room, "sender": "@a:hs.test", "type": kind, "content": content })
}

/// Why the event was parked; none when it was passed over.
async fn parked(stage: &Stage, event: &Value) -> Option<String> {
    match stage.handle(&Stage::matrix_job(event)).await {
        Ok(_) => None,
        Err(JobError::Park(why)) => Some(why),
        Err(other) => panic!("{event}: {other:?}"),
    }
}

#[tokio::test]
async fn a_malformed_message_in_a_portal_is_parked_and_the_reason_names_the_fault() {
    let (stage, room) = stage().await;
    for (content, fault) in [
        (json!(7), "its content is not an object"),
        (json!(["m.text", "secret"]), "its content is not an object"),
        (json!({}), "its content has no msgtype"),
        (json!({ "body": "secret" }), "its content has no msgtype"),
        (json!({ "msgtype": 5, "body": "secret" }), "the msgtype in its content is not a text"),
        (json!({ "msgtype": "m.text" }), "its content has no body"),
        (json!({ "msgtype": "m.text", "body": ["secret"] }), "the body in its content is not a text"),
    ] {
        let event = event(&room, "m.room.message", &content);
        let why = parked(&stage, &event).await.unwrap_or_else(|| panic!("{event} was dropped"));
        assert_eq!(why, format!("The Matrix event has an unexpected form: {fault}."));
    }
}

#[tokio::test]
async fn an_event_whose_outer_form_is_wrong_is_parked_in_a_portal() {
    let (stage, room) = stage().await;
    let good = event(&room, "m.room.message", &json!({ "msgtype": "m.text", "body": "secret" }));
    for (field, value, fault) in [
        ("sender", json!({}), "its sender is not a text"),
        ("event_id", json!(["secret"]), "its event_id is not a text"),
        ("type", json!(7), "its type is not a text"),
        ("origin_server_ts", json!("secret"), "its origin_server_ts is not a whole number"),
    ] {
        let mut event = good.clone();
        event[field] = value;
        let why = parked(&stage, &event).await.unwrap_or_else(|| panic!("{event} was dropped"));
        assert_eq!(why, format!("The Matrix event has an unexpected form: {fault}."));
    }
    let member = event(&room, "m.room.member", &json!({ "membership": 5 }));
    assert!(parked(&stage, &member).await.unwrap().contains("no state_key"));
    let mut of_somebody = member.clone();
    of_somebody["state_key"] = "@a:hs.test".into();
    assert!(parked(&stage, &of_somebody).await.unwrap().contains("no membership"));
}

#[tokio::test]
async fn what_is_not_ours_to_carry_is_passed_over() {
    let (stage, room) = stage().await;
    let message = json!({ "msgtype": 5 });
    let mut redacted = event(&room, "m.room.message", &json!({}));
    redacted["unsigned"] = json!({ "redacted_because": {} });
    let mut unknown = event(&room, "org.example.never.seen", &json!(7));
    unknown["sender"] = json!(5);
    for event in [
        event(&room, "org.example.never.seen", &json!(7)),
        unknown,
        redacted,
        event("!elsewhere:hs.test", "m.room.message", &message),
        event("!elsewhere:hs.test", "m.room.member", &message),
        json!({ "type": "m.room.message", "room_id": {}, "content": {} }),
        json!([]),
        json!({}),
    ] {
        assert_eq!(parked(&stage, &event).await, None, "{event}");
    }
}
