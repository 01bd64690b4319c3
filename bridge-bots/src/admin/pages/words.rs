//! Times and states in words.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::host::view::InstanceView;
use crate::instance::status::Phase;

/// A moment: how long ago, and on a closer look when.
pub(super) fn moment(at: i64, now: i64) -> Markup {
    html! { time datetime=(exact(at)) title=(readable(at)) data-ago { (ago(now - at)) } }
}

/// A moment that may never have been.
pub(super) fn moment_or(at: Option<i64>, now: i64, otherwise: &str) -> Markup {
    at.map_or_else(|| html! { span.quiet { (otherwise) } }, |at| moment(at, now))
}

/// A moment as date and time of day.
pub(super) fn readable(at: i64) -> String {
    formatted(at, "%Y-%m-%d %H:%M:%S UTC")
}

/// A moment to the millisecond, for programs.
pub(super) fn exact(at: i64) -> String {
    formatted(at, "%Y-%m-%dT%H:%M:%S%.3fZ")
}

/// The time of a log line.
pub(super) fn of_line(at: i64) -> String {
    formatted(at, "%m-%d %H:%M:%S")
}

fn formatted(at: i64, form: &str) -> String {
    Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), |at| at.strftime(form).to_string())
}

/// The script says the same.
fn ago(ms: i64) -> String {
    match ms / 1_000 {
        ..10 => "just now".to_owned(),
        seconds @ 10..60 => format!("{seconds} s ago"),
        seconds @ 60..3_600 => format!("{} min ago", seconds / 60),
        seconds @ 3_600..172_800 => format!("{} h ago", seconds / 3_600),
        seconds => format!("{} days ago", seconds / 86_400),
    }
}

/// How long something has been so, such as `up 2 hours`.
pub(super) fn lasting(before: &str, since: i64, now: i64) -> Markup {
    html! {
        time datetime=(exact(since)) title=(readable(since)) data-lasting=(before) { (before) " " (length(now - since)) }
    }
}

/// A length of time. The script says the same.
pub(super) fn length(ms: i64) -> String {
    let (number, unit) = match ms.max(0) / 1_000 {
        seconds @ ..60 => (seconds, "second"),
        seconds @ 60..3_600 => (seconds / 60, "minute"),
        seconds @ 3_600..172_800 => (seconds / 3_600, "hour"),
        seconds => (seconds / 86_400, "day"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

/// A plugin's words, in which what stands between backticks is code.
pub(super) fn prose(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// How good something is: a colour and a shape beside its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Warn,
    Bad,
    Off,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Self::Good => "state good",
            Self::Warn => "state warn",
            Self::Bad => "state bad",
            Self::Off => "state off",
        }
    }
}

/// A state: word, colour and shape.
pub(super) fn state(tone: Tone, word: &str) -> Markup {
    html! { span class=(tone.class()) { (word) } }
}

/// How an instance is, in a word.
pub(super) fn word(view: &InstanceView) -> &'static str {
    if view.crash_looping && view.state != Phase::Stopped { "crash-looping" } else { view.state.as_str() }
}

/// How an instance is.
pub(super) fn state_of(view: &InstanceView) -> Markup {
    let tone = match view.state {
        Phase::Stopped => Tone::Off,
        _ if view.crash_looping => Tone::Bad,
        Phase::Running => Tone::Good,
        Phase::Starting | Phase::Restarting => Tone::Warn,
    };
    state(tone, word(view))
}

/// How many there are of what, such as `1 bot` or `3 bots`.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// The bots in a sentence, such as `3 bots: 2 running, 1 stopped`.
pub(super) fn summary(views: &[InstanceView]) -> String {
    const WORDS: [&str; 5] = ["running", "starting", "restarting", "crash-looping", "stopped"];
    let all = count(views.len(), "bot", "bots");
    let parts: Vec<String> = WORDS
        .iter()
        .map(|word| (views.iter().filter(|view| self::word(view) == *word).count(), word))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    if parts.is_empty() { all } else { format!("{all}: {}", parts.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_ago_is_said_in_the_unit_that_people_use() {
        let told = [-5_000, 9_999, 59_000, 60_000, 3_599_000, 7_200_000, 172_800_000].map(ago);
        let expected =
            ["just now", "just now", "59 s ago", "1 min ago", "59 min ago", "2 h ago", "2 days ago"];
        assert_eq!(told, expected);
    }

    #[test]
    fn how_long_something_lasts_is_said_in_words() {
        let told = [-5, 1_000, 59_999, 60_000, 7_200_000, 172_800_000].map(length);
        assert_eq!(told, ["0 seconds", "1 second", "59 seconds", "1 minute", "2 hours", "2 days"]);
    }

    #[test]
    fn a_time_that_no_calendar_has_is_shown_as_it_is() {
        assert_eq!(readable(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(readable(i64::MAX), i64::MAX.to_string());
    }
}
