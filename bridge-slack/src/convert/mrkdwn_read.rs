//! Reads Slack's mrkdwn, as it comes in `text` and in text objects, into rich text.

mod angle;
mod inline;

use bridge_core::content::{Block, Item, RichText, Style};

use super::blocks::list;
use super::spans::Spans;
pub use inline::emoji_text;
use inline::{Dialect, Inline};

/// Quotes within quotes deeper than this are shown as text.
const MAX_QUOTES: usize = 8;

/// Reads mrkdwn. `team_id` is the workspace that mentioned people and channels are named in.
pub fn read(text: &str, team_id: &str) -> RichText {
    Reader { inline: Inline { team_id, dialect: Dialect::Mrkdwn } }.read(text)
}

/// Reads the Markdown of a `markdown` block: paragraphs, lists, quotes, code, emphasis, links.
pub fn markdown(text: &str, team_id: &str) -> RichText {
    Reader { inline: Inline { team_id, dialect: Dialect::Markdown } }.read(text)
}

/// Turns the three escapes back: `&amp;`, `&lt;`, `&gt;`, and no other.
pub fn unescape(text: &str) -> String {
    // In this order an escaped escape (`&amp;lt;`) is turned back once only.
    if text.contains('&') {
        text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    } else {
        text.to_owned()
    }
}

struct Reader<'a> {
    inline: Inline<'a>,
}

impl Reader<'_> {
    fn read(&self, text: &str) -> RichText {
        let mut blocks = Vec::new();
        let mut rest = text;
        while let Some((before, code, after)) = fence(rest) {
            self.lines(before, 0, &mut blocks);
            blocks.push(self.code(code));
            rest = after;
        }
        self.lines(rest, 0, &mut blocks);
        RichText { blocks }
    }

    fn code(&self, raw: &str) -> Block {
        let raw = match self.inline.dialect {
            Dialect::Mrkdwn => raw,
            Dialect::Markdown => raw.split_once('\n').map_or(raw, |(_, code)| code),
        };
        let raw = raw.strip_prefix('\n').unwrap_or(raw);
        let raw = raw.strip_suffix('\n').unwrap_or(raw);
        Block::Code { language: None, text: self.inline.literal(raw) }
    }

    fn lines(&self, text: &str, quotes: usize, out: &mut Vec<Block>) {
        let mut paragraph = Spans::default();
        let mut lines = text.split('\n').peekable();
        let mut first = true;
        while let Some(line) = lines.next() {
            if quotes < MAX_QUOTES
                && let Some(inner) = quoted(line)
            {
                out.extend(std::mem::take(&mut paragraph).into_blocks());
                let mut quote = inner.to_owned();
                // Three signs quote all that follows.
                let all = inner.starts_with("&gt;&gt;") || inner.starts_with(">>");
                if all {
                    quote.clear();
                    quote.push_str(inner.trim_start_matches("&gt;").trim_start_matches('>').trim_start());
                }
                while let Some(next) =
                    lines.peek().copied().and_then(|next| if all { Some(next) } else { quoted(next) })
                {
                    quote.push('\n');
                    quote.push_str(next);
                    lines.next();
                }
                let mut blocks = Vec::new();
                self.lines(&quote, quotes + 1, &mut blocks);
                out.push(Block::Quote(blocks));
                first = true;
                continue;
            }
            if let Some((depth, inner)) = self.bullet(line) {
                out.extend(std::mem::take(&mut paragraph).into_blocks());
                let mut spans = Spans::default();
                self.inline.read(inner, Style::default(), &mut spans);
                list::insert(out, depth, None, vec![Item { blocks: spans.into_blocks() }]);
                first = true;
                continue;
            }
            if let Some((level, inner)) = self.heading(line) {
                out.extend(std::mem::take(&mut paragraph).into_blocks());
                let mut spans = Spans::default();
                self.inline.read(inner, Style::default(), &mut spans);
                out.push(Block::Heading { level, spans: spans.into_spans() });
                first = true;
                continue;
            }
            if !first {
                paragraph.text("\n", Style::default());
            }
            first = false;
            self.inline.read(line, Style::default(), &mut paragraph);
        }
        out.extend(paragraph.into_blocks());
    }

    /// A line of a list: its depth and what follows the sign.
    fn bullet<'t>(&self, line: &'t str) -> Option<(usize, &'t str)> {
        let inner = line.trim_start_matches(' ');
        let depth = (line.len() - inner.len()) / 4;
        let signs: &[&str] = match self.inline.dialect {
            Dialect::Mrkdwn => &["• ", "◦ ", "▪ ", "▪\u{fe0e} "],
            Dialect::Markdown => &["• ", "- ", "* ", "+ "],
        };
        signs.iter().find_map(|sign| inner.strip_prefix(sign)).map(|inner| (depth.min(16), inner))
    }

    fn heading<'t>(&self, line: &'t str) -> Option<(u8, &'t str)> {
        let inner = line.trim_start_matches('#');
        let level = line.len() - inner.len();
        let inner = inner.strip_prefix(' ')?.trim();
        let level = u8::try_from(level).ok().filter(|level| (1..=6).contains(level))?;
        (self.inline.dialect == Dialect::Markdown && !inner.is_empty()).then_some((level, inner))
    }
}

/// The first preformatted text: what is before, in, and after it.
fn fence(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let open = from + text[from..].find("```")?;
        let length = text[open + 3..].find("```")?;
        let code = &text[open + 3..open + 3 + length];
        if !code.trim().is_empty() {
            let before = text[..open].trim_end_matches(' ');
            let after = text[open + 6 + length..].trim_start_matches(' ');
            let before = before.strip_suffix('\n').unwrap_or(before);
            return Some((before, code, after.strip_prefix('\n').unwrap_or(after)));
        }
        from = open + 3;
    }
}

/// What a quoted line says.
fn quoted(line: &str) -> Option<&str> {
    let inner = line.strip_prefix("&gt;").or_else(|| line.strip_prefix('>'))?;
    Some(inner.strip_prefix(' ').unwrap_or(inner))
}

#[cfg(test)]
mod tests;
