//! Sockets come and go: overlap on renewal, return after a loss, the ends that are final.

use std::time::Duration;

use bridge_core::error::NetworkError;
use bridge_core::network::ConnectionState;
use fake_slack::{DisconnectReason, Fault, Options};

use super::world::{SOON, World, commit_all, next, patient};

const OPEN: &str = "apps.connections.open";

#[tokio::test]
async fn a_new_socket_is_up_before_the_old_one_closes_and_nothing_is_lost() {
    // In it the old socket has to be seen and used, also on a busy machine.
    let options = Options { close_grace: Duration::from_secs(8), ..patient() };
    let mut world = World::with(options).await;
    let mut deliveries = world.listen().await;
    let old = world.slack.sockets().remove(0).socket_id;
    world.slack.post_as("alice", "general", "before").unwrap();
    let waiting = next(&mut deliveries).await;
    world.slack.disconnect(DisconnectReason::RefreshRequested);
    assert!(world.slack.wait_for_sockets(2, SOON).await, "no overlap");
    assert!(world.slack.sockets().iter().any(|socket| socket.socket_id == old), "the old one still reads");
    // Committed now, acknowledged on the old socket.
    super::world::commit(waiting);
    assert!(world.slack.wait_until_acknowledged(SOON).await);
    let attempts = world.slack.deliveries().remove(0).attempts;
    assert_eq!((attempts.len(), attempts[0].socket_id), (1, Some(old)));
    world.slack.post_as("alice", "general", "after").unwrap();
    assert_eq!(commit_all(&mut deliveries, 1).await, ["after"]);
    let alone = world.slack.wait_until(SOON, |slack| (slack.sockets().len() == 1).then_some(())).await;
    assert!(alone.is_some(), "the old one goes");
    assert_eq!(world.context.state(), ConnectionState::Connected);
}

#[tokio::test]
async fn events_after_a_warning_arrive() {
    let options = Options { warning_grace: Duration::from_secs(2), ..patient() };
    let mut world = World::with(options).await;
    let mut deliveries = world.listen().await;
    world.slack.disconnect(DisconnectReason::Warning);
    for n in 0..3 {
        world.slack.post_as("alice", "general", &n.to_string()).unwrap();
    }
    assert_eq!(commit_all(&mut deliveries, 3).await, ["0", "1", "2"]);
    assert!(world.slack.wait_until_acknowledged(SOON).await);
}

#[tokio::test]
async fn a_cut_socket_is_replaced() {
    let mut world = World::new().await;
    let mut deliveries = world.listen().await;
    let old = world.slack.sockets().remove(0).socket_id;
    world.slack.drop_sockets();
    let replaced = |slack: &fake_slack::Workspace| {
        slack.sockets().iter().any(|socket| socket.socket_id != old).then_some(())
    };
    world.slack.wait_until(SOON, replaced).await.expect("a new socket");
    world.slack.post_as("alice", "general", "back").unwrap();
    assert_eq!(commit_all(&mut deliveries, 1).await, ["back"]);
}

#[tokio::test]
async fn an_outage_is_waited_for_and_is_no_error() {
    let mut world = World::new().await;
    let mut deliveries = world.listen().await;
    world.slack.set_down(true).await;
    world.wait_for_state(|state| *state == ConnectionState::Connecting).await;
    world.slack.set_down(false).await;
    world.wait_for_state(|state| *state == ConnectionState::Connected).await;
    world.slack.post_as("alice", "general", "back").unwrap();
    assert_eq!(commit_all(&mut deliveries, 1).await, ["back"]);
}

#[tokio::test]
async fn a_refused_upgrade_is_tried_again() {
    let mut world = World::new().await;
    world.slack.refuse_sockets(2);
    let mut deliveries = world.listen().await;
    world.slack.post_as("alice", "general", "in").unwrap();
    assert_eq!(commit_all(&mut deliveries, 1).await, ["in"]);
    assert_eq!(world.slack.call_count(OPEN), 3);
}

#[tokio::test]
async fn socket_mode_switched_off_ends_with_a_sentence() {
    let mut world = World::new().await;
    let _deliveries = world.listen().await;
    world.slack.disconnect(DisconnectReason::LinkDisabled);
    let Err(NetworkError::BadCredentials(why)) = world.listening_ended().await else { panic!("no refusal") };
    assert!(why.contains("Socket Mode"), "{why}");
    assert_eq!(world.context.state(), ConnectionState::BadCredentials(why));
}

