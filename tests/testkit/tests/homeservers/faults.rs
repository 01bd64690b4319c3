//! Faults and observations of the fake.
use std::time::{Duration, Instant};

use serde_json::json;
use testkit::{Fault, Homeserver, Kind, Slot, User, eventually};

use crate::bridge::Bridge;

async fn start() -> (Slot, User, String) {
    let slot = Homeserver::lease(Kind::FakeSynapse).await.unwrap();
    let alice = slot.homeserver.user("alice").await.unwrap();
    let room = alice.create_room("Faults").await.unwrap();
    (slot, alice, room)
}

#[tokio::test]
async fn errors_come_as_often_as_ordered_and_do_nothing() {
    let (slot, alice, room) = start().await;
    let fake = slot.homeserver.fake().unwrap();
    fake.fail_next("PUT */send/m.room.message/*", Fault::Error(502, "M_UNKNOWN"), 2);
    fake.fail_next("PUT */send/*", Fault::RateLimit(Duration::from_millis(1500)), 1);
    for _ in 0..2 {
        assert!(alice.send_text(&room, "x").await.unwrap_err().to_string().contains("502"));
    }
    let limited = alice.send_text(&room, "x").await.unwrap_err();
    assert!(limited.to_string().contains("429 M_LIMIT_EXCEEDED"), "{limited}");
    alice.send_text(&room, "finally").await.unwrap();
    assert_eq!(alice.texts(&room).await.unwrap(), ["finally"]);
    let calls = fake.calls();
    assert_eq!(calls["PUT /_matrix/client/v3/rooms/{room}/send/{type}/{txn}"], 4);
    assert_eq!(fake.sent_txn_ids().len(), 1);
}

#[tokio::test]
async fn lost_answers_leave_their_effect() {
    let (slot, alice, room) = start().await;
    let fake = slot.homeserver.fake().unwrap();
    fake.fail_next("PUT */send/*", Fault::ResetAfterEffect, 1);
    assert!(alice.send_text(&room, "one").await.unwrap_err().to_string().contains("got no answer"));
    fake.fail_next("PUT */send/*", Fault::ErrorAfterEffect(504, "M_UNKNOWN"), 1);
    assert!(alice.send_text(&room, "two").await.unwrap_err().to_string().contains("504"));
    fake.fail_next("PUT */send/*", Fault::Reset, 1);
    assert!(alice.send_text(&room, "three").await.is_err());
    assert_eq!(alice.texts(&room).await.unwrap(), ["one", "two"]);
    let statuses: Vec<_> =
        fake.call_log().iter().filter(|call| call.route.contains("/send/")).map(|call| call.status).collect();
    assert_eq!(statuses, [None, Some(504), None]);
}

#[tokio::test]
async fn a_hanging_call_hangs_until_the_server_ends() {
    let (slot, alice, room) = start().await;
    slot.homeserver.fake().unwrap().fail_next("PUT */send/*", Fault::Hang, 1);
    let (sender, target) = (alice.clone(), room.clone());
    let hanging = tokio::spawn(async move { sender.send_text(&target, "never").await });
    eventually(Duration::from_secs(30), "the call to arrive", async || {
        let count = slot
            .homeserver
            .fake()
            .unwrap()
            .call_log()
            .iter()
            .filter(|call| call.route.contains("/send/"))
            .count();
        if count == 1 { Ok(()) } else { Err("not yet") }
    })
    .await
    .unwrap();
    assert!(!hanging.is_finished());
    slot.homeserver.stop().await.unwrap();
    assert!(hanging.await.unwrap().is_err());
    assert!(alice.send_text(&room, "down").await.is_err());
    slot.homeserver.start_again().await.unwrap();
    alice.send_text(&room, "up").await.unwrap();
    assert_eq!(alice.texts(&room).await.unwrap(), ["up"]);
}

#[tokio::test]
async fn latency_slows_every_call() {
    let (slot, alice, room) = start().await;
    slot.homeserver.fake().unwrap().set_latency(Duration::from_millis(80));
    let started = Instant::now();
    alice.send_text(&room, "slow").await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(80));
}

#[tokio::test]
async fn a_wiped_server_knows_only_its_appservices() {
    let (slot, alice, room) = start().await;
    let bridge = Bridge::start(&slot);
    slot.homeserver.fake().unwrap().wipe().await.unwrap();
    assert!(alice.send_text(&room, "who am I").await.unwrap_err().to_string().contains("M_UNKNOWN_TOKEN"));
    let new_room = bridge.room(&[]).await;
    assert_ne!(new_room, room);
    bridge.wait_event("events of the new life", |event| event["room_id"] == new_room.as_str()).await;
}

#[tokio::test]
async fn a_failed_wait_tells_what_came_instead() {
    let (_slot, alice, room) = start().await;
    alice.send_text(&room, "something else").await.unwrap();
    let impatient = alice.with_patience(Duration::from_millis(50));
    let error = impatient.wait_for_text(&room, "the answer").await.unwrap_err().to_string();
    assert!(
        error.contains("the answer") && error.contains("something else") && error.contains("m.room.message"),
        "{error}"
    );
    let error = impatient.wait_for_invite(|_| true).await.unwrap_err().to_string();
    assert!(error.contains("Invitations seen"), "{error}");
}

#[tokio::test]
async fn a_too_large_upload_is_cut_off_as_synapse_does() {
    let (slot, alice, _) = start().await;
    slot.homeserver.fake().unwrap().change_profile(|profile| profile.max_upload = 1000);
    let error = alice.upload("large", "text/plain", vec![0; 200_000]).await.unwrap_err();
    assert!(
        error.downcast_ref::<reqwest::Error>().is_some_and(|error| error.status().is_none()),
        "{error:#}"
    );
    assert_eq!(
        alice.request(reqwest::Method::GET, "/_matrix/client/v1/media/config", None).await.unwrap(),
        json!({ "m.upload.size": 1000 })
    );
}
