//! `bookmarks`: what people keep at hand in the chat behind a room.

use std::fmt::Write as _;

use super::Ask;
use crate::command::Command;
use crate::config::Level;
use crate::engine::Bridge;
use crate::error::{JobError, NetworkError};
use crate::event::Bookmark;
use crate::network::{Network, Session};

pub(super) fn command() -> Command {
    let about = "Lists the links that people keep on top of the chat. Ask in the room of a chat.";
    Command { level: Level::Relay, clap: clap::Command::new("bookmarks").about(about) }
}

/// Asks the network, since many tell nothing when such a link is added; the room is brought up to date with it.
pub(super) async fn run<N: Network>(bridge: &Bridge<N>, ask: &Ask<'_>) -> Result<String, JobError> {
    let Some(chat) = bridge.chat_of_room(&ask.event.room_id).await? else {
        return Ok(super::NOT_A_PORTAL.to_owned());
    };
    let Some(portal) = bridge.known_portal(&chat).await? else { return Ok(super::NOT_A_PORTAL.to_owned()) };
    let mut bookmarks = portal.info.bookmarks.clone();
    if let Some(live) = bridge.logins.live(&portal.login_id)
        && let Some(info) = NetworkError::or_none(live.session.chat_info(&chat).await)?
    {
        bookmarks = info.bookmarks.clone().or(bookmarks);
        Box::pin(bridge.update_portal(&live, &portal, info, ask.job.dedup.as_str())).await?;
    }
    Ok(match bookmarks {
        None => format!("{} does not tell the bridge of such links here.", N::INFO.name),
        Some(bookmarks) if bookmarks.is_empty() => "There are none in this chat.".to_owned(),
        Some(bookmarks) => listed(&bookmarks),
    })
}

/// Bytes of an answer, at most: it is sent twice, as text and as HTML, in an event of at most 65,536.
const MOST_BYTES: usize = 10_000;

fn listed(bookmarks: &[Bookmark]) -> String {
    let mut text = String::new();
    for (index, Bookmark { title, url, emoji }) in bookmarks.iter().enumerate() {
        let emoji = emoji.as_ref().map(|emoji| format!("{} ", escaped(emoji))).unwrap_or_default();
        let title = escaped(title);
        let bytes = title.len() + emoji.len() + url.as_ref().map_or(0, String::len);
        if text.len() + bytes > MOST_BYTES {
            let _ =
                writeln!(text, "\nAnd {} more, which this answer has no room for.", bookmarks.len() - index);
            break;
        }
        let _ = match url.as_deref().filter(|url| is_plain(url)) {
            Some(url) if title.trim().is_empty() => writeln!(text, "- {emoji}<{url}>"),
            Some(url) => writeln!(text, "- {emoji}[{title}](<{url}>)"),
            None => writeln!(text, "- {emoji}{title}"),
        };
    }
    text
}

/// Whether an address can stand in Markdown as it is.
fn is_plain(url: &str) -> bool {
    !url.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '\\'))
}

/// A title with nothing in it that Markdown takes for its own.
fn escaped(title: &str) -> String {
    title.chars().fold(String::new(), |mut text, c| {
        if c.is_ascii_punctuation() {
            text.push('\\');
        }
        text.push(if c.is_control() { ' ' } else { c });
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_text_and_addresses_links() {
        let mark = |title: &str, url: Option<&str>, emoji: Option<&str>| Bookmark {
            title: title.to_owned(),
            url: url.map(str::to_owned),
            emoji: emoji.map(str::to_owned),
        };
        let text = listed(&[
            mark("Wiki [new]", Some("https://a.test/x"), Some("📖")),
            mark("", Some("https://b.test"), None),
            mark("canvas", None, None),
            mark("odd", Some("https://c.test/><script>"), None),
        ]);
        let lines: Vec<&str> = text.lines().collect();
        let expected =
            [r"- 📖 [Wiki \[new\]](<https://a.test/x>)", "- <https://b.test>", "- canvas", "- odd"];
        assert_eq!(lines, expected);
        assert_eq!(listed(&[mark("a", None, Some("*b*"))]), "- \\*b\\* a\n");
    }

    #[test]
    fn an_answer_has_an_end() {
        let mark = Bookmark { title: "x".repeat(1_000), url: None, emoji: None };
        let text = listed(&vec![mark; 200]);
        assert!(
            text.len() < 11_000 && text.ends_with("And 191 more, which this answer has no room for.\n"),
            "{text}"
        );
    }
}
