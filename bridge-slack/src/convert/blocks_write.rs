//! Writes rich text as one `rich_text` block.
//!
//! Text stands in `text` elements, which Slack shows as they are: no sign in them means anything, and nothing in
//! them pings anybody.

mod element;

use bridge_core::content::{Block, Item, RichText, Span};
use serde_json::{Value, json};

use super::flatten;
use element::Elements;

/// Slack shows no deeper lists.
const MAX_INDENT: usize = 8;

/// Writes rich text as the value of `blocks`: a list of one block, or an empty list for an empty text.
/// `broadcast`: whether a mention of everybody may ping them; else its label is shown.
pub fn write(text: &RichText, broadcast: bool) -> Value {
    let mut writer = Writer { broadcast, out: Vec::new(), after: After::Nothing };
    for block in &text.blocks {
        writer.block(block);
    }
    if writer.out.is_empty() {
        return json!([]);
    }
    json!([{ "type": "rich_text", "elements": writer.out }])
}

/// What was written last: neighbours of one kind stand in one section, with an empty line between them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Nothing,
    Section,
    Other,
}

struct Writer {
    broadcast: bool,
    out: Vec<Value>,
    after: After,
}

impl Writer {
    fn block(&mut self, block: &Block) {
        if block.is_empty() {
            return;
        }
        match block {
            Block::List { start, items } => self.list(*start, items, 0),
            Block::Quote(blocks) => self.container("rich_text_quote", &flatten::spans(blocks)),
            Block::Code { language, text } => self.preformatted(language.as_deref(), text),
            // Slack's own `table` block is one for each message, stands below its text, and takes no empty cell; and a
            // post that has it cannot be edited into one without it.
            Block::Table { header, rows } => self.preformatted(None, &flatten::table(*header, rows)),
            running => self.section(&flatten::spans(std::slice::from_ref(running))),
        }
    }

    fn section(&mut self, spans: &[Span]) {
        let mut elements = Elements::new(self.broadcast);
        if self.after == After::Section {
            elements.text("\n\n");
        }
        elements.spans(spans);
        let elements = elements.into_values();
        if elements.is_empty() {
            return;
        }
        if self.after == After::Section
            && let Some(Value::Array(before)) = self.out.last_mut().and_then(|last| last.get_mut("elements"))
        {
            before.extend(elements);
            return;
        }
        self.out.push(json!({ "type": "rich_text_section", "elements": elements }));
        self.after = After::Section;
    }

    fn preformatted(&mut self, language: Option<&str>, text: &str) {
        let mut elements = Elements::new(self.broadcast);
        elements.text(text);
        let elements = elements.into_values();
        if elements.is_empty() {
            return;
        }
        let mut block = json!({ "type": "rich_text_preformatted", "elements": elements });
        if let Some(language) = language.filter(|language| is_language(language)) {
            block["language"] = json!(language);
        }
        self.out.push(block);
        self.after = After::Other;
    }

    fn container(&mut self, kind: &str, spans: &[Span]) {
        let mut elements = Elements::new(self.broadcast);
        elements.spans(spans);
        let elements = elements.into_values();
        if !elements.is_empty() {
            self.out.push(json!({ "type": kind, "elements": elements }));
            self.after = After::Other;
        }
    }

    /// Writes a list as Slack has it: one element for each run of items of one depth.
    fn list(&mut self, start: Option<u32>, items: &[Item], depth: usize) {
        let mut run: Vec<Value> = Vec::new();
        let mut first = 0;
        for (index, item) in items.iter().enumerate() {
            let is_list = |block: &Block| matches!(block, Block::List { .. });
            let until = item.blocks.iter().position(is_list).unwrap_or(item.blocks.len());
            let (own, rest) = item.blocks.split_at(until);
            let mut elements = Elements::new(self.broadcast);
            elements.spans(&flatten::spans(own));
            run.push(json!({ "type": "rich_text_section", "elements": elements.into_some() }));
            if !rest.is_empty() {
                self.run(start, first, depth, &mut run);
                first = index + 1;
            }
            for block in rest {
                match block {
                    Block::List { start, items } => self.list(*start, items, depth + 1),
                    // Slack has no text under an item's lists; it stands under them at the left.
                    other => self.block(other),
                }
            }
        }
        self.run(start, first, depth, &mut run);
        self.after = After::Other;
    }

    fn run(&mut self, start: Option<u32>, first: usize, depth: usize, run: &mut Vec<Value>) {
        if run.is_empty() {
            return;
        }
        let style = if start.is_some() { "ordered" } else { "bullet" };
        let mut list = json!({
            "type": "rich_text_list",
            "style": style,
            "indent": depth.min(MAX_INDENT),
            "elements": std::mem::take(run),
        });
        let offset = start.map_or(0, |start| flatten::number(start, first).saturating_sub(1));
        if offset > 0 {
            list["offset"] = json!(offset);
        }
        self.out.push(list);
    }
}

/// Whether a word can be the name of a language; one from outside may be anything.
fn is_language(word: &str) -> bool {
    (1..=32).contains(&word.len())
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'#' | b'.' | b'_'))
}

#[cfg(test)]
mod tests;
