//! Tables, and charts as tables.

use bridge_core::content::{Block, Span};

use super::super::flatten;
use super::super::wire::Node;
use super::{Reader, actions, emoji_spans};

impl Reader<'_> {
    pub(super) fn table(&mut self, block: &Node, out: &mut Vec<Block>, depth: usize) {
        self.strong(&block.more().caption, out, depth);
        let rows: Vec<Vec<Vec<Span>>> =
            block.more().rows.0.iter().map(|row| row.iter().map(|cell| self.cell(cell)).collect()).collect();
        self.lossy |= rows.is_empty();
        if !rows.is_empty() {
            out.push(Block::Table { header: true, rows });
        }
    }

    fn cell(&mut self, cell: &Node) -> Vec<Span> {
        let mut blocks = Vec::new();
        match cell.kind.as_str() {
            "rich_text" => self.rich_text(cell, &mut blocks),
            kind if actions::is_action(kind) => blocks.extend(actions::line([cell].into_iter())),
            _ if cell.text.as_str().is_empty() => blocks.extend(super::plain(&cell.more().value)),
            _ => blocks.extend(super::plain(cell.text.as_str())),
        }
        flatten::spans(&blocks)
    }

    /// A chart's figures: the pieces of a pie below each other, several lines side by side.
    pub(super) fn chart(&mut self, block: &Node, out: &mut Vec<Block>) {
        let before = out.len();
        self.strong(&block.more().title, out, 0);
        let chart = block.more().chart.object().unwrap_or(block).more();
        let label = |point: &Node| emoji_spans(point.more().label.as_str());
        let value = |point: &Node| emoji_spans(&point.more().value);
        let pieces = chart.segments.iter().flatten();
        let mut rows: Vec<Vec<Vec<Span>>> = pieces.map(|piece| vec![label(piece), value(piece)]).collect();
        let header = rows.is_empty();
        if let Some(lines) = chart.series.as_ref().filter(|lines| header && !lines.is_empty()) {
            let names = lines.iter().map(|line| emoji_spans(&line.more().name));
            rows.push([Vec::new()].into_iter().chain(names).collect());
            let longest = lines.iter().max_by_key(|line| line.more().data.as_ref().map_or(0, Vec::len));
            for (index, point) in
                longest.iter().flat_map(|line| line.more().data.iter().flatten()).enumerate()
            {
                let of = |line: &Node| line.more().data.as_ref()?.get(index).map(value);
                let values = lines.iter().map(|line| of(line).unwrap_or_default());
                rows.push([label(point)].into_iter().chain(values).collect());
            }
        }
        if !rows.is_empty() {
            out.push(Block::Table { header, rows });
        }
        self.lossy |= out.len() == before;
    }
}
