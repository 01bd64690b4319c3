//! A portal's room that is gone at the homeserver.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use testkit::{Fault, Kind};

use super::super::testing::{Paper, Stage};
use super::ROOM_DOUBTED_FROM;
use crate::error::JobError;

/// A bridge on the conduwuit family whose ghost has spoken in the portal.
async fn stage() -> Stage {
    let stage = Stage::new(Kind::FakeContinuwuity, Paper::silent()).await;
    stage.portal().await;
    stage.bridge.start_login(stage.login()).unwrap();
    stage.handle(&stage.remote_job("before", 0)).await.unwrap();
    stage
}

#[tokio::test]
async fn a_deleted_room_ends_the_waiting() {
    let stage = stage().await;
    stage.slot.homeserver.fake().unwrap().wipe().await.unwrap();
    stage.bridge.app.bot().ensure_registered().await.unwrap();
    let at_first = stage.handle(&stage.remote_job("after", 0)).await.unwrap_err();
    assert!(matches!(at_first, JobError::Retry(_)), "{at_first:?}");
    let doubted = stage.handle(&stage.remote_job("after", ROOM_DOUBTED_FROM)).await.unwrap_err();
    assert!(
        matches!(&doubted, JobError::Park(why) if why.contains("does not exist any more")),
        "{doubted:?}"
    );
}

#[tokio::test]
async fn a_room_that_is_there_is_waited_for() {
    let stage = stage().await;
    let fake = stage.slot.homeserver.fake().unwrap();
    fake.fail_next("PUT */send/*", Fault::Error(500, "M_UNKNOWN"), 1);
    let waits = stage.handle(&stage.remote_job("after", ROOM_DOUBTED_FROM)).await.unwrap_err();
    assert!(matches!(waits, JobError::Retry(_)), "{waits:?}");
    fake.fail_next("PUT */send/*", Fault::Error(500, "M_UNKNOWN"), 1);
    fake.fail_next("GET */joined_rooms", Fault::Error(503, "M_UNKNOWN"), 1);
    let waits = stage.handle(&stage.remote_job("after", ROOM_DOUBTED_FROM)).await.unwrap_err();
    assert!(matches!(waits, JobError::Retry(_)), "{waits:?}");
    stage.handle(&stage.remote_job("after", ROOM_DOUBTED_FROM)).await.unwrap();
}
