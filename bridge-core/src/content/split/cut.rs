//! Cuts one block, or one line of spans, in two.

use super::{longest, weight};
use crate::content::{Block, Item, Lookup, Span, Style, plain};

/// What is cut off, and the rest if there is one. The head is never empty.
pub(super) fn cut_block(block: Block, fits: &dyn Fn(Block) -> bool) -> (Block, Option<Block>) {
    match block {
        Block::Paragraph(spans) => {
            let (head, tail) = cut_spans(spans, &|spans| fits(Block::Paragraph(spans)));
            (Block::Paragraph(head), tail.map(Block::Paragraph))
        }
        Block::Heading { level, spans } => {
            let heading = |spans| Block::Heading { level, spans };
            let (head, tail) = cut_spans(spans, &|spans| fits(heading(spans)));
            (heading(head), tail.map(heading))
        }
        Block::Quote(blocks) => {
            let (head, tail) = cut_blocks(blocks, &|blocks| fits(Block::Quote(blocks)));
            (Block::Quote(head), tail.map(Block::Quote))
        }
        Block::List { start, items } => cut_list(start, items, fits),
        Block::Code { language, text } => {
            let code = |text: &str| Block::Code { language: language.clone(), text: text.to_owned() };
            let at = text_end(&text, true, &|text| fits(code(text)));
            let tail = text[at..].strip_prefix('\n').unwrap_or(&text[at..]);
            (code(&text[..at]), (!tail.is_empty()).then(|| code(tail)))
        }
        Block::Table { header, rows } => cut_table(header, rows, fits),
        Block::Rule => (Block::Rule, None),
    }
}

fn cut_blocks(mut blocks: Vec<Block>, fits: &dyn Fn(Vec<Block>) -> bool) -> (Vec<Block>, Option<Vec<Block>>) {
    blocks.retain(|block| !block.is_empty());
    let count = longest(blocks.len(), |count| fits(blocks[..count].to_vec()));
    let mut tail = blocks.split_off(count);
    if count == 0 && !tail.is_empty() {
        let (head, rest) = cut_block(tail.remove(0), &|block| fits(vec![block]));
        blocks.push(head);
        if let Some(rest) = rest {
            tail.insert(0, rest);
        }
    }
    (blocks, (!tail.is_empty()).then_some(tail))
}

/// A numbered list goes on counting; an item that is cut keeps its number on both sides.
fn cut_list(
    start: Option<u32>,
    mut items: Vec<Item>,
    fits: &dyn Fn(Block) -> bool,
) -> (Block, Option<Block>) {
    let list = |items: Vec<Item>| Block::List { start, items };
    let count = longest(items.len(), |count| fits(list(items[..count].to_vec())));
    let mut tail = items.split_off(count);
    if count == 0 && !tail.is_empty() {
        let first = tail.remove(0);
        let (head, rest) = cut_blocks(first.blocks, &|blocks| fits(list(vec![Item { blocks }])));
        items.push(Item { blocks: head });
        let counted = u32::from(rest.is_none());
        if let Some(blocks) = rest {
            tail.insert(0, Item { blocks });
        }
        return (list(items), following(start, counted, tail));
    }
    (list(items), following(start, u32::try_from(count).unwrap_or(u32::MAX), tail))
}

fn following(start: Option<u32>, counted: u32, items: Vec<Item>) -> Option<Block> {
    let start = start.map(|start| start.saturating_add(counted));
    (!items.is_empty()).then_some(Block::List { start, items })
}

type Row = Vec<Vec<Span>>;

/// A row that is cut goes on in a row of its own.
fn cut_table(header: bool, mut rows: Vec<Row>, fits: &dyn Fn(Block) -> bool) -> (Block, Option<Block>) {
    let table = |rows: Vec<Row>| Block::Table { header, rows };
    let count = longest(rows.len(), |count| fits(table(rows[..count].to_vec())));
    let mut tail = rows.split_off(count);
    if count == 0 && !tail.is_empty() {
        let (head, rest) = cut_row(tail.remove(0), &|row| fits(table(vec![row])));
        rows.push(head);
        tail.splice(0..0, rest);
    }
    (table(rows), (!tail.is_empty()).then_some(Block::Table { header: false, rows: tail }))
}

fn cut_row(mut cells: Row, fits: &dyn Fn(Row) -> bool) -> (Row, Option<Row>) {
    let count = longest(cells.len(), |count| fits(cells[..count].to_vec()));
    let mut tail = cells.split_off(count);
    if count == 0 && !tail.is_empty() {
        let (head, rest) = cut_spans(tail.remove(0), &|spans| fits(vec![spans]));
        cells.push(head);
        tail.splice(0..0, rest);
    }
    (cells, (!tail.is_empty()).then_some(tail))
}

