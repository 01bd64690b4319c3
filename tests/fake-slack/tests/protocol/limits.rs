//! Quota mode, and the sizes of messages.
use fake_slack::{FakeSlack, Mode, Options};
use serde_json::json;

use crate::app::{call, fine, refused, start};

#[tokio::test]
async fn quota_limits_posts_per_channel() {
    let slack = FakeSlack::start(Options { mode: Mode::Quota, ..Options::default() }).unwrap();
    let post = |channel: &str| json!({ "channel": channel, "text": "x" });
    let mut limited = None;
    for _ in 0..5 {
        let answer = call(&slack, "chat.postMessage", post("C0GENERAL1")).await;
        if answer.status == 429 {
            limited = Some(answer);
            break;
        }
    }
    let limited = limited.expect("the burst is three");
    assert_eq!(limited.headers["retry-after"], "1");
    assert_eq!(limited.body["error"], "ratelimited");
    fine(&slack, "chat.postMessage", post("C0RANDOM01")).await;
    slack.set_mode(Mode::Unbounded);
    for _ in 0..20 {
        fine(&slack, "chat.postMessage", post("C0GENERAL1")).await;
    }
}

#[tokio::test]
async fn quota_limits_methods_by_tier() {
    let slack = FakeSlack::start(Options { mode: Mode::Quota, ..Options::default() }).unwrap();
    for _ in 0..20 {
        fine(&slack, "emoji.list", json!({})).await;
    }
    assert_eq!(call(&slack, "emoji.list", json!({})).await.status, 429);
    fine(&slack, "users.list", json!({})).await;
}

#[tokio::test]
async fn long_texts() {
    let slack = start();
    fine(&slack, "chat.postMessage", json!({ "channel": "C0GENERAL1", "text": "x".repeat(4000) })).await;
    assert_eq!(slack.messages("general").len(), 1);
    let posted =
        fine(&slack, "chat.postMessage", json!({ "channel": "C0GENERAL1", "text": "x".repeat(50_000) }))
            .await;
    assert_eq!(posted["warning"], "message_truncated");
    assert_eq!(slack.messages("general").len(), 11);
    let update = json!({ "channel": "C0GENERAL1", "ts": posted["ts"], "text": "x".repeat(4001) });
    assert_eq!(refused(&slack, "chat.update", update).await, "msg_too_long");
    let block = json!({ "type": "divider" });
    let blocks = json!({ "channel": "C0GENERAL1", "blocks": vec![block; 51] });
    assert_eq!(refused(&slack, "chat.postMessage", blocks).await, "invalid_blocks");
    let empty = json!({ "channel": "C0GENERAL1", "text": " " });
    assert_eq!(refused(&slack, "chat.postMessage", empty).await, "no_text");
}
