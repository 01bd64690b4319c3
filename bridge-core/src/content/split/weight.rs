//! Quick answers for long texts: what surely does not fit, without measuring it, and pieces that are cheap to cut.

use crate::content::{Block, Item, Span, Style};

/// Longer pieces of text are taken apart before they are cut, in bytes: cutting copies the piece it cuts.
const LONG: usize = 2_048;

/// Whether blocks have more characters of plain text than the limit. Looks at no more than it takes to know.
pub(super) fn exceeds<'a>(blocks: impl IntoIterator<Item = &'a Block>, limit: usize) -> bool {
    let mut left = limit;
    !blocks.into_iter().all(|block| take_block(block, &mut left))
}

fn take_block(block: &Block, left: &mut usize) -> bool {
    match block {
        Block::Paragraph(spans) | Block::Heading { spans, .. } => take_spans(spans, left),
        Block::Quote(blocks) => blocks.iter().all(|block| take_block(block, left)),
        Block::List { items, .. } => {
            items.iter().flat_map(|item| &item.blocks).all(|block| take_block(block, left))
        }
        Block::Code { text, .. } => take(text, left),
        // What is written of a table depends on more than its characters.
        Block::Table { .. } | Block::Rule => true,
    }
}

fn take_spans(spans: &[Span], left: &mut usize) -> bool {
    spans.iter().all(|span| match span {
        Span::Text { text, .. } => take(text, left),
        _ => true,
    })
}

/// Takes a text's characters from what is left; no character has more than four bytes.
fn take(text: &str, left: &mut usize) -> bool {
    if text.len() / 4 > *left {
        return false;
    }
    match left.checked_sub(text.chars().count()) {
        Some(rest) => {
            *left = rest;
            true
        }
        None => false,
    }
}

/// Takes long texts apart at their spaces.
pub(super) fn loosen(blocks: &mut [Block]) {
    each_line(blocks, &mut |spans| {
        if spans.iter().any(|span| matches!(span, Span::Text { text, .. } if text.len() > LONG)) {
            *spans = std::mem::take(spans).into_iter().flat_map(apart).collect();
        }
    });
}

/// Whether text after these spans was taken from the last of them, within a word that is long itself.
pub(super) fn goes_on(before: &[Span], style: Style) -> bool {
    matches!(before.last(), Some(Span::Text { text, style: last })
        if *last == style && text.len() > LONG - 4 && !text.ends_with(' '))
}

/// Joins what [`loosen`] took apart.
pub(super) fn join(blocks: &mut [Block]) {
    each_line(blocks, &mut |spans| {
        for span in std::mem::take(spans) {
            span.push_onto(spans);
        }
    });
}

fn apart(span: Span) -> Vec<Span> {
    let Span::Text { text, style } = span else { return vec![span] };
    let mut rest = text.as_str();
    let mut pieces = Vec::with_capacity(text.len() / LONG + 1);
    while rest.len() > LONG {
        let most = rest.floor_char_boundary(LONG);
        let at = rest[..most].rfind(' ').map_or(most, |space| space + 1);
        pieces.push(Span::Text { text: rest[..at].to_owned(), style });
        rest = &rest[at..];
    }
    pieces.push(Span::Text { text: rest.to_owned(), style });
    pieces
}

fn each_line(blocks: &mut [Block], call: &mut impl FnMut(&mut Vec<Span>)) {
    for block in blocks {
        match block {
            Block::Paragraph(spans) | Block::Heading { spans, .. } => call(spans),
            Block::Quote(blocks) => each_line(blocks, call),
            Block::List { items, .. } => items.iter_mut().for_each(|Item { blocks }| each_line(blocks, call)),
            Block::Table { rows, .. } => rows.iter_mut().flatten().for_each(&mut *call),
            Block::Code { .. } | Block::Rule => {}
        }
    }
}
