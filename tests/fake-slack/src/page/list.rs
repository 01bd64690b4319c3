//! The list of messages: threads below their first message, with reactions, files and edits.
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use serde_json::Value;

use super::View;
use super::html::{LIST_STYLE, escape, html, query};
use crate::clock::read_ts;
use crate::observe::shown::{shown_author, shown_text};
use crate::text;
use crate::workspace::Workspace;

/// How many messages are shown.
const MOST_SHOWN: usize = 100;

/// `GET /messages`: the list in the page's frame; it loads itself anew every second.
pub(crate) async fn messages(State(slack): State<Arc<Workspace>>, Query(view): Query<View>) -> Response {
    let user = view.user.unwrap_or_default();
    let channel = view.channel.unwrap_or_default();
    let mut messages = slack.messages(&channel);
    messages.extend(only_for(&slack, &user, &channel));
    // Replies stand below what they answer.
    let ts = |message: &Value, name: &str| message[name].as_str().and_then(read_ts);
    messages.sort_by_key(|message| (ts(message, "thread_ts").or(ts(message, "ts")), ts(message, "ts")));
    let mut list = String::new();
    // The style turns the list around, so that it stays at its end.
    for message in messages.iter().rev().take(MOST_SHOWN) {
        list += &line(&slack, message, &user, &channel);
    }
    let refresh = "<meta http-equiv=refresh content=1>";
    html("messages", LIST_STYLE, refresh, &format!("<div class=all>{list}</div>"))
}

/// The messages in a channel that only this user sees.
fn only_for(slack: &Workspace, user: &str, channel: &str) -> Vec<Value> {
    let state = slack.state();
    let (Ok(user_id), Ok(channel_id)) = (state.user_id(user), state.channel_id(channel)) else {
        return Vec::new();
    };
    let mine = |message: &&Value| message["to"] == *user_id && message["channel"] == *channel_id;
    state.ephemeral.iter().filter(mine).cloned().collect()
}

fn line(slack: &Workspace, message: &Value, user: &str, channel: &str) -> String {
    let state = slack.state();
    let author = message["user"].as_str().and_then(|id| state.users.get(id));
    let own_picture = message["icons"]["image_48"].as_str().map(str::to_owned);
    let picture = own_picture.unwrap_or_else(|| match author {
        Some(user) => format!("/avatars/{}-{}-48.png", user.id, user.avatar_hash),
        None => "/avatars/unknown-48.png".to_owned(),
    });
    let (name, picture) = (escape(&shown_author(&state, message)), escape(&picture));
    let text = escape(&shown_text(&state, message));
    drop(state);
    let ts = message["ts"].as_str().unwrap_or_default();
    let root = message["thread_ts"].as_str().unwrap_or(ts);
    let mut notes = String::new();
    let facts = [
        (message["edited"].is_object(), " (edited)"),
        (message["subtype"] == "thread_broadcast", " (also sent to the channel)"),
        (message["pinned_to"].is_array(), " (pinned)"),
        (message["to"].is_string(), " (only you see this)"),
    ];
    facts.iter().filter(|(so, _)| *so).for_each(|(_, note)| notes += note);
    let class = match (message["to"].is_string(), root == ts) {
        (true, _) => "m e",
        (false, true) => "m",
        (false, false) => "m reply",
    };
    format!(
        "<div class=\"{class}\"><img src=\"{picture}\" alt=\"\"><div><b>{name}</b> <small>{}{notes} \
         <a target=_top href=\"/?{}\">reply</a> <a target=_top href=\"/?{}\">more</a></small>\
         <div class=t>{text}</div>{}{}</div></div>",
        escape(ts),
        query(user, channel, Some(root), None),
        query(user, channel, None, Some(ts)),
        files(slack, message),
        reactions(slack, message),
    )
}

/// The reactions of a message; who is behind them shows when one points there.
fn reactions(slack: &Workspace, message: &Value) -> String {
    let state = slack.state();
    let mut shown = String::new();
    for reaction in message["reactions"].as_array().into_iter().flatten() {
        let users = reaction["users"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let users: Vec<&str> =
            users.map(|id| state.users.get(id).map_or(id, |user| user.real_name.as_str())).collect();
        let name = escape(&text::reaction(&reaction["name"]));
        let (users, count) = (escape(&users.join(", ")), &reaction["count"]);
        shown.extend(["<span class=r title=\"", &users, "\">", &name, " ", &count.to_string(), "</span>"]);
    }
    shown
}

/// The files of a message: pictures as such, others as links.
fn files(slack: &Workspace, message: &Value) -> String {
    let mut shown = String::new();
    for file in message["files"].as_array().into_iter().flatten() {
        let id = file["id"].as_str().unwrap_or_default();
        let Some(known) = slack.state().files.get(id).cloned().filter(|_| file["mode"] != "tombstone") else {
            shown += "<div><i>This file was deleted.</i></div>";
            continue;
        };
        let ending = known.name.rsplit_once('.').map_or("bin", |(_, ending)| ending);
        let ending: String = ending.chars().filter(char::is_ascii_alphanumeric).collect();
        let address = escape(&format!("/files-web/{}-{id}/file.{ending}", slack.team_id()));
        let label = format!("{} ({} bytes)", escape(&known.title), known.content.length());
        let picture = matches!(ending.to_ascii_lowercase().as_str(), "png" | "jpg" | "jpeg" | "gif" | "webp");
        let inside =
            if picture { format!("<img class=f src=\"{address}\" alt=\"\">") } else { String::new() };
        shown.extend(["<div><a target=_blank href=\"", &address, "\">", &inside, &label, "</a></div>"]);
    }
    shown
}
