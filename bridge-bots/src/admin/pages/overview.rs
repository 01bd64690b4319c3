//! The overview: all bots, this program and those beside it.

use axum::extract::{Query, State};
use axum::response::Response;
use maud::{Markup, html};
use url::Url;

use super::fault::encoded;
use super::frame::{Frame, table};
use super::notice::Done;
use super::words::{self, Tone};
use super::{live, services};
use crate::admin::Shared;
use crate::admin::signed::Signed;
use crate::host::Host;
use crate::host::beside::{self, Beside, Verdict};
use crate::host::view::InstanceView;

/// `GET /`
pub(super) async fn show(State(shared): State<Shared>, signed: Signed, Query(done): Query<Done>) -> Response {
    let (own, others) = tokio::join!(own_health(&shared), beside::ask_all(&shared.config.beside));
    let now = shared.host.store().clock().now_ms();
    let content = html! {
        div.head {
            div {
                h1 { "Overview" }
                p.live #live aria-hidden="true" { "As it was when the page was loaded" }
            }
            a.button.main href="/instances/new" { "New bot" }
        }
        section.sheet aria-label="Bots" data-live="/live" { (bots(&shared.host)) }
        (services::in_short(shared.host.control()))
        div.pair {
            section.sheet aria-labelledby="host" {
                h2 #host { "This host" }
                (this(&shared, own.as_ref(), now))
            }
            section.sheet aria-labelledby="beside" {
                h2 #beside { "Programs beside" }
                @if others.is_empty() {
                    p.quiet { "None. Name their health documents in the config file, below " code { "bots.admin.beside" } "." }
                } @else {
                    ul.plain { @for one in &others { li { (program(one, now)) } } }
                }
            }
        }
    };
    Frame::new("Overview", "/", &signed).notice(done.notice()).with(&content)
}

/// `GET /live`: the table of bots, whenever one is not as it was.
pub(super) async fn follow(State(shared): State<Shared>, signed: Signed) -> Response {
    let (host, moved) = (shared.host.clone(), shared.host.signals().states());
    live::follow(shared, signed, moved, "state", Box::new(move || Some(bots(&host))))
}

async fn own_health(shared: &Shared) -> Option<Beside> {
    let url = Url::parse(&format!("http://{}/health", shared.own)).ok()?;
    beside::ask_one("this program", &url).await
}

fn bots(host: &Host) -> Markup {
    let (views, now) = (host.list(), host.store().clock().now_ms());
    let summary = words::summary(&views);
    html! {
        div data-said=(summary) {
            @if views.is_empty() {
                h2 { "No bots" }
                p { "Make " a href="/accounts#new" { "an account" } " first, then " a href="/instances/new" { "a bot" } "." }
            } @else {
                (table(
                    &summary,
                    &["Bot", "State", "Restarts", "Last event", "Last error"],
                    views.iter().map(|view| row(view, now)).collect(),
                ))
            }
        }
    }
}

fn row(view: &InstanceView, now: i64) -> Vec<Option<Markup>> {
    vec![
        Some(html! {
            a id=(format!("bot-{}", view.id)) href=(format!("/instances/{}", encoded(&view.id))) { (view.id) }
            div.quiet.small { (view.plugin) " as " (view.account) }
            @if !view.drift.is_empty() {
                div.small { (words::state(Tone::Warn, "differs from the file")) " " span.quiet { "in " (view.drift.join(", ")) } }
            }
        }),
        Some(html! { (words::state_of(view)) div.quiet.small { (words::moment(view.since, now)) } }),
        Some(html! { (view.restarts) }),
        Some(words::moment_or(view.last_event_at, now, "none yet")),
        view.last_error.as_deref().map(|error| html! { span.small { (error) } }),
    ]
}

/// How this program is.
fn this(shared: &Shared, own: Option<&Beside>, now: i64) -> Markup {
    html! {
        @if let Some(own) = own {
            p { (verdict(own)) }
            (ailments(own))
            dl {
                dt { "Homeserver" } dd { (shared.host.app().client().server_name()) }
                dt { "Last transaction" } dd { (words::moment_or(own.last_transaction_at, now, "none since the start")) }
                dt { "Waiting events" } dd { (own.waiting.unwrap_or_default()) }
                dt { "Dead letters" } dd { a href="/dead-letters" { (own.dead_letters.unwrap_or_default()) } }
            }
        }
    }
}

fn program(one: &Beside, now: i64) -> Markup {
    html! {
        h3 { (one.name) }
        p { (verdict(one)) }
        @for line in &one.told { p.small { (line) } }
        @if one.last_transaction_at.is_some() || one.waiting.is_some() {
            dl.small {
                dt { "Last transaction" } dd { (words::moment_or(one.last_transaction_at, now, "none since its start")) }
                @if let Some(waiting) = one.waiting { dt { "Waiting events" } dd { (waiting) } }
                @if let Some(letters) = one.dead_letters { dt { "Dead letters" } dd { (letters) } }
            }
        }
    }
}

/// What is wrong with this program; its bots have a table of their own.
fn ailments(own: &Beside) -> Markup {
    html! { @for line in own.told.iter().filter(|line| !line.starts_with("instances:")) { p.small { (line) } } }
}

fn verdict(one: &Beside) -> Markup {
    match one.verdict {
        Verdict::Works => words::state(Tone::Good, "works"),
        Verdict::StandsBy => words::state(Tone::Off, "stands by"),
        Verdict::Ails => words::state(Tone::Bad, "does not work"),
        Verdict::Silent => words::state(Tone::Bad, "does not answer"),
    }
}
