//! Writes running text as the elements of a section.

use bridge_core::content::{Emoji, Mention, Span, Style};
use serde_json::{Map, Value, json};

use super::super::mrkdwn_write::is_linkable;
use super::super::{address, emoji, flatten, permalink};
use crate::id;

/// The longest text of one element, in characters; Slack refuses text objects above it.
const MAX_TEXT: usize = 3_000;

/// Elements while they are written; neighbouring text of one style is one element.
pub(super) struct Elements {
    broadcast: bool,
    out: Vec<Value>,
    pending: String,
    style: Style,
}

impl Elements {
    pub(super) fn new(broadcast: bool) -> Self {
        Self { broadcast, out: Vec::new(), pending: String::new(), style: Style::default() }
    }

    pub(super) fn into_values(mut self) -> Vec<Value> {
        self.flush();
        self.out
    }

    /// The elements; a space where there are none, since nothing is not accepted everywhere.
    pub(super) fn into_some(mut self) -> Vec<Value> {
        self.flush();
        if self.out.is_empty() {
            self.text(" ");
        }
        self.into_values()
    }

    /// Adds text without style.
    pub(super) fn text(&mut self, text: &str) {
        self.styled(text, Style::default());
    }

    pub(super) fn spans(&mut self, spans: &[Span]) {
        let (mut hidden, mut breaks) = (false, 0);
        for span in spans {
            let Some(style) = span.style() else {
                breaks += 1;
                continue;
            };
            // Slack hides nothing, so what is to be hidden is named as such. Breaks stand outside of what ends at them.
            if hidden && !style.spoiler {
                self.text("]");
            }
            self.styled(&"\n".repeat(std::mem::take(&mut breaks)), self.style);
            if style.spoiler && !hidden {
                self.text("[spoiler: ");
            }
            hidden = style.spoiler;
            self.span(span);
        }
        if hidden {
            self.text("]");
        }
        self.styled(&"\n".repeat(breaks), self.style);
    }

    fn span(&mut self, span: &Span) {
        match span {
            Span::Text { text, style } => self.words(text, *style),
            Span::Link { url, label, style } => self.link(url, &flatten::plain(label), *style),
            Span::Mention { mention, label, style } => self.mention(mention, label, *style),
            Span::Emoji { emoji, style } => self.emoji(emoji, *style),
            Span::Date { at_ms, label, style } => {
                let seconds = at_ms.div_euclid(1_000);
                let date = json!({
                    "type": "date", "timestamp": seconds, "format": "{date_short_pretty} {time}", "fallback": label,
                });
                self.push(date, *style);
            }
            _ => {}
        }
    }

    /// Text, with links of the addresses in it. Code stays as it is.
    fn words(&mut self, text: &str, style: Style) {
        if style.code {
            return self.styled(text, style);
        }
        for (piece, is_address) in address::pieces(text) {
            if is_address {
                self.push(json!({ "type": "link", "url": piece }), style);
            } else {
                self.styled(piece, style);
            }
        }
    }

    fn link(&mut self, url: &str, label: &str, style: Style) {
        let label = label.replace('\n', " ");
        if !is_linkable(url) {
            let shown = if label.is_empty() { url.to_owned() } else { format!("{label} ({url})") };
            return self.styled(&shown, style);
        }
        let mut link = json!({ "type": "link", "url": url });
        if !label.is_empty() {
            link["text"] = json!(label.chars().take(MAX_TEXT).collect::<String>());
        }
        self.push(link, style);
    }

    fn mention(&mut self, mention: &Mention, label: &str, style: Style) {
        let element = match mention {
            Mention::User(user) => {
                id::parse_user_id(user).map(|user| json!({ "type": "user", "user_id": user.id }))
            }
            Mention::Chat(chat) => {
                id::parse_chat_id(chat).map(|chat| json!({ "type": "channel", "channel_id": chat.id }))
            }
            Mention::Group(group) if id::is_slack_id(group) => {
                Some(json!({ "type": "usergroup", "usergroup_id": group }))
            }
            Mention::Everyone if self.broadcast => Some(json!({ "type": "broadcast", "range": "channel" })),
            Mention::Here if self.broadcast => Some(json!({ "type": "broadcast", "range": "here" })),
            Mention::Message { id, url } => {
                let label = if label == url { "" } else { label };
                return self.link(&permalink::of_mention(id, url), label, style);
            }
            Mention::MatrixLink(url) if label == url => return self.link(url, "", style),
            Mention::MatrixLink(url) => return self.link(url, label, style),
            _ => None,
        };
        match element {
            Some(element) => self.push(element, style),
            None => self.styled(label, style),
        }
    }

    fn emoji(&mut self, emoji: &Emoji, style: Style) {
        match emoji {
            Emoji::Unicode(sequence) => match emoji::name(sequence) {
                Some(name) => self.push(json!({ "type": "emoji", "name": name }), style),
                None => self.styled(sequence, style),
            },
            Emoji::Custom { name, .. } if emoji::is_name(name) => {
                self.push(json!({ "type": "emoji", "name": name }), style);
            }
            Emoji::Custom { name, .. } => self.styled(&format!(":{name}:"), style),
            _ => {}
        }
    }

    fn styled(&mut self, text: &str, style: Style) {
        let style = Style { spoiler: false, ..style };
        if style != self.style {
            self.flush();
            self.style = style;
        }
        self.pending.push_str(text);
    }

    fn push(&mut self, mut element: Value, style: Style) {
        self.flush();
        if let Some(style) = marks(style) {
            element["style"] = style;
        }
        self.out.push(element);
    }

    fn flush(&mut self) {
        let text = std::mem::take(&mut self.pending);
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let end = rest.char_indices().nth(MAX_TEXT).map_or(rest.len(), |(at, _)| at);
            let mut element = json!({ "type": "text", "text": &rest[..end] });
            if let Some(style) = marks(self.style) {
                element["style"] = style;
            }
            self.out.push(element);
            rest = &rest[end..];
        }
    }
}

fn marks(style: Style) -> Option<Value> {
    let marks = [
        ("bold", style.bold),
        ("italic", style.italic),
        ("strike", style.strike),
        ("code", style.code),
        ("underline", style.underline),
    ];
    let on: Map<String, Value> = marks
        .into_iter()
        .filter(|(_, on)| *on)
        .map(|(mark, _)| (mark.to_owned(), Value::Bool(true)))
        .collect();
    (!on.is_empty()).then_some(Value::Object(on))
}
