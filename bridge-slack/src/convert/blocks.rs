//! Reads Slack blocks into rich text.

mod element;
pub(super) mod list;
mod rich;

use bridge_core::content::{Block, RichText, Span, Style};

pub(super) use element::{address, broadcast, date};

use super::mrkdwn_read;
use super::spans::Spans;
use super::wire::{Content, Node};

/// Deeper nesting than this is not read; Slack's own depth is far below.
const MAX_DEPTH: usize = 12;

/// What could be read of a message's blocks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// The text.
    pub text: RichText,
    /// Whether something with text in it could not be read; the message's own text may then tell more.
    pub lossy: bool,
}

/// Reads blocks. `team_id` is the workspace that mentioned people and channels are named in.
pub fn read(blocks: &[Node], team_id: &str) -> Reading {
    let mut reader = Reader { team_id, lossy: false };
    let mut out = Vec::new();
    for block in blocks {
        reader.block(block, &mut out, 0);
    }
    Reading { text: RichText { blocks: out }, lossy: reader.lossy }
}

struct Reader<'a> {
    team_id: &'a str,
    lossy: bool,
}

impl Reader<'_> {
    fn block(&mut self, block: &Node, out: &mut Vec<Block>, depth: usize) {
        if depth > MAX_DEPTH {
            self.lossy = true;
            return;
        }
        match block.kind.as_str() {
            "rich_text" => self.rich_text(block, out),
            "section" => self.section(block, out),
            "header" => self.header(block, out),
            "context" => self.context(block, out, depth),
            "divider" => out.push(Block::Rule),
            "image" => out.extend(image(block)),
            "markdown" => out.extend(mrkdwn_read::markdown(block.text.as_str(), self.team_id).blocks),
            "table" => self.table(block, out),
            // Buttons and fields to fill in say nothing, and a file's block says no more than the message's files.
            "actions" | "input" | "file" => {}
            "mrkdwn" | "plain_text" => self.text_object(block, out),
            _ => self.unknown(block, out, depth),
        }
    }

    fn section(&mut self, block: &Node, out: &mut Vec<Block>) {
        let before = out.len();
        self.content(&block.text, out);
        for field in block.fields.iter().flatten() {
            self.text_object(field, out);
        }
        self.lossy |= out.len() == before;
    }

    fn header(&mut self, block: &Node, out: &mut Vec<Block>) {
        let mut spans = Spans::default();
        mrkdwn_read::emoji_text(block.text.as_str().trim(), Style::default(), &mut spans);
        let spans = spans.into_spans();
        self.lossy |= spans.is_empty();
        if !spans.is_empty() {
            out.push(Block::Heading { level: 2, spans });
        }
    }

    fn context(&mut self, block: &Node, out: &mut Vec<Block>, depth: usize) {
        self.lossy |= block.elements.is_none();
        for element in block.elements.iter().flatten() {
            self.block(element, out, depth + 1);
        }
    }

    fn table(&mut self, block: &Node, out: &mut Vec<Block>) {
        let rows: Vec<Vec<Vec<Span>>> =
            block.rows.0.iter().map(|row| row.iter().map(|cell| self.cell(cell)).collect()).collect();
        self.lossy |= rows.is_empty();
        if !rows.is_empty() {
            out.push(Block::Table { header: true, rows });
        }
    }

    fn cell(&mut self, cell: &Node) -> Vec<Span> {
        let mut blocks = Vec::new();
        match cell.kind.as_str() {
            "rich_text" => self.rich_text(cell, &mut blocks),
            _ => blocks.extend(plain(cell.text.as_str())),
        }
        super::flatten::spans(&blocks)
    }

    fn unknown(&mut self, block: &Node, out: &mut Vec<Block>, depth: usize) {
        let before = out.len();
        self.content(&block.title, out);
        self.content(&block.text, out);
        for element in block.elements.iter().flatten() {
            self.block(element, out, depth + 1);
        }
        if out.len() == before {
            out.extend(plain(&block.fallback));
            self.lossy = true;
        }
    }

    fn content(&mut self, content: &Content, out: &mut Vec<Block>) {
        match content {
            Content::None => {}
            Content::Plain(text) => out.extend(mrkdwn_read::read(text, self.team_id).blocks),
            Content::Object(node) => self.text_object(node, out),
        }
    }

    fn text_object(&mut self, node: &Node, out: &mut Vec<Block>) {
        let text = node.text.as_str();
        self.lossy |= text.is_empty();
        if node.kind == "plain_text" {
            out.extend(plain(text));
        } else {
            out.extend(mrkdwn_read::read(text, self.team_id).blocks);
        }
    }
}

/// A picture, as a link under its title.
fn image(block: &Node) -> Option<Block> {
    let title = Some(block.title.as_str()).filter(|title| !title.is_empty()).unwrap_or(&block.alt_text);
    link(&block.image_url, title).map(|span| Block::Paragraph(vec![span]))
}

/// Plain text, in which only emoji are named.
fn plain(text: &str) -> Vec<Block> {
    let mut spans = Spans::default();
    mrkdwn_read::emoji_text(text, Style::default(), &mut spans);
    spans.into_blocks()
}

/// A link under a name; the name alone if it leads nowhere.
pub(super) fn link(url: &str, name: &str) -> Option<Span> {
    let name = name.replace('\n', " ");
    let label = if name.is_empty() || name == url { Vec::new() } else { vec![Span::text(name.as_str())] };
    match (url.is_empty(), label.is_empty()) {
        (true, true) => None,
        (true, false) => Some(Span::text(name)),
        (false, _) => Some(Span::Link { url: url.to_owned(), label, style: Style::default() }),
    }
}

#[cfg(test)]
mod tests;
