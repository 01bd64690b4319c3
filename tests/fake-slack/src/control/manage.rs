//! Control verbs about channels and people: who is where, what things are called.
use serde_json::json;

use super::Outcome;
use super::act::structure;
use crate::arguments::Arguments;
use crate::error::ApiError;
use crate::workspace::Workspace;

/// `None` for a verb that is not written here.
pub(super) fn perform(slack: &Workspace, verb: &str, a: &Arguments) -> Option<Outcome> {
    let user = a.text("user").unwrap_or("alice");
    let channel = a.text("channel").unwrap_or("general");
    let text = a.text("text").unwrap_or_default();
    let name = a.text("name").unwrap_or_default();
    let done = |outcome: Result<(), ApiError>| outcome.map(|()| json!({}));
    Some(match verb {
        "create_channel" => {
            let private = a.flag("private") == Some(true);
            slack.create_channel(user, name, private).map(|id| json!({ "channel": id }))
        }
        "open_conversation" => {
            let users = a.list("users");
            let users: Vec<&str> = users.iter().map(String::as_str).collect();
            slack.open_conversation(&users).map(|id| json!({ "channel": id }))
        }
        "join" => done(slack.join(user, channel)),
        "invite" => done(slack.invite(a.text("inviter").unwrap_or("alice"), user, channel)),
        "leave" => done(slack.leave(user, channel)),
        "kick" => done(slack.kick(a.text("actor").unwrap_or("alice"), user, channel)),
        "topic" => done(slack.set_topic(user, channel, text)),
        "purpose" => done(slack.set_purpose(user, channel, text)),
        "rename" => done(slack.rename(user, channel, name)),
        "archive" => done(slack.archive(user, channel, a.flag("archived") != Some(false))),
        "delete_channel" => done(slack.delete_channel(user, channel)),
        "add_user" => {
            let real_name = a.text("real_name").unwrap_or(name);
            Ok(json!({ "user": slack.add_user(name, real_name) }))
        }
        "change_user" => done(structure(a, "change").and_then(|change| slack.change_user(user, &change))),
        "add_stranger" => {
            let team = a.text("team").unwrap_or("T0OTHER0001");
            let team = (team, a.text("team_name").unwrap_or("Other Workspace"));
            let (real_name, hidden) = (a.text("real_name").unwrap_or(name), a.flag("hidden") == Some(true));
            slack.add_stranger(name, real_name, team, channel, hidden).map(|id| json!({ "user": id }))
        }
        "add_crowd" => {
            let count = a.number("count").and_then(|count| usize::try_from(count).ok()).unwrap_or(100);
            slack.add_crowd(channel, count).map(|ids| json!({ "users": ids }))
        }
        "leave_unseen" => done(slack.leave_unseen(user, channel)),
        _ => return places(slack, verb, a),
    })
}

/// Verbs about emoji, user groups, bookmarks, and about what a channel is.
fn places(slack: &Workspace, verb: &str, a: &Arguments) -> Option<Outcome> {
    let user = a.text("user").unwrap_or("alice");
    let channel = a.text("channel").unwrap_or("general");
    let name = a.text("name").unwrap_or_default();
    let done = |outcome: Result<(), ApiError>| outcome.map(|()| json!({}));
    Some(match verb {
        "add_emoji" => {
            slack.add_emoji(name, a.text("url").unwrap_or_default());
            done(Ok(()))
        }
        "remove_emoji" => {
            slack.remove_emoji(name);
            done(Ok(()))
        }
        "rename_emoji" => done(slack.rename_emoji(name, a.text("new_name").unwrap_or_default())),
        "add_bookmark" => slack
            .add_bookmark(user, channel, name, a.text("link").unwrap_or_default())
            .map(|id| json!({ "bookmark": id })),
        "remove_bookmark" => done(slack.remove_bookmark(channel, name)),
        "restrict" => {
            let one = |name| a.json(name).ok().flatten().unwrap_or_default();
            done(slack.restrict(user, channel, &one("posting"), &one("threading")))
        }
        "rename_team" => {
            slack.rename_team(name);
            done(Ok(()))
        }
        "dm" => slack.dm(user).map(|id| json!({ "channel": id })),
        "convert" => done(slack.convert(user, channel, a.flag("private") != Some(false))),
        "change_channel_id" => done(slack.change_channel_id(channel, a.text("new_id").unwrap_or_default())),
        "share_channel" => done(slack.share_channel(channel, a.text("team"))),
        "subscribe" => {
            let events = a.list("events");
            let events: Vec<&str> = events.iter().map(String::as_str).collect();
            done(slack.subscribe(&slack.app().app_id, &events))
        }
        "change_usergroup" => done(
            structure(a, "change")
                .and_then(|change| slack.change_usergroup(a.text("group").unwrap_or_default(), &change)),
        ),
        "add_usergroup" => structure(a, "group").map(|group| {
            slack.add_usergroup(group);
            json!({})
        }),
        _ => return None,
    })
}
