//! One line of mrkdwn: emphasis, code, emoji, and what stands in angle brackets.

use bridge_core::content::{Emoji, Span, Style};

use super::super::emoji;
use super::super::spans::Spans;
use super::{angle, unescape};

/// The place of a mark in a style.
type Mark = fn(&mut Style) -> &mut bool;

/// Which signs mean what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Slack's own.
    Mrkdwn,
    /// That of the `markdown` block.
    Markdown,
}

impl Dialect {
    /// The signs, a longer one before its beginning, and what they switch on.
    fn signs(self) -> &'static [(&'static str, Mark)] {
        match self {
            Self::Mrkdwn => &[("*", |s| &mut s.bold), ("_", |s| &mut s.italic), ("~", |s| &mut s.strike)],
            Self::Markdown => &[
                ("***", |s| {
                    s.italic = true;
                    &mut s.bold
                }),
                ("**", |s| &mut s.bold),
                ("__", |s| &mut s.bold),
                ("~~", |s| &mut s.strike),
                ("*", |s| &mut s.italic),
                ("_", |s| &mut s.italic),
            ],
        }
    }
}

/// Reads lines.
pub(super) struct Inline<'a> {
    pub(super) team_id: &'a str,
    pub(super) dialect: Dialect,
}

impl Inline<'_> {
    /// Reads a line, or a piece of one, that stands in a style.
    pub(super) fn read(&self, line: &str, style: Style, out: &mut Spans) {
        // A sign without an end has none further on either; without this a long line of them took a square of time.
        let mut ends = Ends { endless: [false; 6], bracket: line.rfind('>'), round: line.rfind(')') };
        let (mut at, mut kept) = (0, 0);
        while let Some(found) = line[at..].find(['<', '`', '*', '_', '~', ':', '[', '\\']) {
            at += found;
            let end = match line.as_bytes()[at] {
                b'<' if ends.bracket.is_none_or(|last| at > last) => None,
                b'<' => self.angle(&line[at..], style, &mut Pending::new(&line[kept..at], style, out)),
                b'`' => self.code(&line[at..], style, &mut Pending::new(&line[kept..at], style, out)),
                b'[' if ends.round.is_none_or(|last| at > last) => None,
                b'[' => self.link(line, at, style, &mut Pending::new(&line[kept..at], style, out)),
                b'\\' => self.escaped(&line[at..], style, &mut Pending::new(&line[kept..at], style, out)),
                b':' => colon(line, at, style, &mut Pending::new(&line[kept..at], style, out)),
                _ => self.emphasis(line, kept, at, style, &mut ends, out),
            };
            match end {
                Some(length) => {
                    at += length;
                    kept = at;
                }
                None => at += 1,
            }
        }
        out.text(&unescape(&line[kept..]), style);
    }

    /// Text without meaning, such as in code: only addresses in angle brackets are unwrapped.
    pub(super) fn literal(&self, text: &str) -> String {
        if self.dialect == Dialect::Markdown {
            return text.to_owned();
        }
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('<') {
            let end = rest[at..].find(['>', '\n']).map(|length| at + length);
            let Some(end) = end.filter(|end| rest.as_bytes()[*end] == b'>') else {
                // None of the brackets up to there has an end.
                let end = end.unwrap_or(rest.len());
                out.push_str(&unescape(&rest[..end]));
                rest = &rest[end..];
                continue;
            };
            out.push_str(&unescape(&rest[..at]));
            let span = angle::read(&rest[at + 1..end], Style::default(), self.team_id);
            out.push_str(&super::super::flatten::plain(&[span]));
            rest = &rest[end + 1..];
        }
        out.push_str(&unescape(rest));
        out
    }

    fn angle(&self, rest: &str, style: Style, out: &mut Pending<'_>) -> Option<usize> {
        let end = rest.find('>').filter(|end| *end > 1)?;
        out.push(angle::read(&rest[1..end], style, self.team_id));
        Some(end + 1)
    }

    fn code(&self, rest: &str, style: Style, out: &mut Pending<'_>) -> Option<usize> {
        let end = rest[1..].find('`').filter(|length| *length > 0)?;
        let text = self.literal(&rest[1..=end]);
        out.push(Span::Text { text, style: Style { code: true, ..style } });
        Some(end + 2)
    }

    /// A sign that a backslash makes text of.
    fn escaped(&self, rest: &str, style: Style, out: &mut Pending<'_>) -> Option<usize> {
        let sign = rest.get(1..2).filter(|sign| is_escape(self.dialect, sign))?;
        out.push(Span::Text { text: sign.to_owned(), style });
        Some(2)
    }

    /// A link, or a picture as one, whose address has an end.
    fn link(&self, line: &str, at: usize, style: Style, out: &mut Pending<'_>) -> Option<usize> {
        if self.dialect != Dialect::Markdown {
            return None;
        }
        let rest = &line[at + 1..];
        let middle = rest.find(['[', ']']).filter(|middle| rest[*middle..].starts_with("]("))?;
        let end = rest[middle..].find(')')? + middle;
        let address = rest[middle + 2..end].split_whitespace().next().unwrap_or_default();
        let span = super::super::blocks::link(address, &rest[..middle])?;
        let Span::Link { url, label, .. } = span else { return None };
        // The sign before a picture is not text.
        out.text = out.text.strip_suffix('!').unwrap_or(out.text);
        out.push(Span::Link { url, label, style });
        Some(end + 2)
    }

    fn emphasis(
        &self,
        line: &str,
        kept: usize,
        at: usize,
        style: Style,
        ends: &mut Ends,
        out: &mut Spans,
    ) -> Option<usize> {
        let signs = self.dialect.signs();
        let index = signs.iter().position(|(sign, _)| line[at..].starts_with(sign))?;
        let (sign, mark) = signs[index];
        let from = at + sign.len();
        let mut inner_style = style;
        let marked = mark(&mut inner_style);
        let opens = !line[..at].chars().next_back().is_some_and(char::is_alphanumeric)
            && line[from..]
                .chars()
                .next()
                .is_some_and(|next| !next.is_whitespace() && !line[from..].starts_with(sign));
        if *marked || !opens || ends.endless[index] {
            return None;
        }
        *marked = true;
        let bracket = ends.bracket.and_then(|last| last.checked_sub(from));
        let Some(length) = closing(&line[from..], sign, bracket, self.dialect) else {
            ends.endless[index] = true;
            return None;
        };
        out.text(&unescape(&line[kept..at]), style);
        self.read(&line[from..from + length], inner_style, out);
        Some(sign.len() * 2 + length)
    }
}

