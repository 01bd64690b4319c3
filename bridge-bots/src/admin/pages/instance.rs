//! The page of one bot: how it is, what it may be told, its config, its account, its last log lines.

pub(super) mod change;
pub(super) mod config;
pub(super) mod delete;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};

use super::fault::encoded;
use super::frame::Frame;
use super::notice::Done;
use super::words::{self, Tone};
use super::{actions, live, logs};
use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::admin::signed::Signed;
use crate::error::HostError;
use crate::host::Host;
use crate::host::view::InstanceView;
use crate::instance::status::Phase;
use crate::plugin::Problem;
use crate::store::member;

/// How many log lines it has.
const LINES: usize = 8;

/// What of it is different after something was refused.
#[derive(Debug, Default)]
pub(super) struct Refused {
    /// The config as it was typed.
    pub(super) config: Option<String>,
    pub(super) problems: Vec<Problem>,
    /// What else was wrong.
    pub(super) error: Option<String>,
}

/// `GET /instances/{name}`
pub(super) async fn show(
    State(shared): State<Shared>,
    signed: Signed,
    Path(name): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, Failure> {
    let frame = Frame::new(&name, "/", &signed).notice(done.notice());
    page(&shared, frame, &name, Refused::default(), None).await
}

/// `GET /instances/{name}/live`: how it is, whenever that changes.
pub(super) async fn follow(
    State(shared): State<Shared>,
    signed: Signed,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    shared.host.show(&name)?;
    let (host, moved) = (shared.host.clone(), shared.host.signals().states());
    let look = move || match host.show(&name) {
        Ok((view, _)) => Some(status(&view, host.store().clock().now_ms())),
        Err(_) => Some(gone()),
    };
    Ok(live::follow(shared, signed, moved, "state", Box::new(look)))
}

/// The page, perhaps with what was refused or what an action answered.
pub(super) async fn page(
    shared: &Shared,
    frame: Frame<'_>,
    name: &str,
    refused: Refused,
    answer: Option<&actions::Answer>,
) -> Result<Response, Failure> {
    let host = &shared.host;
    let (view, config) = host.show(name)?;
    let rooms = member::of_user(host.store(), &view.account).await.map_err(HostError::from)?;
    let base = format!("/instances/{}", encoded(name));
    let content = html! {
        div.head {
            div {
                h1 { (view.id) }
                p.quiet { (about(host, &view)) }
                p.live #live aria-hidden="true" { "As it was when the page was loaded" }
            }
        }
        @if let Some(error) = &refused.error { div.wrong role="alert" { @for line in error.lines() { p { (line) } } } }
        section.sheet aria-label="State" data-live=(format!("{base}/live")) {
            (status(&view, host.store().clock().now_ms()))
        }
        (actions::section(host, &view, &rooms, answer))
        (config::section(host, &view, &config, &refused))
        div.pair {
            section.sheet aria-labelledby="account" {
                h2 #account { "Account" }
                (change::account_form(host, &view, &base))
            }
            section.sheet aria-labelledby="rooms" {
                h2 #rooms { "Rooms of the account" }
                (room_list(&rooms))
            }
        }
        section.sheet aria-labelledby="log" {
            h2 #log { "Log" }
            (logs::some(host, name, LINES)?)
            p { a href=(format!("{base}/logs")) { "All lines, with search" } }
        }
        section.sheet aria-labelledby="end" {
            h2 #end { "Delete" }
            @if view.declared {
                p.quiet { "The config file declares this bot. Take it out there first, and start the program again." }
            } @else {
                p { a.button.danger href=(format!("{base}/delete")) { "Delete …" } }
            }
        }
    };
    let is_refused = refused.error.is_some() || !refused.problems.is_empty();
    Ok(if is_refused { frame.status(StatusCode::BAD_REQUEST) } else { frame }.with(&content))
}

/// The rooms of an account.
pub(super) fn room_list(rooms: &[String]) -> Markup {
    html! {
        @if rooms.is_empty() {
            p.quiet { "None. Invite the account into one." }
        } @else {
            ul.plain { @for room in rooms { li { code { (room) } } } }
        }
    }
}

fn about(host: &Host, view: &InstanceView) -> Markup {
    let known = host.plugins().into_iter().find(|plugin| plugin.id == view.plugin);
    html! {
        "Plugin " a href=(format!("/plugins#{}", encoded(&view.plugin))) { (view.plugin) }
        @match known {
            Some(plugin) => { " " (plugin.version) ". " (plugin.about) }
            None => { ". " (words::state(Tone::Bad, "this program does not have it")) }
        }
    }
}

/// How it is, with the buttons that fit.
fn status(view: &InstanceView, now: i64) -> Markup {
    html! {
        div data-said=(format!("{} is {}", view.id, words::word(view))) {
            dl {
                dt { "State" }
                dd { (words::state_of(view)) " " span.quiet { "changed " (words::moment(view.since, now)) } }
                dt { "Restarts" } dd { (view.restarts) }
                dt { "Last event" } dd { (words::moment_or(view.last_event_at, now, "none yet")) }
                dt { "Last success" } dd { (words::moment_or(view.last_ok_at, now, "none yet")) }
                @if let Some(error) = &view.last_error { dt { "Last error" } dd { (error) } }
                @if !view.drift.is_empty() {
                    dt { "Config file" }
                    dd { (words::state(Tone::Warn, "differs")) " in " (view.drift.join(", ")) ". The next start takes the file's." }
                }
            }
            (buttons(view))
        }
    }
}

fn buttons(view: &InstanceView) -> Markup {
    let base = format!("/instances/{}", encoded(&view.id));
    let button = |order: &str, word: &str| {
        html! {
            form method="post" action=(format!("{base}/{order}")) { button id=(order) type="submit" { (word) } }
        }
    };
    html! {
        div.row.orders {
            @if view.state == Phase::Stopped {
                (button("start", "Start"))
            } @else {
                (button("restart", "Restart"))
                (button("stop", "Stop"))
            }
        }
    }
}

fn gone() -> Markup {
    html! { div data-said="It was deleted." { p { "It was deleted." } p { a href="/" { "To the overview" } } } }
}
