//! Bursts: everything arrives, in order per socket, and is measured.
use fake_slack::Burst;

use crate::app::{Socket, start};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_is_stored_sent_and_measured() {
    let slack = start();
    let mut socket = Socket::open(&slack).await;
    let count = 2000;
    let channels = vec!["general".to_owned(), "random".to_owned()];
    let burst = Burst { count, channels, text: "no. {n}".to_owned(), ..Burst::default() };
    let reader = async {
        let mut last = String::new();
        for number in 0..count {
            let event = socket.event().await["event"].clone();
            assert_eq!(event["text"], format!("no. {number}"));
            let ts = event["ts"].as_str().unwrap().to_owned();
            assert!(ts > last);
            last = ts;
        }
        last
    };
    let (figures, last) = tokio::join!(slack.burst(&burst), reader);
    let figures = figures.unwrap();
    assert_eq!(figures["sent"], count);
    assert_eq!(figures["acknowledged"], count);
    assert_eq!(figures["all_acknowledged"], true);
    assert_eq!(figures["last"], last);
    assert!(figures["ack_ms"]["p99"].as_f64().unwrap() > 0.0);
    assert_eq!(slack.messages("general").len() + slack.messages("random").len(), count);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_steady_stream_keeps_its_rate() {
    let slack = start();
    let mut socket = Socket::open(&slack).await;
    let burst = Burst { count: 21, per_second: Some(100.0), ..Burst::default() };
    let reader = async {
        for _ in 0..21 {
            socket.event().await;
        }
    };
    let (figures, ()) = tokio::join!(slack.burst(&burst), reader);
    assert!(figures.unwrap()["send_ms"].as_f64().unwrap() >= 199.0);
}
