//! Dead letters: events that were given up, to be tried again or dropped. What was written in them is not shown.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use bridge_core::store::StoreError;
use bridge_core::store::dead_letter::DeadLetterRow;
use bridge_core::store::letter_id::LetterId;
use maud::{Markup, html};

use super::fault::encoded;
use super::frame::{Frame, table};
use super::notice::{Done, Notice};
use super::words::{self, Tone, count};
use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::admin::signed::Signed;
use crate::error::HostError;
use crate::host::lane;

/// How many are shown: the oldest.
const MOST: i64 = 200;

/// `GET /dead-letters`
pub(super) async fn list(
    State(shared): State<Shared>,
    signed: Signed,
    Query(done): Query<Done>,
) -> Result<Response, Failure> {
    let store = shared.host.store();
    let letters = store.dead_letters(MOST).await.map_err(told)?;
    let all = store.count_dead_letters().await.map_err(told)?.all;
    let now = store.clock().now_ms();
    let caption = count(usize::try_from(all).unwrap_or_default(), "dead letter", "dead letters");
    let content = html! {
        h1 { "Dead letters" }
        p.quiet { "Events that a bot could not do after several tries, or that nobody could read." }
        section.sheet aria-label="Dead letters" {
            @if letters.is_empty() {
                p { (words::state(Tone::Good, "none")) }
            } @else {
                (table(&caption, &["Number", "Bot", "Cause", "Tries", "Given up", "Now"], letters.iter().map(|one| row(one, now)).collect()))
                @if all > MOST { p.quiet { "The oldest " (MOST) " are shown." } }
            }
        }
    };
    Ok(Frame::new("Dead letters", "/dead-letters", &signed).notice(done.notice()).with(&content))
}

/// `GET /dead-letters/{id}`
pub(super) async fn show(
    State(shared): State<Shared>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let letter = found(&shared, &id).await?;
    let now = shared.host.store().clock().now_ms();
    let (instance, room) = (lane::instance_named(&letter.lane), lane::room_named(&letter.lane));
    let content = html! {
        h1 { "Dead letter " (letter.letter_id()) }
        section.sheet aria-label="What is known" {
            dl {
                dt { "Bot" } dd { @if let Some(name) = instance { (link(name)) } @else { span.quiet { "none: it stands before the bots" } } }
                @if !room.is_empty() { dt { "Room" } dd { code { (room) } } }
                dt { "Cause" } dd { (letter.cause) }
                dt { "Tries" } dd { (letter.attempts) }
                dt { "Came" } dd { (words::moment(letter.accepted_at, now)) }
                dt { "Given up" } dd { (words::moment(letter.parked_at, now)) }
                dt { "Now" } dd { (then(&letter)) }
            }
        }
        div.row {
            form method="post" action=(path(&letter, "retry")) { button.main type="submit" { "Try again" } }
            form method="post" action=(path(&letter, "drop")) { button.danger type="submit" { "Drop it" } }
        }
        p.help { "What is dropped is gone, and its effect with it." }
    };
    Ok(Frame::new("Dead letter", "/dead-letters", &signed).with(&content))
}

/// `POST /dead-letters/{id}/retry`
pub(super) async fn retry(
    State(shared): State<Shared>,
    _signed: Signed,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let letter = found(&shared, &id).await?;
    shared.host.store().retry_dead_letter(letter.letter_id()).await.map_err(told)?;
    Ok(Redirect::to(&Notice::Retried.at("/dead-letters")).into_response())
}

/// `POST /dead-letters/{id}/drop`
pub(super) async fn discard(
    State(shared): State<Shared>,
    _signed: Signed,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let letter = found(&shared, &id).await?;
    if !shared.host.store().drop_dead_letter(letter.letter_id()).await.map_err(told)? {
        return Err(HostError::Conflict(
            "It is being tried again just now. Look again in a moment.".to_owned(),
        )
        .into());
    }
    Ok(Redirect::to(&Notice::Dropped.at("/dead-letters")).into_response())
}

fn told(error: StoreError) -> Failure {
    HostError::from(error).into()
}

async fn found(shared: &Shared, id: &str) -> Result<DeadLetterRow, Failure> {
    let missing =
        || HostError::NotFound("There is no such dead letter. It may have been done or dropped.".to_owned());
    let id: LetterId = id.parse().map_err(|_| missing())?;
    let letter = shared.host.store().dead_letter(id).await.map_err(told)?;
    Ok(letter.ok_or_else(missing)?)
}

fn row(letter: &DeadLetterRow, now: i64) -> Vec<Option<Markup>> {
    vec![
        Some(html! { a href=(path(letter, "")) { (letter.letter_id()) } }),
        lane::instance_named(&letter.lane).map(link),
        Some(html! { (letter.cause) }),
        Some(html! { (letter.attempts) }),
        Some(words::moment(letter.parked_at, now)),
        Some(then(letter)),
    ]
}

/// What happens with it now.
fn then(letter: &DeadLetterRow) -> Markup {
    html! {
        @if letter.retry_id.is_some() { (words::state(Tone::Warn, "being tried again")) }
        @else if letter.wanted_at.is_some() { (words::state(Tone::Warn, "will be tried again")) }
        @else { (words::state(Tone::Off, "waits for you")) }
    }
}

fn link(name: &str) -> Markup {
    html! { a href=(format!("/instances/{}", encoded(name))) { (name) } }
}

fn path(letter: &DeadLetterRow, order: &str) -> String {
    let base = format!("/dead-letters/{}", encoded(&letter.letter_id().to_string()));
    if order.is_empty() { base } else { format!("{base}/{order}") }
}
