//! What is left of a text that is split: taking a piece from it costs what the piece costs.

use std::borrow::Cow;

use super::build;
use super::token::{self, Container, Token};
use crate::content::{Block, Lookup, Span, Style, plain};

/// The tokens that are left.
pub(super) struct Rest<'a> {
    /// The last first, so that taking from the front is cheap.
    reversed: Vec<Token<'a>>,
}

impl<'a> Rest<'a> {
    /// All of a text. Of more line breaks in a row than a piece of this size holds, one is cut anyway, and the others go
    /// with it.
    pub(super) fn new(blocks: &'a [Block], limit: usize) -> Self {
        let mut tokens = Vec::new();
        token::of_blocks(blocks, &mut tokens);
        let mut breaks = 0_usize;
        tokens.retain(|token| {
            breaks = if matches!(token, Token::Span(Span::Break)) { breaks + 1 } else { 0 };
            breaks <= limit.saturating_add(1)
        });
        tokens.reverse();
        Self { reversed: tokens }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.reversed.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.reversed.len()
    }

    /// The tokens from the front.
    pub(super) fn tokens(&self) -> impl Iterator<Item = &Token<'a>> {
        self.reversed.iter().rev()
    }

    /// How many tokens weigh no more than this.
    pub(super) fn reach(&self, most: usize) -> usize {
        let mut weight = 0;
        let fits = |token: &&Token<'_>| {
            weight += token.weight();
            weight <= most
        };
        self.tokens().take_while(fits).count()
    }

    /// What so many tokens weigh.
    pub(super) fn weight(&self, count: usize) -> usize {
        self.tokens().take(count).map(Token::weight).sum()
    }

    /// The token at a place.
    pub(super) fn get(&self, at: usize) -> Option<&Token<'a>> {
        self.index(at).map(|index| &self.reversed[index])
    }

    fn index(&self, at: usize) -> Option<usize> {
        self.reversed.len().checked_sub(at + 1)
    }

    /// The first token that is not the beginning of a container.
    pub(super) fn first_seen(&self) -> usize {
        self.tokens().take_while(|token| matches!(token, Token::Open(_))).count()
    }

    /// How many bytes the first character of the word at a place has; 0 if there is no word.
    pub(super) fn first_character(&self, at: usize) -> usize {
        match self.get(at) {
            Some(Token::Word { text, .. }) => text.chars().next().map_or(0, char::len_utf8),
            _ => 0,
        }
    }

    /// Drops the line breaks before the first thing that is seen: nobody sees them at a piece's beginning.
    pub(super) fn drop_breaks(&mut self) {
        let at = self.first_seen();
        let is_break = |token: &&Token<'_>| matches!(token, Token::Span(Span::Break));
        let breaks = self.tokens().skip(at).take_while(is_break).count();
        let end = self.reversed.len() - at;
        self.reversed.drain(end - breaks..end);
    }

    /// Changes the first thing that is seen, which does not fit: a link is opened so that it can be cut, code loses the line
    /// break at its beginning, and anything else but a word becomes one. False if there is nothing to change.
    pub(super) fn loosen(&mut self, fits: impl Fn(Vec<Block>) -> bool) -> bool {
        let at = self.first_seen();
        let Some(index) = self.index(at) else { return false };
        let Token::Span(span) = self.reversed[index] else {
            let is_break = self.reversed[index].is_break();
            if is_break {
                self.strip_break(index);
            }
            return is_break;
        };
        let mut tokens = Vec::new();
        match span {
            Span::Link { url, label, style } if !label.is_empty() => {
                let link = Token::Open(Container::Link { url, style: *style });
                let short =
                    Token::Word { text: Cow::Borrowed("…"), style: Style::default(), is_glued: false };
                if fits(build::blocks(self.tokens().take(at).chain([&link, &short]))) {
                    tokens.push(link);
                    token::of_spans(label, &mut tokens);
                    tokens.push(Token::Close);
                } else {
                    token::of_spans(label, &mut tokens);
                    tokens.push(Token::Word { text: Cow::Borrowed(" ("), style: *style, is_glued: false });
                    token::of_text(url, *style, &mut tokens);
                    tokens.push(Token::Word { text: Cow::Borrowed(")"), style: *style, is_glued: true });
                }
            }
            other => {
                let style = other.style().unwrap_or_default();
                let text =
                    plain::spans_text(&[other.clone().with_style(Style::default())], &Lookup::default());
                tokens.push(Token::Word { text: Cow::Owned(text), style, is_glued: false });
            }
        }
        tokens.reverse();
        self.reversed.splice(index..=index, tokens);
        true
    }

    /// Takes so many tokens as a piece.
    pub(super) fn take(&mut self, count: usize) -> Vec<Block> {
        let taken = self.split_off(count);
        let blocks = build::blocks(taken.iter());
        self.reopen(open_after(&taken));
        blocks
    }

    /// Takes so many tokens as a piece, and so many bytes of the next word; what follows begins a line of its own.
    pub(super) fn take_of_line(&mut self, count: usize, bytes: usize) -> Vec<Block> {
        let mut taken = self.split_off(count);
        if bytes > 0
            && let Some(Token::Word { text, style, .. }) = self.reversed.pop()
        {
            let (head, tail) = cut(text, bytes);
            taken.push(Token::Word { text: head, style, is_glued: false });
            if !tail.is_empty() {
                self.reversed.push(Token::Word { text: tail, style, is_glued: false });
            }
        }
        self.begin_line();
        let blocks = build::blocks(taken.iter());
        self.reopen(open_after(&taken));
        blocks
    }

    fn split_off(&mut self, count: usize) -> Vec<Token<'a>> {
        let mut taken = self.reversed.split_off(self.reversed.len().saturating_sub(count));
        taken.reverse();
        taken
    }

    /// Drops the line breaks at the front: of code one, of running text all.
    fn begin_line(&mut self) {
        while let Some(token) = self.reversed.last().filter(|token| token.is_break()) {
            if matches!(token, Token::Span(_)) {
                self.reversed.pop();
            } else {
                return self.strip_break(self.reversed.len() - 1);
            }
        }
    }

    /// Takes the line break from a line of code; a line of which nothing is left goes.
    fn strip_break(&mut self, index: usize) {
        if let Token::Word { text, style, is_glued } = self.reversed[index].clone() {
            let (_, line) = cut(text, 1);
            if line.is_empty() {
                self.reversed.remove(index);
            } else {
                self.reversed[index] = Token::Word { text: line, style, is_glued };
            }
        }
    }

    /// Opens what is still open again, unless nothing more stands in it.
    fn reopen(&mut self, mut open: Vec<Container<'a>>) {
        while !open.is_empty() && self.reversed.last() == Some(&Token::Close) {
            self.reversed.pop();
            close(&mut open);
        }
        self.reversed.extend(open.into_iter().rev().map(Token::Open));
    }
}

/// What is open after tokens, as it goes on: a numbered list goes on counting, an item that is cut keeps its number on
/// both sides, and a table has its header once.
fn open_after<'a>(tokens: &[Token<'a>]) -> Vec<Container<'a>> {
    let mut open = Vec::new();
    for token in tokens {
        match token {
            Token::Open(container) => open.push(*container),
            Token::Close => close(&mut open),
            _ => {}
        }
    }
    for container in &mut open {
        if let Container::Table(header) = container {
            *header = false;
        }
    }
    open
}

fn close(open: &mut Vec<Container<'_>>) {
    if let (Some(Container::Item), Some(Container::List(Some(number)))) = (open.pop(), open.last_mut()) {
        *number = number.saturating_add(1);
    }
}

fn cut(text: Cow<'_, str>, at: usize) -> (Cow<'_, str>, Cow<'_, str>) {
    match text {
        Cow::Borrowed(text) => {
            let (head, tail) = text.split_at(at);
            (Cow::Borrowed(head), Cow::Borrowed(tail))
        }
        Cow::Owned(mut text) => {
            let tail = text.split_off(at);
            (Cow::Owned(text), Cow::Owned(tail))
        }
    }
}
