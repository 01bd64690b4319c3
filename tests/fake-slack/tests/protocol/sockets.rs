//! The life of sockets: tickets, hello, refresh, limits, silence, outages.
use std::time::Duration;

use fake_slack::{DisconnectReason, FakeSlack, Options};
use futures_util::StreamExt;
use serde_json::json;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::app::{LIMIT, Socket, fine, quick, start, try_call};

#[tokio::test]
async fn hello_tells_the_app_and_the_count() {
    let slack = start();
    let _first = Socket::open(&slack).await;
    let mut second = Socket::connect(&slack).await;
    let hello = second.next().await.unwrap();
    assert_eq!(hello["num_connections"], 2);
    assert_eq!(hello["connection_info"]["app_id"], slack.app().app_id);
    assert!(hello["debug_info"]["approximate_connection_time"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn a_ticket_is_good_once() {
    let slack = start();
    let address = Socket::address(&slack).await;
    let _socket = connect_async(&address).await.unwrap();
    let Err(Error::Http(answer)) = connect_async(&address).await else { panic!("a second socket") };
    assert_eq!(answer.status(), 403);
}

#[tokio::test]
async fn refused_sockets() {
    let slack = start();
    slack.refuse_sockets(1);
    let address = Socket::address(&slack).await;
    assert!(matches!(connect_async(&address).await, Err(Error::Http(_))));
    Socket::open(&slack).await;
}

#[tokio::test]
async fn the_eleventh_socket_is_told_to_go() {
    let slack = start();
    let mut sockets = Vec::new();
    for _ in 0..10 {
        sockets.push(Socket::open(&slack).await);
    }
    let mut eleventh = Socket::connect(&slack).await;
    let frame = eleventh.next().await.unwrap();
    assert_eq!(frame["type"], "disconnect");
    assert_eq!(frame["reason"], "too_many_websockets");
    assert!(eleventh.next().await.is_none());
    assert_eq!(slack.sockets().len(), 10);
}

#[tokio::test]
async fn a_refreshed_socket_closes_and_events_go_to_the_new_one() {
    let slack = FakeSlack::start(quick()).unwrap();
    let mut old = Socket::open(&slack).await;
    slack.disconnect(DisconnectReason::RefreshRequested);
    assert_eq!(old.next().await.unwrap()["reason"], "refresh_requested");
    let mut new = Socket::open(&slack).await;
    slack.post_as("alice", "general", "hello").unwrap();
    assert_eq!(new.event().await["event"]["text"], "hello");
    assert!(old.drain().await.is_empty());
    let gone = slack.wait_until(LIMIT, |s| (s.sockets().len() == 1).then_some(())).await;
    assert!(gone.is_some());
}

#[tokio::test]
async fn events_still_come_after_a_warning() {
    // All three have to come within the grace, also on a busy machine.
    let grace = Duration::from_secs(3);
    let options = Options { warning_grace: grace, ack_window: LIMIT, ..quick() };
    let slack = FakeSlack::start(options).unwrap();
    let mut socket = Socket::open(&slack).await;
    slack.disconnect(DisconnectReason::Warning);
    assert_eq!(socket.next().await.unwrap()["reason"], "warning");
    for number in 0..3 {
        slack.post_as("alice", "general", &format!("no. {number}")).unwrap();
        socket.event().await;
    }
    let last = socket.drain().await;
    assert_eq!(last.len(), 1, "{last:?}");
    assert_eq!(last[0]["reason"], "refresh_requested");
    assert!(slack.wait_until_acknowledged(LIMIT).await);
}

#[tokio::test]
async fn with_socket_mode_off_no_socket_opens() {
    let slack = FakeSlack::start(quick()).unwrap();
    let mut socket = Socket::open(&slack).await;
    slack.disconnect(DisconnectReason::LinkDisabled);
    assert_eq!(socket.drain().await[0]["reason"], "link_disabled");
    let token = slack.app().app_token;
    let opened = try_call(&slack, &token, "apps.connections.open", json!({})).await.unwrap();
    assert_eq!(opened.body["ok"], false);
    slack.set_socket_mode(true);
    Socket::open(&slack).await;
}

#[tokio::test]
async fn cut_sockets_end_without_a_word() {
    let slack = start();
    let (mut stream, _) = connect_async(Socket::address(&slack).await).await.unwrap();
    assert!(matches!(stream.next().await, Some(Ok(Message::Text(_)))));
    slack.drop_sockets();
    assert!(matches!(stream.next().await, None | Some(Err(_))));
}

#[tokio::test]
async fn a_socket_without_hello_gets_no_events() {
    let slack = start();
    slack.withhold_hello(1);
    let mut mute = Socket::connect(&slack).await;
    assert!(slack.wait_for_sockets(1, LIMIT).await);
    let mut good = Socket::open(&slack).await;
    for _ in 0..2 {
        slack.post_as("alice", "general", "hello").unwrap();
        good.event().await;
    }
    assert!(mute.next_within(Duration::from_millis(100)).await.is_none());
}

#[tokio::test]
async fn silence_stops_frames_and_pongs_until_it_ends() {
    let options = Options { ping_interval: Duration::from_millis(50), ..Options::default() };
    let slack = FakeSlack::start(options).unwrap();
    let (mut stream, _) = connect_async(Socket::address(&slack).await).await.unwrap();
    let ping = async {
        while let Some(Ok(message)) = stream.next().await {
            if message.is_ping() {
                break;
            }
        }
    };
    tokio::time::timeout(LIMIT, ping).await.expect("the server pings");
    slack.silence(true);
    slack.post_as("alice", "general", "hello").unwrap();
    let quiet = async {
        loop {
            // What was under way may still come.
            if tokio::time::timeout(Duration::from_millis(300), stream.next()).await.is_err() {
                break;
            }
        }
    };
    tokio::time::timeout(LIMIT, quiet).await.expect("silence");
    slack.silence(false);
    let event = async {
        while let Some(Ok(message)) = stream.next().await {
            if message.is_text() {
                return true;
            }
        }
        false
    };
    assert!(tokio::time::timeout(LIMIT, event).await.expect("the event comes late"));
}

#[tokio::test]
async fn an_outage_keeps_port_and_state() {
    let slack = start();
    let mut socket = Socket::open(&slack).await;
    let ts = slack.post_as("alice", "general", "before").unwrap();
    socket.event().await;
    slack.set_down(true).await;
    assert!(socket.next().await.is_none());
    assert!(slack.sockets().is_empty());
    let token = slack.app().bot_token;
    let refused = try_call(&slack, &token, "auth.test", json!({})).await;
    assert!(refused.err().unwrap().is_connect());
    slack.set_down(false).await;
    let history = fine(&slack, "conversations.history", json!({ "channel": "C0GENERAL1" })).await;
    assert_eq!(history["messages"][0]["ts"], ts);
    Socket::open(&slack).await;
}
