//! Reads Slack's mrkdwn, as it comes in `text` and in text objects, into rich text.

mod angle;
mod inline;
mod structure;

use bridge_core::content::{Block, Item, RichText, Style};

use super::blocks::{language, list};
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
        let (language, raw) = match self.inline.dialect {
            Dialect::Mrkdwn => (None, raw),
            Dialect::Markdown => raw.split_once('\n').map_or((None, raw), |(info, code)| {
                (language(info.split_whitespace().next().unwrap_or_default()), code)
            }),
        };
        let raw = raw.strip_prefix('\n').unwrap_or(raw);
        let raw = raw.strip_suffix('\n').unwrap_or(raw);
        Block::Code { language, text: self.inline.literal(raw) }
    }

    fn lines(&self, text: &str, quotes: usize, out: &mut Vec<Block>) {
        let mut paragraph = Spans::default();
        let mut lines = text.split('\n').peekable();
        let mut first = true;
        let mut indents = Vec::new();
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
            if let Some((depth, number, inner)) = self.item(line, &mut indents) {
                out.extend(std::mem::take(&mut paragraph).into_blocks());
                // Programs number the items themselves, whatever stands before them.
                let start = number.map(|number| list::next_number(out, depth).unwrap_or(number));
                list::insert(out, depth, start, vec![Item { blocks: self.inner(inner) }]);
                first = true;
                continue;
            }
            if let Some(block) = self.lone(line, &mut lines) {
                out.extend(std::mem::take(&mut paragraph).into_blocks());
                out.push(block);
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