#[tokio::test]
async fn a_revoked_app_token_ends_with_a_sentence() {
    let mut world = World::new().await;
    let _deliveries = world.listen().await;
    world.slack.revoke_token(&world.slack.app().app_token).unwrap();
    world.slack.drop_sockets();
    let Err(NetworkError::BadCredentials(why)) = world.listening_ended().await else { panic!("no refusal") };
    assert!(why.contains("App-Level Tokens"), "{why}");
}

#[tokio::test]
async fn too_many_sockets_degrade_and_slow_down() {
    let options = Options { max_sockets: 1, ..patient() };
    let mut world = World::with(options).await;
    let _deliveries = world.listen().await;
    // The successor finds the one place taken by the socket it is to replace.
    world.slack.disconnect(DisconnectReason::Warning);
    let state = world.wait_for_state(|state| matches!(state, ConnectionState::Degraded(_))).await;
    assert!(state.to_string().contains("app-level token"), "{state}");
    assert_eq!(world.slack.call_count(OPEN), 2);
}

#[tokio::test]
async fn a_wait_that_slack_asks_for_is_kept_when_a_socket_is_opened() {
    let mut world = World::new().await;
    world.slack.fail_next(OPEN, Fault::RateLimited(1), 1);
    let _deliveries = world.listen().await;
    let calls: Vec<u64> =
        world.slack.calls().iter().filter(|call| call.method == OPEN).map(|call| call.called_at).collect();
    assert_eq!(calls.len(), 2);
    assert!(calls[1] - calls[0] >= 1_000_000, "{calls:?}");
}

#[tokio::test]
async fn a_silent_socket_counts_as_gone() {
    let mut world = World::new().await;
    let mut deliveries = world.listen().await;
    let old = world.slack.sockets().remove(0).socket_id;
    world.slack.silence(true);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    let another = |slack: &fake_slack::Workspace| (slack.call_count(OPEN) >= 2).then_some(());
    world.slack.wait_until(SOON, another).await.expect("another one is opened");
    world.slack.silence(false);
    let replaced = |slack: &fake_slack::Workspace| {
        let sockets = slack.sockets();
        (!sockets.is_empty() && sockets.iter().all(|socket| socket.socket_id != old)).then_some(())
    };
    world.slack.wait_until(SOON, replaced).await.expect("the silent one is given up");
    world.slack.post_as("alice", "general", "loud").unwrap();
    assert_eq!(commit_all(&mut deliveries, 1).await, ["loud"]);
}

/// Slack says nothing but pongs: no socket is given up for it. Two days by the held clock, a ping at a time.
#[tokio::test]
async fn two_days_of_silence_from_slack_open_no_other_socket() {
    // Every 15 s, and a little.
    const PINGED_EVERY: Duration = Duration::from_secs(16);
    const TWO_DAYS: Duration = Duration::from_hours(48);
    // Nor does it ping by itself, or announce an end.
    let options = Options { ping_interval: TWO_DAYS * 2, socket_lifetime: TWO_DAYS * 2, ..patient() };
    let mut world = World::with(options).await;
    let mut deliveries = world.listen().await;
    let before = world.slack.sockets().remove(0);
    tokio::time::pause();
    for ping in 1..=TWO_DAYS.as_secs() / PINGED_EVERY.as_secs() {
        tokio::time::advance(PINGED_EVERY).await;
        // The test never idles, so that the clock stands still meanwhile.
        let mut looks = 0;
        while world.slack.sockets().iter().all(|socket| socket.pings < before.pings + ping) {
            looks += 1;
            assert!(looks < 1_000_000, "ping {ping} was not heard: {:?}", world.slack.sockets());
            tokio::task::yield_now().await;
        }
    }
    tokio::time::resume();
    let sockets = world.slack.sockets();
    assert_eq!((sockets.len(), sockets[0].socket_id), (1, before.socket_id));
    assert_eq!((world.slack.call_count(OPEN), world.context.state()), (1, ConnectionState::Connected));
    world.slack.post_as("alice", "general", "after two days").unwrap();
    assert_eq!(commit_all(&mut deliveries, 1).await, ["after two days"]);
}

#[tokio::test]
async fn a_socket_without_a_hello_is_given_up_in_time() {
    let mut world = World::new().await;
    world.slack.withhold_hello(1);
    let mut deliveries = world.listen().await;
    world.slack.post_as("alice", "general", "greeted").unwrap();
    assert_eq!(commit_all(&mut deliveries, 1).await, ["greeted"]);
    assert_eq!(world.slack.call_count(OPEN), 2);
}
