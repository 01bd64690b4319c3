//! Writes rich text as mrkdwn: what a notification shows of a post that has blocks.
//!
//! `&`, `<` and `>` are escaped in every text that comes from outside, so only our own signs are left; what pings
//! people comes from mentions alone, never from text.

use bridge_core::content::{Block, Emoji, Item, Mention, RichText, Span, Style};

use super::{emoji, flatten, permalink};
use crate::id;

/// Writes rich text. `broadcast`: whether a mention of everybody may ping them; else its label is shown.
pub fn write(text: &RichText, broadcast: bool) -> String {
    blocks(&text.blocks, How { broadcast, most: usize::MAX, depth: 0 })
}

/// How many characters [`write()`] gives, if they are no more than `most`; else some number above it, which takes no
/// longer to know, however long the text is.
pub fn length(text: &RichText, broadcast: bool, most: usize) -> usize {
    blocks(&text.blocks, How { broadcast, most, depth: 0 }).chars().count()
}

/// How text is written.
#[derive(Clone, Copy)]
struct How {
    broadcast: bool,
    /// Nothing is added to what has more characters.
    most: usize,
    /// How many quotes and lists are around.
    depth: usize,
}

impl How {
    fn deeper(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }

    /// Whether there is enough. The bytes are known at once, and are never fewer than the characters.
    fn is_enough(self, out: &str) -> bool {
        out.len() > self.most && out.chars().count() > self.most
    }
}

/// Escapes what Slack reads as its own signs: `&`, `<`, `>`, and no other.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    out
}

/// Whether an address can be a link on Slack: one that a browser or mail program opens, without spaces.
pub fn is_linkable(url: &str) -> bool {
    let scheme = url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    matches!(scheme.as_deref(), Some("http" | "https" | "mailto"))
        && url.len() <= 3_000
        && url.chars().all(|c| !c.is_whitespace() && !c.is_control())
        && url::Url::parse(url).is_ok()
}

fn blocks(blocks: &[Block], how: How) -> String {
    let mut out = String::new();
    for (index, block) in blocks.iter().enumerate() {
        if how.is_enough(&out) {
            break;
        }
        if index > 0 {
            let list = matches!(block, Block::List { .. }) || matches!(blocks[index - 1], Block::List { .. });
            out.push_str(if list { "\n" } else { "\n\n" });
        }
        out.push_str(&self::block(block, how));
    }
    out
}

fn block(block: &Block, how: How) -> String {
    match block {
        Block::Paragraph(spans) => self::spans(spans, how),
        Block::Heading { spans, .. } => self::spans(&flatten::restyle(spans, |style| style.bold = true), how),
        Block::Quote(inner) if how.depth >= flatten::MAX_DEPTH => blocks(inner, how),
        Block::Quote(inner) => prefixed(&blocks(inner, how.deeper()), "> ", "> "),
        Block::List { start, items } => list(*start, items, how),
        Block::Code { text, .. } => preformatted(text),
        Block::Table { header, rows } => preformatted(&flatten::table(*header, rows)),
        Block::Rule => flatten::RULE.to_owned(),
        _ => String::new(),
    }
}

fn list(start: Option<u32>, items: &[Item], how: How) -> String {
    let mut out = String::new();
    for (index, item) in items.iter().enumerate() {
        if how.is_enough(&out) {
            break;
        }
        if index > 0 {
            out.push('\n');
        }
        let inner = blocks(&item.blocks, how.deeper());
        if how.depth >= flatten::MAX_DEPTH {
            out.push_str(&inner);
            continue;
        }
        let sign =
            start.map_or_else(|| "• ".to_owned(), |start| format!("{}. ", flatten::number(start, index)));
        out.push_str(&prefixed(&inner, &sign, "    "));
    }
    out
}

fn preformatted(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    // Three signs in the text would end it early.
    format!("```\n{}\n```", escape(&text.replace("```", "`\u{200b}`\u{200b}`")))
}

fn prefixed(text: &str, first: &str, others: &str) -> String {
    format!("{first}{}", text.replace('\n', &format!("\n{others}")))
}

fn spans(spans: &[Span], how: How) -> String {
    let mut out = String::new();
    let mut hidden = false;
    for run in spans.chunk_by(|one, next| outer_marks(one) == outer_marks(next)) {
        if how.is_enough(&out) {
            break;
        }
        let is_hidden = run[0].style().is_some_and(|style| style.spoiler);
        if is_hidden != hidden {
            out.push_str(if is_hidden { "[spoiler: " } else { "]" });
            hidden = is_hidden;
        }
        let text: String = run.iter().map(|span| self::span(span, how)).collect();
        signed(&mut out, &text, run[0].style().unwrap_or_default());
    }
    if hidden {
        out.push(']');
    }
    out
}

/// The marks whose signs stand around a whole run of spans; none for a break, which ends a run.
fn outer_marks(span: &Span) -> Option<Style> {
    span.style().map(|style| Style { code: false, underline: false, ..style })
}

/// A span within the signs of its run.
fn span(span: &Span, how: How) -> String {
    match span {
        Span::Text { text, style } | Span::Date { label: text, style, .. } => coded(text, *style),
        Span::Link { url, label, .. } => link(url, label),
        Span::Mention { mention, label, .. } => self::mention(mention, label, how),
        Span::Emoji { emoji: Emoji::Unicode(sequence), .. } => {
            emoji::name(sequence).map_or_else(|| escape(sequence), |name| format!(":{name}:"))
        }
        Span::Emoji { emoji: Emoji::Custom { name, .. }, .. } => format!(":{}:", escape(name)),
        Span::Break => "\n".to_owned(),
        _ => String::new(),
    }
}

fn mention(mention: &Mention, label: &str, how: How) -> String {
    let raw = match mention {
        Mention::User(user) => id::parse_user_id(user).map(|user| format!("<@{}>", user.id)),
        Mention::Chat(chat) => id::parse_chat_id(chat).map(|chat| format!("<#{}>", chat.id)),
        Mention::Group(group) if id::is_slack_id(group) => Some(format!("<!subteam^{group}>")),
        Mention::Everyone if how.broadcast => Some("<!channel>".to_owned()),
        Mention::Here if how.broadcast => Some("<!here>".to_owned()),
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

fn coded(text: &str, style: Style) -> String {
    let escaped = escape(text);
    if style.code && !text.contains('`') && !text.trim().is_empty() {
        format!("`{escaped}`")
    } else {
        escaped
    }
}

/// Adds text with its signs, which count only next to something visible.
fn signed(out: &mut String, text: &str, style: Style) {
    let inner = text.trim();
    let marks = [(style.bold, '*'), (style.italic, '_'), (style.strike, '~')];
    let signs = || marks.into_iter().filter(|(on, _)| *on && !inner.is_empty()).map(|(_, sign)| sign);
    let from = text.len() - text.trim_start().len();
    out.push_str(&text[..from]);
    out.extend(signs());
    out.push_str(inner);
    out.extend(signs().collect::<Vec<_>>().into_iter().rev());
    out.push_str(&text[from + inner.len()..]);
}

#[cfg(test)]
mod tests;
