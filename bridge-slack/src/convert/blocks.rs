//! Reads Slack blocks into rich text.

mod actions;
mod card;
mod chart;
mod element;
pub(super) mod list;
mod rich;

use bridge_core::content::{Block, RichText, Span, Style};

pub(super) use actions::{beside, button};
pub(super) use element::{address, broadcast, date};
pub(super) use rich::language;

use super::flatten;
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
            "section" => self.section(block, out, depth),
            "header" => self.header(block, out),
            "context" => {
                let mut elements = Vec::new();
                self.elements(block, &mut elements, depth);
                out.extend(beside_each_other(elements));
            }
            "carousel" => self.elements(block, out, depth),
            "divider" => out.push(Block::Rule),
            "image" => self.image(block, out),
            "video" => self.video(block, out, depth),
            "markdown" => out.extend(mrkdwn_read::markdown(block.text.as_str(), self.team_id).blocks),
            "table" | "data_table" => self.table(block, out, depth),
            "data_visualization" => self.chart(block, out),
            "call" => self.call(block, out),
            "card" => self.card(block, out, depth),
            "plan" | "container" => self.container(block, out, depth),
            "task_card" => self.task(block, out, depth),
            "actions" | "context_actions" => out.extend(actions::line(block.elements.iter().flatten())),
            "input" => self.input(block, out, depth),
            // A file's block says no more than the message's files.
            "file" => {}
            "mrkdwn" | "plain_text" => self.text_object(block, out),
            kind if actions::is_action(kind) => out.extend(actions::line([block].into_iter())),
            _ => self.unknown(block, out, depth),
        }
    }

    fn section(&mut self, block: &Node, out: &mut Vec<Block>, depth: usize) {
        let before = out.len();
        self.content(&block.text, out, depth);
        for field in block.more().fields.iter().flatten() {
            self.text_object(field, out);
        }
        self.lossy |= out.len() == before;
        self.content(&block.more().accessory, out, depth);
    }

    fn header(&mut self, block: &Node, out: &mut Vec<Block>) {
        let spans = emoji_spans(block.text.as_str().trim());
        self.lossy |= spans.is_empty();
        if !spans.is_empty() {
            out.push(Block::Heading { level: 2, spans });
        }
    }

    fn elements(&mut self, block: &Node, out: &mut Vec<Block>, depth: usize) {
        self.lossy |= block.elements.is_none();
        for element in block.elements.iter().flatten() {
            self.block(element, out, depth + 1);
        }
    }

    fn input(&mut self, block: &Node, out: &mut Vec<Block>, depth: usize) {
        let more = block.more();
        self.strong(&more.label, out, depth);
        self.content(&more.element, out, depth);
        self.content(&more.hint, out, depth);
    }

    /// All that a block of an unknown kind says, wherever it stands in it.
    fn unknown(&mut self, block: &Node, out: &mut Vec<Block>, depth: usize) {
        let before = out.len();
        let more = block.more();
        for content in [&more.title, &more.subtitle, &more.label, &block.text, &more.body, &more.description]
        {
            self.content(content, out, depth);
        }
        for content in [&more.hero_image, &more.details, &more.output, &more.accessory, &more.element] {
            self.content(content, out, depth);
        }
        let lists =
            [&more.fields, &block.elements, &more.blocks, &more.child_blocks, &more.tasks, &more.actions];
        for inner in lists.into_iter().flatten().flatten() {
            self.block(inner, out, depth + 1);
        }
        if out.len() > before {
            return;
        }
        self.lossy = true;
        let name = first([&more.name, &more.alt_text, &more.fallback, &more.value]);
        let url = first([&block.url, &more.title_url, &more.image_url, &more.video_url, &more.join_url]);
        out.extend(named(url, name));
    }

    /// What an object with its own kind says, or a text.
    fn content(&mut self, content: &Content, out: &mut Vec<Block>, depth: usize) {
        match content {
            Content::None => {}
            Content::Plain(text) => out.extend(mrkdwn_read::read(text, self.team_id).blocks),
            Content::Object(node) => match node.kind.as_str() {
                "" => self.text_object(node, out),
                _ => self.block(node, out, depth + 1),
            },
        }
    }

    /// A title, in bold on one line.
    fn strong(&mut self, content: &Content, out: &mut Vec<Block>, depth: usize) {
        let mut blocks = Vec::new();
        self.content(content, &mut blocks, depth);
        let spans = flatten::restyle(&flatten::spans(&blocks), |style| style.bold = true);
        if !spans.is_empty() {
            out.push(Block::Paragraph(spans));
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

/// The first text that is not empty.
fn first<const N: usize>(texts: [&String; N]) -> &str {
    texts.into_iter().find(|text| !text.is_empty()).map_or("", |text| text.as_str())
}

/// What Slack shows side by side as one line, unless it holds more than lines.
fn beside_each_other(elements: Vec<Block>) -> Vec<Block> {
    let is_line = |block: &Block| matches!(block, Block::Paragraph(spans) if !spans.contains(&Span::Break));
    if elements.len() < 2 || !elements.iter().all(is_line) {
        return elements;
    }
    let mut line = Spans::default();
    for (index, block) in elements.into_iter().enumerate() {
        if index > 0 {
            line.text(" ", Style::default());
        }
        if let Block::Paragraph(spans) = block {
            for span in spans {
                line.push(span);
            }
        }
    }
    line.into_blocks()
}

/// Plain text, in which only emoji are named.
fn plain(text: &str) -> Vec<Block> {
    let mut spans = Spans::default();
    mrkdwn_read::emoji_text(text, Style::default(), &mut spans);
    spans.into_blocks()
}

/// Plain text on one line, in which only emoji are named.
fn emoji_spans(text: &str) -> Vec<Span> {
    let mut spans = Spans::default();
    mrkdwn_read::emoji_text(&text.replace('\n', " "), Style::default(), &mut spans);
    spans.into_spans()
}

/// A name on a line of its own, leading to an address if there is one.
fn named(url: &str, name: &str) -> Option<Block> {
    labelled(url, name).map(Block::Paragraph)
}

/// A name in which emoji are named, leading to an address if there is one.
fn labelled(url: &str, name: &str) -> Option<Vec<Span>> {
    let label = if name == url { Vec::new() } else { emoji_spans(name) };
    match (url.is_empty(), label.is_empty()) {
        (true, true) => None,
        (true, false) => Some(label),
        (false, _) => Some(vec![Span::Link { url: url.to_owned(), label, style: Style::default() }]),
    }
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
