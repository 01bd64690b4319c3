//! `team.info`, `usergroups.list`.
use serde_json::json;

use super::call::{CallContext, Outcome};

/// `team.info`
pub(super) fn info(call: &mut CallContext<'_>) -> Outcome {
    if call.arguments.text("team").is_some_and(|team| team != call.state.team.id) {
        return Err("team_not_found".into());
    }
    Ok(json!({ "team": call.state.team.to_json(&call.state.base_url) }))
}

/// `usergroups.list`
#[allow(clippy::unnecessary_wraps, reason = "the form every method has")]
pub(super) fn usergroups(call: &mut CallContext<'_>) -> Outcome {
    Ok(json!({ "usergroups": call.state.usergroups }))
}