/// Text that is written out only if something follows it.
struct Pending<'a> {
    text: &'a str,
    style: Style,
    out: &'a mut Spans,
}

impl<'a> Pending<'a> {
    fn new(text: &'a str, style: Style, out: &'a mut Spans) -> Self {
        Self { text, style, out }
    }

    fn push(&mut self, span: Span) {
        self.out.text(&unescape(self.text), self.style);
        self.out.push(span);
    }
}

/// Whether a backslash before it makes text of a sign.
fn is_escape(dialect: Dialect, sign: &str) -> bool {
    dialect == Dialect::Markdown && sign.bytes().all(|byte| byte.is_ascii_punctuation())
}

/// What is known of a line's ends, so that nothing is looked for twice.
struct Ends {
    /// Which signs of emphasis have no end.
    endless: [bool; 6],
    /// Where the last angle bracket is.
    bracket: Option<usize>,
    /// Where the last round bracket is.
    round: Option<usize>,
}

/// Where emphasis ends: at its sign after something visible and not before a letter, outside code and brackets, of which
/// the last is at `bracket`.
fn closing(rest: &str, sign: &str, bracket: Option<usize>, dialect: Dialect) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = rest[at..].find(|c| matches!(c, '<' | '`' | '\\') || sign.starts_with(c)) {
        at += found;
        let skipped = match rest.as_bytes()[at] {
            b'<' if bracket.is_some_and(|last| at <= last) => rest[at..].find('>'),
            b'`' => rest[at + 1..].find('`').map(|length| length + 1),
            b'\\' => rest.get(at + 1..at + 2).filter(|sign| is_escape(dialect, sign)).map(|_| 1),
            _ => None,
        };
        if let Some(length) = skipped {
            at += length + 1;
            continue;
        }
        let visible = rest[..at].chars().next_back().is_some_and(|before| !before.is_whitespace());
        let after = rest[at..].strip_prefix(sign);
        if visible && after.is_some_and(|after| !after.chars().next().is_some_and(char::is_alphanumeric)) {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// Plain text in which emoji are named between colons.
pub fn emoji_text(text: &str, style: Style, out: &mut Spans) {
    let (mut at, mut kept) = (0, 0);
    while let Some(found) = text[at..].find(':') {
        at += found;
        match colon(text, at, style, &mut Pending { text: "", style, out: &mut Spans::default() }) {
            Some(length) => {
                out.text(&text[kept..at], style);
                colon(text, at, style, &mut Pending { text: "", style, out });
                at += length;
                kept = at;
            }
            None => at += 1,
        }
    }
    out.text(&text[kept..], style);
}

/// An emoji that begins at a colon: its length.
fn colon(line: &str, at: usize, style: Style, out: &mut Pending<'_>) -> Option<usize> {
    let rest = &line[at + 1..];
    let end = rest.find(':').filter(|end| emoji::is_name(&rest[..*end]))?;
    let name = &rest[..end];
    let after = &rest[end + 1..];
    let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let alone = !word(line[..at].chars().next_back()) && !word(after.chars().next());
    let toned = after
        .strip_prefix(":skin-tone-")
        .and_then(|tone| tone.find(':'))
        .and_then(|tone| Some((emoji::sequence(&rest[..end + 1 + ":skin-tone-".len() + tone])?, tone)));
    if let Some((sequence, tone)) = toned {
        out.push(Span::Emoji { emoji: Emoji::Unicode(sequence.to_owned()), style });
        return Some(end + 2 + ":skin-tone-".len() + tone + 1);
    }
    let letters = name.chars().any(char::is_alphabetic);
    if !alone && (!letters || name.len() <= 2) {
        return None;
    }
    let emoji = match emoji::sequence(name) {
        // `10:100:20` and `a:b:c` are no emoji, and neither is an unknown word within a word.
        Some(sequence) => Emoji::Unicode(sequence.to_owned()),
        None if alone && letters => Emoji::Custom { name: name.to_owned(), url: None },
        _ => return None,
    };
    out.push(Span::Emoji { emoji, style });
    Some(end + 2)
}
