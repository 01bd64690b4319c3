//! What the demo prints: who said what, where, at the moment it happens.
use std::io::{IsTerminal as _, Write as _};
use std::time::{SystemTime, UNIX_EPOCH};

/// How many lines of a long text are shown.
const SHOWN_LINES: usize = 3;
/// How many characters of a line are shown.
const SHOWN_CHARACTERS: usize = 100;

/// One side of the bridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Matrix,
    Slack,
}

/// Prints lines; in colour where somebody looks.
#[derive(Debug)]
pub(super) struct Transcript {
    is_colourful: bool,
}

impl Transcript {
    pub(super) fn new() -> Self {
        Self { is_colourful: std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() }
    }

    /// A sentence of the demo's own.
    pub(super) fn say(&self, text: &str) {
        self.print(&format!("{}  {}", clock(), self.paint("2", text)));
    }

    /// A text as it is.
    pub(super) fn show(&self, text: &str) {
        self.print(text);
    }

    /// Somebody said something.
    pub(super) fn said(&self, side: Side, place: &str, who: &str, text: &str) {
        let (name, colour) = match side {
            Side::Matrix => ("Matrix", "32"),
            Side::Slack => ("Slack ", "35"),
        };
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        let mut shown: Vec<String> = lines.by_ref().take(SHOWN_LINES).map(shortened).collect();
        if lines.next().is_some() {
            shown.push("…".to_owned());
        }
        let head = format!("{}  {}  {place:<14} {who:<16} ", clock(), self.paint(colour, name));
        let indent = format!("\n{:>50}", "");
        self.print(&format!("{head}{}", shown.join(&indent)));
    }

    fn paint(&self, colour: &str, text: &str) -> String {
        if self.is_colourful { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }

    #[allow(clippy::unused_self, reason = "all that is printed goes through here")]
    fn print(&self, text: &str) {
        // Whoever closed the other end does not read on; the demo's outcome is told by its exit code.
        let _ = writeln!(std::io::stdout(), "{text}");
    }
}

fn shortened(line: &str) -> String {
    match line.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// The time of day, UTC.
fn clock() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() % 86_400;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}
