//! The page of services: a tile for each, with its state and what can be done with it.

pub(super) mod action;
pub(super) mod order;
pub(super) mod records;
mod tile;

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};

use super::frame::Frame;
use super::live;
use super::words::count;
use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::admin::signed::Signed;
use crate::control::Control;
use crate::control::view::ServiceView;

/// Its place in the navigation.
pub(super) const PLACE: &str = "/services";
/// How many records stand below the tiles.
const SOME: i64 = 5;

/// `GET /services`
pub(super) async fn show(State(shared): State<Shared>, signed: Signed) -> Result<Response, Failure> {
    let control = shared.host.control();
    control.look();
    let rows = control.actions(None, SOME).await?;
    let now = shared.host.store().clock().now_ms();
    let content = html! {
        div.head {
            div {
                h1 { "Services" }
                p.live #live aria-hidden="true" { "As it was when the page was loaded" }
            }
        }
        div data-live="/services/live" { (tiles(control, now)) }
        @if !rows.is_empty() {
            section.sheet aria-label="Last actions" {
                (records::list("Last actions", &rows, now))
                p { a href="/services/actions" { "All that are recorded" } }
            }
        }
    };
    Ok(Frame::new("Services", PLACE, &signed).with(&content))
}

/// `GET /services/live`: the tiles, whenever something is not as it was.
pub(super) async fn follow(State(shared): State<Shared>, signed: Signed) -> Response {
    let control = shared.host.control();
    // As long as the page is followed, it is looked often.
    let (looker, moved) = (control.follow(), control.moved());
    let clock = shared.host.store().clock().clone();
    let look = move || Some(tiles(looker.control(), clock.now_ms()));
    live::follow(shared, signed, moved, "state", Box::new(look))
}

/// The services in a sentence, such as `3 services: 2 running, 1 stopped`.
pub(super) fn summary(views: &[ServiceView]) -> String {
    const WORDS: [&str; 7] =
        ["running", "restarting", "crash loop", "unhealthy", "stopped", "not deployed", "unknown"];
    let parts: Vec<String> = WORDS
        .iter()
        .map(|word| (views.iter().filter(|view| view.word() == *word).count(), word))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    format!("{}: {}", count(views.len(), "service", "services"), parts.join(", "))
}

/// For the overview: how many are how. Nothing where the config names none.
pub(super) fn in_short(control: &Control) -> Markup {
    let views = control.list();
    control.look();
    html! {
        @if !views.is_empty() {
            section.sheet aria-labelledby="services" {
                h2 #services { "Services" }
                p { a href=(PLACE) { (summary(&views)) } }
            }
        }
    }
}

fn tiles(control: &Control, now: i64) -> Markup {
    let views = control.list();
    html! {
        @if views.is_empty() {
            section.sheet aria-label="No services" data-said="No services" {
                p { "None yet. Name them in the config file, below " code { "bots.services" } ":" }
                pre tabindex="0" role="group" aria-label="An example" { (EXAMPLE) }
            }
        } @else {
            p.quiet data-said=(summary(&views)) { (summary(&views)) }
            div.tiles { @for view in &views { (tile::tile(view, now)) } }
        }
    }
}

const EXAMPLE: &str = "bots:
  services:
    slack:
      by: systemd
      unit: bridge-slack.service
      health: http://127.0.0.1:29400/health
      update: [systemctl, start, update@bridge-slack.service]
    synapse:
      by: docker
      container: synapse";
