//! Accepted means committed: what is acknowledged, when, and in which order.

use std::time::Duration;

use bridge_core::content::RichText;
use bridge_core::event::{RemoteKind, Scope};
use bridge_core::network::{Network, Session};
use bridge_core::queue::{Inbox, Lane, Source};
use fake_slack::{Burst, DeliveryState, Options};
use serde_json::json;
use tokio::time::timeout;

use super::world::{SOON, World, commit, commit_all, next, refuse, text};

#[tokio::test]
async fn an_event_is_acknowledged_after_its_commit_and_not_before() {
    let mut world = World::new().await;
    let mut deliveries = world.listen().await;
    world.slack.post_as("alice", "general", "hello").unwrap();
    let delivery = next(&mut deliveries).await;
    assert_eq!(delivery.jobs.len(), 1);
    let job = &delivery.jobs[0];
    assert_eq!(text(&job.payload), "hello");
    assert_eq!(job.source, Source::Remote);
    assert_eq!(job.login_id.as_ref(), Some(world.context.login_id()));
    assert!(
        job.lane.as_str().starts_with("chat:") && job.lane.as_str().ends_with("c0general1"),
        "{}",
        job.lane
    );
    assert_eq!(world.slack.delivery_count(DeliveryState::Acknowledged), 0);
    commit(delivery);
    assert!(world.slack.wait_until_acknowledged(SOON).await);
    assert_eq!(world.slack.delivery_count(DeliveryState::Acknowledged), 1);
}

#[tokio::test]
async fn what_was_not_stored_comes_again_and_is_then_acknowledged_once() {
    let options = Options {
        // The second delivery has to be acknowledged within it, also on a busy machine.
        ack_window: Duration::from_secs(3),
        retry_delays: vec![Duration::ZERO, Duration::from_mins(1)],
        ..Options::default()
    };
    let mut world = World::with(options).await;
    let mut deliveries = world.listen().await;
    world.slack.post_as("alice", "general", "again").unwrap();
    let first = next(&mut deliveries).await;
    let dedup = first.jobs[0].dedup.clone();
    let mut states = world.context.watch();
    states.mark_unchanged();
    refuse(first);
    // What is stored meanwhile must not overtake it: what may be missing is read again.
    timeout(SOON, states.changed()).await.unwrap().unwrap();
    let second = next(&mut deliveries).await;
    assert_eq!(second.jobs[0].dedup, dedup, "the same event has the same key");
    commit(second);
    assert!(world.slack.wait_until_acknowledged(SOON).await);
    let delivery = world.slack.deliveries().remove(0);
    let acknowledged = delivery.attempts.iter().filter(|attempt| attempt.acknowledged_at.is_some());
    assert_eq!((delivery.attempts.len(), acknowledged.count()), (2, 1));
}

#[tokio::test]
async fn a_second_delivery_has_the_same_key_and_is_acknowledged_too() {
    let mut world = World::new().await;
    let mut deliveries = world.listen().await;
    world.slack.duplicate_next(1);
    world.slack.post_as("alice", "general", "twice").unwrap();
    let mut keys = Vec::new();
    while keys.len() < 2 {
        let delivery = next(&mut deliveries).await;
        keys.extend(delivery.jobs.iter().map(|job| job.dedup.clone()));
        commit(delivery);
    }
    assert_eq!(keys[0], keys[1]);
    assert!(world.slack.wait_until_acknowledged(SOON).await);
}

#[tokio::test]
async fn reading_goes_on_while_a_commit_hangs_and_order_is_kept() {
    let mut world = World::new().await;
    let mut deliveries = world.listen().await;
    world.slack.post_as("alice", "general", "m0").unwrap();
    let slow = next(&mut deliveries).await;
    for n in 1..50 {
        world.slack.post_as("alice", "general", &format!("m{n}")).unwrap();
    }
    let mut texts: Vec<String> = Vec::new();
    while texts.len() < 49 {
        texts.extend(commit(next(&mut deliveries).await));
    }
    let expected: Vec<String> = (1..50).map(|n| format!("m{n}")).collect();
    assert_eq!(texts, expected);
    let all_but_one = |slack: &fake_slack::Workspace| {
        (slack.delivery_count(DeliveryState::Acknowledged) == 49).then_some(())
    };
    world.slack.wait_until(SOON, all_but_one).await.expect("the others are acknowledged before it");
    commit(slow);
    assert!(world.slack.wait_until_acknowledged(SOON).await);
}

