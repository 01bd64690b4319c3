//! The `rich_text` block: sections, lists, quotes, preformatted text.

use bridge_core::content::{Block, Item};

use super::super::flatten;
use super::super::spans::Spans;
use super::super::wire::Node;
use super::{MAX_DEPTH, Reader, list};

impl Reader<'_> {
    pub(super) fn rich_text(&mut self, block: &Node, out: &mut Vec<Block>) {
        self.lossy |= block.elements.is_none();
        for element in block.elements.iter().flatten() {
            // A line beside a list or preformatted text means that it is part of a quote.
            if element.more().border > 0 && element.kind != "rich_text_quote" {
                if !matches!(out.last(), Some(Block::Quote(_))) {
                    out.push(Block::Quote(Vec::new()));
                }
                if let Some(Block::Quote(inner)) = out.last_mut() {
                    self.rich_element(element, inner, 0);
                }
            } else {
                self.rich_element(element, out, 0);
            }
        }
    }

    fn rich_element(&mut self, element: &Node, out: &mut Vec<Block>, depth: usize) {
        if depth > MAX_DEPTH {
            self.lossy = true;
            return;
        }
        match element.kind.as_str() {
            "rich_text_list" => self.list(element, out, depth),
            "rich_text_quote" => out.push(Block::Quote(self.section_blocks(element, depth))),
            "rich_text_preformatted" => {
                let text = flatten::plain(&flatten::spans(&self.section_blocks_as_written(element)));
                let text = text.strip_suffix('\n').unwrap_or(&text).to_owned();
                out.push(Block::Code { language: language(&element.more().language), text });
            }
            "rich_text_section" => out.extend(self.section_blocks(element, depth)),
            _ => {
                // A new kind: most likely it holds elements, or is one.
                if element.elements.is_some() {
                    out.extend(self.section_blocks(element, depth));
                } else {
                    let mut spans = Spans::default();
                    self.element(element, &mut spans, 0);
                    out.extend(spans.into_blocks());
                }
                self.lossy = true;
            }
        }
    }

    /// Running text, and lists, quotes and the like that stand within it.
    fn section_blocks(&mut self, section: &Node, depth: usize) -> Vec<Block> {
        let (mut blocks, mut spans) = (Vec::new(), Spans::default());
        self.lossy |= section.elements.is_none();
        for element in section.elements.iter().flatten() {
            if element.kind.starts_with("rich_text_") {
                blocks.extend(std::mem::take(&mut spans).into_blocks());
                self.rich_element(element, &mut blocks, depth + 1);
            } else {
                self.element(element, &mut spans, 0);
            }
        }
        blocks.extend(spans.into_blocks());
        blocks
    }

    /// Running text whose empty lines count.
    fn section_blocks_as_written(&mut self, section: &Node) -> Vec<Block> {
        let mut spans = Spans::default();
        self.lossy |= section.elements.is_none();
        for element in section.elements.iter().flatten() {
            self.element(element, &mut spans, 0);
        }
        vec![Block::Paragraph(spans.into_spans())]
    }

    fn list(&mut self, element: &Node, out: &mut Vec<Block>, depth: usize) {
        self.lossy |=
            element.elements.is_none() || !matches!(element.style.word.as_str(), "ordered" | "bullet");
        let mut items: Vec<Item> = Vec::new();
        for inner in element.elements.iter().flatten() {
            match items.last_mut() {
                // A list among the items belongs to the item before it.
                Some(item) if inner.kind == "rich_text_list" => {
                    self.rich_element(inner, &mut item.blocks, depth + 1);
                }
                _ => {
                    let mut blocks = Vec::new();
                    self.rich_element(inner, &mut blocks, depth + 1);
                    items.push(Item { blocks });
                }
            }
        }
        let skipped = u32::try_from(element.more().offset.clamp(0, 1_000_000)).unwrap_or(0);
        let start = (element.style.word == "ordered").then_some(skipped + 1);
        let depth = usize::try_from(element.more().indent.clamp(0, 16)).unwrap_or(0);
        if !items.is_empty() {
            list::insert(out, depth, start, items);
        }
    }
}

/// The name of a language in lower case; none for plain text and for what is no name.
pub(in super::super) fn language(name: &str) -> Option<String> {
    let name = name.trim().to_ascii_lowercase();
    let known = (1..=30).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'#' | b'-' | b'_' | b'.'));
    (known && !matches!(name.as_str(), "text" | "plain" | "plain_text" | "auto" | "none")).then_some(name)
}
