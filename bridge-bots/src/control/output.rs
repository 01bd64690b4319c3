//! What a command writes: lines, without what only a terminal understands, the newest of them held.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::watch;
use utoipa::ToSchema;

/// How many lines are held.
pub(crate) const MOST: usize = 2_000;
/// How long a line may be, in bytes; what is longer goes on in the next.
const LONGEST: usize = 4_096;
/// How many lines, and bytes, the record keeps.
const TAIL: (usize, usize) = (100, 16 * 1_024);
/// How many of the last lines that were written as errors tell why it failed.
const REASONS: usize = 5;

/// Where a program writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// What it has to say.
    Out,
    /// What went wrong, or how far it is.
    Error,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ServiceLine)]
pub(crate) struct Line {
    /// From 1 on, in the order in which they came.
    pub(crate) number: u64,
    /// Whether it was written as an error.
    pub(crate) is_error: bool,
    pub(crate) text: String,
}

/// What one command has written.
#[derive(Debug)]
pub(crate) struct Output {
    held: Mutex<Held>,
    moved: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Held {
    lines: VecDeque<Line>,
    newest: u64,
    /// What has come of a line that is not at its end, of either stream.
    begun: [Vec<u8>; 2],
}

impl Default for Output {
    fn default() -> Self {
        Self { held: Mutex::default(), moved: watch::Sender::new(0) }
    }
}

impl Output {
    /// Takes what came.
    pub(crate) fn take(&self, stream: Stream, bytes: &[u8]) {
        let mut held = self.held();
        for byte in bytes {
            let begun = &mut held.begun[index(stream)];
            if *byte != b'\n' {
                begun.push(*byte);
            }
            if *byte == b'\n' || begun.len() >= LONGEST {
                held.end_line(stream);
            }
        }
        let newest = held.newest;
        drop(held);
        self.tell(newest);
    }

    /// Nothing more comes: a line without an end is one, too.
    pub(crate) fn end(&self) {
        let mut held = self.held();
        for stream in [Stream::Out, Stream::Error] {
            if !held.begun[index(stream)].is_empty() {
                held.end_line(stream);
            }
        }
        let newest = held.newest;
        drop(held);
        self.tell(newest);
    }

    fn tell(&self, newest: u64) {
        self.moved.send_if_modified(|told| std::mem::replace(told, newest) != newest);
    }

    /// The lines that are held behind this number.
    pub(crate) fn after(&self, number: u64) -> Vec<Line> {
        self.held().lines.iter().filter(|line| line.number > number).cloned().collect()
    }

    /// The number of the newest line, as it grows.
    pub(crate) fn moved(&self) -> watch::Receiver<u64> {
        self.moved.subscribe()
    }

    /// Its end, for the record.
    pub(crate) fn tail(&self) -> String {
        let held = self.held();
        let (mut lines, mut bytes) = (Vec::new(), 0);
        for line in held.lines.iter().rev().take(TAIL.0) {
            bytes += line.text.len() + 1;
            if bytes > TAIL.1 {
                break;
            }
            lines.push(line.text.as_str());
        }
        lines.reverse();
        lines.join("\n")
    }

    /// The last lines that were written as errors; of all if there are none.
    pub(crate) fn reason(&self) -> String {
        let held = self.held();
        let last = |errors: bool| {
            let chosen = held.lines.iter().rev().filter(|line| !errors || line.is_error);
            let mut last: Vec<_> = chosen.filter(|line| !line.text.trim().is_empty()).take(REASONS).collect();
            last.reverse();
            last.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
        };
        let reason = last(true);
        if reason.is_empty() { last(false) } else { reason }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn end_line(&mut self, stream: Stream) {
        let bytes = std::mem::take(&mut self.begun[index(stream)]);
        self.newest += 1;
        let text = plain(&String::from_utf8_lossy(&bytes));
        self.lines.push_back(Line { number: self.newest, is_error: stream == Stream::Error, text });
        if self.lines.len() > MOST {
            self.lines.pop_front();
        }
    }
}

fn index(stream: Stream) -> usize {
    usize::from(stream == Stream::Error)
}

/// A line as a person would read it in the end: without colours and other orders to a terminal (ECMA-48, section 5), and where
/// it was written over, with what was written last.
pub(crate) fn plain(line: &str) -> String {
    let line = line.trim_end_matches('\r');
    let line = line.rsplit('\r').next().unwrap_or_default();
    let mut text = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip(&mut chars),
            '\u{9b}' => skip_order(&mut chars),
            '\t' => text.push('\t'),
            c if c.is_control() => {}
            c => text.push(c),
        }
    }
    text
}

/// Skips what follows an escape character.
fn skip(chars: &mut std::str::Chars<'_>) {
    match chars.next() {
        Some('[') => skip_order(chars),
        // A text for the terminal, such as its title, up to a bell or an escape and a backslash.
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while let Some(c) = chars.next() {
                if c == '\u{7}' || (c == '\u{1b}' && chars.next() == Some('\\')) {
                    return;
                }
            }
        }
        // An order of two characters more, such as the choice of letters.
        Some('(' | ')' | '*' | '+' | '#' | '%' | ' ') => {
            chars.next();
        }
        _ => {}
    }
}

fn skip_order(chars: &mut std::str::Chars<'_>) {
    for c in chars.by_ref() {
        if ('\u{40}'..='\u{7e}').contains(&c) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(output: &Output) -> Vec<String> {
        output.after(0).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn what_is_for_terminals_is_left_out() {
        for (line, expected) in [
            ("\u{1b}[1;32mok\u{1b}[0m done", "ok done"),
            ("10 %\r50 %\r100 %\r", "100 %"),
            ("\u{1b}]0;title\u{7}a\u{1b}]8;;http://x\u{1b}\\b", "ab"),
            ("a\u{0}b\u{8}c\td", "abc\td"),
            ("\u{9b}31mred\u{1b}(B!", "red!"),
            ("unfinished \u{1b}[12", "unfinished "),
            ("<b>&amp;", "<b>&amp;"),
        ] {
            assert_eq!(plain(line), expected);
        }
    }

    #[test]
    fn lines_are_put_together_and_told_apart() {
        let output = Output::default();
        output.take(Stream::Out, b"one\ntw");
        output.take(Stream::Error, b"bad\n");
        output.take(Stream::Out, b"o\n\xff");
        output.end();
        assert_eq!(texts(&output), ["one", "bad", "two", "\u{fffd}"]);
        assert_eq!(output.after(1)[0], Line { number: 2, is_error: true, text: "bad".to_owned() });
        assert_eq!((output.reason().as_str(), output.tail().as_str()), ("bad", "one\nbad\ntwo\n\u{fffd}"));
        assert_eq!(*output.moved().borrow(), 4);
    }

    #[test]
    fn only_the_newest_are_held_and_a_line_has_an_end() {
        let output = Output::default();
        for number in 0..MOST + 5 {
            output.take(Stream::Out, format!("{number}\n").as_bytes());
        }
        let texts = texts(&output);
        assert_eq!((texts.len(), texts[0].as_str()), (MOST, "5"));
        assert_eq!(output.tail().lines().count(), TAIL.0);
        output.take(Stream::Out, &vec![b'x'; LONGEST * 10]);
        output.end();
        assert!(output.after(0).iter().all(|line| line.text.len() <= LONGEST));
        assert!(output.tail().len() <= TAIL.1);
        assert!(output.reason().starts_with('x'));
    }
}
