//! Reading back: pages, stretches, threads, metadata.
use serde_json::{Value, json};

use crate::app::{fine, refused, start};

fn texts(body: &Value) -> Vec<&str> {
    body["messages"].as_array().unwrap().iter().map(|m| m["text"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn history_comes_in_pages_newest_first() {
    let slack = start();
    let mut all = Vec::new();
    for number in 0..5 {
        all.push(slack.post_as("alice", "general", &number.to_string()).unwrap());
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let arguments = json!({ "channel": "C0GENERAL1", "limit": 2, "cursor": cursor });
        let page = fine(&slack, "conversations.history", arguments).await;
        seen.extend(texts(&page).into_iter().map(str::to_owned));
        let next = page["response_metadata"]["next_cursor"].as_str().unwrap_or_default();
        assert_eq!(page["has_more"], !next.is_empty());
        if next.is_empty() {
            break;
        }
        next.clone_into(&mut cursor);
    }
    assert_eq!(seen, ["4", "3", "2", "1", "0"]);
    let odd = json!({ "channel": "C0GENERAL1", "cursor": "zzz" });
    assert_eq!(refused(&slack, "conversations.history", odd).await, "invalid_cursor");
}

#[tokio::test]
async fn stretches_are_open_unless_inclusive() {
    let slack = start();
    let all: Vec<String> =
        (0..4).map(|n| slack.post_as("alice", "general", &n.to_string()).unwrap()).collect();
    let history = |more: Value| {
        let mut arguments = json!({ "channel": "C0GENERAL1", "oldest": all[0], "latest": all[2] });
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        fine(&slack, "conversations.history", arguments)
    };
    assert_eq!(texts(&history(json!({})).await), ["1"]);
    assert_eq!(texts(&history(json!({ "inclusive": true })).await), ["2", "1", "0"]);
    assert_eq!(texts(&history(json!({ "latest": all[0] })).await), [""; 0]);
    assert_eq!(texts(&history(json!({ "latest": all[0], "inclusive": true })).await), ["0"]);
}

#[tokio::test]
async fn threads() {
    let slack = start();
    let root = slack.post_as("alice", "general", "root").unwrap();
    for number in 0..3 {
        slack.reply_as("bob", "general", &root, &number.to_string()).unwrap();
    }
    let broadcast = json!({
        "channel": "C0GENERAL1", "text": "all", "thread_ts": root, "reply_broadcast": true,
    });
    fine(&slack, "chat.postMessage", broadcast).await;
    let history = fine(&slack, "conversations.history", json!({ "channel": "C0GENERAL1" })).await;
    assert_eq!(texts(&history), ["all", "root"]);
    assert_eq!(history["messages"][1]["reply_count"], 4);
    assert_eq!(history["messages"][1]["reply_users"], json!(["U0BOB00001", "U0BOT000001"]));
    let first =
        fine(&slack, "conversations.replies", json!({ "channel": "C0GENERAL1", "ts": root, "limit": 2 }))
            .await;
    assert_eq!(texts(&first), ["root", "0"]);
    let cursor = &first["response_metadata"]["next_cursor"];
    let rest = json!({ "channel": "C0GENERAL1", "ts": root, "cursor": cursor });
    assert_eq!(texts(&fine(&slack, "conversations.replies", rest).await), ["1", "2", "all"]);
    let nowhere = json!({ "channel": "C0GENERAL1", "ts": "1.000000" });
    assert_eq!(refused(&slack, "conversations.replies", nowhere).await, "thread_not_found");
}

#[tokio::test]
async fn metadata_shows_only_when_asked_for() {
    let slack = start();
    let metadata = json!({ "event_type": "marker", "event_payload": { "n": 1 } });
    let post = json!({ "channel": "C0GENERAL1", "text": "x", "metadata": metadata });
    fine(&slack, "chat.postMessage", post).await;
    let plain = fine(&slack, "conversations.history", json!({ "channel": "C0GENERAL1" })).await;
    assert!(plain["messages"][0]["metadata"].is_null());
    let arguments = json!({ "channel": "C0GENERAL1", "include_all_metadata": true });
    let with = fine(&slack, "conversations.history", arguments).await;
    assert_eq!(with["messages"][0]["metadata"], metadata);
    let odd = json!({ "channel": "C0GENERAL1", "text": "x", "metadata": { "event_type": "m" } });
    assert_eq!(refused(&slack, "chat.postMessage", odd).await, "invalid_metadata_schema");
}

#[tokio::test]
async fn throttled_history_gives_fifteen() {
    let options = fake_slack::Options { throttled_history: true, ..fake_slack::Options::default() };
    let slack = fake_slack::FakeSlack::start(options).unwrap();
    for number in 0..20 {
        slack.post_as("alice", "general", &number.to_string()).unwrap();
    }
    let arguments = json!({ "channel": "C0GENERAL1", "limit": 200 });
    let page = fine(&slack, "conversations.history", arguments).await;
    assert_eq!((texts(&page).len(), &page["has_more"]), (15, &json!(true)));
}

#[tokio::test]
async fn lists_come_in_pages() {
    let slack = start();
    let types = "public_channel,private_channel";
    let first = fine(&slack, "conversations.list", json!({ "types": types, "limit": 2 })).await;
    assert_eq!(first["channels"].as_array().unwrap().len(), 2);
    let cursor = &first["response_metadata"]["next_cursor"];
    let second =
        fine(&slack, "conversations.list", json!({ "types": types, "limit": 2, "cursor": cursor })).await;
    assert_eq!(second["channels"][0]["name"], "secret-plans");
    assert_eq!(second["response_metadata"]["next_cursor"], "");
    slack.create_channel("alice", "hidden", true).unwrap();
    let all = fine(&slack, "conversations.list", json!({ "types": types })).await;
    assert_eq!(all["channels"].as_array().unwrap().len(), 3);
}
