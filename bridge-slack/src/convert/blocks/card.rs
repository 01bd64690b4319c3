//! Blocks that show something as a card: pictures, videos, calls, tasks.

use bridge_core::content::{Block, Span, Style};

use super::super::flatten;
use super::super::wire::Node;
use super::{Reader, actions, first, named};

impl Reader<'_> {
    /// A picture, as a link under its title.
    pub(super) fn image(&mut self, block: &Node, out: &mut Vec<Block>) {
        let more = block.more();
        let title = Some(more.title.as_str()).filter(|title| !title.is_empty()).unwrap_or(&more.alt_text);
        let on_slack = more.slack_file.object().map_or("", |file| file.url.as_str());
        let url = if more.image_url.is_empty() { on_slack } else { &more.image_url };
        let line = named(url, title);
        self.lossy |= line.is_none();
        out.extend(line);
    }

    pub(super) fn video(&mut self, block: &Node, out: &mut Vec<Block>, depth: usize) {
        let more = block.more();
        let title = Some(more.title.as_str()).filter(|title| !title.is_empty()).unwrap_or(&more.alt_text);
        let line = named(first([&more.title_url, &more.video_url, &more.image_url]), title);
        self.lossy |= line.is_none();
        out.extend(line);
        let whose: Vec<&str> = [more.author_name.as_str(), &more.provider_name]
            .into_iter()
            .filter(|name| !name.is_empty())
            .collect();
        out.extend(named("", &whose.join(" · ")));
        self.content(&more.description, out, depth);
    }

    pub(super) fn call(&mut self, block: &Node, out: &mut Vec<Block>) {
        let call = block.more().call.object().unwrap_or(block);
        let call = call.more().v1.object().unwrap_or(call);
        let name = first([&call.more().name, &call.more().alt_text]);
        let name = if name.is_empty() { "A call" } else { name };
        self.lossy |= call.more().join_url.is_empty() && call.more().name.is_empty();
        out.extend(named(&call.more().join_url, &format!(":telephone_receiver: {name}")));
    }

    pub(super) fn card(&mut self, block: &Node, out: &mut Vec<Block>, depth: usize) {
        let more = block.more();
        let before = out.len();
        self.strong(&more.title, out, depth);
        for content in [&more.subtitle, &more.hero_image, &more.body, &block.text] {
            self.content(content, out, depth);
        }
        out.extend(actions::line(more.actions.iter().flatten()));
        if out.len() == before {
            self.unknown(block, out, depth);
        }
    }

    /// A title above blocks or tasks.
    pub(super) fn container(&mut self, block: &Node, out: &mut Vec<Block>, depth: usize) {
        let more = block.more();
        let before = out.len();
        self.strong(&more.title, out, depth);
        self.content(&more.subtitle, out, depth);
        let lists = [&more.child_blocks, &more.blocks, &more.tasks, &block.elements];
        for inner in lists.into_iter().flatten().flatten() {
            self.block(inner, out, depth + 1);
        }
        if out.len() == before {
            self.unknown(block, out, depth);
        }
    }

    /// What a program does: its name and how it stands, what it is about, what it gave, where that is from.
    pub(super) fn task(&mut self, block: &Node, out: &mut Vec<Block>, depth: usize) {
        let more = block.more();
        let mut title = Vec::new();
        self.content(&more.title, &mut title, depth);
        let mut spans = flatten::restyle(&flatten::spans(&title), |style| style.bold = true);
        if !spans.is_empty() && !more.status.is_empty() {
            let status = format!(" ({})", more.status.replace('_', " "));
            spans.push(Span::Text { text: status, style: Style::default() });
        }
        let before = out.len();
        if !spans.is_empty() {
            out.push(Block::Paragraph(spans));
        }
        self.content(&more.details, out, depth);
        self.content(&more.output, out, depth);
        let sources =
            more.sources.iter().flatten().filter_map(|page| actions::button(page.text.as_str(), &page.url));
        out.extend(actions::beside(sources.collect()));
        if out.len() == before {
            self.unknown(block, out, depth);
        }
    }
}
