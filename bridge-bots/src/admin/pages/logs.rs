//! The log of one bot: the newest lines first, filtered, and followed with script.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use super::fault::encoded;
use super::frame::Frame;
use super::{live, words};
use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::admin::signed::Signed;
use crate::error::HostError;
use crate::host::Host;
use crate::instance::log::Line;
use crate::plugin::Severity;

/// What may be chosen as the lowest level: word, name, level.
const LEVELS: [(&str, &str, Severity); 4] = [
    ("debug", "All", Severity::Debug),
    ("info", "Info and above", Severity::Info),
    ("warn", "Warnings and errors", Severity::Warn),
    ("error", "Errors", Severity::Error),
];

/// Which lines are wanted.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Filter {
    level: String,
    search: String,
    /// The newest line that the page has.
    after: Option<u64>,
}

impl Filter {
    fn lowest(&self) -> Severity {
        LEVELS.iter().find(|(word, ..)| *word == self.level).map_or(Severity::Debug, |(.., level)| *level)
    }

    fn takes(&self, line: &Line) -> bool {
        line.severity >= self.lowest()
            && (self.search.is_empty() || line.text.to_lowercase().contains(&self.search.to_lowercase()))
    }
}

/// `GET /instances/{name}/logs`
pub(super) async fn show(
    State(shared): State<Shared>,
    signed: Signed,
    Path(name): Path<String>,
    Query(filter): Query<Filter>,
) -> Result<Response, Failure> {
    let all = shared.host.logs(&name, usize::MAX)?;
    let last = all.last().map_or(0, |line| line.number);
    let lines: Vec<&Line> = all.iter().rev().filter(|line| filter.takes(line)).collect();
    let base = format!("/instances/{}", encoded(&name));
    let stream =
        format!("{base}/logs/live?level={}&search={}", encoded(&filter.level), encoded(&filter.search));
    let content = html! {
        div.head {
            div {
                h1 { "Log of " a href=(base) { (name) } }
                p.live #live aria-hidden="true" { "As it was when the page was loaded" }
            }
        }
        form.sheet.row method="get" action=(format!("{base}/logs")) role="search" {
            div.field.grow {
                label for="search" { "Search" }
                input #search type="search" name="search" value=(filter.search);
            }
            div.field {
                label for="level" { "Level" }
                select #level name="level" {
                    @for (word, name, level) in LEVELS {
                        option value=(word) selected[level == filter.lowest()] { (name) }
                    }
                }
            }
            button type="submit" { "Show" }
        }
        section.sheet aria-label="Lines, the newest first" {
            @if lines.is_empty() {
                p.quiet #no-lines { @if all.is_empty() { "Nothing was logged since the start." } @else { "No line is like that." } }
            }
            ol.lines reversed data-lines=(stream) data-after=(last) { @for line in lines { (row(line)) } }
        }
        p.quiet { "The last 500 lines since the program was started. All are in the program's own log." }
    };
    Ok(Frame::new(format!("Log of {name}"), "/", &signed).with(&content))
}

/// `GET /instances/{name}/logs/live`: lines as they are written.
pub(super) async fn follow(
    State(shared): State<Shared>,
    signed: Signed,
    Path(name): Path<String>,
    Query(filter): Query<Filter>,
) -> Result<Response, Failure> {
    shared.host.show(&name)?;
    let (host, moved) = (shared.host.clone(), shared.host.signals().lines());
    // A number from before the program was started again means nothing now.
    let newest = *moved.borrow();
    let mut after = filter.after.filter(|after| *after <= newest).unwrap_or_default();
    let look = move || {
        let lines = host.logs_after(&name, after).ok()?;
        after = lines.last()?.number;
        let lines: Vec<&Line> = lines.iter().filter(|line| filter.takes(line)).collect();
        (!lines.is_empty()).then(|| html! { @for line in lines { (row(line)) } })
    };
    Ok(live::follow(shared, signed, moved, "lines", Box::new(look)))
}

/// The newest lines, for the bot's page.
pub(super) fn some(host: &Host, name: &str, most: usize) -> Result<Markup, HostError> {
    let lines = host.logs(name, most)?;
    Ok(html! {
        @if lines.is_empty() {
            p.quiet { "Nothing was logged since the start." }
        } @else {
            ol.lines reversed { @for line in lines.iter().rev() { (row(line)) } }
        }
    })
}

fn row(line: &Line) -> Markup {
    let level = line.severity.as_str();
    html! {
        li class=(level) data-number=(line.number) {
            time.mono.quiet datetime=(words::exact(line.at)) title=(words::readable(line.at)) { (words::of_line(line.at)) }
            span.level { (level) }
            span.text { (line.text) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_chosen_by_level_and_words() {
        let line = |severity, text: &str| Line { number: 1, at: 0, severity, text: text.to_owned() };
        let filter = |level: &str, search: &str| Filter {
            level: level.to_owned(),
            search: search.to_owned(),
            after: None,
        };
        let warned = line(Severity::Warn, "The Room is full");
        for (level, search, is_taken) in [
            ("", "", true),
            ("warn", "room is", true),
            ("error", "", false),
            ("info", "other", false),
            ("nonsense", "FULL", true),
        ] {
            assert_eq!(filter(level, search).takes(&warned), is_taken, "{level} {search}");
        }
    }
}
