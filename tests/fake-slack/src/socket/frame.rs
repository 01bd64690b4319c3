//! The JSON frames a socket carries from Slack to the app.
use serde_json::json;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::DisconnectReason;

/// The host named in debug fields.
const HOST: &str = "applink-fake-0001";

/// The first frame of a connection.
pub(super) fn hello(app_id: &str, connections: usize, lifetime_seconds: u64) -> Utf8Bytes {
    let frame = json!({
        "type": "hello",
        "num_connections": connections,
        "debug_info": {
            "host": HOST, "build_number": 1, "approximate_connection_time": lifetime_seconds,
        },
        "connection_info": { "app_id": app_id },
    });
    frame.to_string().into()
}

/// Tells the app to go.
pub(super) fn disconnect(reason: DisconnectReason, app_id: &str) -> Utf8Bytes {
    let mut frame =
        json!({ "type": "disconnect", "reason": reason.as_str(), "debug_info": { "host": HOST } });
    if reason == DisconnectReason::TooManyWebsockets {
        frame["num_connections"] = 0.into();
        frame["connection_info"] = json!({ "app_id": app_id });
    }
    frame.to_string().into()
}

/// A slash command in its envelope.
pub(super) fn slash(envelope_id: &str, payload: &str) -> Utf8Bytes {
    let rest = r#","type":"slash_commands","accepts_response_payload":true}"#;
    format!(r#"{{"envelope_id":"{envelope_id}","payload":{payload}{rest}"#).into()
}

/// An event in its envelope. `payload` is JSON already; putting it in as text keeps bursts cheap.
pub(super) fn event(envelope_id: &str, payload: &str, attempt: usize, reason: &str) -> Utf8Bytes {
    let mut frame = String::with_capacity(payload.len() + 200);
    for piece in [
        r#"{"envelope_id":""#,
        envelope_id,
        r#"","payload":"#,
        payload,
        r#","type":"events_api","accepts_response_payload":false,"retry_attempt":"#,
        &attempt.to_string(),
        r#","retry_reason":""#,
        reason,
        r#""}"#,
    ] {
        frame.push_str(piece);
    }
    frame.into()
}
