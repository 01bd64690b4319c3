//! What each route answers: the least that is right.

use bytes::Bytes;
use http::{Method, Response, StatusCode, Uri};
use http_body_util::Full;
use serde_json::{Value, json};

use super::{SERVER_NAME, Shared, lock, push};

/// What the bot sends itself to learn whether transactions come in; it must be pushed back.
const NUDGE: &str = "dev.bridge.nudge";

pub(super) async fn answer(
    shared: &Shared,
    method: &Method,
    uri: &Uri,
    body: &Bytes,
) -> Response<Full<Bytes>> {
    let path = uri.path();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let rest = segments.get(3..).unwrap_or_default();
    // Almost every call of a measurement is of the first kind.
    if let ["rooms", room, "send", kind, txn] = rest {
        return write(StatusCode::OK, send(shared, uri, room, kind, txn, body));
    }
    if let ["appservice", _, "ping"] = rest {
        return ping(shared, body).await;
    }
    match rest {
        ["user", _, "account_data", kind] => account_data(shared, method, kind, body),
        _ => match plain(shared, method, uri, &segments, body) {
            Some(value) => write(StatusCode::OK, value.to_string()),
            None => unknown(shared, method, path),
        },
    }
}

fn write(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
    response
}

fn not_found(errcode: &str) -> Response<Full<Bytes>> {
    let body = json!({ "errcode": errcode, "error": "The stub has nothing there." });
    write(StatusCode::NOT_FOUND, body.to_string())
}

fn unknown(shared: &Shared, method: &Method, path: &str) -> Response<Full<Bytes>> {
    // Absent state, aliases and rooms are ordinary; a route that the stub does not have is worth a line.
    if path.contains("/state/") || path.contains("/directory/room/") {
        return not_found("M_NOT_FOUND");
    }
    *lock(&shared.unknown).entry(format!("{method} {path}")).or_default() += 1;
    not_found("M_UNRECOGNIZED")
}

fn send(shared: &Shared, uri: &Uri, room: &str, kind: &str, txn: &str, body: &Bytes) -> String {
    let user = query(uri, "user_id").unwrap_or_default();
    let id = lock(&shared.ledger).take(room, format!("{user}/{txn}"), body, || shared.next_id());
    if kind == NUDGE {
        let content: Value = serde_json::from_slice(body).unwrap_or_default();
        let event = json!({
            "type": kind, "room_id": decode(room), "sender": decode(user), "event_id": format!("${id}"),
            "origin_server_ts": 0, "content": content,
        });
        shared.outgoing.add(event.to_string());
    }
    format!(r#"{{"event_id":"${id}"}}"#)
}

async fn ping(shared: &Shared, body: &Bytes) -> Response<Full<Bytes>> {
    match push::ping(shared, body).await {
        Ok(took) => write(StatusCode::OK, json!({ "duration_ms": took.as_millis() as u64 }).to_string()),
        Err(error) => {
            let body = json!({ "errcode": "M_CONNECTION_FAILED", "error": error.to_string() });
            write(StatusCode::BAD_GATEWAY, body.to_string())
        }
    }
}

fn account_data(shared: &Shared, method: &Method, kind: &str, body: &Bytes) -> Response<Full<Bytes>> {
    let mut stored = lock(&shared.account_data);
    if method == Method::PUT {
        stored.insert(kind.to_owned(), body.clone());
        return write(StatusCode::OK, "{}");
    }
    match stored.get(kind) {
        Some(data) => write(StatusCode::OK, data.clone()),
        None => not_found("M_NOT_FOUND"),
    }
}

/// Answers that need no more than the request.
fn plain(shared: &Shared, method: &Method, uri: &Uri, path: &[&str], body: &Bytes) -> Option<Value> {
    let user = query(uri, "user_id").map_or_else(|| format!("@slackbot:{SERVER_NAME}"), decode);
    let posted: Value = serde_json::from_slice(body).unwrap_or_default();
    let id = |prefix: &str, end: &str| format!("{prefix}{}{end}", shared.next_id());
    let server = format!(":{SERVER_NAME}");
    Some(match (method.as_str(), path) {
        ("GET", ["_matrix", "client", "versions"]) => {
            let versions: Vec<String> = (1..=11).map(|minor| format!("v1.{minor}")).collect();
            json!({ "versions": versions, "unstable_features": {} })
        }
        ("GET", ["_matrix", "federation", "v1", "version"]) => {
            json!({ "server": { "name": "Synapse", "version": "1.163.0" } })
        }
        ("GET", [.., "account", "whoami"]) => json!({ "user_id": user }),
        ("GET", [.., "capabilities"]) => {
            json!({ "capabilities": { "m.room_versions": { "default": "10", "available": { "10": "stable" } } } })
        }
        ("GET", [.., "media", "config"] | [.., "media", _, "config"]) => {
            json!({ "m.upload.size": 4_000_000_000_u64 })
        }
        ("POST", [.., "media", _, "upload"]) => {
            json!({ "content_uri": id(&format!("mxc://{SERVER_NAME}/"), "") })
        }
        ("POST", [.., "register"]) => {
            json!({ "user_id": format!("@{}{server}", posted["username"].as_str()?) })
        }
        ("POST", [.., "createRoom"]) => json!({ "room_id": id("!r", &server) }),
        ("POST", [.., "join", room] | [.., "rooms", room, "join"]) => json!({ "room_id": decode(room) }),
        _ if has_empty_answer(path) => json!({}),
        ("PUT", [.., "state", _] | [.., "state", _, _]) => json!({ "event_id": id("$", "") }),
        ("GET", [.., "state", "m.room.member", member]) => {
            let name = decode(member).trim_start_matches('@').split(':').next().map(str::to_owned);
            json!({ "membership": "join", "displayname": name })
        }
        ("GET", [.., "joined_members"]) => json!({ "joined": {} }),
        ("GET", [.., "joined_rooms"]) => json!({ "joined_rooms": [] }),
        _ => return None,
    })
}

/// Routes that only take something, or whose answer may be empty.
fn has_empty_answer(path: &[&str]) -> bool {
    match path {
        [.., "rooms", _, last] => matches!(*last, "invite" | "leave" | "kick" | "read_markers"),
        [.., "receipt" | "profile", _, _] | [.., "typing" | "devices" | "profile", _] => true,
        [.., "presence", _, last] => *last == "status",
        _ => false,
    }
}

fn query<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    uri.query()?.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// Undoes percent encoding.
fn decode(text: impl AsRef<str>) -> String {
    let text = text.as_ref().as_bytes();
    let mut decoded = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let escaped = (text[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        let byte = escaped.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        decoded.push(byte.unwrap_or(text[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
