//! `team.info`, `usergroups.list`.
use serde_json::{Value, json};

use super::call::{CallContext, Outcome};

/// `team.info`
pub(super) fn info(call: &mut CallContext<'_>) -> Outcome {
    if call.arguments.text("team").is_some_and(|team| team != call.state.team.id) {
        return Err("team_not_found".into());
    }
    Ok(json!({ "team": call.state.team.to_json(&call.state.base_url) }))
}

/// `usergroups.list`: members, their number and groups out of use only on request.
#[allow(clippy::unnecessary_wraps, reason = "the form every method has")]
pub(super) fn usergroups(call: &mut CallContext<'_>) -> Outcome {
    let wanted = |name: &str| call.arguments.flag(name) == Some(true);
    let in_use =
        |group: &&Value| wanted("include_disabled") || group["date_delete"].as_u64().unwrap_or(0) == 0;
    let mut groups: Vec<Value> = call.state.usergroups.iter().filter(in_use).cloned().collect();
    for group in groups.iter_mut().filter_map(Value::as_object_mut) {
        let count = group.get("users").and_then(Value::as_array).map_or(0, Vec::len);
        group.remove("user_count");
        if wanted("include_count") {
            // A text in Slack's own example.
            group.insert("user_count".into(), count.to_string().into());
        }
        if !wanted("include_users") {
            group.remove("users");
        }
    }
    Ok(json!({ "usergroups": groups }))
}
