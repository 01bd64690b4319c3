//! `pins.*`.
use serde_json::json;

use super::call::{CallContext, Outcome};
use crate::error::ApiError;

fn channel_id(call: &CallContext<'_>) -> Result<String, ApiError> {
    let channel = call.state.channel(call.arguments.required("channel", "channel_not_found")?)?;
    if !channel.visible_to(&call.grant.user_id) {
        return Err("channel_not_found".into());
    }
    if !channel.members.contains(&call.grant.user_id) {
        return Err("not_in_channel".into());
    }
    Ok(channel.id.clone())
}

/// `pins.add`
pub(super) fn add(call: &mut CallContext<'_>) -> Outcome {
    let channel_id = channel_id(call)?;
    let ts = call.arguments.ts("timestamp").ok_or_else(|| ApiError::new("no_item_specified"))?;
    call.state.pin(&channel_id, &ts, &call.grant.user_id, call.out)?;
    Ok(json!({}))
}

/// `pins.remove`
pub(super) fn remove(call: &mut CallContext<'_>) -> Outcome {
    let channel_id = channel_id(call)?;
    let ts = call.arguments.ts("timestamp").ok_or_else(|| ApiError::new("no_item_specified"))?;
    call.state.unpin(&channel_id, &ts, &call.grant.user_id, call.out)?;
    Ok(json!({}))
}

/// `pins.list`
pub(super) fn list(call: &mut CallContext<'_>) -> Outcome {
    let channel_id = channel_id(call)?;
    Ok(json!({ "items": call.state.channel(&channel_id)?.pins }))
}
