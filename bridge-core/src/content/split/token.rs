//! Rich text as a sequence of tokens, so that it can be cut anywhere.

use std::borrow::Cow;

use crate::content::{Block, Span, Style};

/// Longer words are taken apart, in bytes.
const LONGEST_WORD: usize = 256;

/// What stands around other things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container<'a> {
    Paragraph,
    Heading(u8),
    Quote,
    /// The number of the first item.
    List(Option<u32>),
    Item,
    /// The language.
    Code(Option<&'a str>),
    /// Whether the first row is a header.
    Table(bool),
    Row,
    Cell,
    /// A link that is too long to stay whole.
    Link {
        url: &'a str,
        style: Style,
    },
}

/// One step of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Open(Container<'a>),
    Close,
    Rule,
    /// A word with the spaces after it. In code each line after the first begins with its line break.
    Word {
        text: Cow<'a, str>,
        style: Style,
        /// Whether it continues a word that was taken apart.
        is_glued: bool,
    },
    /// Any other span, never text.
    Span(&'a Span),
}

impl Token<'_> {
    /// Whether it stands in a line, not around one.
    pub(super) fn is_in_line(&self) -> bool {
        matches!(self, Self::Word { .. } | Self::Span(_))
    }

    /// Whether a line ends here.
    pub(super) fn is_break(&self) -> bool {
        match self {
            Self::Word { text, .. } => text.starts_with('\n'),
            Self::Span(span) => **span == Span::Break,
            _ => false,
        }
    }

    /// Whether nothing is seen of it.
    pub(super) fn is_blank(&self) -> bool {
        match self {
            Self::Word { text, .. } => matches!(&**text, "" | "\n"),
            _ => self.is_break(),
        }
    }

    /// Roughly how much is written of it.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Word { text, .. } => text.len(),
            Self::Span(Span::Link { url, label, .. }) => 16 + url.len() + label.len() * 8,
            Self::Span(Span::Mention { label, .. }) => 16 + label.len(),
            Self::Span(_) | Self::Open(_) | Self::Close | Self::Rule => 4,
        }
    }
}

/// The tokens of blocks. Blocks of which nothing is seen are left out.
pub(super) fn of_blocks<'a>(blocks: &'a [Block], out: &mut Vec<Token<'a>>) {
    for block in blocks.iter().filter(|block| !block.is_empty()) {
        match block {
            Block::Paragraph(spans) => within(Container::Paragraph, out, |out| of_spans(spans, out)),
            Block::Heading { level, spans } => {
                within(Container::Heading(*level), out, |out| of_spans(spans, out));
            }
            Block::Quote(blocks) => within(Container::Quote, out, |out| of_blocks(blocks, out)),
            Block::List { start, items } => within(Container::List(*start), out, |out| {
                for item in items {
                    within(Container::Item, out, |out| of_blocks(&item.blocks, out));
                }
            }),
            Block::Code { language, text } => {
                within(Container::Code(language.as_deref()), out, |out| of_code(text, out));
            }
            Block::Table { header, rows } => within(Container::Table(*header), out, |out| {
                for row in rows {
                    within(Container::Row, out, |out| {
                        for cell in row {
                            within(Container::Cell, out, |out| of_spans(cell, out));
                        }
                    });
                }
            }),
            Block::Rule => out.push(Token::Rule),
        }
    }
}

/// The tokens of running text.
pub(super) fn of_spans<'a>(spans: &'a [Span], out: &mut Vec<Token<'a>>) {
    for span in spans {
        match span {
            Span::Text { text, style } => of_text(text, *style, out),
            other => out.push(Token::Span(other)),
        }
    }
}

/// The words of a text.
pub(super) fn of_text<'a>(text: &'a str, style: Style, out: &mut Vec<Token<'a>>) {
    let mut rest = text;
    while !rest.is_empty() {
        let spaces = rest.find(' ').unwrap_or(rest.len());
        let end =
            rest[spaces..].find(|character| character != ' ').map_or(rest.len(), |after| spaces + after);
        let (word, after) = rest.split_at(end);
        of_word(word, style, out);
        rest = after;
    }
}

fn of_word<'a>(word: &'a str, style: Style, out: &mut Vec<Token<'a>>) {
    let mut rest = word;
    while !rest.is_empty() {
        let is_glued = rest.len() < word.len();
        let mut end = rest.floor_char_boundary(LONGEST_WORD);
        while end > LONGEST_WORD / 2 && end < rest.len() && joins(rest, end) {
            end = rest.floor_char_boundary(end - 1);
        }
        let (text, after) = rest.split_at(end);
        out.push(Token::Word { text: Cow::Borrowed(text), style, is_glued });
        rest = after;
    }
}

/// The lines of code; longer ones as words.
fn of_code<'a>(text: &'a str, out: &mut Vec<Token<'a>>) {
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.match_indices('\n').map(|(at, _)| at).find(|&at| at > 0).unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        if line.len() > LONGEST_WORD {
            of_text(line, Style::default(), out);
        } else {
            out.push(Token::Word { text: Cow::Borrowed(line), style: Style::default(), is_glued: false });
        }
        rest = after;
    }
}

fn within<'a>(container: Container<'a>, out: &mut Vec<Token<'a>>, inner: impl FnOnce(&mut Vec<Token<'a>>)) {
    out.push(Token::Open(container));
    inner(out);
    out.push(Token::Close);
}

/// Whether the character at `at` belongs to the one before it: a combining mark, part of an emoji.
pub(super) fn joins(text: &str, at: usize) -> bool {
    let is_mark = |character| matches!(character, '\u{200d}' | '\u{fe0e}' | '\u{fe0f}' | '\u{300}'..='\u{36f}' | '\u{1f3fb}'..='\u{1f3ff}');
    text[at..].chars().next().is_some_and(is_mark) || text[..at].ends_with('\u{200d}')
}
