//! A small app: calls methods, holds sockets.
use std::time::Duration;

use fake_slack::{FakeSlack, Options};
use futures_util::{SinkExt, StreamExt};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Long enough for any machine; nothing waits this long when all is well.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// A workspace with short times.
pub(crate) fn quick() -> Options {
    Options {
        ack_window: Duration::from_millis(300),
        retry_delays: vec![Duration::ZERO, Duration::from_millis(200), Duration::from_millis(400)],
        warning_grace: Duration::from_millis(400),
        close_grace: Duration::from_millis(200),
        ..Options::default()
    }
}

/// A workspace with Slack's own times: nothing is retried while a test runs.
pub(crate) fn start() -> FakeSlack {
    FakeSlack::start(Options::default()).unwrap()
}

/// An HTTP client.
pub(crate) fn http() -> reqwest::Client {
    // Another test may have been first; the provider is the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

/// One answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// Calls a method with a JSON body; `Err` when there was no answer.
pub(crate) async fn try_call(
    slack: &FakeSlack,
    token: &str,
    method: &str,
    arguments: Value,
) -> Result<Answer, reqwest::Error> {
    let request = http()
        .post(format!("{}{method}", slack.api_url()))
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .header(CONTENT_TYPE, "application/json")
        .body(arguments.to_string());
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await?;
    Ok(Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) })
}

/// Calls a method as the default app's bot.
pub(crate) async fn call(slack: &FakeSlack, method: &str, arguments: Value) -> Answer {
    try_call(slack, &slack.app().bot_token, method, arguments).await.unwrap()
}

/// Calls a method that must work.
pub(crate) async fn fine(slack: &FakeSlack, method: &str, arguments: Value) -> Value {
    let body = call(slack, method, arguments).await.body;
    assert_eq!(body["ok"], true, "{method}: {body}");
    body
}

/// Calls a method that must be refused; answers the error.
pub(crate) async fn refused(slack: &FakeSlack, method: &str, arguments: Value) -> String {
    let body = call(slack, method, arguments).await.body;
    assert_eq!(body["ok"], false, "{method}: {body}");
    body["error"].as_str().unwrap().to_owned()
}

/// An open socket.
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// A ticket's address.
    pub(crate) async fn address(slack: &FakeSlack) -> String {
        let token = slack.app().app_token;
        let opened = try_call(slack, &token, "apps.connections.open", json!({})).await.unwrap();
        opened.body["url"].as_str().unwrap().to_owned()
    }

    /// Opens a socket without reading anything.
    pub(crate) async fn connect(slack: &FakeSlack) -> Self {
        let (stream, _) = connect_async(Self::address(slack).await).await.unwrap();
        Self(stream)
    }

    /// Opens a socket and reads its hello.
    pub(crate) async fn open(slack: &FakeSlack) -> Self {
        let mut socket = Self::connect(slack).await;
        let hello = socket.next().await.unwrap();
        assert_eq!(hello["type"], "hello", "{hello}");
        socket
    }

    /// The next frame with JSON; `None` when the socket was closed.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        let read = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                    Some(Ok(_)) => {}
                }
            }
        };
        timeout(LIMIT, read).await.expect("a frame or the end of the socket")
    }

    /// The next frame, if it comes within this time.
    pub(crate) async fn next_within(&mut self, limit: Duration) -> Option<Value> {
        match timeout(limit, self.0.next()).await {
            Ok(Some(Ok(Message::Text(text)))) => Some(serde_json::from_str(&text).unwrap()),
            _ => None,
        }
    }

    /// Sends a frame.
    pub(crate) async fn send(&mut self, frame: Value) {
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// Acknowledges an envelope.
    pub(crate) async fn acknowledge(&mut self, envelope: &Value) {
        self.send(json!({ "envelope_id": envelope["envelope_id"] })).await;
    }

    /// The next event, acknowledged: the envelope's payload.
    pub(crate) async fn event(&mut self) -> Value {
        let envelope = self.next().await.expect("an event");
        assert_eq!(envelope["type"], "events_api", "{envelope}");
        self.acknowledge(&envelope).await;
        envelope["payload"].clone()
    }

    /// Reads on until the socket is closed; answers the frames.
    pub(crate) async fn drain(&mut self) -> Vec<Value> {
        let mut frames = Vec::new();
        while let Some(frame) = self.next().await {
            frames.push(frame);
        }
        frames
    }
}
