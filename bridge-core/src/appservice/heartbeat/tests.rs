//! Each way to be away is found, and its end.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use testkit::{Fault, Kind, eventually};

use super::super::server::BODY_LIMIT;
use super::super::testing::Fixture;
use super::*;

const DEADLINE: Duration = Duration::from_mins(1);
/// The same beat, faster.
const QUICK: Rhythm = Rhythm {
    idle: Duration::from_millis(300),
    again: Duration::from_millis(100),
    sure: Duration::from_millis(50),
    patience: Duration::from_secs(2),
    nudged: Duration::from_millis(600),
};

async fn alive(kind: Kind) -> (Fixture, tokio_util::sync::DropGuard) {
    let mut fixture = Fixture::new(kind).await;
    fixture.serve(BODY_LIMIT);
    let cancel = CancellationToken::new();
    let beat = Heartbeat::new(fixture.app.clone(), fixture.exchange.clone(), Lease::default(), QUICK);
    crate::task::spawn("heartbeat", beat.run(cancel.clone()));
    expect(&fixture, Pulse::Alive).await;
    (fixture, cancel.drop_guard())
}

async fn expect(fixture: &Fixture, pulse: Pulse) {
    eventually(DEADLINE, format!("{pulse:?}"), async || {
        let standing = fixture.exchange.standing();
        if standing.pulse == pulse { Ok(()) } else { Err(format!("{standing:?}")) }
    })
    .await
    .unwrap();
}

/// Waits until a nudge is asked for.
async fn expect_suspicion(fixture: &Fixture) {
    tokio::time::timeout(DEADLINE, fixture.exchange.suspected()).await.unwrap();
}

async fn stopped_and_back(kind: Kind) {
    let (fixture, _guard) = alive(kind).await;
    assert!(fixture.exchange.standing().ping_ms.is_some());
    fixture.slot.homeserver.stop().await.unwrap();
    expect(&fixture, Pulse::Unreachable).await;
    fixture.slot.homeserver.start_again().await.unwrap();
    expect(&fixture, Pulse::Alive).await;
    expect_suspicion(&fixture).await;
}

#[tokio::test]
async fn a_synapse_that_is_stopped() {
    stopped_and_back(Kind::FakeSynapse).await;
}

#[tokio::test]
async fn a_continuwuity_that_is_stopped() {
    stopped_and_back(Kind::FakeContinuwuity).await;
}

#[tokio::test]
async fn one_that_hangs_one_that_refuses_and_one_whose_calls_do_not_come() {
    let (fixture, _guard) = alive(Kind::FakeSynapse).await;
    let fake = fixture.slot.homeserver.fake().unwrap();
    for (fault, pulse) in [
        (Fault::Hang, Pulse::Unreachable),
        (Fault::Error(401, "M_UNKNOWN_TOKEN"), Pulse::Refuses),
        (Fault::Error(403, "M_FORBIDDEN"), Pulse::Refuses),
        (Fault::Error(502, "M_UNKNOWN"), Pulse::Unreachable),
    ] {
        fake.fail_next("*", fault, 100_000);
        expect(&fixture, pulse).await;
        fake.clear_faults();
        expect(&fixture, Pulse::Alive).await;
        expect_suspicion(&fixture).await;
    }
    fake.push_down(true);
    expect(&fixture, Pulse::Silent).await;
    fake.push_down(false);
    expect(&fixture, Pulse::Alive).await;
}

#[tokio::test]
async fn one_that_knows_no_pings_is_not_silent_and_is_nudged() {
    let (fixture, _guard) = alive(Kind::FakeContinuwuity).await;
    let fake = fixture.slot.homeserver.fake().unwrap();
    fake.fail_next("POST */ping", Fault::Error(404, "M_UNRECOGNIZED"), 100_000);
    expect_suspicion(&fixture).await;
    assert_eq!(fixture.exchange.standing().pulse, Pulse::Alive);
    let pings = || fake.call_log().iter().filter(|call| call.path.ends_with("/ping")).count();
    let before = pings();
    expect_suspicion(&fixture).await;
    assert_eq!(pings(), before, "it was asked for a ping again");
}

#[tokio::test]
async fn one_that_is_silent_from_the_start_is_found() {
    let fixture = Fixture::new(Kind::FakeSynapse).await;
    let beat = Heartbeat::new(fixture.app.clone(), fixture.exchange.clone(), Lease::default(), QUICK);
    let cancel = CancellationToken::new();
    crate::task::spawn("heartbeat", beat.run(cancel.clone()));
    expect(&fixture, Pulse::Silent).await;
    cancel.cancel();
}
