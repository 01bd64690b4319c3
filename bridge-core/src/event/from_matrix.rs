//! Reads the content of a Matrix event into a message.

use serde_json::Value;

use crate::content::{
    Block, Lookup, Mention, Message, MessageStyle, RichText, Span, html_read::read,
    html_read::strip_reply_fallback,
};

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
/// read by passing its `m.new_content`. A file becomes a text that names it, with its caption. None for what says
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

    let mut text = match file_kind(field("msgtype")?) {
        None => read(body, formatted, lookup),
        Some(kind) => {
            let name = field("filename").or(field("geo_uri")).unwrap_or(body);
            let mut text = RichText::plain(&format!("[{kind}: {name}]"));
            if name != body {
                text.blocks.extend(read(body, formatted, lookup).blocks);
            }
            text
        }
    };
    if content.pointer("/m.mentions/room") == Some(&Value::Bool(true)) {
        mention_room(&mut text.blocks);
    }
    let mut message = Message::text(text);
    message.style = style;
    Some(message)
}

/// What a message type that carries something else than text is called.
fn file_kind(msgtype: &str) -> Option<&'static str> {
    match msgtype {
        "m.image" => Some("image"),
        "m.file" => Some("file"),
        "m.audio" => Some("audio"),
        "m.video" => Some("video"),
        "m.location" => Some("location"),
        _ => None,
    }
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
            other => spans.push(other),
        }
    }
}
