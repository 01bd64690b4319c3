//! Slack's ids and the core's: lower case with the team in front, and back without loss.
//!
//! Slack ids consist of `A`–`Z` and `0`–`9` only. In core ids they stand in lower case, so that a ghost is called
//! `slack_t123-u456`; since Slack knows no lower case, the way back is unique. Whatever does not look like an id is
//! refused with `None`, in both directions.

use std::fmt::Write as _;

use bridge_core::id::{ChatId, RemoteMessageId, RemoteUserId};
use sha2::{Digest, Sha256};

/// Longer ids than Slack ever gave out are refused: they end up in Matrix ids, which are bounded.
const MAX_LEN: usize = 40;

/// Bytes of a name's hash in the id of a bot that posts under it.
const NAME_BYTES: usize = 8;

/// A place or person within a team, in Slack's own spelling.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TeamItem {
    /// The workspace (`T…`) or the Enterprise organisation (`E…`).
    pub team_id: String,
    /// The channel (`C…`, `D…`, `G…`), the user (`U…`, `W…`) or the bot (`B…`).
    pub id: String,
}

/// A message within a channel, in Slack's own spelling.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MessageRef {
    /// The workspace.
    pub team_id: String,
    /// The channel.
    pub channel_id: String,
    /// The message's timestamp, which is its id within the channel (`1700000000.000100`).
    pub ts: String,
}

/// The core's id of a channel.
pub fn chat_id(team_id: &str, channel_id: &str) -> Option<ChatId> {
    pair(team_id, channel_id).map(ChatId::new)
}

/// The core's id of a user, or of a bot that has no user.
pub fn user_id(team_id: &str, user_id: &str) -> Option<RemoteUserId> {
    pair(team_id, user_id).map(RemoteUserId::new)
}

/// The core's id of a bot that posts under a name that is not its own. Each name of a bot is a user of its own, or the
/// posts under one would rename those under another. Slack has no such users, so [`parse_user_id`] knows none, and nobody
/// can mention them. The name itself is not in the id: it may be long, and in any script.
pub fn named_bot_id(team_id: &str, bot_id: &str, name: &str) -> Option<RemoteUserId> {
    let bot = pair(team_id, bot_id)?;
    let digest = Sha256::digest(name.as_bytes());
    let mut id = format!("{bot}-");
    for byte in digest.iter().take(NAME_BYTES) {
        let _ = write!(id, "{byte:02x}");
    }
    Some(RemoteUserId::new(id))
}

/// The core's id of a message.
pub fn message_id(team_id: &str, channel_id: &str, ts: &str) -> Option<RemoteMessageId> {
    let chat = pair(team_id, channel_id)?;
    is_ts(ts).then(|| RemoteMessageId::new(format!("{chat}-{ts}")))
}

/// Slack's ids of a channel.
pub fn parse_chat_id(id: &ChatId) -> Option<TeamItem> {
    item(id.as_str())
}

/// Slack's ids of a user or bot.
pub fn parse_user_id(id: &RemoteUserId) -> Option<TeamItem> {
    item(id.as_str())
}

/// Slack's ids of a message.
pub fn parse_message_id(id: &RemoteMessageId) -> Option<MessageRef> {
    let (chat, ts) = id.as_str().rsplit_once('-')?;
    let TeamItem { team_id, id } = item(chat)?;
    is_ts(ts).then(|| MessageRef { team_id, channel_id: id, ts: ts.to_owned() })
}

