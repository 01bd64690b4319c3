//! The page for people: pick who you are, pick a channel, read along, write. Works without script.
use std::sync::Arc;

use axum::extract::{Form, Query, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::Value;

use crate::state::{Channel, Kind};
use crate::workspace::Workspace;

/// How many messages are shown.
const MOST_SHOWN: usize = 100;

const STYLE: &str = "body{font:15px/1.4 sans-serif;margin:0;display:flex;height:100vh;color:#1d1c1d}\
nav{background:#3f0e40;color:#fff;padding:1em;min-width:11em;overflow:auto}nav a{color:#cfc3cf;display:block;\
text-decoration:none;padding:.1em .4em;border-radius:4px}nav a.on{background:#1164a3;color:#fff}\
h1,h2{font-size:1em;margin:.8em 0 .3em}main{flex:1;display:flex;flex-direction:column}\
header{padding:.6em 1em;border-bottom:1px solid #ddd;font-weight:bold}iframe{flex:1;border:0}\
form{padding:1em;display:flex;gap:.5em}input[name=text]{flex:1;font:inherit;padding:.5em}button{font:inherit}";

const LIST_STYLE: &str = "body{font:15px/1.4 sans-serif;margin:0;color:#1d1c1d}\
.all{display:flex;flex-direction:column-reverse;overflow:auto;height:100vh}\
.m{display:flex;gap:.6em;padding:.3em 1em}.m.reply{margin-left:3em;border-left:2px solid #ddd}.m img{width:36px;\
height:36px;border-radius:4px}.t{white-space:pre-wrap;overflow-wrap:anywhere}small{color:#666}small a{color:#666}\
.r{border:1px solid #ccc;border-radius:9px;padding:0 .4em;font-size:.85em;margin-right:.3em}";

/// Who looks at what.
#[derive(Debug, Deserialize)]
pub(crate) struct View {
    user: Option<String>,
    channel: Option<String>,
    thread_ts: Option<String>,
}

/// What somebody typed.
#[derive(Debug, Deserialize)]
pub(crate) struct Said {
    user: String,
    channel: String,
    text: String,
    thread_ts: Option<String>,
}

/// Escapes a text for HTML, in attributes too.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// A query for the page, escaped for an attribute.
fn query(user: &str, channel: &str, thread_ts: Option<&str>) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    pairs.append_pair("user", user).append_pair("channel", channel);
    if let Some(thread_ts) = thread_ts {
        pairs.append_pair("thread_ts", thread_ts);
    }
    escape(&pairs.finish())
}

fn html(title: &str, style: &str, head: &str, body: &str) -> Response {
    let page = format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8><title>{}</title><style>{style}</style>{head}\
         </head><body>{body}</body></html>",
        escape(title)
    );
    let mut response = Html(page).into_response();
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src * data:; frame-src 'self'; \
                  form-action 'self'; base-uri 'none'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
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
        nav += &entry(&query(&person.id, &channel_id, None), person.id == user_id, &person.real_name);
    }
    nav += "<h2>Channels</h2>";
    for channel in state.channels.values().filter(|c| c.visible_to(&user_id) && !c.archived) {
        let label = channel_label(&slack, &state.users, channel, &user_id);
        nav += &entry(&query(&user_id, &channel.id, None), channel.id == channel_id, &label);
    }
    let title = state
        .channels
        .get(&channel_id)
        .map(|channel| channel_label(&slack, &state.users, channel, &user_id))
        .unwrap_or_default();
    let thread = view.thread_ts.as_deref();
    let hidden =
        |name: &str, value: &str| format!("<input type=hidden name={name} value=\"{}\">", escape(value));
    let body = format!(
        "<nav>{nav}</nav><main><header>{}{}</header><iframe src=\"/messages?{}\" title=messages></iframe>\
         <form method=post action=/say>{}{}{}<input name=text autofocus autocomplete=off \
         placeholder=\"Message {}\"><button>Send</button></form></main>",
        escape(&title),
        if thread.is_some() { " — in a thread" } else { "" },
        query(&user_id, &channel_id, None),
        hidden("user", &user_id),
        hidden("channel", &channel_id),
        thread.map(|ts| hidden("thread_ts", ts)).unwrap_or_default(),
        escape(&title),
    );
    drop(state);
    html(&title, STYLE, "", &body)
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

/// `GET /messages`: the list in the page's frame; it loads itself anew every second.
pub(crate) async fn messages(State(slack): State<Arc<Workspace>>, Query(view): Query<View>) -> Response {
    let user = view.user.unwrap_or_default();
    let channel = view.channel.unwrap_or_default();
    let mut list = String::new();
    let messages = slack.messages(&channel);
    for message in messages.iter().rev().take(MOST_SHOWN) {
        list += &line(&slack, message, &user, &channel);
    }
    let refresh = "<meta http-equiv=refresh content=1>";
    html("messages", LIST_STYLE, refresh, &format!("<div class=all>{list}</div>"))
}

fn line(slack: &Workspace, message: &Value, user: &str, channel: &str) -> String {
    let state = slack.state();
    let author = message["user"].as_str().and_then(|id| state.users.get(id));
    let name = message["username"].as_str().or_else(|| author.map(|user| user.real_name.as_str()));
    let own_picture = message["icons"]["image_48"].as_str().map(str::to_owned);
    let picture = own_picture.unwrap_or_else(|| match author {
        Some(user) => format!("/avatars/{}-{}-48.png", user.id, user.avatar_hash),
        None => "/avatars/unknown-48.png".to_owned(),
    });
    let ts = message["ts"].as_str().unwrap_or_default();
    let root = message["thread_ts"].as_str().unwrap_or(ts);
    let reply = if root == ts { "" } else { " reply" };
    let edited = if message["edited"].is_object() { " (edited)" } else { "" };
    let mut reactions = String::new();
    for reaction in message["reactions"].as_array().into_iter().flatten() {
        let name = escape(reaction["name"].as_str().unwrap_or_default());
        reactions.extend(["<span class=r>:", &name, ": ", &reaction["count"].to_string(), "</span>"]);
    }
    format!(
        "<div class=\"m{reply}\"><img src=\"{}\" alt=\"\"><div><b>{}</b> <small>{}{edited} \
         <a target=_top href=\"/?{}\">reply</a></small><div class=t>{}</div>{reactions}</div></div>",
        escape(&picture),
        escape(name.unwrap_or("somebody")),
        escape(ts),
        query(user, channel, Some(root)),
        escape(&crate::text::unescape(message["text"].as_str().unwrap_or_default())),
    )
}

/// `POST /say`
pub(crate) async fn say(State(slack): State<Arc<Workspace>>, Form(said): Form<Said>) -> Response {
    let thread_ts = said.thread_ts.filter(|ts| !ts.is_empty());
    let outcome = match &thread_ts {
        _ if said.text.trim().is_empty() => Ok(String::new()),
        Some(thread_ts) => slack.reply_as(&said.user, &said.channel, thread_ts, &said.text),
        None => slack.post_as(&said.user, &said.channel, &said.text),
    };
    if let Err(error) = outcome {
        return (StatusCode::BAD_REQUEST, error.to_string()).into_response();
    }
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    pairs.append_pair("user", &said.user).append_pair("channel", &said.channel);
    if let Some(thread_ts) = thread_ts {
        pairs.append_pair("thread_ts", &thread_ts);
    }
    Redirect::to(&format!("/?{}", pairs.finish())).into_response()
}
