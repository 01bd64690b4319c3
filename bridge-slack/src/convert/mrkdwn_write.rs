//! Writes rich text as mrkdwn: what a notification shows of a post that has blocks.
//!
//! `&`, `<` and `>` are escaped in every text that comes from outside, so only our own signs are left; what pings
//! people comes from mentions alone, never from text.

use bridge_core::content::{Block, Emoji, Item, Mention, RichText, Span, Style};

use super::{emoji, flatten, permalink};
use crate::id;

/// Writes rich text. `broadcast`: whether a mention of everybody may ping them; else its label is shown.
pub fn write(text: &RichText, broadcast: bool) -> String {
    let mut writer = Writer::new(broadcast, usize::MAX);
    writer.blocks(&text.blocks);
    writer.out
}

/// How many characters [`write()`] gives, if they are no more than `most`; else some number above it, which takes no
/// longer to know, however long the text is.
pub fn length(text: &RichText, broadcast: bool, most: usize) -> usize {
    let mut writer = Writer::new(broadcast, most);
    writer.blocks(&text.blocks);
    writer.length
}

/// Escapes what Slack reads as its own signs: `&`, `<`, `>`, and no other.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape_onto(&mut out, text);
    out
}

fn escape_onto(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>']) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            _ => "&gt;",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

/// Whether an address can be a link on Slack: one that a browser or mail program opens, without spaces.
pub fn is_linkable(url: &str) -> bool {
    let scheme = url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    matches!(scheme.as_deref(), Some("http" | "https" | "mailto"))
        && url.len() <= 3_000
        && url.chars().all(|c| !c.is_whitespace() && !c.is_control())
        && url::Url::parse(url).is_ok()
}

/// A text while it is written.
struct Writer {
    broadcast: bool,
    /// Nothing is added to what has more characters.
    most: usize,
    out: String,
    /// How many characters there are.
    length: usize,
    /// What stands before each further line: the signs of the quotes and lists around.
    prefix: String,
    /// How many quotes and lists are around.
    depth: usize,
}

impl Writer {
    fn new(broadcast: bool, most: usize) -> Self {
        Self { broadcast, most, out: String::new(), length: 0, prefix: String::new(), depth: 0 }
    }

    fn is_enough(&self) -> bool {
        self.length > self.most
    }

    fn push(&mut self, text: &str) {
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                self.out.push('\n');
                self.out.push_str(&self.prefix);
                // The prefix has signs of one byte each.
                self.length += 1 + self.prefix.len();
            }
            self.out.push_str(line);
            self.length += line.chars().count();
        }
    }

    /// Writes what stands behind a sign; its further lines have others in front.
    fn within(&mut self, sign: &str, others: &str, inner: impl FnOnce(&mut Self)) {
        self.push(sign);
        let before = self.prefix.len();
        self.prefix.push_str(others);
        self.depth += 1;
        inner(self);
        self.depth -= 1;
        self.prefix.truncate(before);
    }

    fn blocks(&mut self, blocks: &[Block]) {
        for (index, block) in blocks.iter().enumerate() {
            if self.is_enough() {
                break;
            }
            if index > 0 {
                let list =
                    matches!(block, Block::List { .. }) || matches!(blocks[index - 1], Block::List { .. });
                self.push(if list { "\n" } else { "\n\n" });
            }
            self.block(block);
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Paragraph(spans) => self.spans(spans),
            Block::Heading { spans, .. } => self.spans(&flatten::restyle(spans, |style| style.bold = true)),
            Block::Quote(inner) if self.depth >= flatten::MAX_DEPTH => self.blocks(inner),
            Block::Quote(inner) => self.within("> ", "> ", |writer| writer.blocks(inner)),
            Block::List { start, items } => self.list(*start, items),
            Block::Code { text, .. } => self.preformatted(text),
            Block::Table { header, rows } => self.preformatted(&flatten::table(*header, rows)),
            Block::Rule => self.push(flatten::RULE),
            _ => {}
        }
    }

    fn list(&mut self, start: Option<u32>, items: &[Item]) {
        for (index, item) in items.iter().enumerate() {
            if self.is_enough() {
                break;
            }
            if index > 0 {
                self.push("\n");
            }
            if self.depth >= flatten::MAX_DEPTH {
                self.blocks(&item.blocks);
                continue;
            }
            let sign =
                start.map_or_else(|| "• ".to_owned(), |start| format!("{}. ", flatten::number(start, index)));
            self.within(&sign, "    ", |writer| writer.blocks(&item.blocks));
        }
    }

    fn preformatted(&mut self, text: &str) {
        if !text.is_empty() {
            // Three signs in the text would end it early.
            self.push(&format!("```\n{}\n```", escape(&text.replace("```", "`\u{200b}`\u{200b}`"))));
        }
    }

    fn spans(&mut self, spans: &[Span]) {
        let mut hidden = false;
        for run in spans.chunk_by(|one, next| outer_marks(one) == outer_marks(next)) {
            if self.is_enough() {
                break;
            }
            let is_hidden = run[0].style().is_some_and(|style| style.spoiler);
            if is_hidden != hidden {
                self.push(if is_hidden { "[spoiler: " } else { "]" });
                hidden = is_hidden;
            }
            let mut text = String::new();
            for span in run {
                self::span(&mut text, span, self.broadcast);
            }
            self.signed(&text, run[0].style().unwrap_or_default());
        }
        if hidden {
            self.push("]");
        }
    }

    /// Adds text with its signs, which count only next to something visible.
    fn signed(&mut self, text: &str, style: Style) {
        let marks = [(style.bold, '*'), (style.italic, '_'), (style.strike, '~')];
        let inner = text.trim();
        if inner.is_empty() || marks.iter().all(|(on, _)| !on) {
            return self.push(text);
        }
        let signs = || marks.into_iter().filter(|(on, _)| *on).map(|(_, sign)| sign);
        let from = text.len() - text.trim_start().len();
        self.push(&text[..from]);
        self.push(&signs().collect::<String>());
        self.push(inner);
        self.push(&signs().rev().collect::<String>());
        self.push(&text[from + inner.len()..]);
    }
}

