//! The blocks that are open: opening, closing, and where a finished block belongs.

use super::{Block, Item, MAX_OPEN_BLOCKS, Span, Tree};

/// A block that is open.
pub(super) struct Open {
    pub(super) kind: Kind,
    /// How many inline elements were open when it began; those opened within end with it.
    pub(super) marks: usize,
}

/// What is open, with what it holds so far.
pub(super) enum Kind {
    Root(Vec<Block>),
    Quote(Vec<Block>),
    List { start: Option<u32>, items: Vec<Item> },
    Item(Vec<Block>),
    Table { header: bool, rows: Vec<Vec<Vec<Span>>> },
    Row { header: bool, cells: Vec<Vec<Span>> },
    Cell,
}

impl Tree<'_> {
    pub(super) fn innermost(&self) -> &Kind {
        // The root is never closed before the end.
        &self.open[self.open.len() - 1].kind
    }

    pub(super) fn in_cell(&self) -> bool {
        matches!(self.innermost(), Kind::Cell)
    }

    /// Text may not stand right in a table or row: it opens a cell.
    pub(super) fn ensure_cell(&mut self) {
        if matches!(self.innermost(), Kind::Table { .. }) {
            self.push(Kind::Row { header: false, cells: Vec::new() });
        }
        if matches!(self.innermost(), Kind::Row { .. }) {
            self.push(Kind::Cell);
        }
    }

    /// The running text ends here; within a cell, which holds nothing but text, a line of it does.
    pub(super) fn boundary(&mut self) {
        match self.innermost() {
            Kind::Cell => self.line.soft_break(),
            Kind::Table { .. } | Kind::Row { .. } => {}
            _ => self.flush(),
        }
    }

    /// Makes a block of the running text.
    pub(super) fn flush(&mut self) {
        let spans = self.line.take(self.lookup);
        if spans.iter().any(|span| !span.is_empty()) {
            self.place(match self.heading {
                Some(level) => Block::Heading { level, spans },
                None => Block::Paragraph(spans),
            });
        }
    }

    /// Puts a finished block where it belongs.
    pub(super) fn place(&mut self, block: Block) {
        match self.open.last_mut().map(|open| &mut open.kind) {
            Some(Kind::Root(blocks) | Kind::Quote(blocks) | Kind::Item(blocks)) => blocks.push(block),
            Some(Kind::List { items, .. }) => match items.last_mut() {
                // A list between two items is meant to belong to the first.
                Some(item) if matches!(block, Block::List { .. }) => item.blocks.push(block),
                _ => items.push(Item { blocks: vec![block] }),
            },
            // Cells hold text only; `boundary` and `ensure_cell` let no block come here.
            Some(Kind::Table { .. } | Kind::Row { .. } | Kind::Cell) | None => {}
        }
    }

    fn push(&mut self, kind: Kind) {
        self.heading = None;
        self.open.push(Open { kind, marks: self.marks.len() });
    }

    /// Opens a quote or list; in a cell, or too deep, its text stands on lines of its own.
    pub(super) fn open_block(&mut self, kind: Kind) {
        self.ensure_cell();
        self.boundary();
        if self.in_cell() {
            return;
        }
        if self.open.len() + self.implied_items() > MAX_OPEN_BLOCKS {
            self.unopened += 1;
        } else {
            self.push(kind);
        }
    }

    /// How many items stand around what is open without being open themselves: a block right in a list is in one.
    fn implied_items(&self) -> usize {
        let is_list = |open: &Open| matches!(open.kind, Kind::List { .. });
        let within =
            self.open.windows(2).filter(|pair| is_list(&pair[0]) && !matches!(pair[1].kind, Kind::Item(_)));
        within.count() + usize::from(matches!(self.innermost(), Kind::List { .. }))
    }

    /// Closes the innermost block of a kind and what is open in it.
    pub(super) fn close_block(&mut self, is_it: impl Fn(&Kind) -> bool) {
        self.boundary();
        if self.in_cell() {
            return;
        }
        if self.unopened > 0 {
            self.unopened -= 1;
        } else if let Some(index) = self.open.iter().rposition(|open| is_it(&open.kind)) {
            self.close_from(index);
        }
    }

    fn close_from(&mut self, index: usize) {
        while self.open.len() > index {
            self.close_innermost();
        }
    }

    /// Closes what is open down to a block of the first kind, unless one of the second is in between.
    fn close_within(&mut self, is_it: impl Fn(&Kind) -> bool, is_bound: impl Fn(&Kind) -> bool) {
        let found = self.open.iter().rposition(|open| is_it(&open.kind) || is_bound(&open.kind));
        if let Some(index) = found.filter(|&index| is_it(&self.open[index].kind)) {
            self.close_from(index);
        }
    }

    pub(super) fn close_innermost(&mut self) {
        let spans = if self.in_cell() { self.line.take(self.lookup) } else { Vec::new() };
        if !matches!(self.innermost(), Kind::Cell | Kind::Row { .. } | Kind::Table { .. }) {
            self.flush();
        }
        let Some(closed) = self.open.pop() else { return };
        self.heading = None;
        self.marks.truncate(closed.marks);
        self.sum_marks();
        match (closed.kind, self.open.last_mut().map(|open| &mut open.kind)) {
            (Kind::Quote(blocks), _) if !blocks.is_empty() => self.place(Block::Quote(blocks)),
            (Kind::List { start, items }, _) if !items.is_empty() => self.place(Block::List { start, items }),
            (Kind::Item(blocks), Some(Kind::List { items, .. })) => items.push(Item { blocks }),
            (Kind::Table { header, rows }, _) if !rows.is_empty() => {
                self.place(Block::Table { header, rows });
            }
            (Kind::Row { header: all, cells }, Some(Kind::Table { header, rows })) if !cells.is_empty() => {
                *header |= all && rows.is_empty();
                rows.push(cells);
            }
            (Kind::Cell, Some(Kind::Row { cells, .. })) => cells.push(spans),
            _ => {}
        }
    }

    /// `number`: what the item is to be called in a numbered list, whatever is before it.
    pub(super) fn start_item(&mut self, number: Option<u32>) {
        self.boundary();
        if self.in_cell() || self.unopened > 0 {
            return;
        }
        self.close_within(
            |kind| matches!(kind, Kind::Item(_)),
            |kind| matches!(kind, Kind::List { .. } | Kind::Quote(_)),
        );
        if let Some(number) = number {
            self.go_on_from(number);
        }
        if matches!(self.innermost(), Kind::List { .. }) {
            self.push(Kind::Item(Vec::new()));
        }
    }

    /// Lets the next item of the open list have this number; where it is not the one that follows, another list begins.
    fn go_on_from(&mut self, number: u32) {
        let Some(Open { kind: Kind::List { start: Some(start), items }, .. }) = self.open.last_mut() else {
            return;
        };
        if items.is_empty() {
            *start = number;
        } else if u64::from(*start) + items.len() as u64 != u64::from(number) {
            let ended = Block::List { start: Some(*start), items: std::mem::take(items) };
            *start = number;
            let list = self.open.pop();
            self.place(ended);
            self.open.extend(list);
        }
    }

    pub(super) fn end_item(&mut self) {
        self.boundary();
        if !self.in_cell() && self.unopened == 0 {
            self.close_within(|kind| matches!(kind, Kind::Item(_)), |kind| matches!(kind, Kind::List { .. }));
        }
    }

    pub(super) fn start_table(&mut self) {
        self.ensure_cell();
        self.boundary();
        if self.in_cell() {
            self.inner_tables += 1;
        } else {
            self.push(Kind::Table { header: false, rows: Vec::new() });
        }
    }

    pub(super) fn start_row(&mut self) {
        if self.inner_tables > 0 {
            return self.line.soft_break();
        }
        self.end_row();
        if matches!(self.innermost(), Kind::Table { .. }) {
            self.push(Kind::Row { header: true, cells: Vec::new() });
        }
    }

    pub(super) fn start_cell(&mut self, is_header: bool) {
        if self.inner_tables > 0 {
            return self.line.text(" ", self.style);
        }
        self.end_cell();
        if matches!(self.innermost(), Kind::Table { .. }) {
            self.push(Kind::Row { header: true, cells: Vec::new() });
        }
        if let Some(Open { kind: Kind::Row { header, .. }, .. }) = self.open.last_mut() {
            *header &= is_header;
            self.push(Kind::Cell);
        }
    }

    pub(super) fn end_cell(&mut self) {
        if self.inner_tables == 0 && self.in_cell() {
            self.close_innermost();
        }
    }

    pub(super) fn end_row(&mut self) {
        if self.inner_tables == 0 {
            self.end_cell();
            if matches!(self.innermost(), Kind::Row { .. }) {
                self.close_innermost();
            }
        }
    }

    pub(super) fn end_table(&mut self) {
        if self.inner_tables > 0 {
            self.inner_tables -= 1;
            return self.line.soft_break();
        }
        self.end_row();
        if matches!(self.innermost(), Kind::Table { .. }) {
            self.close_innermost();
        }
    }
}
