//! The smallest appservice: stores what is pushed, answers as told, and makes calls with its token.
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use testkit::{Appservice, Slot, eventually};

/// One request from the homeserver.
#[derive(Debug, Clone)]
pub(crate) struct Pushed {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) authorization: String,
    pub(crate) body: Value,
}

#[derive(Debug, Default)]
struct Inbox {
    pushed: Mutex<Vec<Pushed>>,
    status: AtomicU16,
}

/// The appservice.
pub(crate) struct Bridge {
    pub(crate) appservice: Appservice,
    pub(crate) base_url: String,
    http: reqwest::Client,
    inbox: Arc<Inbox>,
    serving: Option<tokio::task::JoinHandle<()>>,
}

impl Bridge {
    /// Listens for the slot's appservice.
    pub(crate) fn start(slot: &Slot) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut bridge = Self {
            appservice: slot.appservice.clone(),
            base_url: slot.homeserver.base_url().to_owned(),
            // A connection that is kept from before a crash would break the first call after it.
            http: reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap(),
            inbox: Arc::default(),
            serving: None,
        };
        bridge.answer_with(200);
        bridge.listen();
        bridge
    }

    pub(crate) fn listen(&mut self) {
        let router = Router::new().fallback(receive).with_state(Arc::clone(&self.inbox));
        let listener = self.appservice.port.listen().unwrap();
        self.serving = Some(tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }));
    }

    /// The status for transactions from now on.
    pub(crate) fn answer_with(&self, status: u16) {
        self.inbox.status.store(status, Ordering::SeqCst);
    }

    /// Everything pushed or asked so far.
    pub(crate) fn requests(&self) -> Vec<Pushed> {
        self.inbox.pushed.lock().unwrap().clone()
    }

    pub(crate) fn transactions(&self) -> Vec<Pushed> {
        let all = self.requests().into_iter();
        all.filter(|pushed| pushed.path.contains("/transactions/")).collect()
    }

    /// All events of accepted and refused transactions, in order.
    pub(crate) fn events(&self) -> Vec<Value> {
        let all = self.transactions().into_iter();
        all.flat_map(|pushed| pushed.body["events"].as_array().cloned().unwrap_or_default()).collect()
    }

    /// Waits for the first pushed event that fits.
    pub(crate) async fn wait_event(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let found = eventually(Duration::from_secs(30), what, async || {
            let events = self.events();
            events
                .iter()
                .find(|event| fits(event))
                .cloned()
                .ok_or_else(|| format!("{} events: {events:#?}", events.len()))
        });
        found.await.unwrap()
    }

    /// Waits for the first request of the homeserver that fits.
    pub(crate) async fn wait_request(&self, what: &str, fits: impl Fn(&Pushed) -> bool) -> Pushed {
        let found = eventually(Duration::from_secs(30), what, async || {
            let requests = self.requests();
            requests.iter().find(|pushed| fits(pushed)).cloned().ok_or_else(|| format!("{requests:#?}"))
        });
        found.await.unwrap()
    }

    /// A call with the appservice's token: `path` from `/_matrix/` on.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base_url));
        request = request.bearer_auth(&self.appservice.as_token);
        if method != reqwest::Method::GET {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
    }

    /// Like [`Bridge::call`] as one of the appservice's users.
    pub(crate) async fn call_as(&self, user_id: &str, method: &str, path: &str, body: Value) -> (u16, Value) {
        let separator = if path.contains('?') { '&' } else { '?' };
        self.call(method, &format!("{path}{separator}user_id={user_id}"), body).await
    }

    /// Registers a ghost and answers its id.
    pub(crate) async fn ghost(&self, remote_id: &str) -> String {
        let username = format!("{}{remote_id}", self.appservice.user_prefix);
        let body =
            json!({ "type": "m.login.application_service", "username": username, "inhibit_login": true });
        let (status, answer) = self.call("POST", "/_matrix/client/v3/register", body).await;
        assert_eq!(status, 200, "{answer}");
        self.appservice.ghost_id(remote_id)
    }

    /// Makes a room as the bot, with these invited.
    pub(crate) async fn room(&self, invite: &[&str]) -> String {
        let body = json!({ "preset": "private_chat", "invite": invite });
        let (status, answer) = self.call("POST", "/_matrix/client/v3/createRoom", body).await;
        assert_eq!(status, 200, "{answer}");
        answer["room_id"].as_str().unwrap().to_owned()
    }

    /// Joins a room as this user.
    pub(crate) async fn join(&self, user_id: &str, room_id: &str) {
        let (status, answer) =
            self.call_as(user_id, "POST", &format!("/_matrix/client/v3/join/{room_id}"), json!({})).await;
        assert_eq!(status, 200, "{answer}");
    }

    /// Sends a text as this user with a transaction id.
    pub(crate) async fn send(&self, user_id: &str, room_id: &str, txn_id: &str, text: &str) -> (u16, Value) {
        let path = format!("/_matrix/client/v3/rooms/{room_id}/send/m.room.message/{txn_id}");
        self.call_as(user_id, "PUT", &path, json!({ "msgtype": "m.text", "body": text })).await
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        if let Some(serving) = &self.serving {
            serving.abort();
        }
    }
}

async fn receive(State(inbox): State<Arc<Inbox>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let header = |name: &str| {
        head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    inbox.pushed.lock().unwrap().push(Pushed {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        authorization: header("authorization"),
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    });
    let path = head.uri.path();
    let status = if path.contains("/transactions/") {
        inbox.status.load(Ordering::SeqCst)
    } else if path.ends_with("/ping") {
        200
    } else {
        404
    };
    let status = StatusCode::from_u16(status).unwrap();
    (status, [("content-type", "application/json")], "{}").into_response()
}
