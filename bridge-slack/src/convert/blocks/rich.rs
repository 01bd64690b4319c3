//! The `rich_text` block: sections, lists, quotes, preformatted text.

use bridge_core::content::{Block, Item};

use super::super::flatten;
use super::super::spans::Spans;
use super::super::wire::Node;
use super::{Reader, list};

impl Reader<'_> {
    pub(super) fn rich_text(&mut self, block: &Node, out: &mut Vec<Block>) {
        self.lossy |= block.elements.is_none();
        for element in block.elements.iter().flatten() {
            // A line beside a list or preformatted text means that it is part of a quote.
            if element.border > 0 && element.kind != "rich_text_quote" {
                if !matches!(out.last(), Some(Block::Quote(_))) {
                    out.push(Block::Quote(Vec::new()));
                }
                if let Some(Block::Quote(inner)) = out.last_mut() {
                    self.rich_element(element, inner);
                }
            } else {
                self.rich_element(element, out);
            }
        }
    }

    fn rich_element(&mut self, element: &Node, out: &mut Vec<Block>) {
        match element.kind.as_str() {
            "rich_text_list" => self.list(element, out),
            "rich_text_quote" => out.push(Block::Quote(self.section_spans(element).into_blocks())),
            "rich_text_preformatted" => {
                let spans = self.section_spans(element).into_spans();
                let text = flatten::plain(&spans);
                let text = text.strip_suffix('\n').unwrap_or(&text).to_owned();
                out.push(Block::Code { language: None, text });
            }
            "rich_text_section" => out.extend(self.section_spans(element).into_blocks()),
            _ => {
                // A new kind: most likely it holds elements, or is one.
                let spans = if element.elements.is_some() {
                    self.section_spans(element)
                } else {
                    let mut spans = Spans::default();
                    self.element(element, &mut spans, 0);
                    spans
                };
                self.lossy = true;
                out.extend(spans.into_blocks());
            }
        }
    }

    fn section_spans(&mut self, section: &Node) -> Spans {
        let mut spans = Spans::default();
        self.lossy |= section.elements.is_none();
        for element in section.elements.iter().flatten() {
            self.element(element, &mut spans, 0);
        }
        spans
    }

    fn list(&mut self, element: &Node, out: &mut Vec<Block>) {
        self.lossy |=
            element.elements.is_none() || !matches!(element.style.word.as_str(), "ordered" | "bullet");
        let items: Vec<Item> = element
            .elements
            .iter()
            .flatten()
            .map(|item| {
                let mut blocks = Vec::new();
                self.rich_element(item, &mut blocks);
                Item { blocks }
            })
            .collect();
        let skipped = u32::try_from(element.offset.clamp(0, 1_000_000)).unwrap_or(0);
        let start = (element.style.word == "ordered").then_some(skipped + 1);
        let depth = usize::try_from(element.indent.clamp(0, 16)).unwrap_or(0);
        if !items.is_empty() {
            list::insert(out, depth, start, items);
        }
    }
}
