//! Reads the content of a Matrix event into a message.

use serde_json::Value;

use crate::content::{
    Block, EncryptedFile, File, FileKind, FileSource, Lookup, Mention, Message, MessageStyle, Part, PartBody,
    RichText, Span, Style, html_read::read, html_read::strip_reply_fallback,
};
use crate::id::PartId;

/// What is wrong with the content of an `m.room.message`, without any of its text; none if [`message`] can read it. Only
/// what every message has to have counts: the rest is read as far as it can be.
pub fn fault(content: &Value) -> Option<&'static str> {
    let Value::Object(fields) = content else { return Some("its content is not an object") };
    match (fields.get("msgtype"), fields.get("body")) {
        (None, _) => Some("its content has no msgtype"),
        (Some(msgtype), _) if !msgtype.is_string() => Some("the msgtype in its content is not a text"),
        (_, None) => Some("its content has no body"),
        (_, Some(body)) if !body.is_string() => Some("the body in its content is not a text"),
        _ => None,
    }
}

/// Reads the content of an `m.room.message`, without its relations: a reply's quotation is left out, an edit is
/// read by passing its `m.new_content`. A file has its caption with it; a place becomes text. None for what says
/// nothing: verification requests, and what [`fault`] names.
pub fn message(content: &Value, lookup: &Lookup) -> Option<Message> {
    let field = |name: &str| content.get(name).and_then(Value::as_str);
    let style = match field("msgtype")? {
        "m.key.verification.request" => return None,
        "m.emote" => MessageStyle::Emote,
        "m.notice" => MessageStyle::Notice,
        _ => MessageStyle::Normal,
    };
    let is_reply = content.pointer("/m.relates_to/m.in_reply_to").is_some();
    let body = if is_reply { strip_reply_fallback(field("body")?) } else { field("body")? };
    let formatted = field("formatted_body").filter(|_| field("format") == Some("org.matrix.custom.html"));

    let msgtype = field("msgtype")?;
    let room = lookup.may_notify_room && notifies_room(content);
    let whole = |mut text: RichText| {
        if room {
            mention_room(&mut text.blocks);
        }
        text
    };
    let mut message = match (file(content, msgtype, body), msgtype) {
        (Some(mut file), _) => {
            file.caption = (file.name != body).then(|| whole(read(body, formatted, lookup)));
            Message { parts: vec![Part::new(PartId::first(), PartBody::File(file))], ..Message::default() }
        }
        (None, "m.location") => Message::text(location(content, body)),
        // Without an address there is only its name.
        (None, "m.image" | "m.file" | "m.audio" | "m.video") => {
            let name = field("filename").unwrap_or(body);
            let mut text = RichText::plain(&format!("[{name}]"));
            if name != body {
                text.blocks.extend(whole(read(body, formatted, lookup)).blocks);
            }
            Message::text(text)
        }
        _ => Message::text(whole(read(body, formatted, lookup))),
    };
    message.style = style;
    Some(message)
}

/// Whether a message wants to notify the whole room; whether its writer may is another question.
pub fn notifies_room(content: &Value) -> bool {
    content.pointer("/m.mentions/room") == Some(&Value::Bool(true))
}

/// The file of a message that has one.
fn file(content: &Value, msgtype: &str, body: &str) -> Option<File> {
    let kind = match msgtype {
        "m.image" => FileKind::Image,
        "m.file" => FileKind::File,
        "m.audio" if content.get("org.matrix.msc3245.voice").is_some() => FileKind::Voice,
        "m.audio" => FileKind::Audio,
        "m.video" => FileKind::Video,
        // A sticker, or what is like one.
        _ => return None,
    };
    // A file whose key cannot be used is named like one without an address.
    let source = match content.get("file").filter(|file| file.is_object()) {
        Some(encrypted) => EncryptedFile::read(encrypted)?.source(),
        None => FileSource::new(content.get("url")?.as_str()?),
    };
    let name = content.get("filename").and_then(Value::as_str).unwrap_or(body);
    let name = if name.trim().is_empty() { "file" } else { name };
    let info = |pointer: &str| content.get("info").and_then(|info| info.get(pointer));
    let pixels = |pointer| info(pointer).and_then(Value::as_u64).and_then(|size| u32::try_from(size).ok());
    let mut file = File::new(source, name);
    file.kind = kind;
    file.media_type = info("mimetype").and_then(Value::as_str).map(str::to_owned);
    file.size = info("size").and_then(Value::as_u64);
    (file.width, file.height) = (pixels("w"), pixels("h"));
    file.duration_ms = info("duration").and_then(Value::as_u64);
    Some(file)
}

/// A place as its description and a link to a map.
fn location(content: &Value, body: &str) -> RichText {
    let place = content.get("geo_uri").and_then(Value::as_str).and_then(|uri| uri.strip_prefix("geo:"));
    let numbers = place.map(|place| place.split([',', ';']).collect::<Vec<_>>());
    let valid = |text: &str| text.parse::<f64>().is_ok_and(f64::is_finite);
    let mut spans = vec![Span::text(format!("📍 {body}"))];
    if let Some([latitude, longitude, ..]) = numbers.as_deref()
        && valid(latitude)
        && valid(longitude)
    {
        let url = format!(
            "https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}#map=16/{latitude}/{longitude}"
        );
        let label = vec![Span::text(format!("{latitude}, {longitude}"))];
        spans.extend([Span::text(" "), Span::Link { url, label, style: Style::default() }]);
    }
    RichText { blocks: vec![Block::Paragraph(spans)] }
}

/// Turns the word `@room` into a mention of everyone, except in code and links.
fn mention_room(blocks: &mut [Block]) {
    for block in blocks {
        match block {
            Block::Paragraph(spans) | Block::Heading { spans, .. } => mention_room_in(spans),
            Block::Quote(blocks) => mention_room(blocks),
            Block::List { items, .. } => items.iter_mut().for_each(|item| mention_room(&mut item.blocks)),
            Block::Table { rows, .. } => rows.iter_mut().flatten().for_each(mention_room_in),
            Block::Code { .. } | Block::Rule => {}
        }
    }
}

fn mention_room_in(spans: &mut Vec<Span>) {
    for span in std::mem::take(spans) {
        match span {
            Span::Text { text, style } if !style.code => {
                let mut done = 0;
                for (at, word) in text.match_indices("@room") {
                    let is_word_part = |character: char| character.is_alphanumeric() || character == '_';
                    let end = at + word.len();
                    let glued = text[..at].ends_with(is_word_part)
                        || text[end..].starts_with(|next| is_word_part(next) || next == ':');
                    if !glued {
                        Span::Text { text: text[done..at].to_owned(), style }.push_onto(spans);
                        spans.push(Span::Mention {
                            mention: Mention::Everyone,
                            label: word.to_owned(),
                            style,
                        });
                        done = end;
                    }
                }
                Span::Text { text: text[done..].to_owned(), style }.push_onto(spans);
            }
            // As some programs write it: a link to the room they are in.
            Span::Mention { mention: Mention::Chat(_) | Mention::MatrixLink(_), label, style }
                if label == "@room" =>
            {
                spans.push(Span::Mention { mention: Mention::Everyone, label, style });
            }
            other => spans.push(other),
        }
    }
}
