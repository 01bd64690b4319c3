//! Builds blocks from tags and text.

use super::line::Line;
use super::tokens::Attributes;
use crate::content::{Block, Emoji, Item, Lookup, RichText, Span, Style};

mod open;
mod script;

use open::{Kind, Open};
use script::Script;

/// Quotes, lists and items open at once; what is deeper is shown at this depth. Far below the 100 elements that
/// Matrix allows, so that the result can be stored as JSON and read again.
const MAX_OPEN_BLOCKS: usize = 24;
/// Inline elements open at once; more are passed over.
const MAX_MARKS: usize = 100;

/// A document as far as it was read.
pub(super) struct Tree<'a> {
    lookup: &'a Lookup,
    /// The blocks that are open, the outermost first; the first one always is.
    open: Vec<Open>,
    /// The running text of the innermost.
    line: Line,
    /// The inline elements that are open.
    marks: Vec<(String, Style)>,
    /// The formatting they make together.
    style: Style,
    heading: Option<u8>,
    pre: Option<Pre>,
    /// The element whose content is left out, and how many of its name are open.
    skipped: Option<(String, usize)>,
    /// Tables within a cell; their cells are text of that cell.
    inner_tables: usize,
    /// Blocks that were too deep to open.
    unopened: usize,
}

#[derive(Default)]
struct Pre {
    language: Option<String>,
    text: String,
    /// Whether something came after the start tag; a line feed right after it does not count.
    begun: bool,
}

impl<'a> Tree<'a> {
    pub(super) fn new(lookup: &'a Lookup) -> Self {
        Self {
            lookup,
            open: vec![Open { kind: Kind::Root(Vec::new()), marks: 0 }],
            line: Line::default(),
            marks: Vec::new(),
            style: Style::default(),
            heading: None,
            pre: None,
            skipped: None,
            inner_tables: 0,
            unopened: 0,
        }
    }