/// At the last line break that fits, else after the last word, else before the span that does not fit, else in it.
fn cut_spans(mut spans: Vec<Span>, fits: &dyn Fn(Vec<Span>) -> bool) -> (Vec<Span>, Option<Vec<Span>>) {
    let lead = spans.iter().take_while(|span| span.is_empty()).count();
    spans.drain(..lead);
    let count = longest(spans.len(), |count| fits(spans[..count].to_vec()));
    if count == spans.len() {
        return (spans, None);
    }
    // A break right after what fits is as good a place as one within.
    if let Some(at) = spans[..=count].iter().rposition(|span| *span == Span::Break).filter(|&at| at > 0) {
        let mut tail = spans.split_off(at);
        tail.remove(0);
        return (spans, (!tail.is_empty()).then_some(tail));
    }
    let mut tail = spans.split_off(count);
    let next = tail.remove(0);
    let (head, rest) = cut_span(next, &spans, fits);
    spans.extend(head);
    tail.splice(0..0, rest);
    if spans.is_empty() {
        // The span was taken apart, which is the way to cut it.
        return cut_spans(tail, fits);
    }
    (spans, (!tail.is_empty()).then_some(tail))
}

/// Cuts the span that does not fit after `before`. With nothing before it the head is never empty.
fn cut_span(span: Span, before: &[Span], fits: &dyn Fn(Vec<Span>) -> bool) -> (Vec<Span>, Vec<Span>) {
    let with = |span: Span| [before, &[span]].concat();
    match span {
        Span::Text { text, style } => {
            let piece = |text: &str| Span::Text { text: text.to_owned(), style };
            let must = before.is_empty() || weight::goes_on(before, style);
            let at = text_end(&text, must, &|text| fits(with(piece(text))));
            let some = |text: &str| (!text.is_empty()).then(|| piece(text)).into_iter().collect();
            (some(&text[..at]), some(&text[at..]))
        }
        span if !before.is_empty() => (Vec::new(), vec![span]),
        // Alone, and still too long.
        Span::Link { url, label, style } if !label.is_empty() => {
            let link = |label: Vec<Span>| Span::Link { url: url.clone(), label, style };
            if !fits(vec![link(vec![Span::text("…")])]) {
                let mut unlinked = label;
                unlinked.push(Span::Text { text: format!(" ({url})"), style });
                return (Vec::new(), unlinked);
            }
            let (head, tail) = cut_spans(label, &|label| fits(vec![link(label)]));
            (vec![link(head)], tail.map(link).into_iter().collect())
        }
        Span::Break => (vec![Span::Break], Vec::new()),
        other => {
            let style = other.style().unwrap_or_default();
            let text = plain::spans_text(&[other.with_style(Style::default())], &Lookup::default());
            (Vec::new(), vec![Span::Text { text, style }])
        }
    }
}

/// Where to cut a text: after the last line or word that fits; if not even one word does and `must` is set, within
/// it, after at least one character.
fn text_end(text: &str, must: bool, fits: &dyn Fn(&str) -> bool) -> usize {
    let until = |count: usize| &text[..text.floor_char_boundary(count)];
    let count = longest(text.len(), |count| until(count).is_empty() || fits(until(count)));
    let end = until(count).len();
    if end == text.len() {
        return end;
    }
    let fitting = &text[..end];
    if text[end..].starts_with('\n') && end > 0 {
        return end;
    }
    if let Some(at) = fitting.rfind('\n').filter(|&at| at > 0) {
        return at;
    }
    if let Some(at) = fitting.rfind(' ') {
        return at + 1;
    }
    if !must {
        return 0;
    }
    let first = text.chars().next().map_or(0, char::len_utf8);
    let whole = fitting.char_indices().map(|(at, _)| at).rev().find(|&at| !joins(text, at));
    match whole {
        Some(whole) if joins(text, end) && whole > 0 => whole,
        _ => end.max(first),
    }
}

/// Whether the character at `at` belongs to the one before it: a combining mark, part of an emoji.
fn joins(text: &str, at: usize) -> bool {
    let is_mark = |character| matches!(character, '\u{200d}' | '\u{fe0e}' | '\u{fe0f}' | '\u{300}'..='\u{36f}' | '\u{1f3fb}'..='\u{1f3ff}');
    text[at..].chars().next().is_some_and(is_mark) || text[..at].ends_with('\u{200d}')
}