#[tokio::test]
async fn a_burst_shares_commits_and_keeps_its_order() {
    const COUNT: usize = 3_000;
    let mut world = World::new().await;
    let mut deliveries = world.listen().await;
    let burst = Burst { count: COUNT, text: "{n}".to_owned(), limit: SOON, ..Burst::default() };
    let committing = async {
        let (mut texts, mut commits) = (Vec::new(), 0);
        while texts.len() < COUNT {
            texts.extend(commit(next(&mut deliveries).await));
            commits += 1;
        }
        (texts, commits)
    };
    let (figures, (texts, commits)) = tokio::join!(world.slack.burst(&burst), committing);
    assert_eq!(figures.unwrap()["all_acknowledged"], true);
    let expected: Vec<String> = (0..COUNT).map(|n| n.to_string()).collect();
    assert!(texts == expected, "the order changed");
    assert!(commits < COUNT / 2, "{commits} commits for {COUNT} events");
}

#[tokio::test]
async fn a_full_inbox_stops_the_reading_and_loses_nothing() {
    const COUNT: usize = 200;
    let mut world = World::new().await;
    let (inbox, mut deliveries) = Inbox::channel(1);
    world.listen_into(inbox);
    assert!(world.slack.wait_for_sockets(1, SOON).await);
    for n in 0..COUNT {
        world.slack.post_as("alice", "general", &n.to_string()).unwrap();
    }
    let texts = commit_all(&mut deliveries, COUNT).await;
    let expected: Vec<String> = (0..COUNT).map(|n| n.to_string()).collect();
    assert_eq!(texts, expected);
    assert!(world.slack.wait_until_acknowledged(SOON).await);
}

#[tokio::test]
async fn unknown_and_odd_frames_stop_nothing() {
    let mut world = World::new().await;
    let mut deliveries = world.listen().await;
    for frame in [
        json!({ "envelope_id": "odd-1", "type": "holograms", "payload": {} }),
        json!({ "envelope_id": "odd-2", "type": "interactive", "payload": { "type": "block_actions" } }),
        json!({ "envelope_id": "odd-4", "type": "slash_commands" }),
        json!({ "envelope_id": "odd-3", "type": "events_api" }),
        json!({ "type": "news" }),
        json!("not JSON at all"),
        json!("[]"),
    ] {
        assert!(world.slack.send_envelope(&frame));
    }
    world.slack.post_as("alice", "general", "still here").unwrap();
    assert_eq!(commit_all(&mut deliveries, 1).await, ["still here"]);
    assert!(world.slack.wait_until_acknowledged(SOON).await);
    assert_eq!(world.slack.sockets().len(), 1);
}

#[tokio::test]
async fn a_slash_command_is_stored_acknowledged_and_answered() {
    let mut world = World::new().await;
    let mut deliveries = world.listen().await;
    let id = world.slack.slash_as("alice", "general", "/matrix", " who ").unwrap();
    let delivery = next(&mut deliveries).await;
    assert_ne!(world.slack.slash_state(&id), Some(DeliveryState::Acknowledged));
    let event = world.network.decode(world.context.login_id(), &delivery.jobs[0].payload).unwrap();
    assert_eq!(event.scope, Scope::Chat(world.chat("c0general1")));
    assert_eq!(delivery.jobs[0].lane, Lane::of_scope(&event.scope));
    assert_eq!(event.sender.user_id(), Some(&world.user("U0ALICE001")));
    let RemoteKind::Command { line, answer_to } = &event.kind else { panic!("{:?}", event.kind) };
    assert_eq!(line, "who");
    commit(delivery);
    assert!(world.slack.wait_until_acknowledged(SOON).await);
    assert_eq!(world.slack.slash_state(&id), Some(DeliveryState::Acknowledged));
    world.session.answer(answer_to, &RichText::plain("Nobody but you.")).await.unwrap();
    let answers = world.slack.slash_answers(&id);
    let last = answers.last().expect("an answer");
    assert!(format!("{last:?}").contains("Nobody but you."), "{last:?}");
    assert!(world.slack.messages("general").is_empty(), "others see the answer");
}

#[tokio::test]
async fn a_stop_acknowledges_what_is_being_stored() {
    let mut world = World::new().await;
    let mut deliveries = world.listen().await;
    world.slack.post_as("alice", "general", "last words").unwrap();
    let delivery = next(&mut deliveries).await;
    world.context.stop().cancel();
    commit(delivery);
    assert!(world.listening_ended().await.is_ok());
    assert!(world.slack.wait_until_acknowledged(SOON).await);
    let closed = world.slack.wait_until(SOON, |slack| slack.sockets().is_empty().then_some(())).await;
    assert!(closed.is_some());
}

#[tokio::test]
async fn a_revoked_token_and_a_removed_app_are_told_by_events() {
    let mut world = World::new().await;
    let mut deliveries = world.listen().await;
    world.slack.revoke_token(&world.slack.app().bot_token).unwrap();
    world.slack.uninstall();
    for _ in 0..2 {
        let delivery = next(&mut deliveries).await;
        for job in &delivery.jobs {
            let event = world.network.decode(world.context.login_id(), &job.payload).unwrap();
            assert_eq!(event.kind, RemoteKind::Credentials, "{}", job.payload);
        }
        let seen = delivery.jobs.len();
        commit(delivery);
        if seen == 2 {
            return;
        }
    }
}
