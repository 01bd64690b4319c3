//! What stands on lines of its own: items of lists, headings, rules, tables.

use std::iter::Peekable;
use std::str::Split;

use bridge_core::content::{Block, Span, Style};

use super::super::spans::Spans;
use super::Reader;
use super::inline::Dialect;

/// The signs of bulleted lists, as Slack writes them.
const BULLETS: &[&str] = &["• ", "◦ ", "▪ ", "▪\u{fe0e} "];

/// The signs of bulleted lists in Markdown.
const MARKDOWN_BULLETS: &[&str] = &["• ", "- ", "* ", "+ "];

/// Lists within lists deeper than this are read as if they were at this depth.
const MAX_DEPTH: usize = 16;

impl Reader<'_> {
    /// A line that is an item of a list: its depth, its number if it has one, and what it says. `indents` are those of the
    /// lists that are open, the outermost first.
    pub(super) fn item<'t>(
        &self,
        line: &'t str,
        indents: &mut Vec<usize>,
    ) -> Option<(usize, Option<u32>, &'t str)> {
        let inner = line.trim_start_matches(' ');
        let indent = line.len() - inner.len();
        let bullet = |signs: &[&str]| signs.iter().find_map(|sign| inner.strip_prefix(sign));
        if self.inline.dialect == Dialect::Mrkdwn {
            return bullet(BULLETS).map(|text| ((indent / 4).min(MAX_DEPTH), None, text));
        }
        if is_rule(line) {
            return None;
        }
        let (number, text) = bullet(MARKDOWN_BULLETS).map(|text| (None, text)).or_else(|| numbered(inner))?;
        while indents.last().is_some_and(|open| *open > indent) {
            indents.pop();
        }
        if indents.last().is_none_or(|open| indent > *open + 1) {
            indents.push(indent);
        }
        Some(((indents.len() - 1).min(MAX_DEPTH), number, text))
    }

    /// What an item of a list says.
    pub(super) fn inner(&self, text: &str) -> Vec<Block> {
        let mut spans = Spans::default();
        let (mark, text) = match self.inline.dialect {
            Dialect::Markdown => task(text),
            Dialect::Mrkdwn => ("", text),
        };
        spans.text(mark, Style::default());
        self.inline.read(text, Style::default(), &mut spans);
        spans.into_blocks()
    }

    /// A heading, a rule or a table, which Markdown alone has; of a table the lines that follow are taken.
    pub(super) fn lone(&self, line: &str, lines: &mut Peekable<Split<'_, char>>) -> Option<Block> {
        if self.inline.dialect != Dialect::Markdown {
            return None;
        }
        if let Some((level, inner)) = heading(line) {
            return Some(Block::Heading { level, spans: self.spans(inner) });
        }
        if is_rule(line) {
            return Some(Block::Rule);
        }
        if !line.contains('|') || !lines.peek().is_some_and(|next| is_under_header(next)) {
            return None;
        }
        lines.next();
        let mut rows = vec![self.cells(line)];
        while let Some(row) = lines.next_if(|row| row.contains('|')) {
            rows.push(self.cells(row));
        }
        Some(Block::Table { header: true, rows })
    }

    fn cells(&self, row: &str) -> Vec<Vec<Span>> {
        let row = row.trim();
        let row = row.strip_prefix('|').unwrap_or(row);
        let row = row.strip_suffix('|').unwrap_or(row);
        row.split('|').map(|cell| self.spans(cell.trim())).collect()
    }

    fn spans(&self, text: &str) -> Vec<Span> {
        let mut spans = Spans::default();
        self.inline.read(text, Style::default(), &mut spans);
        spans.into_spans()
    }
}

/// The box of a task, and what is to do.
fn task(text: &str) -> (&'static str, &str) {
    let marked = |mark| text.strip_prefix(mark).filter(|rest| rest.starts_with(' '));
    if let Some(rest) = marked("[ ]") {
        return ("☐", rest);
    }
    marked("[x]").or_else(|| marked("[X]")).map_or(("", text), |rest| ("☑", rest))
}

/// The number of a numbered item, and what follows.
fn numbered(line: &str) -> Option<(Option<u32>, &str)> {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let number = line.get(..digits.min(9))?.parse().ok()?;
    let text = line[digits..].strip_prefix(['.', ')'])?.strip_prefix(' ')?;
    Some((Some(number), text))
}

fn heading(line: &str) -> Option<(u8, &str)> {
    let inner = line.trim_start_matches('#');
    let level = u8::try_from(line.len() - inner.len()).ok().filter(|level| (1..=6).contains(level))?;
    let inner = inner.strip_prefix(' ')?.trim();
    (!inner.is_empty()).then_some((level, inner))
}

fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.len() >= 3 && ['-', '*', '_'].iter().any(|sign| line.chars().all(|c| c == *sign))
}

fn is_under_header(line: &str) -> bool {
    let line = line.trim();
    line.contains('-') && line.contains('|') && line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '))
}
