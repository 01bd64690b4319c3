//! Calls that go wrong on request, and the log of calls.
use std::time::Duration;

use fake_slack::Fault;
use serde_json::json;
use tokio::time::timeout;

use crate::app::{LIMIT, call, fine, refused, start, try_call};

#[tokio::test]
async fn faults_are_played_in_order_and_then_over() {
    let slack = start();
    slack.fail_next("auth.test", Fault::Error("fatal_error".into()), 2);
    slack.fail_next("auth.test", Fault::Status(503), 1);
    slack.rate_limit_next("auth.test", 7, 1);
    slack.fail_next("auth.test", Fault::Body("<html>".into()), 1);
    assert_eq!(refused(&slack, "auth.test", json!({})).await, "fatal_error");
    assert_eq!(refused(&slack, "auth.test", json!({})).await, "fatal_error");
    assert_eq!(call(&slack, "auth.test", json!({})).await.status, 503);
    let limited = call(&slack, "auth.test", json!({})).await;
    assert_eq!((limited.status, &limited.body["error"]), (429, &json!("ratelimited")));
    assert_eq!(limited.headers["retry-after"], "7");
    assert_eq!(call(&slack, "auth.test", json!({})).await.body, "<html>");
    fine(&slack, "auth.test", json!({})).await;
    slack.fail_next("*", Fault::Error("internal_error".into()), 1);
    assert_eq!(refused(&slack, "users.list", json!({})).await, "internal_error");
}

#[tokio::test]
async fn a_dropped_call_has_its_effect_or_not() {
    let slack = start();
    let token = slack.app().bot_token;
    let post = json!({ "channel": "C0GENERAL1", "text": "x" });
    slack.fail_next("chat.postMessage", Fault::DropBefore, 1);
    assert!(try_call(&slack, &token, "chat.postMessage", post.clone()).await.is_err());
    assert!(slack.messages("general").is_empty());
    slack.fail_next("chat.postMessage", Fault::DropAfter, 1);
    assert!(try_call(&slack, &token, "chat.postMessage", post).await.is_err());
    assert_eq!(slack.messages("general").len(), 1);
}

#[tokio::test]
async fn a_hanging_call_never_answers() {
    let slack = start();
    for (fault, messages) in [(Fault::Hang, 0), (Fault::HangAfter, 1)] {
        slack.fail_next("chat.postMessage", fault, 1);
        let post = json!({ "channel": "C0GENERAL1", "text": "x" });
        let waited = timeout(Duration::from_millis(300), call(&slack, "chat.postMessage", post)).await;
        assert!(waited.is_err());
        assert_eq!(slack.messages("general").len(), messages);
    }
}

#[tokio::test]
async fn calls_are_logged_without_tokens() {
    let slack = start();
    let token = slack.app().bot_token;
    fine(&slack, "chat.postMessage", json!({ "channel": "C0GENERAL1", "text": "x", "token": token })).await;
    refused(&slack, "chat.postMessage", json!({ "channel": "C0NOWHERE", "text": "x" })).await;
    let calls = slack.calls();
    assert_eq!(slack.call_count("chat.postMessage"), 2);
    assert_eq!(calls[0].arguments, json!({ "channel": "C0GENERAL1", "text": "x" }));
    assert_eq!(calls[0].ts.as_deref(), slack.messages("general")[0]["ts"].as_str());
    assert_eq!(calls[0].app_id, Some(slack.app().app_id));
    assert_eq!(calls[1].error.as_deref(), Some("channel_not_found"));
    assert!(!serde_json::to_string(&calls).unwrap().contains(&token));
    let found = slack.wait_for_call("chat.postMessage", |call| !call.ok, LIMIT).await;
    assert!(found.is_some());
}
