//! The routes as the homeserver calls them: tokens, odd bodies, repeats, questions.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use http::Method;
use serde_json::{Value, json};
use testkit::Kind;

use super::super::testing::Fixture;
use super::BODY_LIMIT;

const TXN: &str = "/_matrix/app/v1/transactions/";

async fn fixture() -> Fixture {
    let mut fixture = Fixture::new(Kind::FakeSynapse).await;
    fixture.serve(BODY_LIMIT);
    fixture
}

async fn status_and_code(request: reqwest::RequestBuilder) -> (u16, String) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let body: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    (status, body["errcode"].as_str().unwrap_or_default().to_owned())
}

async fn put(fixture: &Fixture, txn_id: &str, body: &str) -> (u16, String) {
    status_and_code(fixture.request(Method::PUT, &format!("{TXN}{txn_id}")).body(body.to_owned())).await
}

fn message(id: &str, text: &str) -> Value {
    json!({
        "event_id": format!("${id}"), "room_id": "!r:hs.test", "type": "m.room.message",
        "sender": "@alice:hs.test", "content": { "body": text },
    })
}

fn ok() -> (u16, String) {
    (200, String::new())
}

#[tokio::test]
async fn only_the_homeserver_is_listened_to() {
    let fixture = fixture().await;
    let call = |path: String| fixture.request_without_token(Method::PUT, &path).body(r#"{"events":[]}"#);
    let path = format!("{TXN}1");
    assert_eq!(status_and_code(call(path.clone())).await, (401, "M_MISSING_TOKEN".into()));
    let wrong = call(path.clone()).bearer_auth("wrong");
    assert_eq!(status_and_code(wrong).await, (403, "M_FORBIDDEN".into()));
    let in_query = call(format!("{path}?access_token={}", fixture.slot.appservice.hs_token));
    assert_eq!(status_and_code(in_query).await, ok());
    let old = call("/transactions/1".into()).bearer_auth(&fixture.slot.appservice.hs_token);
    assert_eq!(status_and_code(old).await, ok());
    assert_eq!(status_and_code(call("/elsewhere".into())).await, (404, "M_UNRECOGNIZED".into()));
}

#[tokio::test]
async fn odd_bodies_are_refused_and_leave_nothing_behind() {
    let mut fixture = Fixture::new(Kind::FakeSynapse).await;
    fixture.serve(1000);
    for (body, code) in [
        ("", "M_NOT_JSON"),
        (r#"{"events": ["#, "M_NOT_JSON"),
        ("\u{0}", "M_NOT_JSON"),
        (r#"{"events": 5}"#, "M_BAD_JSON"),
        ("[1]", "M_BAD_JSON"),
        ("[]", "M_BAD_JSON"),
        (" [[], null, null]", "M_BAD_JSON"),
        ("null", "M_BAD_JSON"),
    ] {
        assert_eq!(put(&fixture, "1", body).await, (400, code.into()), "{body}");
    }
    assert_eq!(put(&fixture, "1", &"x".repeat(1001)).await, (413, "M_TOO_LARGE".into()));
    let deep = format!(r#"{{"events":[{{"a":{}}}]}}"#, "[".repeat(400));
    assert_eq!(put(&fixture, "1", &deep).await, (400, "M_NOT_JSON".into()));
    assert!(fixture.queue.jobs().is_empty());
    let good = json!({ "events": [message("a", "hello")] }).to_string();
    assert_eq!(put(&fixture, "1", &good).await, ok());
    assert_eq!(fixture.queue.texts(), ["hello"]);
    assert_eq!(put(&fixture, "2", r#"{"events": null}"#).await, ok());
}

#[tokio::test]
async fn events_of_any_shape_become_jobs() {
    let fixture = fixture().await;
    let odd = json!({ "type": 7, "event_id": {}, "sender": null });
    let list = json!(["$a", "!r:hs.test", "m.room.message", "@alice:hs.test"]);
    let events = json!([message("a", "one"), odd, list, message("b", "two"), odd]);
    assert_eq!(put(&fixture, "1", &json!({ "events": events }).to_string()).await, ok());
    let jobs = fixture.queue.jobs();
    let keys: Vec<&str> = jobs.iter().map(|job| job.dedup.as_str()).collect();
    assert_eq!(jobs.len(), 4, "{keys:?}");
    assert_eq!((keys[0], keys[3]), ("$a", "$b"));
    assert!(keys[1].starts_with("content:") && keys[2].starts_with("content:"));
    assert_eq!(jobs[0].lane.as_str(), "room:!r:hs.test");
    assert_eq!(serde_json::from_str::<Value>(&jobs[1].payload).unwrap(), odd);
}

#[tokio::test]
async fn a_repeat_changes_nothing_and_an_id_with_another_body_is_new() {
    let fixture = fixture().await;
    let first = json!({ "events": [message("a", "one")] }).to_string();
    for _ in 0..3 {
        assert_eq!(put(&fixture, "1", &first).await, ok());
    }
    let other = json!({ "events": [message("a", "one"), message("b", "two")] }).to_string();
    assert_eq!(put(&fixture, "1", &other).await, ok());
    assert_eq!(put(&fixture, "2", &first).await, ok());
    assert_eq!(fixture.queue.texts(), ["one", "two"]);
    assert!(fixture.exchange.last_transaction_at().is_some());
}

#[tokio::test]
async fn what_cannot_be_stored_is_not_acknowledged() {
    let fixture = fixture().await;
    let body = json!({ "events": [message("a", "one")] }).to_string();
    fixture.queue.set_broken(true);
    assert_eq!(put(&fixture, "1", &body).await, (503, "M_UNKNOWN".into()));
    assert_eq!(fixture.exchange.last_transaction_at(), None);
    fixture.queue.set_broken(false);
    assert_eq!(put(&fixture, "1", &body).await, ok());
    assert_eq!(fixture.queue.texts(), ["one"]);
}

#[tokio::test]
async fn our_own_events_are_dropped() {
    let fixture = fixture().await;
    let own = &fixture.slot.appservice;
    let by = |id: &str, sender: String| {
        let mut event = message(id, id);
        event["sender"] = sender.into();
        event
    };
    let other_server = format!("@{}u:other.test", own.user_prefix);
    let events =
        json!([by("a", own.bot_id()), by("b", own.ghost_id("u0")), by("c", other_server), message("d", "d")]);
    let body = json!({ "events": events, "ephemeral": [{}], "de.sorunome.msc2409.ephemeral": [{}] });
    assert_eq!(put(&fixture, "1", &body.to_string()).await, ok());
    assert_eq!(fixture.queue.texts(), ["c", "d"]);
}

#[tokio::test]
async fn questions_are_answered_for_our_namespace_only() {
    let fixture = fixture().await;
    let own = &fixture.slot.appservice;
    let ask = async |path: String| status_and_code(fixture.request(Method::GET, &path)).await;
    let none = (404, "M_NOT_FOUND".to_owned());
    assert_eq!(ask(format!("/_matrix/app/v1/users/{}", own.ghost_id("alice"))).await, ok());
    assert_eq!(ask(format!("/_matrix/app/v1/users/{}", own.ghost_id("bob"))).await, none);
    assert_eq!(ask("/_matrix/app/v1/users/@alice:hs.test".into()).await, none);
    assert_eq!(ask("/_matrix/app/v1/rooms/%23general%3Ahs.test".into()).await, ok());
    assert_eq!(ask("/_matrix/app/v1/rooms/%23general:hs.test".into()).await, ok());
    assert_eq!(ask("/_matrix/app/v1/rooms/%23other%3Ahs.test".into()).await, none);
    assert_eq!(ask("/_matrix/app/v1/thirdparty/protocol/chat".into()).await, none);
    let broken = ask(format!("/_matrix/app/v1/users/{}", own.ghost_id("panic"))).await;
    assert_eq!(broken, (500, "M_UNKNOWN".into()));
    let wrong_method = fixture.request(Method::GET, &format!("{TXN}1"));
    assert_eq!(status_and_code(wrong_method).await, (405, "M_UNRECOGNIZED".into()));
}
