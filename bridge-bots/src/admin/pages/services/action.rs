//! The page of one action: what it writes as it writes it, and how it ended.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;
use tokio::sync::watch;

use super::{PLACE, order, records};
use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::admin::pages::fault::encoded;
use crate::admin::pages::frame::Frame;
use crate::admin::pages::{live, words};
use crate::admin::signed::Signed;
use crate::control::output::{Line, MOST};
use crate::control::verb::Verb;
use crate::error::HostError;
use crate::store::service_action::ActionRow;

/// Where it is.
pub(super) fn path(row: &ActionRow) -> String {
    format!("/services/{}/actions/{}", encoded(&row.service), row.action_id)
}

/// The newest line that the page has.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::admin::pages) struct Had {
    after: u64,
}

/// `GET /services/{name}/actions/{id}`
pub(in crate::admin::pages) async fn show(
    State(shared): State<Shared>,
    signed: Signed,
    Path((name, id)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let (control, id) = (shared.host.control(), number(&id)?);
    let row = control.action(&name, id).await?;
    let held = control.held(&name, id).map(|action| action.lines(0));
    let now = shared.host.store().clock().now_ms();
    let word = Verb::named(&row.action).map_or("Action on", order::word);
    let title = format!("{word} {name}");
    let content = html! {
        div.head {
            div {
                h1 { (title) }
                p.live #live aria-hidden="true" { "As it was when the page was loaded" }
            }
        }
        section.sheet aria-label="How it goes" data-live=[held.as_ref().map(|_| format!("{}/live", path(&row)))] {
            (status(&row, now))
        }
        (output(&row, held.as_deref()))
        p { a href=(PLACE) { "To the services" } }
    };
    Ok(Frame::new(title.as_str(), PLACE, &signed).with(&content))
}

/// `GET /services/{name}/actions/{id}/live`: how it goes, when that changes.
pub(in crate::admin::pages) async fn follow(
    State(shared): State<Shared>,
    signed: Signed,
    Path((name, id)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let (moved, look) = followed(&shared, &name, &id)?;
    Ok(live::follow(shared, signed, moved, "state", look))
}

fn followed(shared: &Shared, name: &str, id: &str) -> Result<(watch::Receiver<u64>, live::Look), Failure> {
    let action = shared.host.control().held(name, number(id)?).ok_or_else(gone)?;
    let clock = shared.host.store().clock().clone();
    let moved = action.moved();
    Ok((moved, Box::new(move || Some(status(&action.row(), clock.now_ms())))))
}

/// `GET /services/{name}/actions/{id}/lines`: lines as they are written.
pub(in crate::admin::pages) async fn follow_lines(
    State(shared): State<Shared>,
    signed: Signed,
    Path((name, id)): Path<(String, String)>,
    Query(had): Query<Had>,
) -> Result<Response, Failure> {
    let action = shared.host.control().held(&name, number(&id)?).ok_or_else(gone)?;
    let (moved, mut after) = (action.written(), had.after);
    let look = move || {
        let lines = action.lines(after);
        after = lines.last()?.number;
        Some(html! { @for line in &lines { (one(line)) } })
    };
    Ok(live::follow(shared, signed, moved, "lines", Box::new(look)))
}

fn number(id: &str) -> Result<i64, Failure> {
    id.parse().map_err(|_| gone())
}

fn gone() -> Failure {
    HostError::NotFound("There is no such action, or not any more: the last 1,000 are kept.".to_owned())
        .into()
}

/// How it goes.
fn status(row: &ActionRow, now: i64) -> Markup {
    let command: Vec<String> = serde_json::from_str(&row.command).unwrap_or_default();
    let said = if row.ended_at.is_some() { "It has ended." } else { "It goes on." };
    html! {
        div data-said=(said) {
            dl {
                dt { "State" } dd { (records::outcome(row)) }
                dt { "Begun" } dd { (words::moment(row.started_at, now)) " by " (row.who) }
                @if let Some(ended) = row.ended_at { dt { "Took" } dd { (words::length(ended - row.started_at)) } }
                @if let Some(code) = row.exit_code { dt { "Exit code" } dd { (code) } }
                dt { "Command" } dd { code { (command.join(" ")) } }
            }
            @if let Some(error) = &row.error {
                div.wrong role="alert" { @for line in error.lines() { p { (line) } } }
            }
            @if row.ended_at.is_none() {
                p.quiet { "You can leave this page: it goes on. Load the page anew to see how far it is." }
            }
        }
    }
}

/// What it wrote: all that is held, else the end that was recorded.
fn output(row: &ActionRow, held: Option<&[Line]>) -> Markup {
    let last = held.and_then(|lines| lines.last()).map_or(0, |line| line.number);
    html! {
        section.sheet aria-labelledby="output" {
            h2 #output { "What it wrote" }
            @match held {
                Some(lines) => {
                    @if lines.is_empty() { p.quiet #no-lines { "Nothing yet." } }
                    ol.output data-lines=(format!("{}/lines?", path(row))) data-after=(last) data-most=(MOST) data-order="down"

                        tabindex="0" aria-label="Lines" { @for line in lines { (one(line)) } }
                }
                None => {
                    @if row.tail.is_empty() { p.quiet { "Nothing that was kept." } }
                    @else { pre tabindex="0" role="group" aria-label="Its last lines" { (row.tail) } }
                }
            }
        }
    }
}

fn one(line: &Line) -> Markup {
    html! { li.bad[line.is_error] data-number=(line.number) { (line.text) } }
}
