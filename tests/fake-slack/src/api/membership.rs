//! `conversations.*` that move people in and out, or change what a channel is called.
use serde_json::json;

use super::call::{CallContext, Outcome};
use crate::error::ApiError;
use crate::state::Kind;

/// Which right is asked for: each has a scope of its own beside the large ones, but for the last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Right {
    Topic,
    Invite,
    Manage,
}

/// The channel of the call, if it is one that can be managed and the caller has the right to.
fn managed(call: &CallContext<'_>, right: Right) -> Result<String, ApiError> {
    let name = call.arguments.required("channel", "channel_not_found")?;
    let channel = call.state.channel(name)?;
    if !channel.visible_to(&call.grant.user_id) {
        return Err("channel_not_found".into());
    }
    let scopes = match (channel.kind, right) {
        (Kind::Public, Right::Topic) => ["channels:write.topic", "channels:manage"],
        (Kind::Public, Right::Invite) => ["channels:write.invites", "channels:manage"],
        (Kind::Public, Right::Manage) => ["channels:manage", "channels:manage"],
        (Kind::Private, Right::Topic) => ["groups:write.topic", "groups:write"],
        (Kind::Private, Right::Invite) => ["groups:write.invites", "groups:write"],
        (Kind::Private, Right::Manage) => ["groups:write", "groups:write"],
        (Kind::Im | Kind::Mpim, _) => return Err("method_not_supported_for_channel_type".into()),
    };
    if !scopes.iter().any(|scope| call.has(scope)) {
        call.need(scopes[0])?;
    }
    if !channel.members.contains(&call.grant.user_id) {
        return Err("not_in_channel".into());
    }
    Ok(channel.id.clone())
}

fn answer(call: &CallContext<'_>, channel_id: &str) -> Outcome {
    Ok(json!({ "channel": call.channel_json(call.state.channel(channel_id)?) }))
}

/// `conversations.join`
pub(super) fn join(call: &mut CallContext<'_>) -> Outcome {
    let name = call.arguments.required("channel", "channel_not_found")?.to_owned();
    let channel = call.state.channel(&name)?;
    if !channel.visible_to(&call.grant.user_id) {
        return Err("channel_not_found".into());
    }
    if channel.kind != Kind::Public {
        return Err("method_not_supported_for_channel_type".into());
    }
    let already = channel.members.contains(&call.grant.user_id);
    call.state.join(&name, &call.grant.user_id, None, call.out)?;
    let mut body = answer(call, &name)?;
    if already {
        body["warning"] = "already_in_channel".into();
        body["response_metadata"] = json!({ "warnings": ["already_in_channel"] });
    }
    Ok(body)
}

/// `conversations.leave`; leaving where one is not is fine.
pub(super) fn leave(call: &mut CallContext<'_>) -> Outcome {
    let name = call.arguments.required("channel", "channel_not_found")?.to_owned();
    let channel = call.state.channel(&name)?;
    if !channel.visible_to(&call.grant.user_id) {
        return Err("channel_not_found".into());
    }
    call.need(if channel.kind == Kind::Public { "channels:join" } else { "groups:write" })?;
    if !channel.members.contains(&call.grant.user_id) {
        return Ok(json!({ "not_in_channel": true }));
    }
    call.state.leave(&name, &call.grant.user_id, &call.grant.user_id, call.out)?;
    Ok(json!({}))
}

/// `conversations.invite`
pub(super) fn invite(call: &mut CallContext<'_>) -> Outcome {
    let channel_id = managed(call, Right::Invite)?;
    let user_ids = call.user_ids("users")?;
    if user_ids.is_empty() {
        return Err("no_user".into());
    }
    let members = &call.state.channel(&channel_id)?.members;
    if user_ids.contains(&call.grant.user_id) {
        return Err("cant_invite_self".into());
    }
    if user_ids.iter().any(|user_id| members.contains(user_id)) {
        return Err("already_in_channel".into());
    }
    for user_id in &user_ids {
        call.state.join(&channel_id, user_id, Some(&call.grant.user_id), call.out)?;
    }
    answer(call, &channel_id)
}

/// `conversations.kick`
pub(super) fn kick(call: &mut CallContext<'_>) -> Outcome {
    let channel_id = managed(call, Right::Manage)?;
    let user_id = call.arguments.required("user", "user_not_found")?.to_owned();
    call.state.user(&user_id)?;
    if user_id == call.grant.user_id {
        return Err("cant_kick_self".into());
    }
    let channel = call.state.channel(&channel_id)?;
    if channel.general {
        return Err("cant_kick_from_general".into());
    }
    call.state.leave(&channel_id, &user_id, &call.grant.user_id, call.out)?;
    Ok(json!({}))
}

/// `conversations.rename`
pub(super) fn rename(call: &mut CallContext<'_>) -> Outcome {
    let channel_id = managed(call, Right::Manage)?;
    let name = call.arguments.required("name", "invalid_name_required")?;
    call.state.rename(&channel_id, &call.grant.user_id, name, call.out)?;
    answer(call, &channel_id)
}

/// `conversations.archive`
pub(super) fn archive(call: &mut CallContext<'_>) -> Outcome {
    let channel_id = managed(call, Right::Manage)?;
    call.state.archive(&channel_id, &call.grant.user_id, true, call.out)?;
    Ok(json!({}))
}

/// `conversations.unarchive`
pub(super) fn unarchive(call: &mut CallContext<'_>) -> Outcome {
    let channel_id = managed(call, Right::Manage)?;
    call.state.archive(&channel_id, &call.grant.user_id, false, call.out)?;
    Ok(json!({}))
}

/// `conversations.setTopic`
pub(super) fn set_topic(call: &mut CallContext<'_>) -> Outcome {
    set_note(call, "topic")
}

/// `conversations.setPurpose`
pub(super) fn set_purpose(call: &mut CallContext<'_>) -> Outcome {
    set_note(call, "purpose")
}

fn set_note(call: &mut CallContext<'_>, which: &str) -> Outcome {
    let channel_id = managed(call, Right::Topic)?;
    let value = call.arguments.text(which).unwrap_or_default();
    call.state.set_note(&channel_id, &call.grant.user_id, which, value, call.out)?;
    let mut body = answer(call, &channel_id)?;
    body[which] = value.into();
    Ok(body)
}
