//! Strangers, crowds, and what people say of themselves.
use serde_json::json;

use crate::app::{Socket, fine, refused, start};

const OTHER: (&str, &str) = ("T0OTHER0001", "Other Workspace");

#[tokio::test]
async fn people_say_what_they_do() {
    let slack = start();
    let mut socket = Socket::open(&slack).await;
    let change = json!({
        "title": "R & D", "tz": "Asia/Tokyo", "status_text": "<away>", "status_emoji": ":zzz:", "status_expiration": 9,
    });
    slack.change_user("alice", &change).unwrap();
    let told = socket.event().await["event"]["user"].clone();
    let info = fine(&slack, "users.info", json!({ "user": "U0ALICE001" })).await["user"].clone();
    assert_eq!(told, info);
    let profile = &info["profile"];
    assert_eq!((&info["tz"], &profile["title"]), (&json!("Asia/Tokyo"), &json!("R &amp; D")));
    assert_eq!((&profile["status_text"], &profile["status_expiration"]), (&json!("&lt;away&gt;"), &json!(9)));
    slack.change_user("alice", &json!({ "deleted": true })).unwrap();
    assert_eq!(socket.event().await["event"]["user"]["deleted"], true);
    let members = fine(&slack, "conversations.members", json!({ "channel": "C0GENERAL1" })).await;
    assert!(!members["members"].as_array().unwrap().contains(&json!("U0ALICE001")), "{members}");
}

#[tokio::test]
async fn little_is_told_of_strangers() {
    let slack = start();
    let mut socket = Socket::open(&slack).await;
    let eve = slack.add_stranger("eve", "Eve E.", OTHER, "general", false).unwrap();
    let hidden = slack.add_stranger("mal", "Mal M.", OTHER, "general", true).unwrap();
    let info = fine(&slack, "users.info", json!({ "user": eve })).await["user"].clone();
    assert_eq!((&info["is_stranger"], &info["team_id"]), (&json!(true), &json!(OTHER.0)));
    assert!(info["tz"].is_null() && info["profile"]["title"].is_null(), "{info}");
    assert_eq!(refused(&slack, "users.info", json!({ "user": hidden })).await, "user_not_visible");
    assert_eq!(fine(&slack, "team.info", json!({ "team": OTHER.0 })).await["team"]["name"], OTHER.1);
    assert_eq!(refused(&slack, "team.info", json!({ "team": "T0NOWHERE" })).await, "team_not_found");
    let all = fine(&slack, "users.list", json!({})).await;
    assert!(all["members"].as_array().unwrap().iter().all(|user| user["id"] != eve.as_str()), "{all}");
    slack.post_as("eve", "general", "hi").unwrap();
    let event = socket.event().await["event"].clone();
    assert_eq!(
        (&event["user_team"], &event["user_profile"]["real_name"]),
        (&json!(OTHER.0), &json!("Eve E."))
    );
}

#[tokio::test]
async fn a_crowd_is_there_at_once_and_without_events() {
    let slack = start();
    let mut socket = Socket::open(&slack).await;
    let crowd = slack.add_crowd("random", 1_200).unwrap();
    let page = fine(&slack, "conversations.members", json!({ "channel": "C0RANDOM01", "limit": 999 })).await;
    assert_eq!(page["members"].as_array().unwrap().len(), 999);
    assert_ne!(page["response_metadata"]["next_cursor"], "");
    slack.leave_unseen(&crowd[0], "random").unwrap();
    assert_eq!(slack.leave_unseen(&crowd[0], "random").unwrap_err().error, "not_in_channel");
    slack.post_as("crowd-1", "random", "one of many").unwrap();
    assert_eq!(socket.event().await["event"]["text"], "one of many");
}

#[tokio::test]
async fn an_app_is_told_twice_of_its_removal() {
    let slack = start();
    let mut socket = Socket::open(&slack).await;
    slack.kick("alice", &slack.app().bot_user_id, "random").unwrap();
    let (left, removed) = (socket.event().await["event"].clone(), socket.event().await["event"].clone());
    assert_eq!(
        (&left["type"], &left["user"]),
        (&json!("member_left_channel"), &json!(slack.app().bot_user_id))
    );
    assert_eq!((&removed["type"], &removed["actor_id"]), (&json!("channel_left"), &json!("U0ALICE001")));
    assert_ne!(left["event_ts"], removed["event_ts"]);
}
