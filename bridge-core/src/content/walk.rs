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
