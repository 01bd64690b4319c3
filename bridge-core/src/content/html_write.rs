//! Writes rich text as Matrix HTML.

mod inline;
mod pill;

use inline::{Inline, escape};

use super::{Block, Emoji, Item, Lookup, Mention, RichText, Span, Style, plain};

/// Blocks nested deeper than this are written side by side: clients drop what stands in more than 100 elements.
const MAX_NESTED_BLOCKS: usize = 40;

/// What the writer of a message may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// Whether a mention of everyone notifies the room. Otherwise it is only text.
    pub room_mentions: bool,
}

/// Rich text as the fields of a Matrix event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// The `body`.
    pub plain: String,
    /// The `formatted_body`; none when the plain text says it all.
    pub html: Option<String>,
    /// Who is notified.
    pub mentions: Mentions,
}

/// The content of `m.mentions`. It is sent even when empty, or the text would be searched for names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mentions {
    /// Full Matrix user ids, each once, in reading order.
    pub user_ids: Vec<String>,
    /// Whether the whole room is notified.
    pub room: bool,
}

/// Writes text for Matrix. Who is in `lookup` with a Matrix id becomes a pill, others stay as labels. Only
/// elements, attributes and address schemes that the Matrix specification names are written, for custom emoji
/// also `data-mx-emoticon`.
pub fn write(text: &RichText, lookup: &Lookup, options: WriteOptions) -> Written {
    Written {
        plain: plain::write_with(text, lookup),
        html: (!is_unformatted(text, lookup)).then(|| html(text, lookup)),
        mentions: mentions(text, lookup, options),
    }
}

/// The text as HTML, even where plain text would do.
pub fn html(text: &RichText, lookup: &Lookup) -> String {
    let mut writer = Writer { out: String::new(), lookup, depth: 0 };
    writer.blocks(&text.blocks, true);
    writer.out
}

fn mentions(text: &RichText, lookup: &Lookup, options: WriteOptions) -> Mentions {
    let mut found = Mentions::default();
    for mention in text.mentions() {
        match mention {
            // Matrix cannot address only those who are there just now, and everybody would be too many.
            Mention::Here | Mention::Named(_) => {}
            Mention::Everyone => found.room |= options.room_mentions,
            mention => {
                if let Some(user_id) = pill::user_id(mention, lookup)
                    && !found.user_ids.contains(&user_id)
                {
                    found.user_ids.push(user_id);
                }
            }
        }
    }
    found
}

/// Whether plain text shows the same: one paragraph without formatting, links, pills or pictures.
fn is_unformatted(text: &RichText, lookup: &Lookup) -> bool {
    let mut blocks = text.blocks.iter().filter(|block| !block.is_empty());
    let spans = match (blocks.next(), blocks.next()) {
        (None, _) => return true,
        (Some(Block::Paragraph(spans)), None) => spans,
        _ => return false,
    };
    spans.iter().all(|span| match span {
        span if span.style().is_some_and(|style| style != Style::default()) => false,
        Span::Text { .. } | Span::Date { .. } | Span::Break => true,
        Span::Emoji { emoji, .. } => emoji.mxc(lookup).is_none(),
        Span::Mention { mention, .. } => pill::address(mention, lookup).is_none(),
        Span::Link { .. } => false,
    })
}

struct Writer<'a> {
    out: String,
    lookup: &'a Lookup,
    /// How many blocks are open.
    depth: usize,
}

impl Writer<'_> {
    /// Blocks one after the other. A lone paragraph needs no element of its own; where `spaced`, one among other
    /// blocks has it, elsewhere only one among paragraphs.
    fn blocks(&mut self, blocks: &[Block], spaced: bool) {
        let seen = || blocks.iter().filter(|block| !block.is_empty());
        let wrap = if spaced {
            seen().count() > 1
        } else {
            seen().filter(|block| matches!(block, Block::Paragraph(_))).count() > 1
        };
        self.depth += 1;
        for block in seen() {
            self.block(block, wrap);
        }
        self.depth -= 1;
    }

    fn block(&mut self, block: &Block, wrap: bool) {
        match block {
            Block::Paragraph(spans) if wrap => self.element("p", |writer| writer.spans(spans)),
            Block::Paragraph(spans) => self.spans(spans),
            Block::Heading { level, spans } => {
                let name = ["h1", "h2", "h3", "h4", "h5", "h6"][usize::from((*level).clamp(1, 6)) - 1];
                self.element(name, |writer| writer.spans(spans));
            }
            Block::Quote(blocks) if self.depth > MAX_NESTED_BLOCKS => self.blocks(blocks, true),
            Block::Quote(blocks) => self.element("blockquote", |writer| writer.blocks(blocks, true)),
            Block::List { start, items } => self.list(*start, items),
            Block::Code { language, text } => self.code(language.as_deref(), text),
            Block::Table { header, rows } => self.table(*header, rows),
            Block::Rule => self.out.push_str("<hr>"),
        }
    }

    fn element(&mut self, name: &str, inner: impl FnOnce(&mut Self)) {
        for piece in ["<", name, ">"] {
            self.out.push_str(piece);
        }
        inner(self);
        for piece in ["</", name, ">"] {
            self.out.push_str(piece);
        }
    }

    fn list(&mut self, start: Option<u32>, items: &[Item]) {
        if self.depth > MAX_NESTED_BLOCKS {
            for item in items {
                self.blocks(&item.blocks, true);
                self.out.push_str("<br>");
            }
            return;
        }
        let (open, close) = match start {
            None => ("<ul>".to_owned(), "</ul>"),
            Some(1) => ("<ol>".to_owned(), "</ol>"),
            Some(start) => (format!("<ol start=\"{start}\">"), "</ol>"),
        };
        self.out.push_str(&open);
        for item in items {
            self.element("li", |writer| writer.blocks(&item.blocks, false));
        }
        self.out.push_str(close);
    }

    fn code(&mut self, language: Option<&str>, text: &str) {
        self.out.push_str("<pre><code");
        if let Some(language) = language.filter(|language| !language.contains(char::is_whitespace)) {
            self.out.push_str(" class=\"language-");
            escape(&mut self.out, language);
            self.out.push('"');
        }
        self.out.push('>');
        escape(&mut self.out, text);
        // As all Matrix programs write it; without it a text that ends in an empty line would lose it.
        self.out.push_str("\n</code></pre>");
    }

    fn table(&mut self, header: bool, rows: &[Vec<Vec<Span>>]) {
        self.element("table", |writer| {
            let (head, body) = if header { rows.split_at(1) } else { rows.split_at(0) };
            for (group, cell, rows) in [("thead", "th", head), ("tbody", "td", body)] {
                if !rows.is_empty() {
                    writer.element(group, |writer| writer.rows(cell, rows));
                }
            }
        });
    }

    fn rows(&mut self, cell: &str, rows: &[Vec<Vec<Span>>]) {
        for row in rows {
            self.element("tr", |writer| {
                for spans in row {
                    writer.element(cell, |writer| writer.spans(spans));
                }
            });
        }
    }

    fn spans(&mut self, spans: &[Span]) {
        let mut inline = Inline::new(&mut self.out, self.lookup);
        inline.spans(spans);
        inline.finish();
    }
}

impl Emoji {
    /// Where an `mxc://` picture of it is.
    fn mxc<'a>(&'a self, lookup: &'a Lookup) -> Option<&'a str> {
        let Self::Custom { name, url } = self else { return None };
        let own = url.as_deref().filter(|url| url.starts_with("mxc://"));
        own.or_else(|| lookup.emoji.get(name).map(String::as_str))
    }
}
