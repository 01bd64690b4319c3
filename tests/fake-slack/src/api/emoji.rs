//! `emoji.list`.
use serde_json::json;

use super::call::{CallContext, Outcome};

/// `emoji.list`: the custom emoji, aliases as `alias:name`.
#[allow(clippy::unnecessary_wraps, reason = "the form every method has")]
pub(super) fn list(call: &mut CallContext<'_>) -> Outcome {
    let cache_ts = crate::clock::write_ts(call.state.clock.tick());
    Ok(json!({ "emoji": call.state.emoji, "cache_ts": cache_ts }))
}
