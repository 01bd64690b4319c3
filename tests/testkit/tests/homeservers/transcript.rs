//! Many calls in a row, written down as status, error code and shape, and compared line by line with real Synapse.
mod accounts;
mod media;
mod reading;
mod rooms;
mod sending;

use std::fmt::Write as _;

use serde_json::Value;
use testkit::{Homeserver, Kind, Slot};

use crate::bridge::Bridge;

/// The calls of one part, made against one homeserver.
struct Transcript {
    bridge: Bridge,
    slot: Slot,
    lines: Vec<String>,
}

impl Transcript {
    async fn on(kind: Kind) -> Self {
        let slot = Homeserver::lease(kind).await.unwrap();
        Self { bridge: Bridge::start(&slot), slot, lines: vec![] }
    }

    /// A call as the bot.
    async fn bot(&mut self, what: &str, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.bridge.call(method, path, body).await;
        self.note(what, status, &answer);
        answer
    }

    /// A call as a ghost, or as whoever is named.
    async fn as_user(&mut self, user_id: &str, what: &str, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.bridge.call_as(user_id, method, path, body).await;
        self.note(what, status, &answer);
        answer
    }

    /// A call with any token, or none.
    async fn raw(&mut self, what: &str, token: Option<&str>, method: &str, path: &str, body: Value) -> Value {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request =
            reqwest::Client::new().request(method, format!("{}{path}", self.bridge.base_url)).json(&body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let answer = answer.json().await.unwrap_or(Value::Null);
        self.note(what, status, &answer);
        answer
    }

    fn note(&mut self, what: &str, status: u16, answer: &Value) {
        let told = answer["errcode"].as_str().map_or_else(|| shape(answer), str::to_owned);
        self.lines.push(format!("{what}: {status} {told}"));
    }
}

/// Keys with the kinds of their values; small numbers and truth values as they are.
fn shape(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number
            .as_i64()
            .filter(|number| number.abs() <= 1000)
            .map_or("n".to_owned(), |number| number.to_string()),
        Value::String(_) => "s".to_owned(),
        Value::Array(list) => format!("[{}]", list.iter().map(shape).collect::<Vec<_>>().join(",")),
        Value::Object(members) => {
            let hide_key = |key: &str| {
                if key.starts_with(['@', '!', '$', '#']) { "id".to_owned() } else { key.to_owned() }
            };
            let shown: Vec<String> = members
                .iter()
                .filter(|(key, _)| *key != "age")
                .map(|(key, value)| format!("{}:{}", hide_key(key), shape(value)))
                .collect();
            format!("{{{}}}", shown.join(","))
        }
    }
}

/// Compares the fake's lines with Synapse's.
fn compare(fake: &[String], synapse: &[String]) {
    let mut differences = String::new();
    for (fake, synapse) in fake.iter().zip(synapse).filter(|(fake, synapse)| fake != synapse) {
        let _ = writeln!(differences, "fake    {fake}\nsynapse {synapse}\n");
    }
    assert!(differences.is_empty(), "the fake differs from Synapse:\n{differences}");
    assert_eq!(fake.len(), synapse.len());
}

macro_rules! compare_parts {
    ($($part:ident),+) => {$(
        #[tokio::test]
        async fn $part() {
            if !testkit::homeserver::synapse::is_available_or_skip(stringify!($part)) {
                return;
            }
            let mut fake = Transcript::on(Kind::FakeSynapse).await;
            $part::perform(&mut fake).await;
            let mut synapse = Transcript::on(Kind::Synapse).await;
            $part::perform(&mut synapse).await;
            compare(&fake.lines, &synapse.lines);
        }
    )+};
}

compare_parts!(accounts, media, reading, rooms, sending);
