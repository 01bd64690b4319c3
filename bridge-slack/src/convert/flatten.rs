//! Brings blocks down to running text and plain text, where Slack holds nothing more.

use bridge_core::content::{Block, Emoji, Item, Span, Style};

/// What stands for a horizontal rule.
pub const RULE: &str = "──────────";

/// Columns are not filled up further than this, in characters.
const WIDEST_COLUMN: usize = 100;
/// Quotes and lists that are deeper stand without signs of their own: they would be longer than the text.
pub const MAX_DEPTH: usize = 8;

/// The same text without quotes that would stand without signs of their own: they cost, and show nothing.
pub fn shallow(blocks: &[Block]) -> Vec<Block> {
    let mut out = Vec::with_capacity(blocks.len());
    less_deep(blocks, 0, &mut out);
    out
}

fn less_deep(blocks: &[Block], depth: usize, out: &mut Vec<Block>) {
    for block in blocks {
        match block {
            Block::Quote(inner) if depth > MAX_DEPTH => less_deep(inner, depth, out),
            Block::Quote(inner) => {
                let mut quoted = Vec::with_capacity(inner.len());
                less_deep(inner, depth + 1, &mut quoted);
                out.push(Block::Quote(quoted));
            }
            Block::List { start, items } => {
                let items = items.iter().map(|item| {
                    let mut blocks = Vec::with_capacity(item.blocks.len());
                    less_deep(&item.blocks, depth + 1, &mut blocks);
                    Item { blocks }
                });
                out.push(Block::List { start: *start, items: items.collect() });
            }
            other => out.push(other.clone()),
        }
    }
}

/// Blocks as running text: an empty line between them, lists and quotes with their signs in front of each line.
pub fn spans(blocks: &[Block]) -> Vec<Span> {
    nested(blocks, 0)
}

fn nested(blocks: &[Block], depth: usize) -> Vec<Span> {
    let mut out = Vec::new();
    for (index, block) in blocks.iter().enumerate() {
        if index > 0 {
            let list = matches!(block, Block::List { .. }) || matches!(blocks[index - 1], Block::List { .. });
            out.extend(std::iter::repeat_n(Span::Break, if list { 1 } else { 2 }));
        }
        out.extend(block_spans(block, depth));
    }
    out
}

fn block_spans(block: &Block, depth: usize) -> Vec<Span> {
    match block {
        Block::Paragraph(spans) => spans.clone(),
        Block::Heading { spans, .. } => restyle(spans, |style| style.bold = true),
        Block::Quote(blocks) if depth >= MAX_DEPTH => nested(blocks, depth),
        Block::Quote(blocks) => prefixed(&nested(blocks, depth + 1), "> ", "> "),
        Block::List { start, items } => list_spans(*start, items, depth),
        Block::Code { text, .. } => lines(text, Style { code: true, ..Style::default() }),
        Block::Table { header, rows } => {
            lines(&table(*header, rows), Style { code: true, ..Style::default() })
        }
        Block::Rule => vec![Span::text(RULE)],
        _ => Vec::new(),
    }
}

fn list_spans(start: Option<u32>, items: &[Item], depth: usize) -> Vec<Span> {
    let mut out = Vec::new();
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(Span::Break);
        }
        let inner = nested(&item.blocks, depth + 1);
        if depth >= MAX_DEPTH {
            out.extend(inner);
            continue;
        }
        let sign = start.map_or_else(|| "• ".to_owned(), |start| format!("{}. ", number(start, index)));
        out.extend(prefixed(&inner, &sign, "    "));
    }
    out
}

/// The number of a list's item.
pub fn number(start: u32, index: usize) -> u32 {
    start.saturating_add(u32::try_from(index).unwrap_or(u32::MAX))
}

fn prefixed(spans: &[Span], first: &str, others: &str) -> Vec<Span> {
    let mut out = vec![Span::text(first)];
    for span in spans {
        out.push(span.clone());
        if *span == Span::Break {
            out.push(Span::text(others));
        }
    }
    out
}

