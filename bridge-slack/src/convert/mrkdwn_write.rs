//! Writes rich text as mrkdwn: what a notification shows of a post that has blocks.
//!
//! `&`, `<` and `>` are escaped in every text that comes from outside, so only our own signs are left; what pings
//! people comes from mentions alone, never from text.

use bridge_core::content::{Block, Emoji, Item, Mention, RichText, Span, Style};

use super::{emoji, flatten};
use crate::id;

/// Writes rich text. `broadcast`: whether a mention of everybody may ping them; else its label is shown.
pub fn write(text: &RichText, broadcast: bool) -> String {
    blocks(&text.blocks, broadcast)
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

fn blocks(blocks: &[Block], broadcast: bool) -> String {
    let mut out = String::new();
    for (index, block) in blocks.iter().enumerate() {
        if index > 0 {
            let list = matches!(block, Block::List { .. }) || matches!(blocks[index - 1], Block::List { .. });
            out.push_str(if list { "\n" } else { "\n\n" });
        }
        out.push_str(&self::block(block, broadcast));
    }
    out
}

fn block(block: &Block, broadcast: bool) -> String {
    match block {
        Block::Paragraph(spans) => self::spans(spans, broadcast),
        Block::Heading { spans, .. } => {
            self::spans(&flatten::restyle(spans, |style| style.bold = true), broadcast)
        }
        Block::Quote(inner) => prefixed(&blocks(inner, broadcast), "> ", "> "),
        Block::List { start, items } => list(*start, items, broadcast),
        Block::Code { text, .. } => preformatted(text),
        Block::Table { header, rows } => preformatted(&flatten::table(*header, rows)),
        Block::Rule => flatten::RULE.to_owned(),
        _ => String::new(),
    }
}

fn list(start: Option<u32>, items: &[Item], broadcast: bool) -> String {
    let items: Vec<String> = items
        .iter()
        .enumerate()
        .map(|(index, item)| {
            let sign =
                start.map_or_else(|| "• ".to_owned(), |start| format!("{}. ", flatten::number(start, index)));
            prefixed(&blocks(&item.blocks, broadcast), &sign, "    ")
        })
        .collect();
    items.join("\n")
}

fn preformatted(text: &str) -> String {
    // Three signs in the text would end it early.
    format!("```\n{}\n```", escape(&text.replace("```", "`\u{200b}`\u{200b}`")))
}

fn prefixed(text: &str, first: &str, others: &str) -> String {
    format!("{first}{}", text.replace('\n', &format!("\n{others}")))
}

fn spans(spans: &[Span], broadcast: bool) -> String {
    spans.iter().map(|span| self::span(span, broadcast)).collect()
}

fn span(span: &Span, broadcast: bool) -> String {
    match span {
        Span::Text { text, style } => styled(text, *style),
        Span::Link { url, label, style } => marked(link(url, label), *style),
        Span::Mention { mention, label, style } => marked(self::mention(mention, label, broadcast), *style),
        Span::Emoji { emoji: Emoji::Unicode(sequence), style } => {
            marked(emoji::name(sequence).map_or_else(|| escape(sequence), |name| format!(":{name}:")), *style)
        }
        Span::Emoji { emoji: Emoji::Custom { name, .. }, style } => {
            marked(format!(":{}:", escape(name)), *style)
        }
        Span::Date { label, style, .. } => styled(label, *style),
        Span::Break => "\n".to_owned(),
        _ => String::new(),
    }
}

fn mention(mention: &Mention, label: &str, broadcast: bool) -> String {
    let raw = match mention {
        Mention::User(user) => id::parse_user_id(user).map(|user| format!("<@{}>", user.id)),
        Mention::Chat(chat) => id::parse_chat_id(chat).map(|chat| format!("<#{}>", chat.id)),
        Mention::Group(group) if id::is_slack_id(group) => Some(format!("<!subteam^{group}>")),
        Mention::Everyone if broadcast => Some("<!channel>".to_owned()),
        Mention::Here if broadcast => Some("<!here>".to_owned()),
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

fn styled(text: &str, style: Style) -> String {
    let escaped = escape(text);
    let text = if style.code && !text.contains('`') && !text.trim().is_empty() {
        format!("`{escaped}`")
    } else {
        escaped
    };
    let text = if style.spoiler { format!("[spoiler: {text}]") } else { text };
    // The signs count only next to something visible.
    let inner = text.trim();
    if inner.is_empty() {
        return text;
    }
    let from = text.len() - text.trim_start().len();
    format!("{}{}{}", &text[..from], signs(inner, style), &text[from + inner.len()..])
}

fn marked(text: String, style: Style) -> String {
    if text.is_empty() { text } else { signs(&text, style) }
}

fn signs(text: &str, style: Style) -> String {
    let signs = [(style.strike, '~'), (style.italic, '_'), (style.bold, '*')];
    let mut text = text.to_owned();
    for (_, sign) in signs.into_iter().filter(|(on, _)| *on) {
        text = format!("{sign}{text}{sign}");
    }
    text
}

#[cfg(test)]
mod tests;
