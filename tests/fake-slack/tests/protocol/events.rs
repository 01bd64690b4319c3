//! What events look like, and who gets them.
use fake_slack::{FakeSlack, Options};
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
    let noise = socket.event().await["event"].clone();
    assert_eq!((&noise["hidden"], &noise["subtype"]), (&json!(true), &json!(null)));
    assert_eq!((&noise["message"]["ts"], &noise["message"]["reply_count"]), (&json!(ts), &json!(1)));
    slack.delete("general", &ts).unwrap();
    let event = socket.event().await["event"].clone();
    assert_eq!(event["subtype"], "message_changed");
    assert_eq!(event["message"]["subtype"], "tombstone");
    let thread = fine(&slack, "conversations.replies", json!({ "channel": "C0GENERAL1", "ts": ts })).await;
    assert_eq!(thread["messages"][1]["ts"], reply);
    assert_eq!(slack.delete("general", &ts).unwrap_err().error, "message_not_found");
    slack.delete("general", &reply).unwrap();
    let event = socket.event().await["event"].clone();
    assert_eq!((&event["subtype"], &event["deleted_ts"]), (&json!("message_deleted"), &json!(reply)));
    assert!(slack.messages("general").is_empty(), "the placeholder goes with the last reply");
    assert_eq!(slack.deleted("general"), [ts, reply]);
}

#[tokio::test]
async fn noise_about_threads_can_be_switched_off() {
    let slack = FakeSlack::start(Options { reply_noise: false, ..Options::default() }).unwrap();
    let mut socket = Socket::open(&slack).await;
    let ts = slack.post_as("alice", "general", "one").unwrap();
    slack.reply_as("bob", "general", &ts, "two").unwrap();
    slack.post_as("bob", "general", "three").unwrap();
    for text in ["one", "two", "three"] {
        assert_eq!(socket.event().await["event"]["text"], text);
    }
}

#[tokio::test]
async fn a_broadcast_reply_carries_its_root() {
    let slack = start();
    let mut socket = Socket::open(&slack).await;
    let ts = slack.post_as("alice", "general", "one").unwrap();
    let reply = slack.broadcast_as("bob", "general", &ts, "two").unwrap();
    socket.event().await;
    let event = socket.event().await["event"].clone();
    assert_eq!((&event["subtype"], &event["ts"]), (&json!("thread_broadcast"), &json!(reply)));
    assert_eq!((&event["root"]["text"], &event["root"]["reply_count"]), (&json!("one"), &json!(1)));
    assert_eq!(slack.thread("general", &ts).len(), 2);
}

#[tokio::test]
async fn a_reply_is_sent_to_the_channel_later() {
    let slack = start();
    let mut socket = Socket::open(&slack).await;
    let ts = slack.post_as("alice", "general", "one").unwrap();
    let reply = slack.reply_as("bob", "general", &ts, "two").unwrap();
    for _ in ["the message", "the reply", "that the thread has one more"] {
        socket.event().await;
    }
    slack.broadcast_later("general", &reply).unwrap();
    let event = socket.event().await["event"].clone();
    assert_eq!((&event["subtype"], &event["hidden"]), (&json!("message_changed"), &json!(true)));
    let (after, before) = (&event["message"], &event["previous_message"]);
    assert_eq!((&after["subtype"], &before["subtype"]), (&json!("thread_broadcast"), &json!(null)));
    assert_eq!((&after["ts"], &after["root"]["ts"]), (&json!(reply), &json!(ts)));
    assert!(after["edited"].is_null(), "nobody changed what it says");
    // What begins a thread is in the channel anyway.
    slack.broadcast_later("general", &ts).unwrap();
    assert_eq!(slack.message("general", &ts).unwrap()["subtype"], json!(null));
}

