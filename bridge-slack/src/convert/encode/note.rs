//! The note that says which Matrix users reacted to a message.

use bridge_core::content::Emoji;
use bridge_core::event::{MatrixEvent, Reaction};
use bridge_core::id::PartId;

use super::{MAX_TEXT, Options, Post, speaker};
use crate::convert::{emoji, mrkdwn_write};
use crate::id;

/// The part that the note is.
const PART: &str = "note";

/// The note, under the message's thread: `👍 Ada, Bob · 🎉 Cy`. None when nobody is left. `thread_ts` is the thread's first
/// message.
pub fn note(event: &MatrixEvent, reaction: &Reaction, options: &Options, thread_ts: &str) -> Option<Post> {
    let mut text = String::new();
    for (emoji, names) in &reaction.relayed {
        let names: Vec<String> = names.iter().map(|name| speaker::username(name)).collect();
        let entry = format!("{} {}", shown(emoji), names.join(", "));
        let separator = if text.is_empty() { "" } else { " · " };
        if text.chars().count() + entry.chars().count() + 5 > MAX_TEXT {
            text.push_str(" · …");
            break;
        }
        text.push_str(separator);
        text.push_str(&entry);
    }
    (!text.is_empty()).then(|| Post {
        part: PartId::new(PART),
        channel: id::parse_chat_id(&event.chat.chat_id).map_or_else(String::new, |chat| chat.id),
        thread_ts: Some(thread_ts.to_owned()),
        text,
        blocks: None,
        username: None,
        icon_url: None,
        marker: event.part_marker(0),
        unfurl_links: options.unfurl_links,
        unfurl_media: options.unfurl_media,
        reply_broadcast: false,
    })
}

fn shown(emoji: &Emoji) -> String {
    match emoji {
        Emoji::Unicode(sequence) => match emoji::name(sequence) {
            Some(name) => format!(":{name}:"),
            None => mrkdwn_write::escape(sequence),
        },
        other => mrkdwn_write::escape(&other.as_stored()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

    use bridge_core::event::{MatrixKind, Speaker};
    use bridge_core::id::{ChatId, ChatKey, DedupKey, RemoteMessageId};

    use super::*;

    fn of(relayed: Vec<(Emoji, Vec<String>)>) -> Option<Post> {
        let reaction = Reaction {
            message: RemoteMessageId::new("t1-c1-1700000000.000100"),
            thread_root: None,
            emoji: Emoji::Unicode("👍".to_owned()),
            is_set: true,
            relayed,
            note: None,
        };
        let chat = ChatKey::shared(ChatId::new("t1-c1"));
        let kind = MatrixKind::React(reaction.clone());
        let event = MatrixEvent::new(chat, Speaker::Login, 0, DedupKey::new("$r"), kind);
        note(&event, &reaction, &Options::default(), "1700000000.000100")
    }

    #[test]
    fn it_names_who_reacted_and_pings_nobody() {
        let thumbs = Emoji::Unicode("👍".to_owned());
        let party = Emoji::Custom { name: "party".to_owned(), url: None };
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let post = of(vec![(thumbs, names(&["Ada", "<!channel>"])), (party, names(&["Cy"]))]).unwrap();
        assert_eq!(post.text, ":+1: Ada, ‹!channel› · :party: Cy");
        assert_eq!((post.channel.as_str(), post.thread_ts.as_deref()), ("C1", Some("1700000000.000100")));
        assert_eq!((post.part.as_str(), post.marker.as_str()), ("note", "$r/0"));
        assert_eq!(of(Vec::new()), None);
    }

    #[test]
    fn it_ends_where_slack_would_cut_it() {
        let many = (0..40)
            .map(|n| (Emoji::Custom { name: format!("e{n}"), url: None }, vec!["N".repeat(80); 5]))
            .collect();
        let text = of(many).unwrap().text;
        assert!(text.ends_with("· …") && text.chars().count() <= MAX_TEXT, "{}", text.chars().count());
    }
}
