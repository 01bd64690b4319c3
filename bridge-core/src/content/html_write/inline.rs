//! Writes running text: elements for formatting, links, pills, emoji.

use super::pill;
use crate::content::{Emoji, Lookup, Span, Style, plain};

/// Every mark with its start tag and end tag, from the outermost inwards.
type Mark = (fn(Style) -> bool, &'static str, &'static str);
const MARKS: [Mark; 6] = [
    (|style| style.spoiler, "<span data-mx-spoiler>", "</span>"),
    (|style| style.bold, "<strong>", "</strong>"),
    (|style| style.italic, "<em>", "</em>"),
    (|style| style.underline, "<u>", "</u>"),
    (|style| style.strike, "<del>", "</del>"),
    (|style| style.code, "<code>", "</code>"),
];

/// One run of text within a block.
pub(super) struct Inline<'a> {
    out: &'a mut String,
    lookup: &'a Lookup,
    /// The marks now open, as indexes into [`MARKS`].
    open: Vec<usize>,
    /// The formatting that holds for all that is written, from the link around it.
    around: Style,
    /// The formatting of the span before.
    style: Style,
    /// Line breaks that are not written yet: they stand outside of what ends at them.
    breaks: usize,
    /// Whether a space written now would be lost: at a line's start, after another.
    space_is_lost: bool,
}

impl<'a> Inline<'a> {
    pub(super) fn new(out: &'a mut String, lookup: &'a Lookup) -> Self {
        let (open, around, style) = (Vec::new(), Style::default(), Style::default());
        Self { out, lookup, open, around, style, breaks: 0, space_is_lost: true }
    }

    pub(super) fn spans(&mut self, spans: &[Span]) {
        for span in spans {
            self.span(span);
        }
    }

    pub(super) fn finish(mut self) {
        self.change(Style::default());
    }

    /// Goes over to another formatting; breaks before it stand in what both have.
    fn change(&mut self, style: Style) {
        if self.breaks > 0 {
            self.switch(self.style.common(style));
            for _ in 0..std::mem::take(&mut self.breaks) {
                self.out.push_str("<br>");
            }
        }
        self.switch(style);
        self.style = style;
    }

    fn span(&mut self, span: &Span) {
        if span.is_empty() && *span != Span::Break {
            return;
        }
        if let Some(style) = span.style() {
            self.change(style);
        }
        match span {
            Span::Text { text, .. } | Span::Emoji { emoji: Emoji::Unicode(text), .. } => self.text(text),
            Span::Date { label, .. } => self.text(label),
            Span::Break => self.line_break(),
            Span::Link { url, label, style } => self.link(url, label, *style),
            Span::Mention { mention, label, .. } => {
                let name = plain::mention_name(mention, label, self.lookup);
                match pill::address(mention, self.lookup) {
                    Some(address) => self.anchor(&address, |inline| inline.text(name)),
                    None => self.text(name),
                }
            }
            Span::Emoji { emoji: emoji @ Emoji::Custom { name, .. }, .. } => match emoji.mxc(self.lookup) {
                Some(source) => self.picture(name, source),
                None => self.text(&format!(":{name}:")),
            },
        }
    }

    fn link(&mut self, url: &str, label: &[Span], style: Style) {
        let shown = flat_label(label, self.lookup);
        let inner = |inline: &mut Self| {
            if shown.iter().all(Span::is_empty) {
                inline.text(url);
            } else {
                let before = inline.around;
                inline.around = before.union(style);
                let (open, outer) = (std::mem::take(&mut inline.open), inline.style);
                inline.style = Style::default();
                inline.spans(&shown);
                inline.change(Style::default());
                (inline.open, inline.style) = (open, outer);
                inline.around = before;
            }
        };
        if let Some(address) = safe_address(url) {
            return self.anchor(&address, inner);
        }
        inner(self);
        if is_worth_showing(url, label) {
            self.text(&format!(" ({url})"));
        }
    }

    fn anchor(&mut self, address: &str, inner: impl FnOnce(&mut Self)) {
        self.out.push_str("<a href=\"");
        escape(self.out, address);
        self.out.push_str("\">");
        inner(self);
        self.out.push_str("</a>");
    }

    fn picture(&mut self, name: &str, source: &str) {
        self.out.push_str("<img data-mx-emoticon height=\"32\" src=\"");
        escape(self.out, source);
        for attribute in ["\" alt=\":", ":\" title=\":"] {
            self.out.push_str(attribute);
            escape(self.out, name);
        }
        self.out.push_str(":\">");
        self.space_is_lost = false;
    }

    fn line_break(&mut self) {
        self.breaks += 1;
        self.space_is_lost = true;
    }

    /// Closes and opens elements until exactly this formatting holds.
    fn switch(&mut self, style: Style) {
        let style = style.minus(self.around);
        let wanted: Vec<usize> = (0..MARKS.len()).filter(|&index| MARKS[index].0(style)).collect();
        let same = self.open.iter().zip(&wanted).take_while(|(open, wanted)| open == wanted).count();
        for &index in self.open[same..].iter().rev() {
            self.out.push_str(MARKS[index].2);
        }
        for &index in &wanted[same..] {
            self.out.push_str(MARKS[index].1);
        }
        self.open = wanted;
    }

    fn text(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                ' ' if self.space_is_lost => self.out.push_str("&nbsp;"),
                '\n' => {
                    self.out.push_str("<br>");
                    self.space_is_lost = true;
                    continue;
                }
                other => escape_char(self.out, other),
            }
            self.space_is_lost = character == ' ';
        }
    }
}

/// A label without what a link may not hold: other links, pills.
fn flat_label(label: &[Span], lookup: &Lookup) -> Vec<Span> {
    label
        .iter()
        .map(|span| match span {
            Span::Link { url, label, style } => {
                let text = plain::spans_text(label, lookup);
                Span::Text { text: if text.is_empty() { url.clone() } else { text }, style: *style }
            }
            Span::Mention { mention, label, style } => {
                let text = plain::mention_name(mention, label, lookup).to_owned();
                Span::Text { text, style: *style }
            }
            other => other.clone(),
        })
        .collect()
}

/// An address that may be a link, since following it can only show something; its scheme in lower case, as
/// readers want it.
pub(super) fn safe_address(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    matches!(scheme.as_str(), "http" | "https" | "mailto" | "matrix" | "ftp" | "magnet")
        .then(|| format!("{scheme}:{rest}"))
}

/// Whether an address that cannot be a link tells something beside its label: a telephone number does, a program not.
fn is_worth_showing(url: &str, label: &[Span]) -> bool {
    let Some((scheme, rest)) = url.split_once(':') else { return false };
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let shown = letters(&plain::spans_text(label, &Lookup::default()));
    !shown.is_empty()
        && !["javascript", "data", "vbscript"].contains(&scheme.trim().to_ascii_lowercase().as_str())
        && !shown.contains(&letters(rest))
}

/// Text within an element or a quoted attribute.
pub(super) fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        escape_char(out, character);
    }
}

fn escape_char(out: &mut String, character: char) {
    match character {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        // A parser would turn a carriage return into a line feed, and refuse the null.
        '\r' => out.push_str("&#13;"),
        '\0' => out.push('\u{fffd}'),
        other => out.push(other),
    }
}
