//! Slash commands, and the address at which they are answered.
use std::time::Duration;

use fake_slack::{DeliveryState, FakeSlack, Fault};
use serde_json::{Value, json};

use crate::app::{LIMIT, Socket, http, quick, start};

async fn answer(url: &str, body: Value) -> (u16, String) {
    let response = http().post(url).body(body.to_string()).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn a_command_is_answered_at_its_address() {
    let slack = start();
    let mut socket = Socket::open(&slack).await;
    let id = slack.slash_as("alice", "general", "/matrix", "who is there").unwrap();
    let envelope = socket.next().await.unwrap();
    assert_eq!(
        (&envelope["type"], &envelope["accepts_response_payload"]),
        (&json!("slash_commands"), &json!(true))
    );
    let payload = &envelope["payload"];
    assert_eq!((&payload["command"], &payload["text"]), (&json!("/matrix"), &json!("who is there")));
    assert_eq!((&payload["user_id"], &payload["channel_name"]), (&json!("U0ALICE001"), &json!("general")));
    assert_eq!(
        (&payload["team_id"], &payload["api_app_id"]),
        (&json!(slack.team_id()), &json!(slack.app().app_id))
    );
    socket.acknowledge(&envelope).await;
    let url = payload["response_url"].as_str().unwrap();
    assert_eq!(answer(url, json!({ "text": "only you" })).await, (200, "ok".to_owned()));
    let all = json!({ "text": "for <all>", "response_type": "in_channel" });
    assert_eq!(answer(url, all).await.0, 200);
    let answers = slack.slash_answers(&id);
    assert_eq!((answers[0].text.as_str(), answers[0].in_channel), ("only you", false));
    assert_eq!(slack.ephemeral_messages()[0]["to"], "U0ALICE001");
    let message = slack.message("general", &answers[1].ts).unwrap();
    assert_eq!(
        (&message["text"], &message["bot_id"]),
        (&json!("for &lt;all&gt;"), &json!(slack.app().bot_id))
    );
    assert_eq!(answer(url, json!({})).await, (500, "no_text".to_owned()));
    slack.fail_next("response_url", Fault::Status(503), 1);
    assert_eq!(answer(url, json!({ "text": "x" })).await.0, 503);
    for _ in 0..3 {
        assert_eq!(answer(url, json!({ "text": "more" })).await.0, 200);
    }
    assert_eq!(answer(url, json!({ "text": "too much" })).await, (404, "used_url".to_owned()));
    assert_eq!(answer(&format!("{url}x"), json!({ "text": "x" })).await, (404, "expired_url".to_owned()));
    assert_eq!(slack.slash_state(&id), Some(DeliveryState::Acknowledged));
}

#[tokio::test]
async fn an_acknowledgement_can_be_the_answer() {
    let slack = start();
    let mut socket = Socket::open(&slack).await;
    let id = slack.slash_as("bob", "random", "/matrix", "").unwrap();
    let envelope = socket.next().await.unwrap();
    socket.send(json!({ "envelope_id": envelope["envelope_id"], "payload": { "text": "at once" } })).await;
    let answered = |slack: &fake_slack::Workspace| slack.slash_answers(&id).first().cloned();
    let found = slack.wait_until(LIMIT, answered).await.unwrap();
    assert_eq!((found.via, found.text.as_str()), ("acknowledgement", "at once"));
}

#[tokio::test]
async fn commands_come_once_and_may_fail() {
    let slack = FakeSlack::start(quick()).unwrap();
    let nobody = slack.slash_as("alice", "general", "/matrix", "").unwrap();
    assert_eq!(slack.slash_state(&nobody), Some(DeliveryState::Lost));
    let mut socket = Socket::open(&slack).await;
    let late = slack.slash_as("alice", "general", "/matrix", "").unwrap();
    socket.next().await.unwrap();
    let lost =
        |slack: &fake_slack::Workspace| (slack.slash_state(&late) == Some(DeliveryState::Lost)).then_some(());
    assert!(slack.wait_until(LIMIT, lost).await.is_some());
    assert!(socket.next_within(Duration::from_millis(400)).await.is_none(), "a command is not tried again");
    let error = |user: &str, channel: &str, command: &str| {
        slack.slash_as(user, channel, command, "").unwrap_err().error
    };
    assert_eq!(error("alice", "general", "/nonsense"), "unknown_command");
    assert_eq!(error("nobody", "general", "/matrix"), "user_not_found");
    let dm = slack.dm("alice").unwrap();
    assert_eq!(error("bob", &dm, "/matrix"), "channel_not_found");
    slack.slash_as("alice", &dm, "/matrix", "").unwrap();
    assert_eq!(socket.next().await.unwrap()["payload"]["channel_name"], "directmessage");
}
