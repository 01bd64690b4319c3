//! The fake's Synapse profile while the bridge or the homeserver is away.
use std::time::Duration;

use serde_json::json;
use testkit::homeserver::fake::Retry;
use testkit::{Fake, Homeserver, Kind, Profile, Slot, User, eventually};

use crate::bridge::Bridge;

const SOON: Duration = Duration::from_secs(30);

async fn start(slot: &Slot) -> (Bridge, User, String) {
    let bridge = Bridge::start(slot);
    let alice = slot.homeserver.user("alice").await.unwrap();
    let room = bridge.room(&[alice.user_id()]).await;
    alice.join(&room).await.unwrap();
    drained(slot).await;
    (bridge, alice, room)
}

async fn drained(slot: &Slot) {
    let fake = slot.homeserver.fake().unwrap();
    eventually(SOON, "the queue to drain", async || {
        fake.is_drained(&slot.appservice.id).then_some(()).ok_or("it waits")
    })
    .await
    .unwrap();
}

fn never_retrying() -> Slot {
    let hour = Duration::from_hours(1);
    let fake = Fake::start(Profile::synapse().with_retry(Retry::Timer { first: hour, most: hour })).unwrap();
    let appservice = testkit::Appservice::new("hs.test").unwrap();
    fake.register_appservice(&appservice.registration_yaml()).unwrap();
    Slot { homeserver: Homeserver::from_fake(fake), appservice }
}

#[tokio::test]
async fn events_of_an_outage_come_one_by_one_and_in_order() {
    let slot = Homeserver::lease(Kind::FakeSynapse).await.unwrap();
    let (bridge, alice, room) = start(&slot).await;
    let fake = slot.homeserver.fake().unwrap();
    fake.push_down(true);
    let mut sent = vec![];
    for number in 0..6 {
        sent.push(alice.send_text(&room, &format!("{number}")).await.unwrap());
        let tried = |status| {
            fake.transactions().iter().any(|txn| txn.event_ids.contains(&sent[0]) && txn.status == status)
        };
        eventually(SOON, "a failed attempt", async || if tried(None) { Ok(()) } else { Err("none") })
            .await
            .unwrap();
    }
    fake.push_down(false);
    drained(&slot).await;
    let delivered: Vec<_> = fake.transactions().into_iter().filter(|txn| txn.status == Some(200)).collect();
    let last: Vec<Vec<String>> =
        delivered[delivered.len() - 6..].iter().map(|txn| txn.event_ids.clone()).collect();
    assert_eq!(last, sent.iter().map(|event_id| vec![event_id.clone()]).collect::<Vec<_>>());
    assert_eq!(
        bridge.events().len(),
        bridge
            .events()
            .iter()
            .map(|event| event["event_id"].as_str())
            .collect::<std::collections::HashSet<_>>()
            .len()
    );
}

#[tokio::test]
async fn a_ping_makes_the_retry_happen() {
    let slot = never_retrying();
    let (bridge, alice, room) = start(&slot).await;
    bridge.answer_with(500);
    let sent = alice.send_text(&room, "waiting").await.unwrap();
    bridge.wait_event("the refused event", |event| event["event_id"] == sent.as_str()).await;
    bridge.answer_with(200);
    let ping = format!("/_matrix/client/v1/appservice/{}/ping", bridge.appservice.id);
    eventually(SOON, "a ping that gets through", async || {
        let (status, answer) = bridge.call("POST", &ping, json!({})).await;
        if status == 200 { Ok(()) } else { Err(answer.to_string()) }
    })
    .await
    .unwrap();
    drained(&slot).await;
}

#[tokio::test]
async fn a_bridge_that_does_not_listen_gets_everything_later() {
    let slot = Homeserver::lease(Kind::FakeSynapse).await.unwrap();
    let (bridge, alice, room) = start(&slot).await;
    drop(bridge);
    let mut sent = vec![];
    for number in 0..5 {
        sent.push(alice.send_text(&room, &format!("{number}")).await.unwrap());
    }
    eventually(SOON, "the port to be free", async || slot.appservice.port.listen().map(drop)).await.unwrap();
    let bridge = Bridge::start(&slot);
    drained(&slot).await;
    let ids: Vec<String> =
        bridge.events().iter().map(|event| event["event_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, sent);
}

#[tokio::test]
async fn a_lost_answer_brings_the_same_transaction_again() {
    let slot = Homeserver::lease(Kind::FakeSynapse).await.unwrap();
    let (bridge, alice, room) = start(&slot).await;
    let fake = slot.homeserver.fake().unwrap();
    let before = bridge.transactions().len();
    fake.lose_push_answers(1);
    alice.send_text(&room, "twice").await.unwrap();
    drained(&slot).await;
    let after = bridge.transactions().split_off(before);
    assert_eq!(after.len(), 2);
    assert_eq!(after[0].path, after[1].path);
    assert_eq!(after[0].body, after[1].body);
}

#[tokio::test]
async fn counted_ids_begin_again_after_a_restart() {
    let slot = Homeserver::lease(Kind::FakeSynapse).await.unwrap();
    let (bridge, alice, room) = start(&slot).await;
    let fake = slot.homeserver.fake().unwrap();
    fake.restart().await.unwrap();
    let before = fake.transactions().len();
    let sent = alice.send_text(&room, "new life").await.unwrap();
    drained(&slot).await;
    let after = fake.transactions().split_off(before);
    assert_eq!((after[0].txn_id.as_str(), &after[0].event_ids), ("1", &vec![sent]));
    let firsts = bridge.transactions().iter().filter(|txn| txn.path.ends_with("/1")).count();
    assert_eq!(firsts, 2, "two different transactions have the id 1");
}
