//! Events from before our start and from an outage come in, without anybody sending another one.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::sync::Arc;
use std::time::Duration;

use testkit::{Kind, User, eventually};

use super::super::server::BODY_LIMIT;
use super::super::testing::Fixture;
use super::*;

const DEADLINE: Duration = Duration::from_mins(1);

async fn room_with_bot(fixture: &Fixture) -> (User, String) {
    let alice = fixture.slot.homeserver.user("alice").await.unwrap();
    let room = alice.create_room("Test").await.unwrap();
    alice.invite(&room, &fixture.slot.appservice.bot_id()).await.unwrap();
    fixture.app.bot().join(&RoomId::parse(&room).unwrap()).await.unwrap();
    (alice, room)
}

async fn expect_texts(fixture: &Fixture, expected: &[&str]) {
    eventually(DEADLINE, "the messages", async || {
        let texts = fixture.queue.texts();
        if texts == expected { Ok(()) } else { Err(format!("{texts:?}")) }
    })
    .await
    .unwrap();
}

/// Waits until a push has failed, so that the homeserver waits for a reason to try again.
async fn expect_failed_push(fixture: &Fixture) {
    eventually(DEADLINE, "a failed push", async || {
        let pushes = fixture.slot.homeserver.fake().unwrap().transactions();
        if pushes.iter().any(|push| push.status != Some(200)) { Ok(()) } else { Err("none") }
    })
    .await
    .unwrap();
}

fn start(fixture: &Fixture) -> (Arc<Nudge>, tokio_util::sync::DropGuard) {
    let nudge = Arc::new(Nudge::new(fixture.app.clone(), fixture.exchange.clone(), None));
    let cancel = CancellationToken::new();
    let running = Arc::clone(&nudge);
    let token = cancel.clone();
    #[allow(clippy::disallowed_methods, reason = "the guard ends it")]
    tokio::spawn(async move { running.run(token).await });
    (nudge, cancel.drop_guard())
}

async fn from_before_the_start(kind: Kind) {
    let mut fixture = Fixture::new(kind).await;
    let (alice, room) = room_with_bot(&fixture).await;
    for text in ["one", "two", "three"] {
        alice.send_text(&room, text).await.unwrap();
    }
    expect_failed_push(&fixture).await;
    fixture.serve(BODY_LIMIT);
    let (nudge, _guard) = start(&fixture);
    expect_texts(&fixture, &["one", "two", "three"]).await;
    tokio::time::timeout(DEADLINE, nudge.moved().wait_for(|moved| *moved)).await.unwrap().unwrap();
}

#[tokio::test]
async fn what_synapse_held_back_comes() {
    from_before_the_start(Kind::FakeSynapse).await;
}

#[tokio::test]
async fn what_continuwuity_held_back_comes() {
    from_before_the_start(Kind::FakeContinuwuity).await;
}

#[tokio::test]
async fn a_refused_transaction_comes_again() {
    let mut fixture = Fixture::new(Kind::FakeContinuwuity).await;
    fixture.serve(BODY_LIMIT);
    let (alice, room) = room_with_bot(&fixture).await;
    let (nudge, _guard) = start(&fixture);
    nudge.moved().wait_for(|moved| *moved).await.unwrap();
    fixture.queue.set_broken(true);
    alice.send_text(&room, "one").await.unwrap();
    expect_failed_push(&fixture).await;
    fixture.queue.set_broken(false);
    expect_texts(&fixture, &["one"]).await;
}

#[tokio::test]
async fn what_an_outage_held_back_comes() {
    let mut fixture = Fixture::new(Kind::FakeContinuwuity).await;
    fixture.serve(BODY_LIMIT);
    let (alice, room) = room_with_bot(&fixture).await;
    let (nudge, _guard) = start(&fixture);
    nudge.moved().wait_for(|moved| *moved).await.unwrap();
    let fake = fixture.slot.homeserver.fake().unwrap();
    fake.push_down(true);
    alice.send_text(&room, "one").await.unwrap();
    expect_failed_push(&fixture).await;
    fixture.slot.homeserver.stop().await.unwrap();
    assert!(fixture.app.bot().whoami().await.is_err());
    fake.push_down(false);
    fixture.slot.homeserver.start_again().await.unwrap();
    fixture.app.bot().whoami().await.unwrap();
    expect_texts(&fixture, &["one"]).await;
}

#[tokio::test]
async fn the_control_room_is_found_again_and_made_again_when_lost() {
    let mut fixture = Fixture::new(Kind::FakeSynapse).await;
    fixture.serve(BODY_LIMIT);
    let room_after = async |nudge: &Nudge| {
        assert!(Box::pin(nudge.nudge_once(DEADLINE)).await.unwrap());
        nudge.control_room().unwrap()
    };
    let new = || Nudge::new(fixture.app.clone(), fixture.exchange.clone(), None);
    let first = room_after(&new()).await;
    assert_eq!(room_after(&new()).await, first);
    fixture.app.bot().leave(&first).await.unwrap();
    let second = room_after(&new()).await;
    assert_ne!(second, first);
    assert_eq!(room_after(&new()).await, second);
}

#[tokio::test]
async fn the_control_room_is_made_once_whatever_breaks_meanwhile() {
    use testkit::Fault;
    for (call, fault) in [
        ("POST */createRoom", Fault::ResetAfterEffect),
        ("PUT */account_data/*", Fault::Error(502, "M_UNKNOWN")),
    ] {
        let mut fixture = Fixture::new(Kind::FakeSynapse).await;
        fixture.serve(BODY_LIMIT);
        let fake = fixture.slot.homeserver.fake().unwrap();
        let before = fake.rooms().len();
        fake.fail_next(call, fault, 1);
        let new = || Nudge::new(fixture.app.clone(), fixture.exchange.clone(), None);
        // Each is a program's own, as after a crash.
        assert!(Box::pin(new().nudge_once(DEADLINE)).await.is_err(), "{call} did not fail");
        assert!(Box::pin(new().nudge_once(DEADLINE)).await.unwrap());
        assert_eq!(fake.rooms().len(), before + 1, "{call}");
    }
}

#[tokio::test]
async fn a_ping_goes_round_and_says_what_is_wrong() {
    use super::super::ping::PingError;
    let mut fixture = Fixture::new(Kind::FakeSynapse).await;
    let ping = async |fixture: &Fixture| ping_homeserver(&fixture.app, &fixture.exchange).await;
    assert!(matches!(ping(&fixture).await, Err(PingError::NoConnection)));
    fixture.serve(BODY_LIMIT);
    ping(&fixture).await.unwrap();
    assert!(fixture.exchange.last_ping_at().is_some());
    let own = fixture.slot.appservice.registration_yaml();
    let other = own.replace(&fixture.slot.appservice.hs_token, "another");
    fixture.slot.homeserver.register_appservice(&other).await.unwrap();
    assert!(matches!(ping(&fixture).await, Err(PingError::Refused)));
}
