//! What events look like, and who gets them.
use serde_json::json;

use crate::app::{Socket, fine, start};

#[tokio::test]
async fn a_human_message_looks_like_slacks() {
    let slack = start();
    let mut socket = Socket::open(&slack).await;
    let ts = slack.post_as("alice", "general", "hi <@U0BOB00001>, 1 < 2").unwrap();
    let payload = socket.event().await;
    assert_eq!(payload["type"], "event_callback");
    assert_eq!(payload["team_id"], slack.team_id());
    assert_eq!(payload["api_app_id"], slack.app().app_id);
    assert_eq!(payload["authorizations"][0]["user_id"], slack.app().bot_user_id);
    assert_eq!(payload["is_ext_shared_channel"], false);
    let event = &payload["event"];
    assert_eq!(event["text"], "hi <@U0BOB00001>, 1 &lt; 2");
    assert_eq!((&event["ts"], &event["event_ts"]), (&json!(ts), &json!(ts)));
    assert_eq!(event["channel_type"], "channel");
    assert!(event["client_msg_id"].is_string());
    assert!(event["subtype"].is_null());
    let elements = &event["blocks"][0]["elements"][0]["elements"];
    assert_eq!(elements[1], json!({ "type": "user", "user_id": "U0BOB00001" }));
    assert_eq!(elements[2]["text"], ", 1 < 2");
}

#[tokio::test]
async fn edits_and_deletions() {
    let slack = start();
    let mut socket = Socket::open(&slack).await;
    let ts = slack.post_as("alice", "general", "one").unwrap();
    socket.event().await;
    slack.edit("general", &ts, "two").unwrap();
    let event = socket.event().await["event"].clone();
    assert_eq!(event["subtype"], "message_changed");
    assert_eq!(event["message"]["text"], "two");
    assert_eq!(event["message"]["edited"]["user"], "U0ALICE001");
    assert_eq!(event["previous_message"]["text"], "one");
    slack.unfurl("general", &ts, json!({ "title": "a page" })).unwrap();
    let event = socket.event().await["event"].clone();
    assert_eq!(event["message"]["edited"], event["previous_message"]["edited"]);
    slack.delete("general", &ts).unwrap();
    let event = socket.event().await["event"].clone();
    assert_eq!(event["subtype"], "message_deleted");
    assert_eq!(event["deleted_ts"], ts);
    assert!(slack.messages("general").is_empty());
}

#[tokio::test]
async fn a_deleted_thread_keeps_its_replies() {
    let slack = start();
    let mut socket = Socket::open(&slack).await;
    let ts = slack.post_as("alice", "general", "one").unwrap();
    let reply = slack.reply_as("bob", "general", &ts, "two").unwrap();
    socket.event().await;
    let event = socket.event().await["event"].clone();
    assert_eq!(event["thread_ts"], ts);
    assert_eq!(event["parent_user_id"], "U0ALICE001");
    slack.delete("general", &ts).unwrap();
    let event = socket.event().await["event"].clone();
    assert_eq!(event["subtype"], "message_changed");
    assert_eq!(event["message"]["subtype"], "tombstone");
    let thread = fine(&slack, "conversations.replies", json!({ "channel": "C0GENERAL1", "ts": ts })).await;
    assert_eq!(thread["messages"][1]["ts"], reply);
}

#[tokio::test]
async fn reactions() {
    let slack = start();
    let mut socket = Socket::open(&slack).await;
    let ts = slack.post_as("alice", "general", "one").unwrap();
    socket.event().await;
    slack.react_as("bob", "general", &ts, "tada").unwrap();
    let event = socket.event().await["event"].clone();
    let item = json!({ "type": "message", "channel": "C0GENERAL1", "ts": ts });
    assert_eq!((&event["type"], &event["item"]), (&json!("reaction_added"), &item));
    assert_eq!(event["item_user"], "U0ALICE001");
    assert_eq!(slack.react_as("bob", "general", &ts, "tada").unwrap_err().error, "already_reacted");
    slack.unreact_as("bob", "general", &ts, "tada").unwrap();
    assert_eq!(socket.event().await["event"]["type"], "reaction_removed");
    assert!(slack.message("general", &ts).unwrap()["reactions"].is_null());
}