fn lines(text: &str, style: Style) -> Vec<Span> {
    let mut out = Vec::new();
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            out.push(Span::Break);
        }
        if !line.is_empty() {
            out.push(Span::Text { text: line.to_owned(), style });
        }
    }
    out
}

/// The same running text with its styles changed.
pub fn restyle(spans: &[Span], change: impl Fn(&mut Style)) -> Vec<Span> {
    let mut spans = spans.to_vec();
    for span in &mut spans {
        match span {
            Span::Text { style, .. }
            | Span::Link { style, .. }
            | Span::Mention { style, .. }
            | Span::Emoji { style, .. }
            | Span::Date { style, .. } => change(style),
            _ => {}
        }
    }
    spans
}

/// Running text without any formatting.
pub fn plain(spans: &[Span]) -> String {
    let mut out = String::new();
    for span in spans {
        match span {
            Span::Text { text, .. } => out.push_str(text),
            Span::Link { url, label, .. } if label.is_empty() => out.push_str(url),
            Span::Link { label, .. } => out.push_str(&plain(label)),
            Span::Mention { label, .. } | Span::Date { label, .. } => out.push_str(label),
            Span::Emoji { emoji: Emoji::Unicode(sequence), .. } => out.push_str(sequence),
            Span::Emoji { emoji: Emoji::Custom { name, .. }, .. } => {
                out.push(':');
                out.push_str(name);
                out.push(':');
            }
            Span::Break => out.push('\n'),
            _ => {}
        }
    }
    out
}

/// Whether blocks say what others say, in one piece.
pub fn says(blocks: &[Block], others: &[Block]) -> bool {
    let letters = |blocks: &[Block]| {
        let mut text = String::new();
        visible(blocks, &mut |piece| text.extend(piece.chars().filter(|c| !c.is_whitespace())));
        text
    };
    letters(blocks).contains(&letters(others))
}

/// How much there is to see, in characters other than spaces.
pub fn seen(blocks: &[Block]) -> usize {
    let mut count = 0;
    visible(blocks, &mut |piece| count += piece.chars().filter(|c| !c.is_whitespace()).count());
    count
}

/// Calls for each piece of text in reading order.
fn visible(blocks: &[Block], call: &mut impl FnMut(&str)) {
    for block in blocks {
        match block {
            Block::Paragraph(spans) | Block::Heading { spans, .. } => call(&plain(spans)),
            Block::Quote(blocks) => visible(blocks, call),
            Block::List { items, .. } => items.iter().for_each(|item| visible(&item.blocks, call)),
            Block::Code { text, .. } => call(text),
            Block::Table { rows, .. } => rows.iter().flatten().for_each(|cell| call(&plain(cell))),
            _ => {}
        }
    }
}

/// A table as lines of equal columns, a line under the header.
pub fn table(header: bool, rows: &[Vec<Vec<Span>>]) -> String {
    let cells: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| plain(cell).replace('\n', " ")).collect()).collect();
    let columns = cells.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let widths = cells.iter().filter_map(|row| row.get(column)).map(|cell| width_of(cell));
        // One long cell must not make all others as long.
        widths.max().unwrap_or(0).min(WIDEST_COLUMN)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut lines: Vec<String> = cells
        .iter()
        .map(|row| {
            let cells: Vec<String> =
                row.iter().zip(&widths).map(|(cell, width)| padded(cell, *width)).collect();
            cells.join(" | ").trim_end().to_owned()
        })
        .collect();
    if header && lines.len() > 1 {
        lines.insert(1, widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>().join("-+-"));
    }
    lines.join("\n")
}

fn padded(cell: &str, width: usize) -> String {
    format!("{cell}{}", " ".repeat(width.saturating_sub(width_of(cell))))
}

/// How many columns a text takes in fixed width, as far as its characters tell: East Asian ones and most emoji take
/// two, marks on others none.
fn width_of(text: &str) -> usize {
    let width = |character: char| match character {
        '\u{300}'..='\u{36f}'
        | '\u{200b}'..='\u{200d}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{1f3fb}'..='\u{1f3ff}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    };
    text.chars().map(width).sum()
}
