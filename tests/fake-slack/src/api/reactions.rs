//! `reactions.*`.
use serde_json::json;

use super::call::{CallContext, Outcome};
use crate::error::ApiError;

/// The channel and timestamp of the message the call is about.
fn place(call: &CallContext<'_>) -> Result<(String, String), ApiError> {
    let channel = call.arguments.required("channel", "no_item_specified")?;
    let ts = call.arguments.ts("timestamp").ok_or_else(|| ApiError::new("no_item_specified"))?;
    let channel = call.state.channel(channel)?;
    if !channel.visible_to(&call.grant.user_id) {
        return Err("channel_not_found".into());
    }
    if crate::clock::read_ts(&ts).is_none() {
        return Err("bad_timestamp".into());
    }
    Ok((channel.id.clone(), ts))
}

fn writable(call: &CallContext<'_>, channel_id: &str) -> Result<(), ApiError> {
    match call.state.may_write(channel_id, &call.user()?) {
        // Slack's reaction methods have no word for a missing membership.
        Err(error) if error.error == "not_in_channel" => Err("channel_not_found".into()),
        other => other,
    }
}

/// `reactions.add`
pub(super) fn add(call: &mut CallContext<'_>) -> Outcome {
    let (channel_id, ts) = place(call)?;
    writable(call, &channel_id)?;
    let name = call.arguments.required("name", "invalid_name")?;
    call.state.react(&channel_id, &ts, &call.grant.user_id, name, call.out)?;
    Ok(json!({}))
}

/// `reactions.remove`
pub(super) fn remove(call: &mut CallContext<'_>) -> Outcome {
    let (channel_id, ts) = place(call)?;
    writable(call, &channel_id)?;
    let name = call.arguments.required("name", "invalid_name")?;
    call.state.unreact(&channel_id, &ts, &call.grant.user_id, name, call.out)?;
    Ok(json!({}))
}

/// `reactions.get`
pub(super) fn list(call: &mut CallContext<'_>) -> Outcome {
    let (channel_id, ts) = place(call)?;
    let channel = call.state.channel(&channel_id)?;
    let message = channel.read_message(channel.message_key(&ts)?);
    Ok(json!({ "type": "message", "channel": channel_id, "message": message }))
}
