//! What each method refuses, in Slack's words.
use serde_json::{Value, json};

use crate::app::{call, fine, refused, start};

const GENERAL: &str = "C0GENERAL1";

/// Calls methods that must be refused like this.
async fn all_refused(slack: &fake_slack::FakeSlack, cases: Vec<(&str, Value, &str)>) {
    for (method, arguments, error) in cases {
        assert_eq!(refused(slack, method, arguments.clone()).await, error, "{method} {arguments}");
    }
}

#[tokio::test]
async fn updates_and_deletions() {
    let slack = start();
    let human = slack.post_as("alice", "general", "mine").unwrap();
    let at = |ts: &str| json!({ "channel": GENERAL, "ts": ts, "text": "new" });
    let own = fine(&slack, "chat.postMessage", json!({ "channel": GENERAL, "text": "own" })).await;
    let own = own["ts"].as_str().unwrap();
    let long = json!({ "channel": GENERAL, "ts": own, "text": "x".repeat(4001) });
    all_refused(
        &slack,
        vec![
            ("chat.update", at(&human), "cant_update_message"),
            ("chat.update", at("1.000001"), "message_not_found"),
            ("chat.update", json!({ "channel": "C0NOWHERE", "ts": own, "text": "x" }), "channel_not_found"),
            ("chat.update", json!({ "channel": GENERAL, "ts": own }), "no_text"),
            ("chat.update", long, "msg_too_long"),
            ("chat.delete", at(&human), "cant_delete_message"),
            ("chat.delete", at("1.000001"), "message_not_found"),
            (
                "chat.getPermalink",
                json!({ "channel": GENERAL, "message_ts": "1.000001" }),
                "message_not_found",
            ),
            ("chat.getPermalink", json!({ "channel": "C0NOWHERE", "message_ts": own }), "channel_not_found"),
        ],
    )
    .await;
    let reply = slack.reply_as("bob", "general", own, "re").unwrap();
    let link = json!({ "channel": GENERAL, "message_ts": reply });
    let link = fine(&slack, "chat.getPermalink", link).await["permalink"].as_str().unwrap().to_owned();
    assert!(link.contains(&format!("/archives/{GENERAL}/p{}", reply.replace('.', ""))), "{link}");
    assert!(link.ends_with(&format!("?thread_ts={own}&cid={GENERAL}")), "{link}");
    fine(&slack, "chat.delete", at(own)).await;
    let placeholder = slack.message("general", own).unwrap();
    assert_eq!(placeholder["subtype"], "tombstone");
    all_refused(&slack, vec![("chat.delete", at(own), "message_not_found")]).await;
}

#[tokio::test]
async fn reactions_and_pins() {
    let slack = start();
    let ts = slack.post_as("alice", "general", "hi").unwrap();
    let on = |name: &str| json!({ "channel": GENERAL, "timestamp": ts, "name": name });
    fine(&slack, "reactions.add", on("thumbsup")).await;
    fine(&slack, "reactions.add", on("wave::skin-tone-3")).await;
    fine(&slack, "pins.add", on("")).await;
    let nowhere = json!({ "channel": GENERAL, "timestamp": "1.000001", "name": "tada" });
    all_refused(
        &slack,
        vec![
            ("reactions.add", on("thumbsup"), "already_reacted"),
            ("reactions.add", on("no such!"), "invalid_name"),
            ("reactions.add", on("wave::skin-tone-9"), "invalid_name"),
            ("reactions.add", nowhere.clone(), "message_not_found"),
            ("reactions.add", json!({ "channel": GENERAL, "timestamp": "x", "name": "a" }), "bad_timestamp"),
            ("reactions.add", json!({ "channel": GENERAL, "name": "tada" }), "no_item_specified"),
            ("reactions.remove", on("tada"), "no_reaction"),
            ("reactions.get", nowhere.clone(), "message_not_found"),
            ("pins.add", on(""), "already_pinned"),
            ("pins.add", nowhere.clone(), "message_not_found"),
            ("pins.add", json!({ "channel": GENERAL }), "no_item_specified"),
            ("pins.remove", nowhere, "no_pin"),
            ("pins.list", json!({ "channel": "C0NOWHERE" }), "channel_not_found"),
        ],
    )
    .await;
    for number in 0..21 {
        fine(&slack, "reactions.add", on(&format!("emoji{number}"))).await;
    }
    all_refused(&slack, vec![("reactions.add", on("one_more"), "too_many_reactions")]).await;
    let bot = slack.app().bot_user_id;
    assert_eq!(slack.reactions("general", &ts)["thumbsup"], [bot.as_str()]);
    fine(&slack, "reactions.remove", on("thumbsup")).await;
    fine(&slack, "pins.remove", on("")).await;
    assert!(slack.pins("general").is_empty() && !slack.reactions("general", &ts).contains_key("thumbsup"));
    slack.archive("alice", "random", true).unwrap();
    let old = slack.messages("random")[0]["ts"].clone();
    let archived = json!({ "channel": "C0RANDOM01", "timestamp": old, "name": "tada" });
    all_refused(&slack, vec![("reactions.add", archived, "is_archived")]).await;
}

