//! Rich text in a short JSON notation, so that cases can be read at a glance.
//!
//! A block is a paragraph (`"text"` or `[spans]`), `{"quote": [blocks]}`, `{"ul": [[blocks], …]}`,
//! `{"ol": …, "start": 3}`, `{"code": "text", "lang": "rust"}`, `{"h": 2, "spans": […]}`,
//! `{"table": [[cell, …], …], "header": true}` or `{"rule": true}`. A span is `"text"` (`"\n"` is a break), or an
//! object with the letters of its formatting in `s` (b i s u c p): `{"t": …}`, `{"link": url, "label": [spans]}`,
//! `{"user"|"chat"|"group"|"mxuser"|"mxlink": id, "label": …}`, `{"message": id, "url": …, "label": …}`,
//! `{"everyone"|"here": label}`, `{"emoji": …}`,
//! `{"custom": name, "url": …}`, `{"date": ms, "label": …}`.

use bridge_core::content::{
    Block, Emoji, Item, KnownMessage, Lookup, MatrixName, Mention, RichText, Span, Style,
};
use bridge_core::id::{ChatId, RemoteMessageId, RemoteUserId};
use serde_json::Value;

/// The text a sketch stands for.
pub(crate) fn text(value: &Value) -> RichText {
    RichText { blocks: blocks(value) }
}

/// Alice (U1) has a ghost, Bob (U2) only a name, Carol (U3) is unknown; the chat C1 has a room with an alias; the message M1
/// is shown by the event `$m1` and has an address on both sides, M2 by `$m2` and has none on its own; the group S2 has a
/// name.
pub(crate) fn lookup() -> Lookup {
    let named =
        |mxid: Option<&str>, name: &str| MatrixName { mxid: mxid.map(str::to_owned), name: name.into() };
    let known = |id: &str, link: Option<&str>| KnownMessage {
        id: RemoteMessageId::new(id),
        link: link.map(str::to_owned),
    };
    Lookup {
        users: [("U1", named(Some("@slack_u1:hs.test"), "Alice")), ("U2", named(None, "Bob"))]
            .map(|(id, name)| (RemoteUserId::new(id), name))
            .into(),
        chats: [(ChatId::new("C1"), named(Some("!c1:hs.test"), "general"))].into(),
        remote_users: [("@slack_u1:hs.test".to_owned(), RemoteUserId::new("U1"))].into(),
        remote_messages: [
            ("$m1".to_owned(), known("M1", Some("https://chat.test/m1"))),
            ("$m2".to_owned(), known("M2", None)),
        ]
        .into(),
        messages: [(
            RemoteMessageId::new("M1"),
            "https://matrix.to/#/!c1:hs.test/$m1?via=hs.test".to_owned(),
        )]
        .into(),
        may_notify_room: true,
        groups: [("S2".to_owned(), "@designers".to_owned())].into(),
        remote_chats: ["!c1:hs.test", "#general:hs.test"].map(|id| (id.to_owned(), ChatId::new("C1"))).into(),
        ..Lookup::default()
    }
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn blocks(value: &Value) -> Vec<Block> {
    array(value).iter().map(block).collect()
}

fn spans(value: &Value) -> Vec<Span> {
    if value.is_string() { vec![span(value)] } else { array(value).iter().map(span).collect() }
}

fn string(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

fn number(value: &Value) -> u32 {
    value.as_u64().unwrap().try_into().unwrap()
}

fn block(value: &Value) -> Block {
    let items = |name: &str| array(&value[name]).iter().map(|item| Item { blocks: blocks(item) }).collect();
    let has = |name: &str| value.get(name).is_some();
    if value.is_string() || value.is_array() {
        return Block::Paragraph(spans(value));
    }
    if has("quote") {
        return Block::Quote(blocks(&value["quote"]));
    }
    if has("ul") {
        return Block::List { start: None, items: items("ul") };
    }
    if has("ol") {
        return Block::List { start: Some(value.get("start").map_or(1, number)), items: items("ol") };
    }
    if has("code") {
        let language = has("lang").then(|| string(value, "lang"));
        return Block::Code { language, text: string(value, "code") };
    }
    if has("h") {
        return Block::Heading {
            level: number(&value["h"]).try_into().unwrap(),
            spans: spans(&value["spans"]),
        };
    }
    if has("table") {
        let rows = array(&value["table"]).iter().map(|row| array(row).iter().map(spans).collect()).collect();
        return Block::Table { header: value["header"] == true, rows };
    }
    assert_eq!(value["rule"], true, "an unknown block: {value}");
    Block::Rule
}

fn span(value: &Value) -> Span {
    if let Some(text) = value.as_str() {
        return if text == "\n" { Span::Break } else { Span::text(text) };
    }
    let letters = string(value, "s");
    let style = Style {
        bold: letters.contains('b'),
        italic: letters.contains('i'),
        strike: letters.contains('s'),
        underline: letters.contains('u'),
        code: letters.contains('c'),
        spoiler: letters.contains('p'),
    };
    let has = |name: &str| value.get(name).is_some();
    let text = |name: &str| string(value, name);
    if has("t") {
        return Span::Text { text: text("t"), style };
    }
    if has("link") {
        return Span::Link { url: text("link"), label: spans(&value["label"]), style };
    }
    if has("emoji") {
        return Span::Emoji { emoji: Emoji::Unicode(text("emoji")), style };
    }
    if has("custom") {
        let url = has("url").then(|| text("url"));
        return Span::Emoji { emoji: Emoji::Custom { name: text("custom"), url }, style };
    }
    if has("date") {
        return Span::Date { at_ms: value["date"].as_i64().unwrap(), label: text("label"), style };
    }
    let (mention, label) = mention(value);
    Span::Mention { mention, label, style }
}

/// The field that names a mention, and the mention of its value.
type Kind = (&'static str, fn(&str) -> Mention);

fn mention(value: &Value) -> (Mention, String) {
    let kinds: [Kind; 6] = [
        ("user", |id| Mention::User(RemoteUserId::new(id))),
        ("named", |id| Mention::Named(RemoteUserId::new(id))),
        ("chat", |id| Mention::Chat(ChatId::new(id))),
        ("group", |id| Mention::Group(id.into())),
        ("mxuser", |id| Mention::MatrixUser(id.into())),
        ("mxlink", |id| Mention::MatrixLink(id.into())),
    ];
    if let Some((name, make)) = kinds.iter().find(|(name, _)| value.get(name).is_some()) {
        return (make(&string(value, name)), string(value, "label"));
    }
    if value.get("message").is_some() {
        let id = RemoteMessageId::new(string(value, "message"));
        return (Mention::Message { id, url: string(value, "url") }, string(value, "label"));
    }
    if value.get("everyone").is_some() {
        return (Mention::Everyone, string(value, "everyone"));
    }
    assert!(value.get("here").is_some(), "an unknown span: {value}");
    (Mention::Here, string(value, "here"))
}
