//! `mbc logs`: the lines of all instances, over a WebSocket.

use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::failed;
use crate::admin::Shared;
use crate::admin::sessions::Kind;
use crate::instance::log::Line;
use crate::plugin::Severity;

/// How long it is waited for a token.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is looked whether the other side is there, and still signed in.
const PULSE: Duration = Duration::from_secs(30);
/// How many lines the history has.
const HISTORY: usize = 2_048;
/// The largest message that is taken: tokens are short.
const LARGEST: usize = 4 * 1024;
/// maubot's code for who shows no good token.
const NOT_SIGNED_IN: u16 = 4_000;

/// Takes a WebSocket. Its first text is a token; then it gets what there is, and what comes.
pub(super) async fn follow(
    State(shared): State<Shared>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let Ok(upgrade) = upgrade else {
        let text = "This path speaks WebSocket only.";
        return failed(StatusCode::UPGRADE_REQUIRED, "websocket_required", text).into_response();
    };
    let upgrade = upgrade.max_message_size(LARGEST).max_frame_size(LARGEST);
    upgrade.on_upgrade(move |socket| serve(shared, socket))
}

async fn serve(shared: Shared, mut socket: WebSocket) {
    let stop = shared.stop.clone();
    let code = tokio::select! {
        code = talk(&shared, &mut socket) => code,
        () = stop.cancelled() => Some(close_code::RESTART),
    };
    if let Some(code) = code {
        let frame = CloseFrame { code, reason: "".into() };
        let _ = socket.send(Message::Close(Some(frame))).await;
    }
}

/// Goes on until the other side is gone; gives the code to close with, if there is still somebody to tell.
async fn talk(shared: &Shared, socket: &mut WebSocket) -> Option<u16> {
    let Ok(token) = timeout(PATIENCE, token(shared, socket)).await else { return Some(NOT_SIGNED_IN) };
    let token = token?;
    let mut newest = shared.host.signals().lines();
    let mut last = *newest.borrow_and_update();
    let lines = shared.host.lines_after(0, last);
    let shown: Vec<Value> = lines.iter().skip(lines.len().saturating_sub(HISTORY)).map(record).collect();
    tell(socket, &json!({ "history": shown })).await?;
    let mut pulse = interval(PULSE);
    pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            changed = newest.changed() => {
                changed.ok()?;
                let now = *newest.borrow_and_update();
                for one in shared.host.lines_after(last, now) {
                    tell(socket, &record(&one)).await?;
                }
                last = now;
            }
            message = socket.recv() => {
                if matches!(message, None | Some(Err(_) | Ok(Message::Close(_)))) {
                    return None;
                }
            }
            _ = pulse.tick() => {
                if shared.signed(&token, Kind::Api).await.is_err() {
                    return Some(NOT_SIGNED_IN);
                }
                socket.send(Message::Ping(Vec::new().into())).await.ok()?;
            }
        }
    }
}

/// Waits for a good token; none if the other side went.
async fn token(shared: &Shared, socket: &mut WebSocket) -> Option<String> {
    loop {
        let Ok(Message::Text(text)) = socket.recv().await? else { continue };
        let is_good = shared.signed(text.trim(), Kind::Api).await.is_ok();
        tell(socket, &json!({ "auth_success": is_good })).await?;
        if is_good {
            return Some(text.trim().to_owned());
        }
    }
}

async fn tell(socket: &mut WebSocket, value: &Value) -> Option<()> {
    socket.send(Message::Text(value.to_string().into())).await.ok()
}

/// A line in the form of Python's logging, which maubot's tools read.
fn record((instance, line): &(String, Line)) -> Value {
    let (level, number) = match line.severity {
        Severity::Debug => ("DEBUG", 10),
        Severity::Info => ("INFO", 20),
        Severity::Warn => ("WARNING", 30),
        Severity::Error => ("ERROR", 40),
    };
    let time = Timestamp::from_millisecond(line.at).unwrap_or(Timestamp::UNIX_EPOCH);
    json!({
        "id": line.number.to_string(),
        "name": format!("maubot.instance.{instance}"),
        "levelname": level,
        "levelno": number,
        "msg": line.text,
        "time": time.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string(),
        "module": instance,
        "filename": "",
        "pathname": "",
        "funcName": "",
        "lineno": 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_form_that_maubots_tools_read() {
        let line =
            Line { number: 7, at: 1_800_000_000_123, severity: Severity::Warn, text: "careful".to_owned() };
        let record = record(&("greeter".to_owned(), line));
        assert_eq!(record["time"], "2027-01-15T08:00:00.123000+00:00");
        assert_eq!((&record["levelname"], &record["levelno"]), (&json!("WARNING"), &json!(30)));
        assert_eq!((&record["name"], &record["id"]), (&json!("maubot.instance.greeter"), &json!("7")));
    }
}