#[tokio::test]
async fn comings_and_goings() {
    let slack = start();
    let mut socket = Socket::open(&slack).await;
    slack.leave("carol", "random").unwrap();
    assert_eq!(socket.event().await["event"]["type"], "member_left_channel");
    assert_eq!(socket.event().await["event"]["subtype"], "channel_leave");
    slack.invite("alice", "carol", "random").unwrap();
    let event = socket.event().await["event"].clone();
    assert_eq!((&event["type"], &event["inviter"]), (&json!("member_joined_channel"), &json!("U0ALICE001")));
    assert_eq!(socket.event().await["event"]["subtype"], "channel_join");
    slack.set_topic("bob", "random", "cats").unwrap();
    let event = socket.event().await["event"].clone();
    assert_eq!((&event["subtype"], &event["topic"]), (&json!("channel_topic"), &json!("cats")));
    slack.rename("bob", "random", "dogs").unwrap();
    assert_eq!(socket.event().await["event"]["type"], "channel_rename");
    assert_eq!(socket.event().await["event"]["old_name"], "random");
    let id = slack.add_user("dora", "Dora Dean");
    assert_eq!(socket.event().await["event"]["user"]["id"], id);
    slack.change_user("dora", &json!({ "display_name": "dd" })).unwrap();
    assert_eq!(socket.event().await["event"]["user"]["profile"]["display_name"], "dd");
}

#[tokio::test]
async fn only_members_hear_of_messages() {
    let slack = start();
    let mut socket = Socket::open(&slack).await;
    let id = slack.create_channel("alice", "elsewhere", true).unwrap();
    slack.post_as("alice", &id, "unheard").unwrap();
    slack.invite("alice", "matrix-bridge", &id).unwrap();
    let event = socket.event().await["event"].clone();
    assert_eq!((&event["type"], &event["user"]), (&json!("member_joined_channel"), &json!("U0BOT000001")));
    assert_eq!(socket.event().await["event"]["channel_type"], "group");
    slack.kick("alice", "matrix-bridge", &id).unwrap();
    assert_eq!(socket.event().await["event"]["type"], "group_left");
    slack.post_as("alice", &id, "unheard again").unwrap();
    slack.post_as("alice", "general", "heard").unwrap();
    assert_eq!(socket.event().await["event"]["text"], "heard");
}

#[tokio::test]
async fn own_messages_come_back_marked() {
    let slack = start();
    let mut socket = Socket::open(&slack).await;
    let metadata = json!({ "event_type": "marker", "event_payload": { "n": 1 } });
    let posted = fine(
        &slack,
        "chat.postMessage",
        json!({ "channel": "C0GENERAL1", "text": "x", "metadata": metadata, "username": "Zoe" }),
    )
    .await;
    let event = socket.event().await["event"].clone();
    assert_eq!(event["ts"], posted["ts"]);
    assert_eq!(event["subtype"], "bot_message");
    assert_eq!(event["username"], "Zoe");
    assert_eq!(event["bot_id"], slack.app().bot_id);
    assert_eq!(event["app_id"], slack.app().app_id);
    assert_eq!(event["metadata"], metadata);
}

#[tokio::test]
async fn direct_messages() {
    let slack = start();
    let mut socket = Socket::open(&slack).await;
    let id = slack.open_conversation(&["alice", "matrix-bridge"]).unwrap();
    slack.post_as("alice", &id, "psst").unwrap();
    assert_eq!(socket.event().await["event"]["channel_type"], "im");
    let posted = fine(&slack, "chat.postMessage", json!({ "channel": "U0ALICE001", "text": "what?" })).await;
    assert_eq!(posted["channel"], id);
}
