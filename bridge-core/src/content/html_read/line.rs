//! Gathers running text: whitespace as HTML shows it, formatting, links.

use super::link;
use crate::content::{Lookup, Span, Style};

/// A link that is open.
struct Anchor {
    address: String,
    /// Where its label begins among the spans.
    from: usize,
}

/// The running text of one block.
#[derive(Default)]
pub(super) struct Line {
    spans: Vec<Span>,
    anchor: Option<Anchor>,
    /// Whether the last character was not a space; at a line's start it is not so.
    after_text: bool,
}

impl Line {
    /// Text as in the source: spaces and line feeds are one space, at a line's start none. A fixed space next to
    /// another, or at a line's start, only kept that one from vanishing, and becomes a usual one.
    pub(super) fn text(&mut self, text: &str, style: Style) {
        let mut shown = String::with_capacity(text.len());
        for character in text.chars() {
            match character {
                ' ' | '\t' | '\n' | '\r' | '\x0c' => {
                    if self.after_text {
                        shown.push(' ');
                    }
                    self.after_text = false;
                }
                '\u{a0}' if !self.after_text => shown.push(' '),
                other => {
                    shown.push(other);
                    self.after_text = true;
                }
            }
        }
        self.push(Span::Text { text: shown, style });
    }

    /// A piece that is not text.
    pub(super) fn piece(&mut self, span: Span) {
        self.after_text = true;
        self.push(span);
    }

    /// A line break; spaces before it vanish.
    pub(super) fn line_break(&mut self) {
        self.trim_spaces();
        self.spans.push(Span::Break);
        self.after_text = false;
    }

    /// A line break unless a line has just begun.
    pub(super) fn soft_break(&mut self) {
        if !matches!(self.spans.last(), None | Some(Span::Break)) {
            self.line_break();
        }
    }

    /// A link begins; one that is open ends.
    pub(super) fn open_link(&mut self, address: &str, lookup: &Lookup) {
        self.close_link(lookup);
        let address = address.trim().replace(['\t', '\n', '\r'], "").replace(' ', "%20");
        self.anchor = Some(Anchor { address, from: self.spans.len() });
    }

    /// The open link ends.
    pub(super) fn close_link(&mut self, lookup: &Lookup) {
        if let Some(anchor) = self.anchor.take() {
            self.wrap(&anchor, lookup);
        }
    }

    /// Everything gathered, without empty lines around it; a link that is open goes on in what follows.
    pub(super) fn take(&mut self, lookup: &Lookup) -> Vec<Span> {
        let mut anchor = self.anchor.take();
        if let Some(anchor) = &mut anchor {
            self.wrap(anchor, lookup);
            anchor.from = 0;
        }
        while self.spans.last() == Some(&Span::Break) || self.ends_in_space() {
            self.trim_spaces();
            if self.spans.last() == Some(&Span::Break) {
                self.spans.pop();
            }
        }
        let mut spans = std::mem::take(&mut self.spans);
        let empty = spans.iter().take_while(|span| **span == Span::Break).count();
        spans.drain(..empty);
        *self = Self { anchor, ..Self::default() };
        spans
    }

    fn wrap(&mut self, anchor: &Anchor, lookup: &Lookup) {
        let label = self.spans.split_off(anchor.from.min(self.spans.len()));
        if label.iter().any(|span| !span.is_empty()) {
            for span in link::spans(&anchor.address, label, lookup) {
                span.push_onto(&mut self.spans);
            }
        } else {
            self.spans.extend(label);
        }
    }

    /// Joins text to text of the same formatting, but not over a link's beginning.
    fn push(&mut self, span: Span) {
        if self.anchor.as_ref().is_some_and(|anchor| anchor.from >= self.spans.len()) {
            if !matches!(&span, Span::Text { text, .. } if text.is_empty()) {
                self.spans.push(span);
            }
        } else {
            span.push_onto(&mut self.spans);
        }
    }

    fn ends_in_space(&self) -> bool {
        matches!(self.spans.last(), Some(Span::Text { text, .. }) if text.ends_with(' ') || text.is_empty())
    }

    fn trim_spaces(&mut self) {
        while self.ends_in_space() {
            if let Some(Span::Text { text, .. }) = self.spans.last_mut() {
                text.truncate(text.trim_end_matches(' ').len());
                if text.is_empty() {
                    self.spans.pop();
                }
            }
        }
    }
}
