//! The fake's continuwuity profile plays what was measured there.
use std::time::Duration;

use serde_json::{Value, json};
use testkit::user::ApiError;
use testkit::{Homeserver, Kind, Slot, eventually};

use crate::bridge::Bridge;

const SOON: Duration = Duration::from_secs(30);

async fn start() -> (Slot, Bridge) {
    let slot = Homeserver::lease(Kind::FakeContinuwuity).await.unwrap();
    let bridge = Bridge::start(&slot);
    (slot, bridge)
}

fn refusal((status, answer): &(u16, Value)) -> (u16, &str) {
    (*status, answer["errcode"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn transactions_have_the_token_in_the_query_and_a_hash_as_id() {
    let (_slot, bridge) = start().await;
    let room = bridge.room(&[]).await;
    bridge.send(&bridge.appservice.bot_id(), &room, "t", "hello").await;
    bridge.wait_event("the message", |event| event["content"]["body"] == "hello").await;
    for txn in bridge.transactions() {
        assert_eq!(txn.query, format!("access_token={}", bridge.appservice.hs_token));
        assert_eq!(txn.authorization, format!("Bearer {}", bridge.appservice.hs_token));
        assert_eq!(txn.path.rsplit('/').next().unwrap().len(), 43);
        assert_eq!(txn.body.as_object().unwrap().keys().collect::<Vec<_>>(), ["events"]);
    }
    let kinds: Vec<Value> = bridge.events().iter().map(|event| event["type"].clone()).collect();
    assert!(!kinds.contains(&json!("m.room.create")), "the create event is not pushed: {kinds:?}");
}

#[tokio::test]
async fn the_echo_comes_before_the_answer() {
    let (_slot, bridge) = start().await;
    let room = bridge.room(&[]).await;
    for number in 0..20 {
        let (_, answer) =
            bridge.send(&bridge.appservice.bot_id(), &room, &format!("t{number}"), "echo").await;
        let is_there = bridge.events().iter().any(|event| event["event_id"] == answer["event_id"]);
        assert!(is_there, "the answer came before the transaction");
    }
}

#[tokio::test]
async fn a_failed_transaction_waits_for_the_next_event_and_a_ping_does_not_help() {
    let (slot, bridge) = start().await;
    let fake = slot.homeserver.fake().unwrap();
    let alice = slot.homeserver.user("alice").await.unwrap();
    let room = bridge.room(&[alice.user_id()]).await;
    alice.join(&room).await.unwrap();
    eventually(SOON, "the queue to drain", async || {
        fake.is_drained(&bridge.appservice.id).then_some(()).ok_or("waits")
    })
    .await
    .unwrap();
    bridge.answer_with(503);
    let lost = alice.send_text(&room, "lost").await.unwrap();
    let has = |event_id: &str| {
        fake.transactions().iter().filter(|txn| txn.event_ids.contains(&event_id.to_owned())).count()
    };
    eventually(SOON, "the refused attempt", async || if has(&lost) == 1 { Ok(()) } else { Err("none") })
        .await
        .unwrap();
    bridge.answer_with(200);
    let ping = format!("/_matrix/client/v1/appservice/{}/ping", bridge.appservice.id);
    for _ in 0..20 {
        assert_eq!(bridge.call("POST", &ping, json!({})).await.0, 200);
    }
    assert_eq!(has(&lost), 1, "nothing but another event makes the retry happen");
    let nudge = alice.send_text(&room, "nudge").await.unwrap();
    eventually(
        SOON,
        "the old event, then the nudge",
        async || if has(&nudge) == 1 { Ok(()) } else { Err("waits") },
    )
    .await
    .unwrap();
    let order: Vec<Vec<String>> = fake.transactions().into_iter().map(|txn| txn.event_ids).collect();
    assert_eq!(order[order.len() - 3..], [vec![lost.clone()], vec![lost], vec![nudge]]);
}

#[tokio::test]
async fn every_event_during_an_outage_causes_an_attempt_and_a_restart_resends_in_batches() {
    let (slot, bridge) = start().await;
    let fake = slot.homeserver.fake().unwrap();
    let alice = slot.homeserver.user("alice").await.unwrap();
    let room = bridge.room(&[alice.user_id()]).await;
    alice.join(&room).await.unwrap();
    eventually(SOON, "the queue to drain", async || {
        fake.is_drained(&bridge.appservice.id).then_some(()).ok_or("waits")
    })
    .await
    .unwrap();
    let before = fake.transactions().len();
    bridge.answer_with(503);
    let mut sent = vec![];
    for number in 0..120 {
        sent.push(alice.send_text(&room, &format!("{number}")).await.unwrap());
    }
    let attempts = fake.transactions().len() - before;
    assert!(attempts > 20, "only {attempts} attempts for 120 events");
    bridge.answer_with(200);
    fake.restart().await.unwrap();
    eventually(SOON, "the queue to drain", async || {
        fake.is_drained(&bridge.appservice.id).then_some(()).ok_or("waits")
    })
    .await
    .unwrap();
    let delivered: Vec<_> =
        fake.transactions().split_off(before).into_iter().filter(|txn| txn.status == Some(200)).collect();
    let sizes: Vec<usize> = delivered.iter().map(|txn| txn.event_ids.len()).collect();
    assert_eq!(sizes, [1, 48, 48, 23]);
    assert_eq!(delivered.into_iter().flat_map(|txn| txn.event_ids).collect::<Vec<_>>(), sent);
}

#[tokio::test]
async fn masquerading() {
    let (_slot, bridge) = start().await;
    let whoami = "/_matrix/client/v3/account/whoami";
    let stranger = bridge.call_as("@stranger:hs.test", "GET", whoami, json!({})).await;
    assert_eq!(refusal(&stranger), (400, "M_EXCLUSIVE"));
    let unregistered = bridge.appservice.ghost_id("never");
    assert_eq!(bridge.call_as(&unregistered, "GET", whoami, json!({})).await.0, 200);
    let unknown = bridge.call_as(&unregistered, "GET", &format!("{whoami}?device_id=X"), json!({})).await;
    assert_eq!(refusal(&unknown), (403, "M_FORBIDDEN"));
    let bot = bridge.appservice.bot_id();
    let made = bridge.call_as(&bot, "PUT", "/_matrix/client/v3/devices/DEV", json!({})).await;
    assert_eq!(made.0, 200);
    let old = format!("{whoami}?org.matrix.msc3202.device_id=DEV");
    assert_eq!(bridge.call_as(&bot, "GET", &old, json!({})).await.1["device_id"], "DEV");
    let sync = bridge.call("GET", "/_matrix/client/v3/sync?timeout=0", json!({})).await;
    assert_eq!(refusal(&sync), (403, "M_FORBIDDEN"));
    let sync =
        bridge.call_as(&bot, "GET", "/_matrix/client/v3/sync?timeout=0&device_id=DEV", json!({})).await;
    assert_eq!(sync.0, 200);
    let body = json!({ "type": "m.login.application_service", "username": format!("{}U0ABC", bridge.appservice.user_prefix) });
    let upper = bridge.call("POST", "/_matrix/client/v3/register", body).await;
    assert_eq!(refusal(&upper), (400, "M_INVALID_USERNAME"));
    let body = json!({ "type": "m.login.application_service", "username": bridge.appservice.bot });
    assert_eq!(
        refusal(&bridge.call("POST", "/_matrix/client/v3/register", body).await),
        (400, "M_USER_IN_USE")
    );
}

#[tokio::test]
async fn transaction_ids_belong_to_user_and_device() {
    let (slot, bridge) = start().await;
    let (one, two) = (bridge.ghost("one").await, bridge.ghost("two").await);
    let room = bridge.room(&[&one, &two]).await;
    bridge.join(&one, &room).await;
    bridge.join(&two, &room).await;
    let (_, first) = bridge.send(&one, &room, "same", "a").await;
    let (_, other) = bridge.send(&two, &room, "same", "b").await;
    assert_ne!(first, other);
    slot.homeserver.stop().await.unwrap();
    slot.homeserver.start_again().await.unwrap();
    assert_eq!(bridge.send(&one, &room, "same", "a").await.1, first, "remembered over a restart");
    let target = first["event_id"].as_str().unwrap();
    let redact = format!("/_matrix/client/v3/rooms/{room}/redact/{target}/r1");
    let (_, first_time) = bridge.call_as(&one, "PUT", &redact, json!({})).await;
    let (_, twice) = bridge.call_as(&one, "PUT", &redact, json!({})).await;
    assert_ne!(first_time, twice, "the redact route ignores its transaction id");
    let state = format!("/_matrix/client/v3/rooms/{room}/state/org.test");
    let (_, first_time) = bridge.call("PUT", &state, json!({})).await;
    assert_ne!(bridge.call("PUT", &state, json!({})).await.1, first_time, "equal state is sent again");
    let reaction = json!({ "m.relates_to": { "rel_type": "m.annotation", "event_id": first_time["event_id"], "key": "x" } });
    for txn in ["q1", "q2"] {
        let path = format!("/_matrix/client/v3/rooms/{room}/send/m.reaction/{txn}");
        assert_eq!(bridge.call_as(&one, "PUT", &path, reaction.clone()).await.0, 200);
    }
}

#[tokio::test]
async fn rooms_power_and_missing_routes() {
    let (slot, bridge) = start().await;
    let alice = slot.homeserver.user("alice").await.unwrap();
    let bot = bridge.appservice.bot_id();
    let dm = alice.create_dm(&bot).await.unwrap();
    let invite = bridge.wait_event("the invitation", |event| event["state_key"] == bot.as_str()).await;
    assert_eq!(invite["unsigned"], json!({}));
    assert_eq!(invite["content"], json!({ "membership": "invite", "is_direct": true }));
    bridge.join(&bot, &dm).await;
    let encryption = format!("/_matrix/client/v3/rooms/{dm}/state/m.room.encryption");
    assert_eq!(refusal(&bridge.call("PUT", &encryption, json!({})).await), (403, "M_FORBIDDEN"));
    let levels = alice.state(&dm, "m.room.power_levels", "").await.unwrap();
    assert_eq!(levels.as_object().unwrap().keys().collect::<Vec<_>>(), ["events", "users"]);
    let body = json!({ "power_level_content_override": { "users": { &bot: 100 } } });
    assert_eq!(bridge.call("POST", "/_matrix/client/v3/createRoom", body).await.0, 200);
    let own_id = json!({ "room_id": "!mine:hs.test" });
    assert_eq!(bridge.call("POST", "/_matrix/client/v3/createRoom", own_id).await.0, 500);
    let own_id = json!({ "room_id": "!mine:hs.test", "room_version": "11" });
    assert_eq!(
        bridge.call("POST", "/_matrix/client/v3/createRoom", own_id).await.1["room_id"],
        "!mine:hs.test"
    );
    assert_eq!(refusal(&bridge.send(&bot, "!no:hs.test", "x", "x").await), (500, "M_UNKNOWN"));
    for (method, path) in [
        ("POST", "/_matrix/media/v1/create".to_owned()),
        ("GET", format!("/_matrix/client/v1/rooms/{dm}/timestamp_to_event?ts=0")),
        ("PUT", format!("/_matrix/client/v3/directory/list/appservice/n/{dm}")),
        ("GET", "/_matrix/client/v3/thirdparty/protocol/x".to_owned()),
    ] {
        assert_eq!(refusal(&bridge.call(method, &path, json!({})).await), (404, "M_UNRECOGNIZED"), "{path}");
    }
    let threads = format!("/_matrix/client/v1/rooms/{dm}/threads");
    assert_eq!(bridge.call("GET", &threads, json!({})).await.0, 400);
    let versions = bridge.call("GET", "/_matrix/client/versions", json!({})).await.1;
    assert!(!versions["versions"].as_array().unwrap().contains(&json!("v1.10")));
    assert_eq!(alice.profile(alice.user_id()).await.unwrap()["displayname"], "alice 🏳️‍⚧️");
    let requests = bridge.requests();
    assert!(!requests.iter().any(|request| request.path.contains("/users/")), "users are never asked for");
}

#[tokio::test]
async fn media_limits_and_open_downloads() {
    let (slot, bridge) = start().await;
    let alice = slot.homeserver.user("alice").await.unwrap();
    let limit = bridge.call("GET", "/_matrix/client/v1/media/config", json!({})).await.1["m.upload.size"]
        .as_u64()
        .unwrap();
    assert_eq!(limit, 20 * 1024 * 1024);
    slot.homeserver.fake().unwrap().change_profile(|profile| profile.max_upload = 1000);
    let large = alice.upload("large", "text/plain", vec![0; 1001]).await.unwrap_err().to_string();
    assert!(large.contains("413") && large.contains("M_TOO_LARGE"), "{large}");
    let mxc = alice.upload("small", "text/plain", vec![7; 1000]).await.unwrap();
    let open = mxc.replace("mxc://", &format!("{}/_matrix/media/v3/download/", slot.homeserver.base_url()));
    assert_eq!(reqwest::get(open).await.unwrap().bytes().await.unwrap().len(), 1000);
}

#[tokio::test]
async fn no_typing_reaches_the_appservice() {
    let (slot, bridge) = start().await;
    let alice = slot.homeserver.user("alice").await.unwrap();
    let room = bridge.room(&[alice.user_id()]).await;
    alice.join(&room).await.unwrap();
    alice.typing(&room, true).await.unwrap();
    let sent = alice.send_text(&room, "after typing").await.unwrap();
    alice.mark_read(&room, &sent).await.unwrap();
    let last = alice.send_text(&room, "after reading").await.unwrap();
    bridge.wait_event("the last message", |event| event["event_id"] == last.as_str()).await;
    assert!(bridge.transactions().iter().all(|txn| txn.body.get("ephemeral").is_none()));
    let wrong = testkit::User::log_in(slot.homeserver.base_url(), "alice", "wrong").await;
    assert!(wrong.unwrap_err().downcast_ref::<ApiError>().is_none());
}

#[tokio::test]
async fn joined_members_show_global_names_and_member_events_those_of_the_room() {
    let (_slot, bridge) = start().await;
    let room = bridge.room(&[]).await;
    let bot = bridge.appservice.bot_id();
    let nick = json!({ "membership": "join", "displayname": "Nick" });
    let member = format!("/_matrix/client/v3/rooms/{room}/state/m.room.member/{bot}");
    assert_eq!(bridge.call("PUT", &member, nick).await.0, 200);
    assert_eq!(bridge.call("GET", &member, json!({})).await.1["displayname"], "Nick");
    let joined =
        bridge.call("GET", &format!("/_matrix/client/v3/rooms/{room}/joined_members"), json!({})).await.1;
    assert_eq!(joined["joined"][&bot]["display_name"], Value::Null);
    let deactivate = bridge.call("POST", "/_matrix/client/v3/account/deactivate", json!({})).await;
    assert_eq!(deactivate.0, 401);
}
