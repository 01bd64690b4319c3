//! The tile of a service: how it is, since when, why, and the buttons that fit.

use maud::{Markup, html};

use super::order;
use crate::admin::pages::fault::encoded;
use crate::admin::pages::words::{self, Tone};
use crate::control::state::State;
use crate::control::verb::Verb;
use crate::control::view::ServiceView;

/// The tile.
pub(super) fn tile(view: &ServiceView, now: i64) -> Markup {
    let head = format!("service-{}", view.name);
    html! {
        section.sheet.tile aria-labelledby=(head) {
            h2 id=(head) { (view.name) }
            p { (words::state(tone(view), view.word())) " " (since(view, now)) }
            @if view.crash_looping {
                p.small { "Started again " (words::count(usize::try_from(view.rise).unwrap_or(usize::MAX), "time", "times"))
                    " within ten minutes: it does not stay up. Its log says why." }
            }
            @for reason in &view.reasons {
                p.small.reason { (reason.text) @if let Some(remedy) = &reason.remedy { " " strong { (remedy) } } }
            }
            dl.small {
                dt { "Restarts" } dd { @if let Some(restarts) = view.restarts { (restarts) } @else { span.quiet { "not told" } } }
                dt { "What" } dd { (view.about) }
            }
            @match &view.at_work {
                Some(row) => {
                    p.small {
                        (words::state(Tone::Warn, &row.action)) " for " (row.who) ", begun " (words::moment(row.started_at, now)) ". "
                        a href=(super::action::path(row)) { "Follow it" }
                    }
                }
                None => {}
            }
            (buttons(view))
        }
    }
}

fn since(view: &ServiceView, now: i64) -> Markup {
    let before = match view.state {
        State::Running | State::Unhealthy => "up",
        _ => "for",
    };
    html! { @if let Some(since) = view.since { span.quiet { (words::lasting(before, since, now)) } } }
}

fn tone(view: &ServiceView) -> Tone {
    match view.state {
        _ if view.crash_looping => Tone::Bad,
        State::Running if view.reasons.is_empty() => Tone::Good,
        State::Running | State::Restarting => Tone::Warn,
        State::Unhealthy | State::Unknown => Tone::Bad,
        State::Stopped | State::NotDeployed => Tone::Off,
    }
}

/// Those that fit; while it is changed, only what reads.
fn buttons(view: &ServiceView) -> Markup {
    let base = format!("/services/{}", encoded(&view.name));
    let is_changing = view.at_work.as_ref().is_some_and(|row| row.action != Verb::Logs.as_str());
    let fitting =
        Verb::ALL.into_iter().filter(|verb| view.fits(*verb) && (!is_changing || *verb == Verb::Logs));
    html! {
        div.row.orders {
            @for verb in fitting {
                @let id = format!("{}-{}", verb.as_str(), view.name);
                @let path = format!("{base}/{}", verb.as_str());
                @let label = format!("{} {}", order::word(verb), view.name);
                @if verb.is_asked() {
                    a.button id=(id) href=(path) aria-label=(label) { (order::word(verb)) " …" }
                } @else {
                    form method="post" action=(path) { button id=(id) type="submit" aria-label=(label) { (order::word(verb)) } }
                }
            }
        }
    }
}
