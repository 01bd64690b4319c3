//! Writes rich text as plain text.

use super::{Block, Emoji, Item, Lookup, Mention, RichText, Span};

/// Deeper nested blocks are written without further indentation, so that the text stays near its input's size.
const MAX_INDENT: usize = 20;

/// The text as a program without formatting shows it: `- ` and `1. ` before items, `> ` before quotes, fences
/// around code, links as `label (address)`. Mentions show their labels.
pub fn write(text: &RichText) -> String {
    write_with(text, &Lookup::default())
}

/// As [`write()`], with the names of `lookup` for those it knows.
pub fn write_with(text: &RichText, lookup: &Lookup) -> String {
    let mut out = String::new();
    blocks(&mut out, &text.blocks, &Place { prefix: String::new(), depth: 0, lookup });
    out
}

/// What a mention is called: its name, or the label its author saw.
pub(super) fn mention_name<'a>(mention: &Mention, label: &'a str, lookup: &'a Lookup) -> &'a str {
    let known = match mention {
        Mention::User(user_id) | Mention::Named(user_id) => lookup.users.get(user_id),
        Mention::Chat(chat_id) => lookup.chats.get(chat_id),
        Mention::Group(group) => return lookup.groups.get(group).map_or(label, String::as_str),
        Mention::Everyone => return "@room",
        // A bare address is shown as the one that is followed.
        Mention::Message { id, url } if label == url => {
            return lookup.messages.get(id).map_or(label, String::as_str);
        }
        _ => None,
    };
    known.map(|known| known.name.as_str()).filter(|name| !name.is_empty()).unwrap_or(label)
}

/// Spans as text; a break is `\n`.
pub(super) fn spans_text(spans: &[Span], lookup: &Lookup) -> String {
    let mut out = String::new();
    let mut hidden = false;
    for span in spans {
        let hide = span.style().map_or(hidden, |style| style.spoiler);
        if hide != hidden {
            out.push_str("||");
            hidden = hide;
        }
        span_text(&mut out, span, lookup);
    }
    if hidden {
        out.push_str("||");
    }
    out
}

struct Place<'a> {
    /// What stands before every line.
    prefix: String,
    depth: usize,
    lookup: &'a Lookup,
}

impl Place<'_> {
    fn within(&self, prefix: &str) -> Self {
        let mut nested = Self { prefix: self.prefix.clone(), depth: self.depth + 1, lookup: self.lookup };
        if self.depth < MAX_INDENT {
            nested.prefix.push_str(prefix);
        }
        nested
    }

    fn new_line(&self, out: &mut String) {
        out.push('\n');
        out.push_str(&self.prefix);
    }

    fn lines(&self, out: &mut String, text: &str) {
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                self.new_line(out);
            }
            out.push_str(line);
        }
    }
}

fn blocks(out: &mut String, blocks: &[Block], place: &Place<'_>) {
    let mut last: Option<&Block> = None;
    for next in blocks.iter().filter(|block| !block.is_empty()) {
        if let Some(last) = last {
            place.new_line(out);
            if !matches!((last, next), (Block::Paragraph(_), Block::List { .. })) {
                place.new_line(out);
            }
        }
        block(out, next, place);
        last = Some(next);
    }
}

fn block(out: &mut String, block: &Block, place: &Place<'_>) {
    match block {
        Block::Paragraph(spans) => place.lines(out, &spans_text(spans, place.lookup)),
        Block::Heading { level, spans } => {
            out.push_str(&"#".repeat(usize::from((*level).clamp(1, 6))));
            out.push(' ');
            place.lines(out, &spans_text(spans, place.lookup));
        }
        Block::Quote(inner) => {
            out.push_str("> ");
            blocks(out, inner, &place.within("> "));
        }
        Block::List { start, items } => list(out, *start, items, place),
        Block::Code { language, text } => {
            out.push_str("```");
            out.push_str(language.as_deref().unwrap_or(""));
            place.new_line(out);
            place.lines(out, text);
            place.new_line(out);
            out.push_str("```");
        }
        Block::Table { rows, .. } => table(out, rows, place),
        Block::Rule => out.push_str("---"),
    }
}

fn list(out: &mut String, start: Option<u32>, items: &[Item], place: &Place<'_>) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            place.new_line(out);
        }
        let bullet = match start {
            None => "- ".to_owned(),
            Some(start) => format!("{}. ", u64::from(start) + index as u64),
        };
        out.push_str(&bullet);
        let inner = place.within(&" ".repeat(bullet.len()));
        blocks(out, &item.blocks, &inner);
    }
}

fn table(out: &mut String, rows: &[Vec<Vec<Span>>], place: &Place<'_>) {
    for (index, row) in rows.iter().enumerate() {
        if index > 0 {
            place.new_line(out);
        }
        let cells: Vec<String> =
            row.iter().map(|cell| spans_text(cell, place.lookup).replace('\n', " ")).collect();
        out.push_str(&cells.join(" | "));
    }
}

fn span_text(out: &mut String, span: &Span, lookup: &Lookup) {
    match span {
        Span::Text { text, .. } | Span::Emoji { emoji: Emoji::Unicode(text), .. } => out.push_str(text),
        Span::Link { url, label, .. } => {
            let label = spans_text(label, lookup);
            if label.is_empty() || label == *url {
                out.push_str(url);
            } else {
                out.push_str(&label);
                out.push_str(" (");
                out.push_str(url);
                out.push(')');
            }
        }
        Span::Mention { mention, label, .. } => out.push_str(mention_name(mention, label, lookup)),
        Span::Emoji { emoji: Emoji::Custom { name, .. }, .. } => {
            out.push(':');
            out.push_str(name);
            out.push(':');
        }
        Span::Date { label, .. } => out.push_str(label),
        Span::Break => out.push('\n'),
    }
}
