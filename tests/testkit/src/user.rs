//! A person with a Matrix client: does what people do, and waits for what they see.
mod encrypted;
mod event;
mod media;
mod messages;
mod rooms;
mod seen;
mod waiting;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Value, json};

pub use event::Event;
pub use seen::{Invite, Receipt};

use crate::Result;
use crate::http_client::http_client;
use seen::Seen;

/// The password of every user that the harness registers.
pub const PASSWORD: &str = "correct horse battery staple";

/// How long the `wait_for_…` functions wait unless [`User::with_patience`] says otherwise.
pub const PATIENCE: Duration = Duration::from_secs(20);

const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A logged-in person. Clones share the session and what it has seen.
///
/// The `wait_for_…` functions look at everything the session has seen since its login, so there is no race between an
/// act and the wait for its effect: whatever came in between counts.
#[derive(Debug, Clone)]
pub struct User {
    session: Arc<Session>,
    patience: Duration,
}

#[derive(Debug)]
struct Session {
    http: reqwest::Client,
    base_url: String,
    user_id: String,
    device_id: String,
    token: String,
    txn_prefix: String,
    txn_count: AtomicU64,
    seen: std::sync::Mutex<Seen>,
    /// The texts of what was sent.
    said: std::sync::Mutex<Vec<String>>,
    /// Held by the one who syncs; the value is the next `since`.
    since: tokio::sync::Mutex<Option<String>>,
}

/// A homeserver's refusal. [`User`]'s functions give it inside their error: `error.downcast_ref::<ApiError>()`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// Matrix error code, empty if there was none.
    pub errcode: String,
    /// The server's words.
    pub error: String,
    /// What was asked.
    pub request: String,
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} was answered {} {}: {}", self.request, self.status, self.errcode, self.error)
    }
}

impl std::error::Error for ApiError {}

impl User {
    /// Registers an account with [`PASSWORD`] (a free registration with the dummy stage) and logs in. If the name is
    /// taken, only logs in.
    pub async fn register(base_url: &str, localpart: &str) -> Result<Self> {
        let http = http_client();
        let body = json!({
            "username": localpart, "password": PASSWORD, "inhibit_login": true, "auth": { "type": "m.login.dummy" },
        });
        let url = format!("{}/_matrix/client/v3/register", base_url.trim_end_matches('/'));
        let answer =
            http.post(&url).json(&body).send().await.with_context(|| format!("no answer from {url}"))?;
        let status = answer.status().as_u16();
        let answer: Value = answer.json().await.unwrap_or_default();
        if status != 200 && answer["errcode"] != "M_USER_IN_USE" {
            return Err(anyhow!("{localpart} cannot be registered at {base_url}: {status} {answer}"));
        }
        Self::log_in(base_url, localpart, PASSWORD).await
    }

    /// Logs in with a password; a new device each time.
    pub async fn log_in(base_url: &str, localpart: &str, password: &str) -> Result<Self> {
        let http = http_client();
        let base_url = base_url.trim_end_matches('/').to_owned();
        let body = json!({
            "type": "m.login.password", "password": password,
            "identifier": { "type": "m.id.user", "user": localpart },
        });
        let answer = http.post(format!("{base_url}/_matrix/client/v3/login")).json(&body).send().await?;
        let answer: Value = answer.json().await?;
        let member = |key: &str| {
            let value = answer[key].as_str().map(str::to_owned);
            value.with_context(|| format!("{localpart} cannot log in at {base_url}: {answer}"))
        };
        let session = Session {
            user_id: member("user_id")?,
            device_id: member("device_id")?,
            token: member("access_token")?,
            txn_prefix: format!("t{:08x}-", rand::random::<u32>()),
            txn_count: AtomicU64::new(0),
            seen: std::sync::Mutex::default(),
            said: std::sync::Mutex::default(),
            since: tokio::sync::Mutex::new(None),
            http,
            base_url,
        };
        Ok(Self { session: Arc::new(session), patience: PATIENCE })
    }

    /// The same session with another patience for its `wait_for_…` functions.
    #[must_use]
    pub fn with_patience(&self, patience: Duration) -> Self {
        Self { session: Arc::clone(&self.session), patience }
    }

    /// `@name:server`.
    pub fn user_id(&self) -> &str {
        &self.session.user_id
    }

    /// The session's device.
    pub fn device_id(&self) -> &str {
        &self.session.device_id
    }

    /// The session's access token, for a bridge that is to act for this person.
    pub fn access_token(&self) -> &str {
        &self.session.token
    }

    /// The texts of everything that this session has sent: bodies and HTML, those of edits too.
    pub fn said(&self) -> Vec<String> {
        self.session.said.lock().unwrap().clone()
    }

    /// Calls any route: `path` as in the specification, from `/_matrix/` on, parts percent-encoded, with its query.
    /// Gives an [`ApiError`] for a status other than 2xx.
    pub async fn request(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let mut request =
            self.session.http.request(method.clone(), format!("{}{path}", self.session.base_url));
        request = request.bearer_auth(&self.session.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let shown = format!("{method} {path} by {}", self.user_id());
        let answer = request.send().await.with_context(|| format!("{shown} got no answer"))?;
        let status = answer.status().as_u16();
        let text = answer.text().await?;
        let body: Value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        if (200..300).contains(&status) {
            return Ok(body);
        }
        let member = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
        Err(ApiError { status, errcode: member("errcode"), error: member("error"), request: shown }.into())
    }

    async fn client_call(&self, method: Method, segments: &[&str], body: Option<&Value>) -> Result<Value> {
        self.request(method, &client_path(segments), body).await
    }

    fn next_txn(&self) -> String {
        format!("{}{}", self.session.txn_prefix, self.session.txn_count.fetch_add(1, Ordering::Relaxed))
    }
}

/// `/_matrix/client/v3/…` with every segment escaped.
fn client_path(segments: &[&str]) -> String {
    let mut path = "/_matrix/client/v3".to_owned();
    for segment in segments {
        path.push('/');
        path.extend(utf8_percent_encode(segment, SEGMENT));
    }
    path
}
