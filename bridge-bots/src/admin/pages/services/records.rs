//! What was done with services: who, what, when, and how it ended.

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};

use super::{PLACE, action};
use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::admin::pages::frame::{Frame, table};
use crate::admin::pages::words::{self, Tone, count};
use crate::admin::signed::Signed;
use crate::control::action::Outcome;
use crate::store::service_action::ActionRow;

/// How many are shown.
const MOST: i64 = 200;

/// `GET /services/actions`
pub(in crate::admin::pages) async fn show(
    State(shared): State<Shared>,
    signed: Signed,
) -> Result<Response, Failure> {
    let rows = shared.host.control().actions(None, MOST).await?;
    let now = shared.host.store().clock().now_ms();
    let content = html! {
        h1 { "Actions on services" }
        p.quiet { "The last " (MOST) " of 1,000 that are kept, the newest first. " a href=(PLACE) { "To the services" } }
        section.sheet aria-label="Actions" {
            @if rows.is_empty() { p.quiet { "Nothing was done yet." } }
            @else { (list(&count(rows.len(), "action", "actions"), &rows, now)) }
        }
    };
    Ok(Frame::new("Actions on services", PLACE, &signed).with(&content))
}

/// A table of them.
pub(super) fn list(caption: &str, rows: &[ActionRow], now: i64) -> Markup {
    table(
        caption,
        &["Service", "What", "By", "When", "How it ended"],
        rows.iter().map(|row| cells(row, now)).collect(),
    )
}

fn cells(row: &ActionRow, now: i64) -> Vec<Option<Markup>> {
    vec![
        Some(html! { (row.service) }),
        Some(
            html! { a href=(action::path(row)) { (row.action) span.hidden { " of " (row.service) ", number " (row.action_id) } } },
        ),
        Some(html! { (row.who) }),
        Some(words::moment(row.started_at, now)),
        Some(outcome(row)),
    ]
}

/// How it ended, in a word or two.
pub(super) fn outcome(row: &ActionRow) -> Markup {
    match Outcome::of(row) {
        None => words::state(Tone::Warn, "goes on"),
        Some(Outcome::Done) => words::state(Tone::Good, "done"),
        Some(Outcome::Failed) => match row.exit_code {
            Some(code) => words::state(Tone::Bad, &format!("failed, exit code {code}")),
            None => words::state(Tone::Bad, "failed"),
        },
        Some(Outcome::NotStarted) => words::state(Tone::Bad, "could not be begun"),
        Some(Outcome::TooLong) => words::state(Tone::Bad, "took too long"),
        Some(Outcome::CutOff) => words::state(Tone::Warn, "cut off"),
    }
}
