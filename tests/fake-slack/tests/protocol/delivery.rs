//! Delivery over sockets: acknowledgement, repetition, loss, doubles, order.
use std::time::Duration;

use fake_slack::{DeliveryState, FakeSlack, Options};
use serde_json::json;

use crate::app::{LIMIT, Socket, quick, start};

#[tokio::test]
async fn an_event_is_acknowledged_once() {
    let slack = start();
    let mut socket = Socket::open(&slack).await;
    let ts = slack.post_as("alice", "general", "hello").unwrap();
    let payload = socket.event().await;
    assert_eq!(payload["event"]["ts"], ts);
    assert!(slack.wait_until_acknowledged(LIMIT).await);
    let deliveries = slack.deliveries();
    assert_eq!(deliveries.len(), 1);
    assert_eq!(deliveries[0].event_id, payload["event_id"]);
    assert_eq!(deliveries[0].state, DeliveryState::Acknowledged);
    assert_eq!(deliveries[0].attempts.len(), 1);
    assert_eq!(deliveries[0].attempts[0].socket_id, Some(slack.sockets()[0].socket_id));
    assert!(deliveries[0].attempts[0].acknowledged_at.unwrap() >= deliveries[0].attempts[0].sent_at);
}

#[tokio::test]
async fn an_event_without_answer_comes_again_with_retry_fields() {
    // The third has to be acknowledged within the window, also on a busy machine.
    let options = Options { ack_window: Duration::from_secs(2), ..quick() };
    let slack = FakeSlack::start(options).unwrap();
    let mut socket = Socket::open(&slack).await;
    slack.post_as("alice", "general", "hello").unwrap();
    let mut seen = Vec::new();
    for attempt in 0..3 {
        let envelope = socket.next().await.unwrap();
        assert_eq!(envelope["retry_attempt"], attempt);
        assert_eq!(envelope["retry_reason"], if attempt == 0 { "" } else { "timeout" });
        seen.push(envelope);
    }
    assert!(seen.iter().all(|envelope| envelope["payload"]["event_id"] == seen[0]["payload"]["event_id"]));
    assert_ne!(seen[0]["envelope_id"], seen[1]["envelope_id"]);
    socket.acknowledge(&seen[2]).await;
    assert!(slack.wait_until_acknowledged(LIMIT).await);
    assert_eq!(slack.deliveries()[0].attempts.len(), 3);
    assert_eq!(slack.delivery_count(DeliveryState::Acknowledged), 1);
}

#[tokio::test]
async fn after_the_last_retry_the_event_is_lost() {
    let slack = FakeSlack::start(quick()).unwrap();
    let mut socket = Socket::open(&slack).await;
    slack.post_as("alice", "general", "hello").unwrap();
    for _ in 0..4 {
        socket.next().await.unwrap();
    }
    let lost = slack.wait_until(LIMIT, |s| (s.delivery_count(DeliveryState::Lost) == 1).then_some(())).await;
    assert!(lost.is_some());
    assert_eq!(slack.deliveries()[0].attempts.len(), 4);
}

#[tokio::test]
async fn events_without_a_socket_wait_for_one() {
    let mut options = quick();
    options.retry_delays = [0, 50, 500, 2000, 5000].map(Duration::from_millis).to_vec();
    let slack = FakeSlack::start(options).unwrap();
    slack.post_as("alice", "general", "hello").unwrap();
    let mut socket = Socket::open(&slack).await;
    let envelope = socket.next().await.unwrap();
    assert!(envelope["retry_attempt"].as_u64().unwrap() >= 1, "{envelope}");
    assert_eq!(envelope["retry_reason"], "connection_failed");
    socket.acknowledge(&envelope).await;
    assert!(slack.wait_until_acknowledged(LIMIT).await);
    assert_eq!(slack.deliveries()[0].attempts[0].socket_id, None);
}

#[tokio::test]
async fn a_late_acknowledgement_does_not_count() {
    let options = Options { retry_delays: vec![Duration::ZERO, LIMIT], ..quick() };
    let slack = FakeSlack::start(options).unwrap();
    let mut socket = Socket::open(&slack).await;
    slack.post_as("alice", "general", "hello").unwrap();
    let first = socket.next().await.unwrap();
    let _second = socket.next().await.unwrap();
    socket.acknowledge(&first).await;
    let late = |s: &fake_slack::Workspace| s.deliveries()[0].attempts[0].acknowledged_at;
    assert!(slack.wait_until(LIMIT, late).await.is_some());
    assert_eq!(slack.deliveries()[0].state, DeliveryState::Waiting);
}

#[tokio::test]
async fn sockets_take_turns() {
    let slack = start();
    let mut one = Socket::open(&slack).await;
    let mut two = Socket::open(&slack).await;
    for number in 0..4 {
        slack.post_as("alice", "general", &format!("no. {number}")).unwrap();
    }
    for socket in [&mut one, &mut two] {
        socket.event().await;
        socket.event().await;
    }
    assert!(slack.wait_until_acknowledged(LIMIT).await);
    assert!(slack.deliveries().iter().all(|delivery| delivery.attempts.len() == 1));
}

#[tokio::test]
async fn a_doubled_event_comes_on_both_sockets() {
    let slack = start();
    let mut one = Socket::open(&slack).await;
    let mut two = Socket::open(&slack).await;
    slack.duplicate_next(1);
    slack.post_as("alice", "general", "twice").unwrap();
    let (first, second) = (one.event().await, two.event().await);
    assert_eq!(first["event_id"], second["event_id"]);
}

#[tokio::test]
async fn a_doubled_event_comes_twice_on_a_single_socket() {
    let slack = start();
    let mut socket = Socket::open(&slack).await;
    slack.duplicate_next(1);
    slack.post_as("alice", "general", "twice").unwrap();
    slack.post_as("alice", "general", "once").unwrap();
    let (first, second, third) = (socket.event().await, socket.event().await, socket.event().await);
    assert_eq!(first["event_id"], second["event_id"]);
    assert_eq!(third["event"]["text"], "once");
}

#[tokio::test]
async fn held_events_are_released_in_either_order() {
    let slack = start();
    let mut socket = Socket::open(&slack).await;
    slack.hold_events();
    slack.post_as("alice", "general", "first").unwrap();
    slack.post_as("alice", "general", "second").unwrap();
    assert!(socket.next_within(Duration::from_millis(100)).await.is_none());
    slack.release_events(true);
    assert_eq!(socket.event().await["event"]["text"], "second");
    assert_eq!(socket.event().await["event"]["text"], "first");
    slack.post_as("alice", "general", "third").unwrap();
    assert_eq!(socket.event().await["event"]["text"], "third");
}

#[tokio::test]
async fn odd_envelopes_go_out_as_they_are() {
    let slack = start();
    assert!(!slack.send_envelope(&json!({ "type": "nobody listens" })));
    let mut socket = Socket::open(&slack).await;
    let odd = json!({ "type": "never_seen", "envelope_id": "x", "payload": [null] });
    assert!(slack.send_envelope(&odd));
    assert_eq!(socket.next().await.unwrap(), odd);
}
