//! Reads attachments: the older way of apps to format text, messages that were passed on, previews.

use std::collections::HashMap;

use bridge_core::content::{Block, LinkPreview, Mention, RichText, Span, Style};

use super::blocks::{self, link};
use super::wire::{Attachment, Pair};
use super::{files, flatten, mrkdwn_read};

/// What programs write where they have nothing to say.
const NO_FALLBACK: &str = "[no preview available]";

/// An attachment as a quote. Empty for the preview of a page whose address is among `links`:
/// it repeats what is behind a link in the text.
pub fn read(attachment: &Attachment, links: &Links, team_id: &str) -> RichText {
    let is_message = attachment.is_msg_unfurl || attachment.is_share;
    if links.of_preview(attachment).is_some() {
        return RichText::default();
    }
    let mut out = mrkdwn_read::read(&attachment.pretext, team_id).blocks;
    let mut inner = head(attachment, is_message);
    let before = inner.len();
    inner.extend(said(attachment, team_id));
    inner.extend(fields(attachment.fields.as_deref().unwrap_or_default(), team_id));
    inner.extend(attachment.files.iter().flatten().flat_map(files::line));
    let pictures = [&attachment.image_url, &attachment.thumb_url].into_iter().find_map(|url| link(url, ""));
    inner.extend(pictures.map(|picture| Block::Paragraph(vec![picture])));
    let buttons = attachment.actions.iter().flatten();
    inner.extend(blocks::beside(buttons.filter_map(|it| blocks::button(&it.text, &it.url)).collect()));
    if (inner.is_empty() && out.is_empty()) || (is_message && inner.len() == before) {
        inner.extend(fallback(attachment, team_id).blocks);
    }
    inner.extend(foot(attachment, team_id));
    if !inner.is_empty() {
        out.push(Block::Quote(inner));
    }
    quieten(&mut out);
    RichText { blocks: out }
}

/// The preview of a page whose address is among `links`.
pub fn preview(attachment: &Attachment, links: &Links, team_id: &str) -> Option<LinkPreview> {
    let matched = links.of_preview(attachment)?;
    let page = [&attachment.from_url, &attachment.original_url].into_iter().find(|url| !url.is_empty());
    let mut preview = LinkPreview::new(matched, mrkdwn_read::unescape(page.map_or("", String::as_str)));
    preview.title = one_line(&mrkdwn_read::unescape(&attachment.title));
    let description = flatten::plain(&flatten::spans(&said(attachment, team_id)));
    description.trim().clone_into(&mut preview.description);
    preview.site = one_line(&attachment.service_name);
    Some(preview).filter(|preview| !preview.is_empty())
}

/// Names without calling: on Slack nobody is told of what stands in an attachment.
fn quieten(blocks: &mut [Block]) {
    let in_spans = |spans: &mut Vec<Span>| {
        for span in spans {
            match span {
                Span::Mention { mention: Mention::Everyone | Mention::Here, label, style } => {
                    *span = Span::Text { text: std::mem::take(label), style: *style };
                }
                Span::Mention { mention, .. } => {
                    if let Mention::User(user) = mention {
                        *mention = Mention::Named(user.clone());
                    }
                }
                _ => {}
            }
        }
    };
    for block in blocks {
        match block {
            Block::Paragraph(spans) | Block::Heading { spans, .. } => in_spans(spans),
            Block::Quote(blocks) => quieten(blocks),
            Block::List { items, .. } => items.iter_mut().for_each(|item| quieten(&mut item.blocks)),
            Block::Table { rows, .. } => rows.iter_mut().flatten().for_each(in_spans),
            _ => {}
        }
    }
}

/// What programs show that cannot show the attachment.
pub fn fallback(attachment: &Attachment, team_id: &str) -> RichText {
    match attachment.fallback.as_str() {
        NO_FALLBACK => RichText::default(),
        text => mrkdwn_read::read(text, team_id),
    }
}

/// The addresses that a text leads to, as they are compared and as they are written.
#[derive(Debug, Default)]
pub struct Links(HashMap<String, String>);

impl Links {
    /// Those of a text.
    pub fn of(text: &RichText) -> Self {
        let mut found = HashMap::new();
        text.each_span(&mut |span| {
            if let Span::Link { url, .. } = span {
                found.entry(normal(url)).or_insert_with(|| url.clone());
            }
        });
        Self(found)
    }

    /// The address that an attachment is the preview of; none if it is another message.
    fn of_preview(&self, attachment: &Attachment) -> Option<&str> {
        if attachment.is_msg_unfurl || attachment.is_share {
            return None;
        }
        let pages = [&attachment.from_url, &attachment.original_url];
        let mut known =
            pages.into_iter().filter(|url| !url.is_empty()).filter_map(|url| self.0.get(&normal(url)));
        known.next().map(String::as_str)
    }
}

