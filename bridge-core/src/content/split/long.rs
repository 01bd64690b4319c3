//! A block that may be very long: what is not needed for the next cut stands apart, so that a cut costs the same however
//! much follows.

use crate::content::{Block, Item, Span};

type Row = Vec<Vec<Span>>;

/// A block, of which only the beginning is at hand.
pub(super) struct Long {
    near: Block,
    far: Far,
    /// About how many characters are brought near at a time.
    stride: usize,
}

/// What follows, the last first.
enum Far {
    Nothing,
    Spans(Vec<Span>),
    Blocks(Vec<Block>),
    Items(Vec<Item>),
    Rows(Vec<Row>),
    Text(Vec<String>),
}

impl Long {
    /// Takes a block apart; `limit` is how many characters a piece has at most.
    pub(super) fn new(mut block: Block, limit: usize) -> Self {
        let far = match &mut block {
            Block::Paragraph(spans) | Block::Heading { spans, .. } => Far::Spans(reversed(spans)),
            Block::Quote(blocks) => Far::Blocks(reversed(blocks)),
            Block::List { items, .. } => Far::Items(reversed(items)),
            Block::Table { rows, .. } => Far::Rows(reversed(rows)),
            Block::Code { text, .. } => Far::Text(chunks(std::mem::take(text), limit)),
            Block::Rule => Far::Nothing,
        };
        let mut long = Self { near: block, far, stride: limit.max(1) };
        long.bring_near();
        long
    }

    /// Whether all of it is at hand.
    pub(super) fn is_whole(&self) -> bool {
        match &self.far {
            Far::Nothing => true,
            Far::Spans(far) => far.is_empty(),
            Far::Blocks(far) => far.is_empty(),
            Far::Items(far) => far.is_empty(),
            Far::Rows(far) => far.is_empty(),
            Far::Text(far) => far.is_empty(),
        }
    }

    /// What is at hand.
    pub(super) fn near(&self) -> &Block {
        &self.near
    }

    /// The same, of a whole one.
    pub(super) fn into_near(self) -> Block {
        self.near
    }

    /// Takes more to hand: about as much as a piece holds, and something if there is anything.
    pub(super) fn bring_near(&mut self) {
        let stride = self.stride;
        match (&mut self.near, &mut self.far) {
            (Block::Paragraph(near) | Block::Heading { spans: near, .. }, Far::Spans(far)) => {
                bring(near, far, stride, weight_of_span);
            }
            (Block::Quote(near), Far::Blocks(far)) => bring(near, far, stride, weight_of_block),
            (Block::List { items: near, .. }, Far::Items(far)) => {
                bring(near, far, stride, |item| item.blocks.iter().map(weight_of_block).sum());
            }
            (Block::Table { rows: near, .. }, Far::Rows(far)) => {
                bring(near, far, stride, |row| row.iter().flatten().map(weight_of_span).sum());
            }
            (Block::Code { text, .. }, Far::Text(far)) => text.extend(far.pop()),
            _ => {}
        }
    }

    /// Cuts what is at hand. What is cut off, and all that follows, if there is anything.
    pub(super) fn cut(self, cut: impl FnOnce(Block) -> (Block, Option<Block>)) -> (Block, Option<Self>) {
        let Self { near, far, stride } = self;
        let (head, tail) = cut(near);
        let Some(tail) = tail else {
            let empty = match &head {
                Block::Table { .. } => Block::Table { header: false, rows: Vec::new() },
                Block::List { start, items } => {
                    let after = u32::try_from(items.len()).unwrap_or(u32::MAX);
                    Block::List { start: start.map(|start| start.saturating_add(after)), items: Vec::new() }
                }
                Block::Heading { level, .. } => Block::Heading { level: *level, spans: Vec::new() },
                Block::Quote(_) => Block::Quote(Vec::new()),
                Block::Code { language, .. } => {
                    Block::Code { language: language.clone(), text: String::new() }
                }
                Block::Paragraph(_) | Block::Rule => Block::Paragraph(Vec::new()),
            };
            return (head, Self { near: empty, far, stride }.topped_up());
        };
        (head, Self { near: tail, far, stride }.topped_up())
    }

    /// With as much at hand as the next cut takes; none if nothing would be seen.
    fn topped_up(mut self) -> Option<Self> {
        while !self.is_whole() && weight_of_block(&self.near) <= self.stride {
            self.bring_near();
        }
        (!self.is_whole() || !self.near.is_empty()).then_some(self)
    }
}

fn reversed<T>(all: &mut Vec<T>) -> Vec<T> {
    let mut far = std::mem::take(all);
    far.reverse();
    far
}

/// Moves elements until they weigh as much as wanted.
fn bring<T>(near: &mut Vec<T>, far: &mut Vec<T>, most: usize, weigh: impl Fn(&T) -> usize) {
    let mut weight = 0;
    while weight <= most
        && let Some(next) = far.pop()
    {
        weight += weigh(&next).max(1);
        near.push(next);
    }
}

/// A text in pieces of at least so many characters, the last first.
fn chunks(text: String, characters: usize) -> Vec<String> {
    let bytes = characters.saturating_mul(4).saturating_add(4);
    if text.len() <= bytes {
        return vec![text];
    }
    let mut chunks = Vec::with_capacity(text.len() / bytes + 1);
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(rest.floor_char_boundary(bytes));
        chunks.push(chunk.to_owned());
        rest = after;
    }
    chunks.reverse();
    chunks
}

/// About how many characters a span has; never more than are written of it.
fn weight_of_span(span: &Span) -> usize {
    match span {
        Span::Text { text, .. } => text.len() / 4,
        _ => 1,
    }
}

fn weight_of_block(block: &Block) -> usize {
    match block {
        Block::Paragraph(spans) | Block::Heading { spans, .. } => spans.iter().map(weight_of_span).sum(),
        Block::Quote(blocks) => blocks.iter().map(weight_of_block).sum(),
        Block::List { items, .. } => items.iter().flat_map(|item| &item.blocks).map(weight_of_block).sum(),
        Block::Table { rows, .. } => rows.iter().flatten().flatten().map(weight_of_span).sum(),
        Block::Code { text, .. } => text.len() / 4,
        Block::Rule => 1,
    }
}
