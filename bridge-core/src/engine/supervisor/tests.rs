//! Sessions at their stop: what is stored is acknowledged, and whoever does not end is cut off.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use testkit::Kind;
use tokio::sync::Semaphore;

use super::super::testing::{Paper, Stage};
use super::pause;
use crate::error::NetworkError;
use crate::store::tests::engine::{PATIENCE, until};

#[tokio::test]
async fn a_session_that_is_stopped_acknowledges_before_the_program_ends() {
    let (listening, acknowledged) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicU32::new(0)));
    let (begun, acks) = (Arc::clone(&listening), Arc::clone(&acknowledged));
    let network = Paper::new(move |context, _| {
        let (begun, acks) = (Arc::clone(&begun), Arc::clone(&acks));
        async move {
            begun.add_permits(1);
            context.stop().cancelled().await;
            // As a socket that has to be written to: not done in one step.
            for _ in 0..10 {
                tokio::task::yield_now().await;
                acks.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        }
    });
    let stage = Stage::new(Kind::FakeSynapse, network).await;
    stage.bridge.start_login(stage.login()).unwrap();
    let _ = tokio::time::timeout(PATIENCE, listening.acquire()).await.unwrap().unwrap();
    stage.bridge.stop_logins().await;
    assert_eq!(acknowledged.load(Ordering::Relaxed), 10);
}

#[tokio::test]
async fn a_session_that_does_not_end_is_cut_off() {
    let stage = Stage::new(Kind::FakeSynapse, Paper::silent()).await;
    stage.bridge.start_login(stage.login()).unwrap();
    tokio::time::timeout(PATIENCE, stage.bridge.stop_logins()).await.unwrap();
}

#[tokio::test]
async fn a_login_that_starts_goes_on_with_its_chats() {
    let stage = Stage::new(Kind::FakeSynapse, Paper::silent()).await;
    stage.portal().await;
    let store = &stage.bridge.store;
    store.put_member_sync(&Stage::chat(), &stage.login().login_id).await.unwrap();
    stage.bridge.start_login(stage.login()).unwrap();
    until("the comparison is done", async || store.member_syncs().await.unwrap().is_empty()).await;
}

#[test]
fn a_session_that_was_told_to_wait_comes_back_exactly_then_and_has_not_failed() {
    let told = Duration::from_secs(37);
    let mut failures = 0;
    for _ in 0..5 {
        assert_eq!(pause(&Err(NetworkError::RateLimited(told)), &mut failures), told);
    }
    assert_eq!(failures, 0);
    let broken = Err(NetworkError::Transient("The connection broke.".to_owned()));
    let waits = [pause(&broken, &mut failures), pause(&Ok(()), &mut failures)];
    assert_eq!(failures, 2);
    assert!(waits.iter().all(|wait| *wait < Duration::from_secs(2)), "{waits:?}");
}
