//! Log lines for systemd's journal: with the level in front, so that `journalctl -p warning` finds what it should.

use std::fmt;
use std::os::unix::fs::MetadataExt as _;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::cli;

/// Whether standard error leads to the journal. systemd tells in `JOURNAL_STREAM`, by device and inode; whoever turns it
/// elsewhere inherits the variable, and is told from it by these (`systemd.exec(5)`).
pub(super) fn is_here() -> bool {
    let Ok(here) = std::fs::metadata("/proc/self/fd/2") else { return false };
    let here = format!("{}:{}", here.dev(), here.ino());
    cli::environment("JOURNAL_STREAM").is_some_and(|told| told.to_str() == Some(here.as_str()))
}

/// Puts the level before a line, as `sd-daemon(3)` has it: `<4>` for a warning. The journal takes it off again.
#[derive(Debug)]
pub(super) struct Leveled<F>(pub(super) F);

impl<S, N, F> FormatEvent<S, N> for Leveled<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let level = match *event.metadata().level() {
            Level::ERROR => 3,
            Level::WARN => 4,
            Level::INFO => 6,
            Level::DEBUG | Level::TRACE => 7,
        };
        write!(writer, "<{level}>")?;
        self.0.format_event(context, writer, event)
    }
}
