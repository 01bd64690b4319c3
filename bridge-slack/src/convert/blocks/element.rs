//! The elements of running text: text, links, mentions, emoji, dates.

use bridge_core::content::{Emoji, Mention, Span, Style};

use super::super::spans::Spans;
use super::super::wire::{Content, Node};
use super::super::{emoji, flatten, permalink};
use super::{MAX_DEPTH, Reader, link};
use crate::id;

impl Reader<'_> {
    pub(super) fn element(&mut self, element: &Node, out: &mut Spans, depth: usize) {
        let style = element.style.style;
        match element.kind.as_str() {
            "text" => {
                let is_plain = matches!(element.text, Content::Plain(_));
                self.lossy |= !is_plain && element.text.as_str().is_empty();
                out.text(element.text.as_str(), style);
            }
            "link" => match link(&element.url, element.text.as_str()) {
                Some(Span::Link { url, label, .. }) => out.push(address(url, label, style, self.team_id)),
                other => {
                    self.lossy = true;
                    if let Some(span) = other {
                        out.push(span);
                    }
                }
            },
            "emoji" => self.emoji(element, style, out),
            "user" => {
                let user = id::user_id(self.team_id, &element.more().user_id).map(Mention::User);
                self.mention(user, "@", &element.more().user_id, style, out);
            }
            "channel" => {
                let chat = id::chat_id(self.team_id, &element.more().channel_id).map(Mention::Chat);
                self.mention(chat, "#", &element.more().channel_id, style, out);
            }
            "usergroup" => {
                let group = &element.more().usergroup_id;
                let mention = id::is_slack_id(group).then(|| Mention::Group(group.clone()));
                self.mention(mention, "@", group, style, out);
            }
            "broadcast" => {
                let mention = broadcast(&element.more().range);
                self.mention(mention, "@", &element.more().range, style, out);
            }
            "color" => {
                self.lossy |= element.more().value.is_empty();
                out.text(&element.more().value, style);
            }
            "team" => {
                self.lossy |= element.more().team_id.is_empty();
                out.text(&format!("@{}", element.more().team_id), style);
            }
            "date" => {
                let moment = date(element.more().timestamp, &element.more().fallback, style);
                out.push(match element.url.as_str() {
                    "" => moment,
                    url => Span::Link { url: url.to_owned(), label: vec![moment], style },
                });
            }
            _ => self.unknown_element(element, out, depth),
        }
    }

    fn mention(&mut self, mention: Option<Mention>, sign: &str, name: &str, style: Style, out: &mut Spans) {
        let label = format!("{sign}{name}");
        if let Some(mention) = mention {
            out.push(Span::Mention { mention, label, style });
        } else {
            self.lossy = true;
            out.text(&label, style);
        }
    }

    fn emoji(&mut self, element: &Node, style: Style, out: &mut Spans) {
        let more = element.more();
        let tone =
            (2..=6).contains(&more.skin_tone).then(|| format!("{}::skin-tone-{}", more.name, more.skin_tone));
        let toned = tone.as_deref().and_then(emoji::sequence);
        let known = toned.or_else(|| emoji::sequence(&more.name)).map(str::to_owned);
        let known = known.or_else(|| sequence(&more.unicode)).map(Emoji::Unicode);
        if let Some(emoji) = known.or_else(|| emoji::read(&more.name)) {
            out.push(Span::Emoji { emoji, style });
        } else {
            self.lossy = true;
            out.text(&more.name, style);
        }
    }

    fn unknown_element(&mut self, element: &Node, out: &mut Spans, depth: usize) {
        self.lossy = true;
        let text =
            Some(element.text.as_str()).filter(|text| !text.is_empty()).unwrap_or(&element.more().fallback);
        if let Some(span) = link(&element.url, text) {
            out.push(span);
        }
        if depth < MAX_DEPTH {
            for inner in element.elements.iter().flatten() {
                self.element(inner, out, depth + 1);
            }
        }
    }
}

/// A link, or the message that its address leads to.
pub(in super::super) fn address(url: String, label: Vec<Span>, style: Style, team_id: &str) -> Span {
    match permalink::read(&url, team_id) {
        Some(mention) => {
            let label = if label.is_empty() { url } else { flatten::plain(&label) };
            Span::Mention { mention, label, style }
        }
        None => Span::Link { url, label, style },
    }
}

/// Whom a broadcast reaches, by Slack's word for it. `group` is the old word for everybody in a private channel.
pub(in super::super) fn broadcast(range: &str) -> Option<Mention> {
    match range {
        "here" => Some(Mention::Here),
        "channel" | "everyone" | "group" => Some(Mention::Everyone),
        _ => None,
    }
}

/// A moment. Without the author's own wording it is shown in UTC.
pub(in super::super) fn date(seconds: i64, fallback: &str, style: Style) -> Span {
    let label = if fallback.is_empty() {
        jiff::Timestamp::from_second(seconds)
            .map_or_else(|_| seconds.to_string(), |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string())
    } else {
        fallback.replace('\n', " ")
    };
    Span::Date { at_ms: seconds.saturating_mul(1_000), label, style }
}

/// The sequence that hexadecimal code points with hyphens between them stand for.
fn sequence(unicode: &str) -> Option<String> {
    let points = unicode.split('-').map(|point| u32::from_str_radix(point, 16).ok().and_then(char::from_u32));
    points.collect::<Option<String>>().filter(|text| text.chars().all(|c| !c.is_control()))
}
