//! `users.*`, but for `users.conversations`.
use serde_json::{Value, json};

use super::call::{CallContext, Outcome};
use super::cursor;

/// `users.info`
pub(super) fn info(call: &mut CallContext<'_>) -> Outcome {
    let user = call.state.user(call.arguments.required("user", "user_not_found")?)?;
    if user.hidden {
        return Err("user_not_visible".into());
    }
    Ok(json!({ "user": call.state.user_json(user, call.has("users:read.email")) }))
}

/// `users.list`: the workspace's own people.
pub(super) fn list(call: &mut CallContext<'_>) -> Outcome {
    let own = call.state.users.values().filter(|user| user.foreign_team_id.is_none());
    let ids = own.map(|user| user.id.clone()).collect();
    let (ids, next_cursor) = cursor::page(ids, call.arguments, 0)?;
    let with_email = call.has("users:read.email");
    let members: Vec<Value> = ids
        .iter()
        .filter_map(|id| Some(call.state.user_json(call.state.users.get(id)?, with_email)))
        .collect();
    Ok(json!({
        "members": members,
        "cache_ts": crate::clock::now_seconds(),
        "response_metadata": { "next_cursor": next_cursor },
    }))
}

/// `users.lookupByEmail`
pub(super) fn lookup_by_email(call: &mut CallContext<'_>) -> Outcome {
    let email = call.arguments.required("email", "users_not_found")?;
    let mut users = call.state.users.values();
    let user = users.find(|user| user.email.eq_ignore_ascii_case(email) && !user.is_bot && !user.deleted);
    Ok(json!({ "user": call.state.user_json(user.ok_or("users_not_found")?, true) }))
}

/// `users.profile.get`
pub(super) fn profile(call: &mut CallContext<'_>) -> Outcome {
    let user = call.state.user(call.arguments.text("user").unwrap_or(&call.grant.user_id))?;
    let with_email = call.has("users:read.email");
    Ok(json!({ "profile": user.profile(&call.state.team.id, &call.state.base_url, with_email) }))
}

/// `users.getPresence`
pub(super) fn presence(call: &mut CallContext<'_>) -> Outcome {
    let user = call.state.user(call.arguments.required("user", "user_not_found")?)?;
    Ok(json!({ "presence": user.presence }))
}
