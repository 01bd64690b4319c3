//! Tokens, scopes, memberships, and the forms arguments come in.
use serde_json::json;

use crate::app::{call, fine, http, refused, start, try_call};

#[tokio::test]
async fn tokens() {
    let slack = start();
    let app = slack.app();
    let error = async |token: &str, method: &str| {
        try_call(&slack, token, method, json!({})).await.unwrap().body["error"].clone()
    };
    assert_eq!(error("", "auth.test").await, "not_authed");
    assert_eq!(error("xoxb-wrong", "auth.test").await, "invalid_auth");
    assert_eq!(error(&app.app_token, "users.list").await, "not_allowed_token_type");
    assert_eq!(error(&app.bot_token, "apps.connections.open").await, "not_allowed_token_type");
    assert_eq!(error(&app.bot_token, "no.such.method").await, "unknown_method");
    slack.revoke_token(&app.bot_token).unwrap();
    assert_eq!(error(&app.bot_token, "auth.test").await, "token_revoked");
    slack.uninstall();
    assert_eq!(error(&app.app_token, "apps.connections.open").await, "account_inactive");
}

#[tokio::test]
async fn scopes() {
    let slack = start();
    let token = slack.app().bot_token;
    slack.set_scopes(&token, &["users:read", "channels:read"]).unwrap();
    let answer = call(&slack, "users.list", json!({})).await;
    assert_eq!(answer.headers["x-oauth-scopes"], "channels:read,users:read");
    let answer = call(&slack, "chat.postMessage", json!({ "channel": "C0GENERAL1", "text": "x" })).await;
    assert_eq!(answer.body["error"], "missing_scope");
    assert_eq!(answer.body["needed"], "chat:write");
    assert_eq!(answer.body["provided"], "channels:read,users:read");
    let info = json!({ "channel": "C0SECRET01" });
    assert_eq!(refused(&slack, "conversations.info", info).await, "missing_scope");
    let types = json!({ "types": "public_channel,im" });
    assert_eq!(refused(&slack, "conversations.list", types).await, "missing_scope");
    slack.add_scope(&token, "users:read.email").unwrap();
    let found = fine(&slack, "users.lookupByEmail", json!({ "email": "bob@fake.example" })).await;
    assert_eq!(found["user"]["id"], "U0BOB00001");
}

#[tokio::test]
async fn memberships() {
    let slack = start();
    let open = slack.create_channel("alice", "open", false).unwrap();
    let closed = slack.create_channel("alice", "closed", true).unwrap();
    let post = |channel: &str| json!({ "channel": channel, "text": "x" });
    assert_eq!(refused(&slack, "chat.postMessage", post(&open)).await, "not_in_channel");
    assert_eq!(refused(&slack, "chat.postMessage", post(&closed)).await, "channel_not_found");
    assert_eq!(refused(&slack, "conversations.history", json!({ "channel": open })).await, "not_in_channel");
    let uninvited = json!({ "channel": open });
    assert_eq!(refused(&slack, "conversations.join", uninvited).await, "missing_scope");
    slack.add_scope(&slack.app().bot_token, "channels:join").unwrap();
    let joined = fine(&slack, "conversations.join", json!({ "channel": open })).await;
    assert_eq!(joined["channel"]["is_member"], true);
    fine(&slack, "chat.postMessage", post(&open)).await;
    let again = fine(&slack, "conversations.join", json!({ "channel": open })).await;
    assert_eq!(again["warning"], "already_in_channel");
    fine(&slack, "conversations.setTopic", json!({ "channel": open, "topic": "cats" })).await;
    assert_eq!(slack.channel(&open, "alice").unwrap()["topic"]["value"], "cats");
    slack.archive("alice", &open, true).unwrap();
    assert_eq!(refused(&slack, "chat.postMessage", post(&open)).await, "is_archived");
    slack.archive("alice", &open, false).unwrap();
    fine(&slack, "conversations.leave", json!({ "channel": open })).await;
    let ephemeral = json!({ "channel": "C0GENERAL1", "user": "U0BOB00001", "text": "only you" });
    fine(&slack, "chat.postEphemeral", ephemeral).await;
    assert_eq!(slack.ephemeral_messages()[0]["to"], "U0BOB00001");
    assert!(slack.messages("general").is_empty());
}

#[tokio::test]
async fn arguments_come_in_any_form() {
    let slack = start();
    let token = slack.app().bot_token;
    let url = format!("{}chat.postMessage", slack.api_url());
    let blocks = r#"[{"type":"section","text":{"type":"mrkdwn","text":"*b*"}}]"#;
    let form = [("token", token.as_str()), ("channel", "C0GENERAL1"), ("text", "form"), ("blocks", blocks)];
    http().post(&url).form(&form).send().await.unwrap();
    http().get(&url).query(&form).send().await.unwrap();
    let messages = slack.messages("general");
    assert_eq!(messages.len(), 2);
    assert!(messages.iter().all(|message| message["blocks"][0]["text"]["text"] == "*b*"));
    let auth = http()
        .post(format!("{}auth.test", slack.api_url()))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json");
    assert!(auth.send().await.unwrap().text().await.unwrap().contains("\"ok\":true"));
}

#[tokio::test]
async fn two_apps_are_two() {
    let slack = start();
    let other = slack.install_app("Other App");
    let who = try_call(&slack, &other.bot_token, "auth.test", json!({})).await.unwrap().body;
    assert_eq!(who["user_id"], other.bot_user_id);
    assert_ne!(other.app_id, slack.app().app_id);
    slack.join("other-app", "general").unwrap();
    let post = json!({ "channel": "C0GENERAL1", "text": "x" });
    let ts = try_call(&slack, &other.bot_token, "chat.postMessage", post).await.unwrap().body["ts"].clone();
    let update = json!({ "channel": "C0GENERAL1", "ts": ts, "text": "x" });
    assert_eq!(refused(&slack, "chat.update", update).await, "cant_update_message");
}