/// An address without what Slack and browsers change about it.
fn normal(url: &str) -> String {
    let whole = mrkdwn_read::unescape(url);
    let url = whole.as_str();
    let url = url.split_once("://").map_or(url, |(_, rest)| rest);
    let url = url.strip_prefix("www.").unwrap_or(url);
    let url = url.split_once('#').map_or(url, |(page, _)| page);
    url.trim_end_matches('/').to_owned()
}

/// Who says it, and its title.
fn head(attachment: &Attachment, is_message: bool) -> Vec<Block> {
    let mut out = Vec::new();
    let bold = Style { bold: true, ..Style::default() };
    let author = [&attachment.author_name, &attachment.author_subname, &attachment.service_name];
    let author =
        author.into_iter().find(|name| !name.is_empty()).map(|name| one_line(name)).unwrap_or_default();
    let leads_to = if is_message { &attachment.from_url } else { &attachment.author_link };
    if is_message || !author.is_empty() {
        out.extend(link(leads_to, &author).map(|span| Block::Paragraph(vec![span])));
    }
    let title = one_line(&mrkdwn_read::unescape(&attachment.title));
    let page = [&attachment.title_link, &attachment.from_url].into_iter().find(|url| !url.is_empty());
    let page = page.filter(|_| !title.is_empty() || !is_message).map_or("", String::as_str);
    match link(page, &title) {
        Some(Span::Link { url, label, .. }) => {
            out.push(Block::Paragraph(vec![Span::Link { url, label, style: bold }]));
        }
        Some(_) => out.push(Block::Paragraph(vec![Span::Text { text: title, style: bold }])),
        None => {}
    }
    out
}

/// What it says: the blocks of the message that it shows, its own, or its text. Blocks of which something cannot be read
/// stand back if the text says more.
fn said(attachment: &Attachment, team_id: &str) -> Vec<Block> {
    let text = mrkdwn_read::read(&attachment.text, team_id);
    let messages = attachment.message_blocks.iter().flatten().filter_map(|quoted| quoted.message.as_deref());
    let mut reading = blocks::Reading::default();
    for message in messages {
        let more = blocks::read(message.blocks.as_deref().unwrap_or_default(), team_id);
        reading.text.blocks.extend(more.text.blocks);
        reading.lossy |= more.lossy;
    }
    if reading.text.is_empty() {
        let own = blocks::read(attachment.blocks.as_deref().unwrap_or_default(), team_id);
        let mut out = own.text.blocks;
        // An app may give both, and both are shown.
        out.extend(text.blocks);
        return out;
    }
    let is_less = reading.lossy && flatten::seen(&text.blocks) >= flatten::seen(&reading.text.blocks);
    if is_less { text.blocks } else { reading.text.blocks }
}

/// Pairs of name and value; two short ones that follow each other stand side by side.
fn fields(pairs: &[Pair], team_id: &str) -> Vec<Block> {
    let mut out = Vec::new();
    let mut rest = pairs;
    let bold = Style { bold: true, ..Style::default() };
    let name = |pair: &Pair| vec![Span::Text { text: one_line(&pair.title), style: bold }];
    let value = |pair: &Pair| mrkdwn_read::read(&pair.value, team_id).blocks;
    loop {
        rest = match rest {
            [left, right, after @ ..] if left.short && right.short => {
                let cell = |pair: &Pair| flatten::spans(&value(pair));
                let header =
                    vec![vec![Span::text(one_line(&left.title))], vec![Span::text(one_line(&right.title))]];
                out.push(Block::Table { header: true, rows: vec![header, vec![cell(left), cell(right)]] });
                after
            }
            [pair, after @ ..] => {
                if !pair.title.is_empty() {
                    out.push(Block::Paragraph(name(pair)));
                }
                out.extend(value(pair));
                after
            }
            [] => return out,
        };
    }
}

/// The small line below: where it comes from, and when.
fn foot(attachment: &Attachment, team_id: &str) -> Vec<Block> {
    let mut blocks = mrkdwn_read::read(&attachment.footer, team_id).blocks;
    if attachment.ts > 0 {
        let moment = blocks::date(attachment.ts, "", Style::default());
        match blocks.last_mut() {
            Some(Block::Paragraph(spans)) => spans.extend([Span::text(" · "), moment]),
            _ => blocks.push(Block::Paragraph(vec![moment])),
        }
    }
    blocks
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}
