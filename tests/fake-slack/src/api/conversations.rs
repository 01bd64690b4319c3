//! `conversations.*` about channels as such, and `users.conversations`.
use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::call::{CallContext, Outcome};
use super::cursor;
use crate::clock::read_ts;
use crate::error::ApiError;
use crate::state::{Channel, Kind};

/// `conversations.info`
pub(super) fn info(call: &mut CallContext<'_>) -> Outcome {
    let channel = call.state.channel(&call.channel_id("read")?)?;
    let mut found = call.channel_json(channel);
    if call.arguments.flag("include_num_members") == Some(true) {
        found["num_members"] = channel.members.len().into();
    }
    if channel.members.contains(&call.grant.user_id) {
        let unread = "0000000000.000000".to_owned();
        found["last_read"] = channel.last_read.get(&call.grant.user_id).cloned().unwrap_or(unread).into();
    }
    Ok(json!({ "channel": found }))
}

/// `conversations.list`: what the caller can see.
pub(super) fn list(call: &mut CallContext<'_>) -> Outcome {
    let caller = call.user_id();
    list_where(call, |channel| channel.visible_to(&caller))
}

/// `users.conversations`: where a user is a member, as far as the caller can see it.
pub(super) fn of_user(call: &mut CallContext<'_>) -> Outcome {
    let caller = call.user_id();
    let user_id = call.arguments.text("user").unwrap_or(&caller).to_owned();
    call.state.user(&user_id)?;
    list_where(call, |channel| channel.members.contains(&user_id) && channel.visible_to(&caller))
}

fn list_where(call: &CallContext<'_>, wanted: impl Fn(&Channel) -> bool) -> Outcome {
    let mut types = call.arguments.list("types");
    if types.is_empty() {
        types.push("public_channel".to_owned());
    }
    let mut kinds = Vec::new();
    for word in &types {
        let all = [Kind::Public, Kind::Private, Kind::Im, Kind::Mpim];
        let kind = all.into_iter().find(|kind| kind.list_type() == word).ok_or("invalid_types")?;
        call.need(&format!("{}:read", kind.scope_family()))?;
        kinds.push(kind);
    }
    let no_archived = call.arguments.flag("exclude_archived") == Some(true);
    let fits = |channel: &&Channel| {
        kinds.contains(&channel.kind) && !(no_archived && channel.archived) && wanted(channel)
    };
    let ids = call.state.channels.values().filter(fits).map(|channel| channel.id.clone()).collect();
    let (ids, next_cursor) = cursor::page(ids, call.arguments, 100)?;
    let describe = |id: &String| {
        let channel = call.state.channels.get(id)?;
        let mut found = call.channel_json(channel);
        if channel.kind != Kind::Im {
            found["num_members"] = channel.members.len().into();
        }
        Some(found)
    };
    let channels: Vec<Value> = ids.iter().filter_map(describe).collect();
    Ok(json!({ "channels": channels, "response_metadata": { "next_cursor": next_cursor } }))
}

/// `conversations.members`; who was deactivated is in no channel.
pub(super) fn members(call: &mut CallContext<'_>) -> Outcome {
    let channel = call.state.channel(&call.channel_id("read")?)?;
    let is_active = |id: &&String| call.state.users.get(*id).is_none_or(|user| !user.deleted);
    let active = channel.members.iter().filter(is_active).cloned().collect();
    let (members, next_cursor) = cursor::page(active, call.arguments, 100)?;
    Ok(json!({ "members": members, "response_metadata": { "next_cursor": next_cursor } }))
}

/// `conversations.open`: by `channel`, or by `users`.
pub(super) fn open(call: &mut CallContext<'_>) -> Outcome {
    let (id, already_open) = if call.arguments.has("channel") {
        (call.channel_id("write")?, true)
    } else {
        let mut user_ids: BTreeSet<String> = call.user_ids("users")?.into_iter().collect();
        if user_ids.is_empty() {
            return Err("users_list_not_supplied".into());
        }
        if user_ids.len() > 8 {
            return Err("too_many_users".into());
        }
        user_ids.insert(call.user_id());
        call.need(if user_ids.len() > 2 { "mpim:write" } else { "im:write" })?;
        call.state.open_conversation(&user_ids)
    };
    let mut body = json!({ "channel": { "id": id } });
    if already_open {
        body["no_op"] = true.into();
        body["already_open"] = true.into();
    }
    if call.arguments.flag("return_im") == Some(true) {
        body["channel"] = call.channel_json(call.state.channel(&id)?);
    }
    Ok(body)
}

/// `conversations.create`
pub(super) fn create(call: &mut CallContext<'_>) -> Outcome {
    let private = call.arguments.flag("is_private") == Some(true);
    call.need(if private { "groups:write" } else { "channels:manage" })?;
    let name = call.arguments.required("name", "invalid_name_required")?;
    let id = call.state.create_channel(&call.grant.user_id, name, private, call.out)?;
    Ok(json!({ "channel": call.channel_json(call.state.channel(&id)?) }))
}

/// `conversations.mark`
pub(super) fn mark(call: &mut CallContext<'_>) -> Outcome {
    let name = call.arguments.required("channel", "channel_not_found")?;
    let channel = call.state.channel(name)?;
    if !channel.visible_to(&call.grant.user_id) {
        return Err("channel_not_found".into());
    }
    call.need(match channel.kind {
        Kind::Public => "channels:manage",
        Kind::Private => "groups:write",
        Kind::Im => "im:write",
        Kind::Mpim => "mpim:write",
    })?;
    if !channel.members.contains(&call.grant.user_id) {
        return Err("not_in_channel".into());
    }
    let ts = call.arguments.ts("ts").filter(|ts| read_ts(ts).is_some());
    let ts = ts.ok_or_else(|| ApiError::new("invalid_timestamp"))?;
    call.state.channel_mut(name)?.last_read.insert(call.grant.user_id.clone(), ts);
    Ok(json!({}))
}
