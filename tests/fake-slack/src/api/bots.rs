//! `bots.info`.
use serde_json::json;

use super::call::{CallContext, Outcome};

/// `bots.info`; without an argument it tells about the caller.
pub(super) fn info(call: &mut CallContext<'_>) -> Outcome {
    let wanted = call.arguments.text("bot").unwrap_or(&call.app.bot_id);
    let bot = call.state.apps.values().find(|app| app.bot_id == wanted).ok_or("bot_not_found")?;
    Ok(json!({ "bot": bot.bot_json(&call.state.base_url) }))
}
