//! An instance's log: the last lines in memory, and all of them in the program's own.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use crate::signals::Signals;

/// How many lines are held.
const LINES: usize = 500;
/// The longest line, in characters.
const LONGEST: usize = 2_000;

/// How much a line matters.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// For whoever looks for a mistake.
    Debug,
    /// What goes on.
    Info,
    /// Something is not as it should be.
    Warn,
    /// Something did not work.
    Error,
}

impl Severity {
    /// As shown to people.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Line {
    /// Above that of every line before it, of whatever instance; begins anew when the program is started.
    pub(crate) number: u64,
    /// When, in milliseconds since 1970.
    pub(crate) at: i64,
    /// How much it matters.
    pub(crate) severity: Severity,
    /// What it says.
    pub(crate) text: String,
}

/// A cheap handle; clones share the lines.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    instance_id: Arc<str>,
    lines: Arc<Mutex<VecDeque<Line>>>,
    signals: Arc<Signals>,
}

impl Log {
    /// The empty log of an instance.
    pub(crate) fn new(instance_id: &str, signals: Arc<Signals>) -> Self {
        Self { instance_id: instance_id.into(), lines: Arc::default(), signals }
    }

    /// Writes a line.
    pub(crate) fn write(&self, at: i64, severity: Severity, mut text: String) {
        if let Some((end, _)) = text.char_indices().nth(LONGEST) {
            text.truncate(end);
            text.push('…');
        }
        let instance = &*self.instance_id;
        match severity {
            Severity::Debug => tracing::debug!(instance, "{text}"),
            Severity::Info => tracing::info!(instance, "{text}"),
            Severity::Warn => tracing::warn!(instance, "{text}"),
            Severity::Error => tracing::error!(instance, "{text}"),
        }
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() >= LINES {
            lines.pop_front();
        }
        // Numbered while nobody else writes here: the lines of an instance are in the order of their numbers.
        lines.push_back(Line { number: self.signals.next_line(), at, severity, text });
    }

    /// The last lines, the oldest first.
    pub(crate) fn tail(&self, most: usize) -> Vec<Line> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().skip(lines.len().saturating_sub(most)).cloned().collect()
    }

    /// The lines behind this number, the oldest first.
    pub(crate) fn after(&self, number: u64) -> Vec<Line> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().filter(|line| line.number > number).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_lines_stay_and_long_ones_are_cut() {
        let log = Log::new("a", Arc::default());
        for n in 0..LINES + 3 {
            log.write(0, Severity::Info, n.to_string());
        }
        let lines = log.tail(usize::MAX);
        assert_eq!((lines.len(), lines[0].text.as_str()), (LINES, "3"));
        log.write(0, Severity::Warn, "ä".repeat(LONGEST + 1));
        assert_eq!(log.tail(1)[0].text.chars().count(), LONGEST + 1, "with the sign that it was cut");
        let last = log.tail(1)[0].number;
        assert_eq!(log.after(last - 2).iter().map(|line| line.number).collect::<Vec<_>>(), [last - 1, last]);
    }
}
