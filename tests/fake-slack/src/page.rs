//! The page for people: pick who you are, pick a channel, read along, write. Works without script.
mod act;
mod html;
mod list;

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;

use self::html::{STYLE, escape, html, query};
use crate::state::{Channel, Kind};
use crate::text;
use crate::workspace::Workspace;

pub(crate) use act::{act, say, share};
pub(crate) use list::messages;

/// Who looks at what.
#[derive(Debug, Deserialize)]
pub(crate) struct View {
    user: Option<String>,
    channel: Option<String>,
    /// The thread that answers go into.
    thread_ts: Option<String>,
    /// The message that was picked.
    ts: Option<String>,
}

/// `GET /`
pub(crate) async fn show(State(slack): State<Arc<Workspace>>, Query(view): Query<View>) -> Response {
    let (user, channel) = (view.user.as_deref(), view.channel.as_deref());
    let (user, channel) = (user.unwrap_or("alice").to_owned(), channel.unwrap_or("general").to_owned());
    let state = slack.state();
    let (Ok(user_id), Ok(channel_id)) = (state.user_id(&user), state.channel_id(&channel)) else {
        return (StatusCode::NOT_FOUND, "There is no such user or channel here.").into_response();
    };
    let entry = |query: &str, on: bool, label: &str| {
        let class = if on { " class=on" } else { "" };
        format!("<a{class} href=\"/?{query}\">{}</a>", escape(label))
    };
    let mut nav = format!("<h1>{}</h1><h2>You are</h2>", escape(&state.team.name));
    for person in state.users.values().filter(|u| !u.is_bot && !u.deleted && u.id != "USLACKBOT") {
        let label = format!("{} ({})", person.real_name, person.display_name);
        nav += &entry(&query(&person.id, &channel_id, None, None), person.id == user_id, &label);
    }
    nav += "<h2>Channels</h2>";
    for channel in state.channels.values().filter(|c| c.visible_to(&user_id) && !c.archived) {
        let label = channel_label(&slack, &state.users, channel, &user_id);
        nav += &entry(&query(&user_id, &channel.id, None, None), channel.id == channel_id, &label);
    }
    let title = state
        .channels
        .get(&channel_id)
        .map(|channel| channel_label(&slack, &state.users, channel, &user_id))
        .unwrap_or_default();
    drop(state);
    let body = format!(
        "<nav>{nav}</nav><main><header>{}{}</header><iframe src=\"/messages?{}\" title=messages></iframe>\
         {}</main>",
        escape(&title),
        if view.thread_ts.is_some() { " — in a thread" } else { "" },
        query(&user_id, &channel_id, None, None),
        forms(&slack, &user_id, &channel_id, &title, &view),
    );
    html(&title, STYLE, "", &body)
}

/// The forms below the list: for the picked message, else for a new one.
fn forms(slack: &Workspace, user_id: &str, channel_id: &str, title: &str, view: &View) -> String {
    let hidden =
        |name: &str, value: &str| format!("<input type=hidden name={name} value=\"{}\">", escape(value));
    let place = format!("{}{}", hidden("user", user_id), hidden("channel", channel_id));
    if let Some(ts) = view.ts.as_deref() {
        let Some(message) = slack.message(channel_id, ts) else {
            return "<form>This message is gone.</form>".to_owned();
        };
        let own = message["user"] == *user_id;
        let typed =
            if own { text::unescape(message["text"].as_str().unwrap_or_default()) } else { String::new() };
        let button = |what: &str, label: &str| format!("<button name=what value={what}>{label}</button>");
        let form = |field: &str, buttons: &[(&str, &str)]| {
            let buttons: String = buttons.iter().map(|(what, label)| button(what, label)).collect();
            let ts = hidden("ts", ts);
            format!("<form method=post action=/act>{place}{ts}{field}{buttons}</form>")
        };
        let emoji =
            "<input name=text autofocus autocomplete=off placeholder=\"Name of an emoji, such as tada\">";
        let mut forms = form(emoji, &[("react", "React"), ("unreact", "Take back")]);
        if own {
            let text = format!("<input name=text autocomplete=off value=\"{}\">", escape(&typed));
            forms += &form(&text, &[("edit", "Save as its text")]);
        }
        let mut rest = vec![("pin", "Pin"), ("unpin", "Unpin")];
        rest.extend(own.then_some(("delete", "Delete")));
        return forms + &form(&hidden("text", ""), &rest);
    }
    let thread = view.thread_ts.as_deref();
    let broadcast = "<label><input type=checkbox name=broadcast value=1>also to the channel</label>";
    format!(
        "<form method=post action=/say>{place}{}<input name=text autofocus autocomplete=off \
         placeholder=\"Message {}, or /matrix …\">{}<button>Send</button></form>\
         <form method=post enctype=multipart/form-data action=\"/share?{}\"><input type=file name=file required>\
         <button>Share</button></form>",
        thread.map(|ts| hidden("thread_ts", ts)).unwrap_or_default(),
        escape(title),
        if thread.is_some() { broadcast } else { "" },
        query(user_id, channel_id, thread, None),
    )
}

fn channel_label(
    slack: &Workspace,
    users: &std::collections::BTreeMap<String, crate::state::User>,
    channel: &Channel,
    viewer_id: &str,
) -> String {
    match channel.kind {
        Kind::Public => format!("# {}", channel.name),
        Kind::Private => format!("🔒 {}", channel.name),
        Kind::Mpim => channel.name.clone(),
        Kind::Im => {
            let seen = channel.to_json(viewer_id, &slack.options.port.to_string());
            let peer = seen["user"].as_str().and_then(|id| users.get(id));
            peer.map_or_else(|| channel.id.clone(), |user| user.real_name.clone())
        }
    }
}
