//! What intents do when the homeserver fails, refuses, or forgets.

use std::time::Duration;

use testkit::Fault;

use super::*;
use crate::matrix::{ErrorClass, MatrixError};

const SEND: &str = "PUT */send/*";

async fn try_send(world: &World, room: &RoomId) -> Result<(), MatrixError> {
    let bot = world.app.bot();
    bot.send(room, "m.room.message", &text("x"), &txn("1", &bot), None).await.map(|_| ())
}

#[tokio::test]
async fn failures_are_told_apart() {
    let world = World::new(Kind::FakeContinuwuity).await;
    let room = world.room().await;
    let class = async |fault| {
        world.fake().fail_next(SEND, fault, 1);
        try_send(&world, &room).await.unwrap_err().class()
    };
    let wait = Duration::from_millis(1234);
    assert_eq!(class(Fault::RateLimit(wait)).await, ErrorClass::RetryAfter(wait));
    assert_eq!(class(Fault::Error(503, "M_UNKNOWN")).await, ErrorClass::Retry);
    assert_eq!(class(Fault::Error(413, "M_TOO_LARGE")).await, ErrorClass::Permanent);
    assert_eq!(class(Fault::ResetAfterEffect).await, ErrorClass::Uncertain);
    try_send(&world, &room).await.unwrap();
    assert_eq!(world.messages(&room).len(), 1, "the repeat was not recognized");
}

#[tokio::test]
async fn an_outage_is_noticed_and_its_end_too() {
    let world = World::new(Kind::FakeSynapse).await;
    let room = world.room().await;
    let reach = world.app.client().reach();
    world.slot.homeserver.stop().await.unwrap();
    let error = try_send(&world, &room).await.unwrap_err();
    assert!(matches!(error.class(), ErrorClass::Retry | ErrorClass::Uncertain), "{error}");
    assert!(!reach.borrow().is_reachable);
    world.slot.homeserver.start_again().await.unwrap();
    try_send(&world, &room).await.unwrap();
    assert!(reach.borrow().is_reachable);
    assert_eq!(reach.borrow().recoveries, 1);
}

#[tokio::test]
async fn a_repeat_is_recognized_over_a_restart_of_synapse() {
    let world = World::new(Kind::FakeSynapse).await;
    let (room, ghost) = (world.room().await, world.ghost("U0"));
    let id = txn("1", &ghost);
    let first = ghost.send_joined(&room, "m.room.message", &text("x"), &id, None).await.unwrap();
    world.fake().restart().await.unwrap();
    assert_eq!(ghost.send_joined(&room, "m.room.message", &text("x"), &id, None).await.unwrap(), first);
    assert_eq!(world.messages(&room).len(), 1);
}

#[tokio::test]
async fn a_repeat_is_recognized_over_a_restart_of_ours() {
    for kind in BOTH {
        let world = World::new(kind).await;
        let (room, ghost) = (world.room().await, world.ghost("U0"));
        let id = txn("1", &ghost);
        let first = ghost.send_joined(&room, "m.room.message", &text("x"), &id, None).await.unwrap();
        world.fake().restart().await.unwrap();
        // The first thing it does: nothing was found out yet, and the homeserver stumbles over the question.
        let ghost = world.twin().intent(ghost.user_id());
        world.fake().fail_next("GET /_matrix/federation/v1/version", Fault::Error(503, "M_UNKNOWN"), 1);
        let send = async || ghost.send_joined(&room, "m.room.message", &text("x"), &id, None).await;
        assert_eq!(send().await.unwrap_err().class(), ErrorClass::Retry);
        assert_eq!(send().await.unwrap(), first);
        assert_eq!(world.messages(&room).len(), 1);
    }
}

#[tokio::test]
async fn a_ghost_that_was_removed_comes_back_when_it_speaks() {
    for kind in BOTH {
        let world = World::new(kind).await;
        let (room, ghost) = (world.room().await, world.ghost("U0"));
        let say = async |remote_id: &str| {
            ghost.send_joined(&room, "m.room.message", &text("x"), &txn(remote_id, &ghost), None).await
        };
        say("1").await.unwrap();
        // Behind our back: our own kick would be remembered.
        world.twin().bot().kick(&room, ghost.user_id(), None).await.unwrap();
        say("2").await.unwrap();
        assert_eq!(world.messages(&room).len(), 2);
    }
}

#[tokio::test]
async fn a_wiped_homeserver_gets_its_ghosts_again() {
    let world = World::new(Kind::FakeSynapse).await;
    let ghost = world.ghost("U0");
    let room = world.room().await;
    ghost.ensure_joined(&room).await.unwrap();
    world.fake().wipe().await.unwrap();
    let room = world.room().await;
    let id = txn("1", &ghost);
    ghost.send_joined(&room, "m.room.message", &text("x"), &id, None).await.unwrap();
    assert_eq!(world.messages(&room).len(), 1);
}

#[tokio::test]
async fn a_redaction_that_synapse_refuses_as_an_event_takes_the_route() {
    let world = World::new(Kind::FakeSynapse).await;
    let (room, ghost) = (world.room().await, world.ghost("U0"));
    let id = txn("1", &ghost);
    let event = ghost.send_joined(&room, "m.room.message", &text("x"), &id, None).await.unwrap();
    let id = txn("2", &ghost);
    let mut redactions = Vec::new();
    for _ in 0..2 {
        world.fake().fail_next("PUT */send/m.room.redaction/*", Fault::Error(500, "M_UNKNOWN"), 1);
        redactions.push(ghost.redact(&room, &event, None, &id, None).await.unwrap());
    }
    assert_eq!(redactions[0], redactions[1]);
    assert_eq!(world.messages(&room)[0]["content"], json!({}));
}

#[tokio::test]
async fn nothing_of_the_request_is_in_an_error() {
    let world = World::new(Kind::FakeSynapse).await;
    let room = world.room().await;
    let bot = world.app.bot();
    world.fake().fail_next(SEND, Fault::Reset, 1);
    let id = txn("1", &bot);
    let error = bot.send(&room, "m.room.message", &text("canary"), &id, None).await.unwrap_err();
    let all = format!("{error} {error:?} {world:?}", world = world.app);
    for secret in ["canary", id.as_str(), world.slot.appservice.as_token.as_str()] {
        assert!(!all.contains(secret), "{all}");
    }
}
