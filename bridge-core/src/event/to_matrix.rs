//! Writes a message as the contents of Matrix events.

mod file;
mod preview;

use serde_json::{Map, Value, json};

pub use file::with_caption;
pub use preview::PREVIEWS;

use crate::content::html_write::{self, Mentions, WriteOptions, Written};
use crate::content::{Lookup, Message, MessageStyle, PartBody, RichText, split};
use crate::id::PartId;

/// A content's JSON stays below this. An event has at most 65,536 bytes; the rest is for ids, hashes, signatures,
/// and what is added to the content later (relations, profile).
pub const MAX_CONTENT_BYTES: usize = 60_000;

/// The same for what replaces another content: it stands in its event twice, once as what older clients show.
pub const MAX_EDITED_BYTES: usize = MAX_CONTENT_BYTES / 2;

/// What the events of a message may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatrixOptions {
    /// What the text may do.
    pub write: WriteOptions,
    /// A content's JSON stays below so many bytes.
    pub max_bytes: usize,
}

impl MatrixOptions {
    /// Those of what replaces another content.
    pub fn of_edit() -> Self {
        Self { max_bytes: MAX_EDITED_BYTES, ..Self::default() }
    }
}

impl Default for MatrixOptions {
    fn default() -> Self {
        Self { write: WriteOptions::default(), max_bytes: MAX_CONTENT_BYTES }
    }
}

/// The contents of the `m.room.message` events of a message, in order, without relations to other events. Text that
/// is too long for one event goes on in further ones, whose part ids are the part's own with `+1`, `+2`, … after
/// it. A part without text gives no event.
pub fn message(message: &Message, lookup: &Lookup, options: MatrixOptions) -> Vec<(PartId, Value)> {
    let mut events = Vec::new();
    let mut previews = preview::value(&message.previews, options.max_bytes / 2);
    for part in &message.parts {
        let instead;
        let text = match &part.body {
            PartBody::Text(text) => text,
            PartBody::File(file) => {
                instead = match lookup.files.get(&file.source) {
                    Some(Ok(carried)) => {
                        events.extend(file::contents(&part.id, file, carried, lookup, options));
                        continue;
                    }
                    Some(Err(why)) => file::instead(file, why),
                    None => file::instead(file, "it was not carried over."),
                };
                &instead
            }
        };
        let content = |text: &RichText| text_content(text, message.style, lookup, options.write);
        let length = |text: &RichText| content_length(text, lookup, options.write);
        let beside = previews.as_ref().map_or(0, |previews| previews.to_string().len() + PREVIEWS.len() + 8);
        let most = options.max_bytes.saturating_sub(1 + beside);
        for (index, piece) in split::split(text, most, length).iter().enumerate() {
            let mut content = content(piece);
            if let Some(previews) = previews.take() {
                content[PREVIEWS] = previews;
            }
            events.push((piece_id(&part.id, index), content));
        }
    }
    events
}

fn piece_id(part_id: &PartId, index: usize) -> PartId {
    if index == 0 { part_id.clone() } else { PartId::new(format!("{part_id}+{index}")) }
}

fn text_content(text: &RichText, style: MessageStyle, lookup: &Lookup, options: WriteOptions) -> Value {
    let Written { plain, html, mentions } = html_write::write(text, lookup, options);
    let mut content = Map::new();
    let kind = match style {
        MessageStyle::Normal => "m.text",
        MessageStyle::Emote => "m.emote",
        MessageStyle::Notice => "m.notice",
    };
    content.insert("msgtype".to_owned(), kind.into());
    content.insert("body".to_owned(), plain.into());
    if let Some(html) = html {
        content.insert("format".to_owned(), "org.matrix.custom.html".into());
        content.insert("formatted_body".to_owned(), html.into());
    }
    content.insert("m.mentions".to_owned(), notified(&mentions));
    Value::Object(content)
}

/// How long [`text_content`] is as JSON, or a few bytes more, without making it.
fn content_length(text: &RichText, lookup: &Lookup, options: WriteOptions) -> usize {
    const PLAIN: &str = r#"{"body":"","m.mentions":,"msgtype":"m.notice"}"#;
    const FORMATTED: &str = r#","format":"org.matrix.custom.html","formatted_body":"""#;
    let Written { plain, html, mentions } = html_write::write(text, lookup, options);
    let formatted = html.map_or(0, |html| FORMATTED.len() + json_length(&html));
    PLAIN.len() + json_length(&plain) + formatted + notified(&mentions).to_string().len()
}

/// How many bytes a text takes within quotes.
fn json_length(text: &str) -> usize {
    let length = |byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 8 | 12 => 2,
        0..0x20 => 6,
        _ => 1,
    };
    text.bytes().map(length).sum()
}

/// The content of `m.mentions`.
fn notified(mentions: &Mentions) -> Value {
    let mut notified = Map::new();
    if !mentions.user_ids.is_empty() {
        notified.insert("user_ids".to_owned(), json!(mentions.user_ids));
    }
    if mentions.room {
        notified.insert("room".to_owned(), true.into());
    }
    Value::Object(notified)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::{Block, Span, Style};

    #[test]
    fn the_length_is_known_before() {
        let bold = Style { bold: true, ..Style::default() };
        let odd = Span::Text { text: "\"a\"\\\u{1}\u{8}\t<&> é👋\u{7f}".to_owned(), style: bold };
        for spans in [vec![Span::text("a")], vec![odd, Span::Break, Span::text("b\r")]] {
            let text = RichText { blocks: vec![Block::Paragraph(spans)] };
            let (lookup, options) = (Lookup::default(), WriteOptions::default());
            let content = text_content(&text, MessageStyle::Notice, &lookup, options);
            assert_eq!(content_length(&text, &lookup, options), content.to_string().len());
        }
    }
}
