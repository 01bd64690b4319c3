//! Reads attachments, the older way of apps to format text, and the names of shared files.

use bridge_core::content::{Block, RichText, Span, Style};

use super::blocks::{self, link};
use super::mrkdwn_read;
use super::wire::{Attachment, File};

/// An attachment as a quote. Empty for a link preview, which repeats what is behind a link in the text.
pub fn read(attachment: &Attachment, team_id: &str) -> RichText {
    let preview = attachment.is_msg_unfurl
        || attachment.is_app_unfurl
        || !(attachment.from_url.is_empty() && attachment.original_url.is_empty());
    if preview {
        return RichText::default();
    }
    let mut out = mrkdwn_read::read(&attachment.pretext, team_id).blocks;
    let mut inner = Vec::new();
    let bold = Style { bold: true, ..Style::default() };
    if !attachment.author_name.is_empty() {
        inner.push(Block::Paragraph(vec![Span::text(one_line(&attachment.author_name))]));
    }
    let title = one_line(&mrkdwn_read::unescape(&attachment.title));
    match link(&attachment.title_link, &title) {
        Some(Span::Link { url, label, .. }) => {
            inner.push(Block::Paragraph(vec![Span::Link { url, label, style: bold }]));
        }
        Some(_) => inner.push(Block::Paragraph(vec![Span::Text { text: title, style: bold }])),
        None => {}
    }
    let reading = blocks::read(attachment.blocks.as_deref().unwrap_or_default(), team_id);
    inner.extend(reading.text.blocks);
    inner.extend(mrkdwn_read::read(&attachment.text, team_id).blocks);
    for pair in attachment.fields.iter().flatten() {
        if !pair.title.is_empty() {
            inner.push(Block::Paragraph(vec![Span::Text { text: one_line(&pair.title), style: bold }]));
        }
        inner.extend(mrkdwn_read::read(&pair.value, team_id).blocks);
    }
    if let Some(image) = link(&attachment.image_url, "") {
        inner.push(Block::Paragraph(vec![image]));
    }
    if inner.is_empty() && out.is_empty() {
        inner = mrkdwn_read::read(&attachment.fallback, team_id).blocks;
    }
    inner.extend(mrkdwn_read::read(&attachment.footer, team_id).blocks);
    if !inner.is_empty() {
        out.push(Block::Quote(inner));
    }
    RichText { blocks: out }
}

/// A file as a line: its name, leading to where people find it.
pub fn file(file: &File) -> Block {
    let name = [&file.title, &file.name, &file.id].into_iter().find(|name| !name.is_empty());
    let name = match (name, file.mode.as_str()) {
        (_, "tombstone") => "a file that was deleted".to_owned(),
        (Some(name), _) => one_line(name),
        (None, _) => "a file without a name".to_owned(),
    };
    let name = link(&file.permalink, &name).unwrap_or_else(|| Span::text(name));
    Block::Paragraph(vec![
        Span::Emoji {
            emoji: bridge_core::content::Emoji::Unicode("\u{1f4ce}".to_owned()),
            style: Style::default(),
        },
        Span::text(" "),
        name,
    ])
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}