#[tokio::test]
async fn pins() {
    let slack = start();
    let mut socket = Socket::open(&slack).await;
    let ts = slack.post_as("alice", "general", "one").unwrap();
    socket.event().await;
    slack.pin_as("bob", "general", &ts).unwrap();
    let event = socket.event().await["event"].clone();
    assert_eq!((&event["type"], &event["channel_id"]), (&json!("pin_added"), &json!("C0GENERAL1")));
    assert_eq!((&event["item"]["message"]["ts"], &event["user"]), (&json!(ts), &json!("U0BOB00001")));
    assert_eq!(slack.pins("general"), [ts.as_str()]);
    slack.unpin_as("bob", "general", &ts).unwrap();
    let event = socket.event().await["event"].clone();
    assert_eq!((&event["type"], &event["has_pins"]), (&json!("pin_removed"), &json!(false)));
}

#[tokio::test]
async fn channels_change_what_they_are() {
    let slack = start();
    let mut socket = Socket::open(&slack).await;
    slack.convert("alice", "random", true).unwrap();
    let event = socket.event().await["event"].clone();
    assert_eq!(event["subtype"], "channel_convert_to_private");
    assert_eq!(slack.channel("random", "alice").unwrap()["is_private"], true);
    slack.change_channel_id("random", "C0NEWID001").unwrap();
    let event = socket.event().await["event"].clone();
    assert_eq!(event["type"], "channel_id_changed");
    assert_eq!(
        (&event["old_channel_id"], &event["new_channel_id"]),
        (&json!("C0RANDOM01"), &json!("C0NEWID001"))
    );
    assert_eq!(slack.messages("C0NEWID001").len(), 1);
    slack.share_channel("random", Some("T0OTHER001")).unwrap();
    assert_eq!(socket.event().await["event"]["connected_team_id"], "T0OTHER001");
    let info = fine(&slack, "conversations.info", json!({ "channel": "C0NEWID001" })).await;
    assert_eq!(info["channel"]["is_ext_shared"], true);
    slack.share_channel("random", None).unwrap();
    assert_eq!(socket.event().await["event"]["type"], "channel_unshared");
    slack.archive("alice", "random", true).unwrap();
    assert_eq!(socket.event().await["event"]["type"], "group_archive");
    socket.event().await;
    slack.delete_channel("alice", "random").unwrap();
    assert_eq!(socket.event().await["event"]["type"], "group_deleted");
}

#[tokio::test]
async fn emoji_and_groups() {
    let slack = start();
    let mut socket = Socket::open(&slack).await;
    slack.add_emoji("blob", "https://a.example/blob.png");
    let event = socket.event().await["event"].clone();
    assert_eq!((&event["subtype"], &event["name"]), (&json!("add"), &json!("blob")));
    slack.rename_emoji("blob", "blub").unwrap();
    let event = socket.event().await["event"].clone();
    assert_eq!((&event["old_name"], &event["new_name"]), (&json!("blob"), &json!("blub")));
    slack.remove_emoji("party_parrot");
    let event = socket.event().await["event"].clone();
    assert_eq!(event["names"], json!(["party_parrot", "partyparrot"]));
    let emoji = fine(&slack, "emoji.list", json!({})).await;
    assert_eq!(emoji["emoji"], json!({ "blub": "https://a.example/blob.png" }));
    slack.add_usergroup(json!({ "id": "S0TEAM0001", "handle": "crew", "users": ["U0BOB00001"] }));
    assert_eq!(socket.event().await["event"]["type"], "subteam_created");
    slack.change_usergroup("S0TEAM0001", &json!({ "users": ["U0ALICE001"] })).unwrap();
    assert_eq!(socket.event().await["event"]["type"], "subteam_updated");
    let event = socket.event().await["event"].clone();
    assert_eq!(
        (&event["added_users"], &event["removed_users"]),
        (&json!(["U0ALICE001"]), &json!(["U0BOB00001"]))
    );
    let groups = fine(&slack, "usergroups.list", json!({})).await;
    assert!(groups["usergroups"][0]["users"].is_null() && groups["usergroups"][0]["user_count"].is_null());
    let all = json!({ "include_users": true, "include_count": true });
    let groups = fine(&slack, "usergroups.list", all).await;
    assert_eq!(groups["usergroups"][0]["users"], json!(["U0ALICE001"]));
    assert_eq!(groups["usergroups"][0]["user_count"], "1");
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
    assert_eq!(socket.event().await["event"]["type"], "member_left_channel");
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
