//! Walks over all spans of rich text.

use super::{Block, Mention, RichText, Span};

impl RichText {
    /// Everyone and everything mentioned, in reading order, repeats included.
    pub fn mentions(&self) -> Vec<&Mention> {
        let mut found = Vec::new();
        self.each_span(&mut |span| {
            if let Span::Mention { mention, .. } = span {
                found.push(mention);
            }
        });
        found
    }

    /// Calls for every span in reading order, a link before its label.
    pub fn each_span<'a>(&'a self, call: &mut impl FnMut(&'a Span)) {
        walk_blocks(&self.blocks, call);
    }

    /// Calls for every span in reading order, to change it; a link before its label.
    pub(crate) fn each_span_mut(&mut self, call: &mut impl FnMut(&mut Span)) {
        change_blocks(&mut self.blocks, call);
    }
}

fn change_blocks(blocks: &mut [Block], call: &mut impl FnMut(&mut Span)) {
    for block in blocks {
        match block {
            Block::Paragraph(spans) | Block::Heading { spans, .. } => change_spans(spans, call),
            Block::Quote(blocks) => change_blocks(blocks, call),
            Block::List { items, .. } => {
                for item in items {
                    change_blocks(&mut item.blocks, call);
                }
            }
            Block::Table { rows, .. } => rows.iter_mut().flatten().for_each(|cell| change_spans(cell, call)),
            Block::Code { .. } | Block::Rule => {}
        }
    }
}

fn change_spans(spans: &mut [Span], call: &mut impl FnMut(&mut Span)) {
    for span in spans {
        call(span);
        if let Span::Link { label, .. } = span {
            change_spans(label, call);
        }
    }
}

fn walk_blocks<'a>(blocks: &'a [Block], call: &mut impl FnMut(&'a Span)) {
    for block in blocks {
        match block {
            Block::Paragraph(spans) | Block::Heading { spans, .. } => walk_spans(spans, call),
            Block::Quote(blocks) => walk_blocks(blocks, call),
            Block::List { items, .. } => {
                for item in items {
                    walk_blocks(&item.blocks, call);
                }
            }
            Block::Table { rows, .. } => {
                for cell in rows.iter().flatten() {
                    walk_spans(cell, call);
                }
            }
            Block::Code { .. } | Block::Rule => {}
        }
    }
}

fn walk_spans<'a>(spans: &'a [Span], call: &mut impl FnMut(&'a Span)) {
    for span in spans {
        call(span);
        if let Span::Link { label, .. } = span {
            walk_spans(label, call);
        }
    }
}
