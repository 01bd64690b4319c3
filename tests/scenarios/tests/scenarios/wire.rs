//! Slack's and the homeserver's wire, spoken by hand.
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::{Result, World};

/// An envelope of Slack's Socket Mode around an event.
pub(crate) fn envelope(world: &World, event_id: &str, event: &Value) -> Value {
    let (team_id, app) = (world.slack.team_id(), world.slack.app());
    json!({
        "type": "events_api", "envelope_id": format!("by-hand-{event_id}-{:08x}", event_number()),
        "accepts_response_payload": false, "retry_attempt": 0, "retry_reason": "",
        "payload": {
            "type": "event_callback", "token": "x", "team_id": team_id, "context_team_id": team_id,
            "api_app_id": app.app_id, "event_id": event_id, "event_time": 1_800_000_000, "event": event,
            "authorizations": [{ "team_id": team_id, "user_id": app.bot_user_id, "is_bot": true }],
        },
    })
}

/// A number that no other envelope of this test has.
fn event_number() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

/// The event of a message that is in a channel.
pub(crate) fn message_event(world: &World, channel: &str, ts: &str) -> Value {
    let mut event = world.slack.message(channel, ts).expect("the message is in the channel");
    event["channel"] = world.slack.channel(channel, "alice").unwrap()["id"].clone();
    event["channel_type"] = "channel".into();
    event["event_ts"] = ts.into();
    event
}

/// Brings the bridge a transaction as the homeserver does; answers the status.
pub(crate) async fn put_transaction(world: &World, txn_id: &str, body: &Value) -> Result<StatusCode> {
    Ok(put(world, txn_id, Some(&world.appservice.hs_token), body.to_string()).await?.status())
}

/// Calls the bridge's transaction route with any token and body.
pub(crate) async fn put(world: &World, txn_id: &str, token: Option<&str>, body: String) -> Result<Response> {
    let url = world.bridge.url(&format!("/_matrix/app/v1/transactions/{txn_id}"));
    let mut request = reqwest::Client::new().put(url).header("content-type", "application/json").body(body);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    Ok(request.send().await?)
}
