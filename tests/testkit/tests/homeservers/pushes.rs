//! What an appservice receives, and when.
use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Slot, eventually};

use crate::bridge::Bridge;
use crate::on_both;

on_both!(
    transactions_are_authenticated_and_shaped,
    own_events_come_back_and_so_does_create,
    invitations_ask_for_unknown_users,
    a_room_without_us_stays_silent,
    failed_transactions_come_again,
    a_ping_reaches_the_bridge,
    typing_and_receipts_are_pushed,
    unknown_aliases_are_asked_for,
    shape_of_pushed_events,
);

async fn alice(slot: &Slot) -> testkit::User {
    slot.homeserver.user(&format!("alice-{}", slot.appservice.id)).await.unwrap()
}

async fn transactions_are_authenticated_and_shaped(slot: Slot) {
    let bridge = Bridge::start(&slot);
    let room = bridge.room(&[]).await;
    let bot = bridge.appservice.bot_id();
    for number in 0..5 {
        bridge.send(&bot, &room, &format!("n{number}"), &format!("text {number}")).await;
    }
    bridge.wait_event("the last own message", |event| event["content"]["body"] == "text 4").await;
    let transactions = bridge.transactions();
    let mut last_id = 0;
    for txn in &transactions {
        let id: u64 = txn.path.strip_prefix("/_matrix/app/v1/transactions/").unwrap().parse().unwrap();
        assert!(id > last_id, "transaction ids are counted");
        last_id = id;
        assert_eq!(txn.method, "PUT");
        assert_eq!(txn.authorization, format!("Bearer {}", bridge.appservice.hs_token));
        assert_eq!(txn.query, "");
        assert!(txn.body["events"].is_array(), "{txn:?}");
    }
    let bodies: Vec<Value> = bridge.events().iter().map(|event| event["content"]["body"].clone()).collect();
    let texts: Vec<&Value> = bodies.iter().filter(|body| body.is_string()).collect();
    assert_eq!(texts, ["text 0", "text 1", "text 2", "text 3", "text 4"]);
}

async fn own_events_come_back_and_so_does_create(slot: Slot) {
    let bridge = Bridge::start(&slot);
    let room = bridge.room(&[]).await;
    bridge
        .wait_event("the create event", |event| {
            event["type"] == "m.room.create" && event["room_id"] == room.as_str()
        })
        .await;
}

async fn invitations_ask_for_unknown_users(slot: Slot) {
    let bridge = Bridge::start(&slot);
    let alice = alice(&slot).await;
    let ghost = bridge.appservice.ghost_id("unknown");
    let room = alice.create_room("For ghosts").await.unwrap();
    alice.invite(&room, &ghost).await.unwrap();
    let asked =
        bridge.wait_request("a question for the ghost", |request| request.path.contains("/users/")).await;
    assert_eq!(asked.method, "GET");
    assert!(asked.path.starts_with("/_matrix/app/v1/users/"), "{asked:?}");
    bridge.wait_event("the ghost's invitation", |event| event["state_key"] == ghost.as_str()).await;
}

async fn a_room_without_us_stays_silent(slot: Slot) {
    let bridge = Bridge::start(&slot);
    let alice = alice(&slot).await;
    let bot = bridge.appservice.bot_id();
    let room = alice.create_room("Private").await.unwrap();
    let before = alice.send_text(&room, "not for bridges").await.unwrap();
    alice.invite(&room, &bot).await.unwrap();
    bridge.wait_event("the invitation", |event| event["state_key"] == bot.as_str()).await;
    bridge.join(&bot, &room).await;
    let inside = alice.send_text(&room, "now you hear me").await.unwrap();
    bridge.wait_event("the message after the join", |event| event["event_id"] == inside.as_str()).await;
    alice.kick(&room, &bot).await.unwrap();
    bridge.wait_event("the kick", |event| event["content"]["membership"] == "leave").await;
    let ids: Vec<Value> = bridge.events().iter().map(|event| event["event_id"].clone()).collect();
    assert!(!ids.contains(&json!(before)), "what was said before the invitation was pushed");
}

async fn failed_transactions_come_again(slot: Slot) {
    let bridge = Bridge::start(&slot);
    let room = bridge.room(&[]).await;
    let bot = bridge.appservice.bot_id();
    bridge.wait_event("the last state event", |event| event["type"] == "m.room.guest_access").await;
    bridge.answer_with(503);
    bridge.send(&bot, &room, "a", "while down").await;
    bridge.wait_event("a refused push", |event| event["content"]["body"] == "while down").await;
    let refused = bridge.transactions().pop().unwrap();
    bridge.send(&bot, &room, "b", "also while down").await;
    bridge.answer_with(200);
    bridge.wait_event("the later event", |event| event["content"]["body"] == "also while down").await;
    let same: Vec<_> = bridge.transactions().into_iter().filter(|txn| txn.path == refused.path).collect();
    assert!(same.len() >= 2, "the refused transaction came once");
    assert!(
        same.iter().all(|txn| txn.body["events"][0]["event_id"] == refused.body["events"][0]["event_id"])
    );
}