#[tokio::test]
async fn channels_and_people() {
    let slack = start();
    let token = slack.app().bot_token;
    for scope in ["channels:manage", "groups:write", "channels:join"] {
        slack.add_scope(&token, scope).unwrap();
    }
    let made = fine(&slack, "conversations.create", json!({ "name": "ours" })).await;
    let ours = made["channel"]["id"].as_str().unwrap();
    let with = |more: Value| {
        let mut arguments = json!({ "channel": ours });
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        arguments
    };
    fine(&slack, "conversations.invite", with(json!({ "users": "U0BOB00001,U0CAROL001" }))).await;
    let bot = slack.app().bot_user_id;
    all_refused(
        &slack,
        vec![
            ("conversations.invite", with(json!({ "users": "U0BOB00001" })), "already_in_channel"),
            ("conversations.invite", with(json!({ "users": bot })), "cant_invite_self"),
            ("conversations.invite", with(json!({ "users": "U0NOBODY" })), "user_not_found"),
            ("conversations.invite", with(json!({})), "no_user"),
            ("conversations.kick", with(json!({ "user": bot })), "cant_kick_self"),
            ("conversations.kick", with(json!({ "user": "U0ALICE001" })), "not_in_channel"),
            (
                "conversations.kick",
                json!({ "channel": GENERAL, "user": "U0BOB00001" }),
                "cant_kick_from_general",
            ),
            ("conversations.leave", json!({ "channel": GENERAL }), "cant_leave_general"),
            ("conversations.rename", with(json!({ "name": "Not So" })), "invalid_name_specials"),
            ("conversations.rename", with(json!({ "name": "general" })), "name_taken"),
            ("conversations.rename", with(json!({})), "invalid_name_required"),
            ("conversations.setTopic", with(json!({ "topic": "x".repeat(251) })), "too_long"),
            ("conversations.archive", json!({ "channel": GENERAL }), "cant_archive_general"),
            ("conversations.unarchive", with(json!({})), "not_archived"),
            ("conversations.open", json!({}), "users_list_not_supplied"),
            ("conversations.open", json!({ "users": "U0NOBODY" }), "user_not_found"),
            ("conversations.members", json!({ "channel": "C0NOWHERE" }), "channel_not_found"),
            ("conversations.members", with(json!({ "limit": 1001 })), "invalid_limit"),
            ("conversations.info", json!({ "channel": "C0NOWHERE" }), "channel_not_found"),
            ("users.info", json!({ "user": "U0NOBODY" }), "user_not_found"),
            ("bookmarks.list", json!({ "channel_id": "C0NOWHERE" }), "channel_not_found"),
            ("files.info", json!({ "file": "F0NONE" }), "file_not_found"),
        ],
    )
    .await;
    fine(&slack, "conversations.kick", with(json!({ "user": "U0CAROL001" }))).await;
    fine(&slack, "conversations.rename", with(json!({ "name": "theirs" }))).await;
    fine(&slack, "conversations.setPurpose", with(json!({ "purpose": "talk" }))).await;
    fine(&slack, "conversations.archive", with(json!({}))).await;
    let topic = with(json!({ "topic": "x" }));
    all_refused(&slack, vec![("conversations.setTopic", topic, "is_archived")]).await;
    fine(&slack, "conversations.unarchive", with(json!({}))).await;
    let channel = slack.channel("theirs", "bob").unwrap();
    assert_eq!(channel["members"], json!(["U0BOB00001", bot]));
    assert_eq!(channel["purpose"]["value"], "talk");
    let group = json!({ "users": "U0ALICE001,U0BOB00001", "return_im": true });
    let opened = fine(&slack, "conversations.open", group.clone()).await;
    assert_eq!(opened["channel"]["is_mpim"], true);
    assert_eq!(fine(&slack, "conversations.open", group).await["already_open"], true);
    let own = json!({ "users": "U0ALICE001" });
    let opened = fine(&slack, "conversations.open", own).await;
    assert_eq!(opened["channel"]["id"], slack.dm("alice").unwrap());
}

#[tokio::test]
async fn single_messages_are_found_by_their_time() {
    let slack = start();
    let all: Vec<String> =
        (0..3).map(|n| slack.post_as("alice", "general", &n.to_string()).unwrap()).collect();
    let single = json!({ "channel": GENERAL, "latest": all[1], "inclusive": true, "limit": 1 });
    let found = fine(&slack, "conversations.history", single).await;
    assert_eq!((&found["messages"][0]["ts"], &found["has_more"]), (&json!(all[1]), &json!(true)));
    let reply = slack.reply_as("bob", "general", &all[0], "re").unwrap();
    let single = json!({
        "channel": GENERAL, "ts": all[0], "oldest": reply, "latest": reply, "inclusive": true, "limit": 2,
    });
    let found = fine(&slack, "conversations.replies", single).await;
    assert_eq!(found["messages"][1]["ts"], reply);
}

#[tokio::test]
async fn bookmarks_and_limits() {
    let slack = start();
    slack.add_bookmark("alice", "general", "the plan", "https://a.example/").unwrap();
    let found = fine(&slack, "bookmarks.list", json!({ "channel_id": GENERAL })).await;
    assert_eq!(
        (&found["bookmarks"][0]["title"], &found["bookmarks"][0]["type"]),
        (&json!("the plan"), &json!("link"))
    );
    for method in
        ["files.completeUploadExternal", "files.info", "bookmarks.list", "reactions.add", "pins.add"]
    {
        slack.rate_limit_next(method, 9, 1);
        let answer = call(&slack, method, json!({})).await;
        assert_eq!((answer.status, answer.headers["retry-after"].to_str().unwrap()), (429, "9"), "{method}");
    }
    slack.set_scopes(&slack.app().bot_token, &["users:read"]).unwrap();
    let cases = [
        "bookmarks.list",
        "files.info",
        "files.completeUploadExternal",
        "pins.add",
        "pins.list",
        "reactions.add",
        "emoji.list",
        "usergroups.list",
        "chat.update",
        "chat.delete",
    ];
    all_refused(&slack, cases.map(|method| (method, json!({}), "missing_scope")).to_vec()).await;
}
