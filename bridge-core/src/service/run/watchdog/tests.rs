//! What is no life: a part that broke, a queue that stands still, a server that does not answer.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use tokio_util::sync::CancellationToken;

use super::*;

/// A server that answers each with this head, or with nothing.
async fn server(head: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    crate::task::spawn("a server", async move {
        let mut kept = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(head.as_bytes()).await.unwrap();
            kept.push(stream);
        }
    });
    address
}

fn watchdog(server: SocketAddr) -> Watchdog {
    Watchdog {
        every: Duration::from_secs(1),
        server,
        vitals: Vitals::default(),
        committing: Committing::default(),
    }
}

#[tokio::test]
async fn a_server_has_to_answer_well() {
    assert_eq!(watchdog(server("HTTP/1.1 200 OK\r\n").await).trouble().await, None);
    let ill = watchdog(server("HTTP/1.1 503 Gone\r\n").await).trouble().await.unwrap();
    assert!(ill.contains("own server"), "{ill}");
    let mute = watchdog(server("").await);
    let told = mute.trouble().await.unwrap();
    assert!(told.contains("own server"), "{told}");
}

#[tokio::test]
async fn a_part_that_broke_is_no_life() {
    let watchdog = watchdog(server("HTTP/1.1 200 OK\r\n").await);
    watchdog.vitals.spawn("heart", CancellationToken::new(), async {}).await.unwrap();
    assert!(watchdog.trouble().await.unwrap().contains("(heart)"));
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_stands_still_is_no_life() {
    let watchdog = watchdog(SocketAddr::from(([127, 0, 0, 1], 9)));
    watchdog.committing.note_turn();
    tokio::time::advance(STUCK_AFTER).await;
    assert!(!watchdog.trouble().await.unwrap().contains("stood still"), "it may take so long");
    tokio::time::advance(Duration::from_secs(10)).await;
    assert!(watchdog.trouble().await.unwrap().contains("stood still"));
    watchdog.committing.note_turn();
    assert!(!watchdog.trouble().await.unwrap().contains("stood still"));
}

#[test]
fn a_server_of_all_addresses_is_asked_at_home() {
    let reach = |text: &str| reachable(text.parse().unwrap()).to_string();
    assert_eq!(reach("0.0.0.0:7"), "127.0.0.1:7");
    assert_eq!(reach("[::]:7"), "[::1]:7");
    assert_eq!(reach("192.0.2.1:7"), "192.0.2.1:7");
}
