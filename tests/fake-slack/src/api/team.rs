//! `team.info`, `usergroups.list`.
use serde_json::{Value, json};

use super::call::{CallContext, Outcome};
use crate::state::User;

/// `team.info`; of other workspaces those whose people share a channel with this one.
pub(super) fn info(call: &mut CallContext<'_>) -> Outcome {
    let own = &call.state.team;
    let wanted = call.arguments.text("team").unwrap_or(&own.id);
    if wanted == own.id {
        return Ok(json!({ "team": own.to_json(&call.state.base_url) }));
    }
    let is_theirs = |user: &User| user.foreign_team_id.as_deref() == Some(wanted);
    if !call.state.users.values().any(is_theirs) {
        return Err("team_not_found".into());
    }
    let name = call.state.foreign_teams.get(wanted).cloned().unwrap_or_else(|| format!("Team {wanted}"));
    let domain = wanted.to_lowercase();
    let url = format!("https://{domain}.slack.com/");
    Ok(json!({ "team": { "id": wanted, "name": name, "domain": domain, "url": url, "icon": {} } }))
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