/// Whether the text is one of Slack's ids, whatever it stands for.
pub fn is_slack_id(text: &str) -> bool {
    (1..=MAX_LEN).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Whether the text is a message's timestamp: seconds, a point, six digits.
pub fn is_ts(text: &str) -> bool {
    text.split_once('.').is_some_and(|(seconds, micros)| {
        (1..=12).contains(&seconds.len())
            && micros.len() == 6
            && seconds.bytes().chain(micros.bytes()).all(|byte| byte.is_ascii_digit())
    })
}

/// A message's timestamp in milliseconds since 1970.
pub fn ts_ms(ts: &str) -> Option<i64> {
    if !is_ts(ts) {
        return None;
    }
    let (seconds, micros) = ts.split_once('.')?;
    Some(seconds.parse::<i64>().ok()? * 1_000 + micros.parse::<i64>().ok()? / 1_000)
}

fn pair(team_id: &str, id: &str) -> Option<String> {
    (is_slack_id(team_id) && is_slack_id(id)).then(|| {
        let mut text = format!("{team_id}-{id}");
        text.make_ascii_lowercase();
        text
    })
}

fn item(text: &str) -> Option<TeamItem> {
    let (team_id, id) = text.split_once('-')?;
    Some(TeamItem { team_id: raise(team_id)?, id: raise(id)? })
}

fn raise(text: &str) -> Option<String> {
    // An upper-case letter here would give two core ids for one of Slack's.
    let raised = text.to_ascii_uppercase();
    (is_slack_id(&raised) && !text.bytes().any(|byte| byte.is_ascii_uppercase())).then_some(raised)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn readable_both_ways() {
        assert_eq!(user_id("T123", "U456").unwrap().as_str(), "t123-u456");
        assert_eq!(chat_id("T123", "D4").unwrap().as_str(), "t123-d4");
        let id = message_id("T1", "C2", "1700000000.000100").unwrap();
        assert_eq!(id.as_str(), "t1-c2-1700000000.000100");
        let back = parse_message_id(&id).unwrap();
        assert_eq!((&*back.team_id, &*back.channel_id, &*back.ts), ("T1", "C2", "1700000000.000100"));
        assert_eq!(ts_ms("1700000000.123999"), Some(1_700_000_000_123));
    }

    #[test]
    fn each_name_of_a_bot_is_another_user_who_is_nobody_on_slack() {
        let of = |bot: &str, name: &str| named_bot_id("T1", bot, name).unwrap();
        assert_eq!(of("B1", "Deploys").as_str(), "t1-b1-72fcd1bd1df7264f");
        assert_eq!(of("B1", "Deploys"), of("B1", "Deploys"));
        assert_ne!(of("B1", "Deploys"), of("B1", "Alarms"));
        assert_ne!(of("B1", "Deploys"), of("B2", "Deploys"));
        assert_eq!(parse_user_id(&of("B1", "Deploys")), None);
        assert_eq!(named_bot_id("T1", "b1", "Deploys"), None);
    }

    #[test]
    fn odd_ones_are_refused() {
        for odd in ["", "u1", "U 1", "U-1", "Ü1", "U1\n", "*", "U1:x", "../U1", &"U".repeat(41)] {
            assert_eq!(user_id("T1", odd), None, "{odd:?}");
            assert_eq!(chat_id(odd, "C1"), None, "{odd:?}");
            assert_eq!(message_id("T1", odd, "1.000000"), None, "{odd:?}");
        }
        for odd in ["", "t1", "t1-", "-u1", "T1-u1", "t1-U1", "t1-u1-x", "t1_u1", "t1-ü"] {
            assert_eq!(parse_user_id(&RemoteUserId::new(odd)), None, "{odd:?}");
            assert_eq!(parse_chat_id(&ChatId::new(odd)), None, "{odd:?}");
        }
        for odd in ["", "1", "1.", ".000001", "1.00001", "1.0000001", "-1.000000", "1.00000a", "1e3.000000"] {
            assert_eq!(message_id("T1", "C1", odd), None, "{odd:?}");
            assert_eq!(parse_message_id(&RemoteMessageId::new(format!("t1-c1-{odd}"))), None, "{odd:?}");
        }
    }

    proptest! {
        #[test]
        fn slack_ids_come_back(team in "[TE][A-Z0-9]{1,12}", id in "[UWBCDG][A-Z0-9]{1,12}", s in 0_i64..9_999_999_999, us in 0..999_999) {
            let ts = format!("{s}.{us:06}");
            let user = parse_user_id(&user_id(&team, &id).unwrap()).unwrap();
            prop_assert_eq!((&user.team_id, &user.id), (&team, &id));
            let chat = parse_chat_id(&chat_id(&team, &id).unwrap()).unwrap();
            prop_assert_eq!((&chat.team_id, &chat.id), (&team, &id));
            let message = parse_message_id(&message_id(&team, &id, &ts).unwrap()).unwrap();
            prop_assert_eq!((message.team_id, message.channel_id, message.ts), (team, id, ts));
        }

        #[test]
        fn what_is_parsed_is_written_the_same(text in "[a-zA-Z0-9.ü-]{0,24}") {
            if let Some(item) = parse_user_id(&RemoteUserId::new(text.clone())) {
                prop_assert_eq!(user_id(&item.team_id, &item.id), Some(RemoteUserId::new(text.clone())));
            }
            if let Some(m) = parse_message_id(&RemoteMessageId::new(text.clone())) {
                prop_assert_eq!(
                    message_id(&m.team_id, &m.channel_id, &m.ts),
                    Some(RemoteMessageId::new(text.clone()))
                );
            }
        }
    }
}
