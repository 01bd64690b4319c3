//! Collects running text and cuts it into paragraphs.

use bridge_core::content::{Block, Span, Style};

/// Running text while it is read: equal neighbours are joined, line breaks become [`Span::Break`].
#[derive(Debug, Default)]
pub struct Spans(Vec<Span>);

impl Spans {
    /// Adds text in one style; it may hold line breaks.
    pub fn text(&mut self, text: &str, style: Style) {
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                self.0.push(Span::Break);
            }
            let line = line.strip_suffix('\r').unwrap_or(line);
            if line.is_empty() {
                continue;
            }
            match self.0.last_mut() {
                Some(Span::Text { text, style: before }) if *before == style => text.push_str(line),
                _ => self.0.push(Span::Text { text: line.to_owned(), style }),
            }
        }
    }

    /// Adds anything else.
    pub fn push(&mut self, span: Span) {
        match span {
            Span::Text { text, style } => self.text(&text, style),
            span => self.0.push(span),
        }
    }

    /// What was collected.
    pub fn into_spans(self) -> Vec<Span> {
        self.0
    }

    /// What was collected, as paragraphs: an empty line ends one, further empty lines are kept, those at the ends
    /// are dropped.
    pub fn into_blocks(self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut paragraph = Vec::new();
        let mut breaks = 0;
        for span in self.0 {
            if span == Span::Break {
                breaks += 1;
                continue;
            }
            let kept = match breaks {
                _ if paragraph.is_empty() && blocks.is_empty() => 0,
                0 | 1 => breaks,
                more => {
                    blocks.push(Block::Paragraph(std::mem::take(&mut paragraph)));
                    more - 2
                }
            };
            paragraph.extend(std::iter::repeat_n(Span::Break, kept));
            paragraph.push(span);
            breaks = 0;
        }
        if !paragraph.is_empty() {
            blocks.push(Block::Paragraph(paragraph));
        }
        blocks
    }
}