/// The marks whose signs stand around a whole run of spans; none for a break, which ends a run.
fn outer_marks(span: &Span) -> Option<Style> {
    span.style().map(|style| Style { code: false, underline: false, ..style })
}

/// A span within the signs of its run.
fn span(out: &mut String, span: &Span, broadcast: bool) {
    match span {
        Span::Text { text, style } | Span::Date { label: text, style, .. } => coded(out, text, *style),
        Span::Link { url, label, .. } => out.push_str(&link(url, label)),
        Span::Mention { mention, label, .. } => out.push_str(&self::mention(mention, label, broadcast)),
        Span::Emoji { emoji: Emoji::Unicode(sequence), .. } => match emoji::name(sequence) {
            Some(name) => out.extend([":", name, ":"]),
            None => escape_onto(out, sequence),
        },
        Span::Emoji { emoji: Emoji::Custom { name, .. }, .. } => {
            out.push(':');
            escape_onto(out, name);
            out.push(':');
        }
        Span::Break => out.push('\n'),
        _ => {}
    }
}

fn mention(mention: &Mention, label: &str, broadcast: bool) -> String {
    let raw = match mention {
        Mention::User(user) => id::parse_user_id(user).map(|user| format!("<@{}>", user.id)),
        Mention::Chat(chat) => id::parse_chat_id(chat).map(|chat| format!("<#{}>", chat.id)),
        Mention::Group(group) if id::is_slack_id(group) => Some(format!("<!subteam^{group}>")),
        Mention::Everyone if broadcast => Some("<!channel>".to_owned()),
        Mention::Here if broadcast => Some("<!here>".to_owned()),
        Mention::Message { id, url } => {
            let shown = if label == url { Vec::new() } else { vec![Span::text(label)] };
            Some(link(&permalink::of_mention(id, url), &shown))
        }
        Mention::MatrixLink(url) if label == url => Some(link(url, &[])),
        Mention::MatrixLink(url) => Some(link(url, &[Span::text(label)])),
        _ => None,
    };
    raw.unwrap_or_else(|| escape(label))
}

fn link(url: &str, label: &[Span]) -> String {
    let shown = flatten::plain(label).replace('\n', " ");
    match (is_linkable(url), shown.is_empty()) {
        (true, true) => format!("<{}>", escape(url).replace('|', "%7C")),
        (true, false) => format!("<{}|{}>", escape(url).replace('|', "%7C"), escape(&shown)),
        (false, true) => escape(url),
        (false, false) => escape(&format!("{shown} ({url})")),
    }
}

fn coded(out: &mut String, text: &str, style: Style) {
    let signs = if style.code && !text.contains('`') && !text.trim().is_empty() { "`" } else { "" };
    out.push_str(signs);
    escape_onto(out, text);
    out.push_str(signs);
}

#[cfg(test)]
mod tests;
