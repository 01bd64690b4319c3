//! Puts the blocks together again of which tokens tell.

use super::token::{Container, Token};
use crate::content::{Block, Item, Span};

/// The blocks of tokens; what is open at the end is closed.
pub(super) fn blocks<'t, 'a: 't>(mut tokens: impl Iterator<Item = &'t Token<'a>>) -> Vec<Block> {
    blocks_of(&mut tokens)
}

fn blocks_of<'t, 'a: 't>(tokens: &mut impl Iterator<Item = &'t Token<'a>>) -> Vec<Block> {
    let mut blocks = Vec::new();
    while let Some(token) = tokens.next() {
        match token {
            Token::Close => break,
            Token::Rule => blocks.push(Block::Rule),
            Token::Open(container) => blocks.extend(block(*container, tokens)),
            // Lines stand in a block of theirs.
            Token::Word { .. } | Token::Span(_) => {}
        }
    }
    blocks
}

fn block<'t, 'a: 't>(
    container: Container<'_>,
    tokens: &mut impl Iterator<Item = &'t Token<'a>>,
) -> Option<Block> {
    Some(match container {
        Container::Paragraph => Block::Paragraph(spans(tokens)),
        Container::Heading(level) => Block::Heading { level, spans: spans(tokens) },
        Container::Quote => Block::Quote(blocks_of(tokens)),
        Container::List(start) => {
            let items = children(tokens, |tokens| Item { blocks: blocks_of(tokens) });
            Block::List { start, items }
        }
        Container::Code(language) => {
            Block::Code { language: language.map(str::to_owned), text: text(tokens) }
        }
        Container::Table(header) => {
            Block::Table { header, rows: children(tokens, |tokens| children(tokens, spans)) }
        }
        // They stand in a block of theirs.
        Container::Item | Container::Row | Container::Cell | Container::Link { .. } => return None,
    })
}

/// What the next containers hold, up to the end of the one around.
fn children<'t, 'a: 't, I, T>(tokens: &mut I, inner: impl Fn(&mut I) -> T) -> Vec<T>
where
    I: Iterator<Item = &'t Token<'a>>,
{
    let mut children = Vec::new();
    while let Some(Token::Open(_)) = tokens.next() {
        children.push(inner(tokens));
    }
    children
}

fn spans<'t, 'a: 't>(tokens: &mut impl Iterator<Item = &'t Token<'a>>) -> Vec<Span> {
    let mut spans = Vec::new();
    while let Some(token) = tokens.next() {
        match token {
            Token::Word { text, style, .. } => match spans.last_mut() {
                Some(Span::Text { text: last, style: before }) if before == style => last.push_str(text),
                _ => spans.push(Span::Text { text: text.clone().into_owned(), style: *style }),
            },
            Token::Span(span) => spans.push((*span).clone()),
            Token::Open(Container::Link { url, style }) => {
                let label = self::spans(tokens);
                spans.push(Span::Link { url: (*url).to_owned(), label, style: *style });
            }
            Token::Open(_) | Token::Close | Token::Rule => break,
        }
    }
    spans
}

fn text<'t, 'a: 't>(tokens: &mut impl Iterator<Item = &'t Token<'a>>) -> String {
    let mut out = String::new();
    while let Some(Token::Word { text, .. }) = tokens.next() {
        out.push_str(text);
    }
    out
}