    pub(super) fn finish(mut self) -> RichText {
        self.end_pre();
        while self.open.len() > 1 {
            self.close_innermost();
        }
        self.flush();
        match self.open.pop().map(|root| root.kind) {
            Some(Kind::Root(blocks)) => RichText { blocks },
            _ => RichText::default(),
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        if self.skipped.is_some() {
        } else if let Some(pre) = &mut self.pre {
            let text = if pre.begun { text } else { text.strip_prefix('\n').unwrap_or(text) };
            pre.text.push_str(text);
            pre.begun = true;
        } else if !text.trim_ascii().is_empty() {
            self.ensure_cell();
            match self.script().and_then(|script| script.write(text)) {
                Some(text) => self.line.text(&text, self.style),
                None => self.line.text(text, self.style),
            }
        } else if !matches!(self.innermost(), Kind::Table { .. } | Kind::Row { .. }) {
            self.line.text(text, self.style);
        }
    }

    pub(super) fn start_tag(&mut self, name: &str, attributes: &Attributes<'_>) {
        if let Some((skipped, depth)) = &mut self.skipped {
            *depth += usize::from(skipped == name);
            return;
        }
        if self.pre.is_some() {
            return self.tag_in_pre(name, attributes);
        }
        match name {
            "mx-reply" | "script" | "style" | "title" | "iframe" | "template" => {
                self.skipped = Some((name.to_owned(), 1));
            }
            "a" => {
                self.ensure_cell();
                self.line.open_link(attributes.value("href").unwrap_or(""), self.lookup);
            }
            "img" => self.picture(attributes),
            "br" => {
                self.ensure_cell();
                self.line.line_break();
            }
            "blockquote" => self.open_block(Kind::Quote(Vec::new())),
            "ul" => self.open_block(Kind::List { start: None, items: Vec::new() }),
            "ol" => {
                let start = attributes.value("start").and_then(|start| start.trim().parse().ok());
                self.open_block(Kind::List { start: Some(start.unwrap_or(1)), items: Vec::new() });
            }
            "li" => self.start_item(attributes.value("value").and_then(|number| number.trim().parse().ok())),
            "table" => self.start_table(),
            "tr" => self.start_row(),
            "td" | "th" => self.start_cell(name == "th"),
            "pre" => {
                self.ensure_cell();
                self.boundary();
                self.pre = Some(Pre { language: language(attributes), ..Pre::default() });
            }
            "hr" => {
                self.boundary();
                if !self.in_cell() {
                    self.place(Block::Rule);
                }
            }
            name if heading_level(name).is_some() => {
                self.boundary();
                self.heading = heading_level(name).filter(|_| !self.in_cell());
            }
            name if is_block(name) => {
                self.boundary();
                // What is always seen of what can be opened.
                if name == "summary" {
                    self.push_mark(name, Style { bold: true, ..Style::default() });
                }
            }
            name => self.start_mark(name, attributes),
        }
    }

    pub(super) fn end_tag(&mut self, name: &str) {
        if let Some((skipped, depth)) = &mut self.skipped {
            *depth -= usize::from(skipped == name);
            if *depth == 0 {
                self.skipped = None;
            }
            return;
        }
        if self.pre.is_some() && name != "pre" {
            return;
        }
        match name {
            "a" => self.line.close_link(self.lookup),
            "br" => self.line.line_break(),
            "blockquote" => self.close_block(|kind| matches!(kind, Kind::Quote(_))),
            "ul" | "ol" => self.close_block(|kind| matches!(kind, Kind::List { .. })),
            "li" => self.end_item(),
            "table" => self.end_table(),
            "tr" => self.end_row(),
            "td" | "th" => self.end_cell(),
            "pre" => self.end_pre(),
            name if heading_level(name).is_some() => {
                self.boundary();
                self.heading = None;
            }
            name if is_block(name) => {
                self.boundary();
                self.end_mark(name);
            }
            name => self.end_mark(name),
        }
    }

    fn tag_in_pre(&mut self, name: &str, attributes: &Attributes<'_>) {
        let Some(pre) = &mut self.pre else { return };
        pre.begun = true;
        match name {
            "br" => pre.text.push('\n'),
            "code" if pre.language.is_none() => pre.language = language(attributes),
            "img" => pre.text.push_str(attributes.value("alt").unwrap_or("")),
            _ => {}
        }
    }

    fn end_pre(&mut self) {
        let Some(Pre { language, mut text, .. }) = self.pre.take() else { return };
        if text.ends_with('\n') {
            text.pop();
        }
        if text.is_empty() {
            return;
        }
        if !self.in_cell() {
            return self.place(Block::Code { language, text });
        }
        for line in text.split('\n') {
            self.line.soft_break();
            self.line.text(line, Style { code: true, ..self.style });
        }
        self.line.soft_break();
    }

    fn picture(&mut self, attributes: &Attributes<'_>) {
        let shown =
            ["alt", "title"].iter().find_map(|name| attributes.value(name).filter(|it| !it.is_empty()));
        let source = attributes.value("src").unwrap_or("");
        let style = self.style;
        self.ensure_cell();
        if attributes.value("data-mx-emoticon").is_some() {
            let name = shown.unwrap_or("emoji").trim_matches(':').to_owned();
            let url = source.starts_with("mxc://").then(|| source.to_owned());
            self.line.piece(Span::Emoji { emoji: Emoji::Custom { name, url }, style });
        } else if source.starts_with("https://") || source.starts_with("http://") {
            let label = shown.map(Span::text).into_iter().collect();
            self.line.piece(Span::Link { url: source.to_owned(), label, style });
        } else {
            self.line.text(shown.unwrap_or("[image]"), style);
        }
    }

    fn start_mark(&mut self, name: &str, attributes: &Attributes<'_>) {
        let mut style = Style::default();
        match name {
            "b" | "strong" => style.bold = true,
            "i" | "em" => style.italic = true,
            "u" | "ins" => style.underline = true,
            "s" | "strike" | "del" => style.strike = true,
            "code" | "tt" | "kbd" | "samp" => style.code = true,
            "sup" | "sub" => {}
            "span" => {
                if let Some(reason) = attributes.value("data-mx-spoiler") {
                    style.spoiler = true;
                    self.spoiler_reason(reason);
                }
            }
            _ => return,
        }
        self.push_mark(name, style);
    }

    fn push_mark(&mut self, name: &str, style: Style) {
        if self.marks.len() < MAX_MARKS {
            self.marks.push((name.to_owned(), style));
            self.style = self.style.union(style);
        }
    }

    /// Why something is hidden is not hidden itself.
    fn spoiler_reason(&mut self, reason: &str) {
        if !reason.trim().is_empty() && !self.style.spoiler {
            self.ensure_cell();
            self.line.text(&format!("({}) ", reason.trim()), self.style);
        }
    }

    /// The innermost raised or lowered text.
    fn script(&self) -> Option<Script> {
        let mut names = self.marks.iter().rev().map(|(name, _)| name.as_str());
        names.find_map(Script::of)
    }

    fn end_mark(&mut self, name: &str) {
        let outside = self.open.last().map_or(0, |open| open.marks);
        if let Some(index) = self.marks.iter().rposition(|(open, _)| open == name)
            && index >= outside
        {
            self.marks.remove(index);
            self.sum_marks();
        }
    }

    fn sum_marks(&mut self) {
        self.style = self.marks.iter().fold(Style::default(), |sum, (_, style)| sum.union(*style));
    }
}

fn language(attributes: &Attributes<'_>) -> Option<String> {
    let class = attributes.value("class")?;
    let language = class.split_ascii_whitespace().find_map(|class| class.strip_prefix("language-"))?;
    (!language.is_empty()).then(|| language.to_lowercase())
}

fn heading_level(name: &str) -> Option<u8> {
    match name.as_bytes() {
        [b'h', digit @ b'1'..=b'6'] => Some(digit - b'0'),
        _ => None,
    }
}

/// Whether an element stands on its own lines.
fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "details"
            | "summary"
            | "section"
            | "article"
            | "header"
            | "footer"
            | "main"
            | "nav"
            | "aside"
            | "address"
            | "figure"
            | "figcaption"
            | "center"
            | "dl"
            | "dt"
            | "dd"
            | "fieldset"
            | "form"
            | "caption"
            | "body"
            | "html"
    )
}