async fn a_ping_reaches_the_bridge(slot: Slot) {
    let bridge = Bridge::start(&slot);
    let id = &bridge.appservice.id;
    let path = format!("/_matrix/client/v1/appservice/{id}/ping");
    let (status, answer) = bridge.call("POST", &path, json!({ "transaction_id": "abc" })).await;
    assert_eq!(status, 200, "{answer}");
    assert!(answer["duration_ms"].is_u64(), "{answer}");
    let ping = bridge.wait_request("the ping", |request| request.path == "/_matrix/app/v1/ping").await;
    assert_eq!(ping.body, json!({ "transaction_id": "abc" }));
    let unstable = format!("/_matrix/client/unstable/fi.mau.msc2659/appservice/{id}/ping");
    let (status, answer) = bridge.call("POST", &unstable, json!({})).await;
    assert_eq!((status, answer["errcode"].as_str()), (404, Some("M_UNRECOGNIZED")));
    let (status, _) = bridge.call("POST", "/_matrix/client/v1/appservice/other/ping", json!({})).await;
    assert_eq!(status, 403);
}

async fn typing_and_receipts_are_pushed(slot: Slot) {
    let bridge = Bridge::start(&slot);
    let alice = alice(&slot).await;
    let room = bridge.room(&[alice.user_id()]).await;
    alice.join(&room).await.unwrap();
    let (_, answer) = bridge.send(&bridge.appservice.bot_id(), &room, "r", "read me").await;
    alice.typing(&room, true).await.unwrap();
    alice.mark_read(&room, answer["event_id"].as_str().unwrap()).await.unwrap();
    for kind in ["m.typing", "m.receipt"] {
        eventually(Duration::from_secs(30), kind, async || {
            let all = bridge.transactions();
            let mut pushed = all.iter().filter_map(|txn| txn.body["ephemeral"].as_array()).flatten();
            pushed.rfind(|event| event["type"] == kind && event["room_id"] == room.as_str()).map_or(
                Err("none"),
                |event| {
                    assert!(event["content"].to_string().contains(alice.user_id()), "{event}");
                    Ok(())
                },
            )
        })
        .await
        .unwrap();
    }
}

async fn unknown_aliases_are_asked_for(slot: Slot) {
    let bridge = Bridge::start(&slot);
    let alice = alice(&slot).await;
    let alias = format!("#{}general:{}", bridge.appservice.user_prefix, bridge.appservice.server_name);
    assert!(alice.join(&alias.replace('#', "%23")).await.is_err());
    assert!(alice.join(&alias).await.is_err());
    let asked =
        bridge.wait_request("a question for the alias", |request| request.path.contains("/rooms/")).await;
    assert!(asked.path.starts_with("/_matrix/app/v1/rooms/%23") && asked.path.contains("%3A"), "{asked:?}");
}

/// The keys of the events themselves, which bridges read leniently but a fake must play strictly.
async fn shape_of_pushed_events(slot: Slot) {
    let bridge = Bridge::start(&slot);
    let alice = alice(&slot).await;
    let bot = bridge.appservice.bot_id();
    let room = alice.create_dm(&bot).await.unwrap();
    let invite = bridge.wait_event("the invitation", |event| event["state_key"] == bot.as_str()).await;
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(
        keys(&invite),
        "age content event_id invite_room_state origin_server_ts room_id sender state_key type unsigned user_id"
    );
    assert_eq!(keys(&invite["unsigned"]), "age invite_room_state");
    assert_eq!(invite["content"], json!({ "membership": "invite", "is_direct": true }));
    bridge.join(&bot, &room).await;
    let join = bridge.wait_event("the bot's join", |event| event["content"]["membership"] == "join").await;
    assert_eq!(
        keys(&join),
        "age content event_id origin_server_ts prev_content replaces_state room_id sender state_key type unsigned user_id"
    );
    assert_eq!(keys(&join["unsigned"]), "age prev_content prev_sender replaces_state");
    let sent = alice.send_text(&room, "hello").await.unwrap();
    let message = bridge.wait_event("the message", |event| event["event_id"] == sent.as_str()).await;
    assert_eq!(keys(&message), "age content event_id origin_server_ts room_id sender type unsigned user_id");
    alice.redact(&room, &sent).await.unwrap();
    let redaction = bridge.wait_event("the redaction", |event| event["type"] == "m.room.redaction").await;
    assert_eq!(
        keys(&redaction),
        "age content event_id origin_server_ts redacts room_id sender type unsigned user_id"
    );
}
