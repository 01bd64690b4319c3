//! Channels as Slack describes them, and how people name them.

use std::borrow::Cow;

use bridge_core::error::NetworkError;
use bridge_core::id::{ChatId, ChatKey};
use bridge_core::network::{Bookmark, ChatInfo, ChatKind};

use super::workspace::{Home, channel_url};
use crate::api::Caller;
use crate::api::reply::{self, BookmarksReply, Channel, ChannelReply, Restriction};
use crate::convert::topic;
use crate::id;

/// All kinds of chats a bot can be in.
const ALL_TYPES: &str = "public_channel,private_channel,mpim,im";
/// Those that have a name people could type.
const NAMED_TYPES: &str = "public_channel,private_channel";
/// People in a group, with the app; Slack allows nine.
const MOST_IN_GROUP: usize = 20;

/// Slack's id of a channel, or a sentence.
pub(super) fn slack_id(chat_id: &ChatId) -> Result<String, NetworkError> {
    let item = id::parse_chat_id(chat_id);
    item.map(|item| item.id).ok_or_else(|| NetworkError::Rejected("This is not a Slack channel.".to_owned()))
}

/// Who sees a channel: the workspace, and the app's bot user.
#[derive(Debug, Clone, Copy)]
pub(super) struct Viewer<'a> {
    pub(super) team_id: &'a str,
    pub(super) user_id: &'a str,
}

/// A channel's description, with what Slack tells elsewhere: the workspace, bookmarks, who is in a group. Of these what
/// cannot be had is left out.
pub(super) async fn info(
    caller: &Caller,
    viewer: Viewer<'_>,
    home: &Home,
    channel: &str,
) -> Result<ChatInfo, NetworkError> {
    let mut info = describe(viewer, channel_info(caller, channel).await?).ok_or_else(|| {
        NetworkError::Malformed("Slack's answer to conversations.info names no channel.".to_owned())
    })?;
    let workspace = home.workspace(caller).await;
    let address = channel_url(workspace.as_ref().unwrap_or(&home.of_login()), viewer.team_id, channel);
    info.url = Some(address);
    info.workspace = workspace;
    if info.kind == ChatKind::Group {
        // Without them the room has no name, so this is no part to be left out.
        let members = caller.members(channel, MOST_IN_GROUP).await;
        let members = members.map_err(|error| error.of_read("conversations.members"))?;
        let mut others: Vec<String> =
            members.into_iter().filter(|member| *member != viewer.user_id).collect();
        others.sort();
        info.peers = others.iter().filter_map(|member| id::user_id(viewer.team_id, member)).collect();
    }
    if !info.archived {
        info.bookmarks = bookmarks(caller, channel).await;
    }
    Ok(info)
}

/// What stands on top of a channel; none where Slack does not tell.
async fn bookmarks(caller: &Caller, channel: &str) -> Option<Vec<Bookmark>> {
    const METHOD: &str = "bookmarks.list";
    let params = vec![("channel_id", Some(Cow::Borrowed(channel)))];
    let reply: Result<BookmarksReply, _> = caller.get(METHOD, &params).await;
    let mut found = match reply {
        Ok(reply) => reply.bookmarks,
        Err(error) => {
            tracing::debug!(why = error.sentence(METHOD), "a channel's bookmarks are not known");
            return None;
        }
    };
    // Slack sorts by this text; those without one keep their place behind.
    found.sort_by(|a, b| (a.rank.is_none(), &a.rank).cmp(&(b.rank.is_none(), &b.rank)));
    let read = |mark: reply::Bookmark| Bookmark {
        title: topic::read(&mark.title),
        url: mark.link.filter(|link| !link.is_empty()),
        emoji: mark.emoji.map(|emoji| topic::read(&emoji)).filter(|emoji| !emoji.is_empty()),
    };
    Some(found.into_iter().map(read).collect())
}

/// A channel as Slack describes it.
pub(super) async fn channel_info(caller: &Caller, channel: &str) -> Result<Channel, NetworkError> {
    const METHOD: &str = "conversations.info";
    let params = vec![("channel", Some(Cow::Borrowed(channel)))];
    let reply: ChannelReply = caller.get(METHOD, &params).await.map_err(|error| error.of_read(METHOD))?;
    Ok(reply.channel)
}

/// Whether the app is in a chat. Of private channels and direct messages it is shown only those that it is in.
pub(super) async fn is_in(caller: &Caller, channel: &str) -> Result<bool, NetworkError> {
    match channel_info(caller, channel).await {
        Ok(channel) => Ok(channel.is_member != Some(false)),
        Err(NetworkError::Rejected(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The chats the app is in.
pub(super) async fn all(caller: &Caller, viewer: Viewer<'_>) -> Result<Vec<ChatInfo>, NetworkError> {
    const METHOD: &str = "users.conversations";
    let channels = caller.channels(METHOD, ALL_TYPES, |_| false).await;
    let channels = channels.map_err(|error| error.of_read(METHOD))?;
    Ok(channels.into_iter().filter_map(|channel| describe(viewer, channel)).collect())
}

/// A chat that a person named, as the app stands to it.
#[derive(Debug)]
pub(super) enum Found {
    /// The app is in it.
    Joined(Box<ChatInfo>),
    /// Slack shows it to the app, but the app is not in it: it would hear nothing there and may not write. Its name.
    Outside(String),
}

/// The chat that a person means: `#name`, `name`, an id, a mention or a link copied from Slack.
pub(super) async fn find(
    caller: &Caller,
    viewer: Viewer<'_>,
    name: &str,
) -> Result<Option<Found>, NetworkError> {
    const METHOD: &str = "conversations.list";
    let channel = match Named::read(name) {
        Some(Named::Id(channel)) => match channel_info(caller, &channel).await {
            Err(NetworkError::Rejected(_)) => None,
            found => Some(found?),
        },
        Some(Named::Name(name)) => {
            let is_meant = |channel: &Channel| channel.name.as_deref() == Some(name.as_str());
            let channels = caller.channels(METHOD, NAMED_TYPES, is_meant).await;
            let channels = channels.map_err(|error| error.of_read(METHOD))?;
            channels.into_iter().find(is_meant)
        }
        None => None,
    };
    Ok(channel.and_then(|channel| {
        // Direct messages don't tell; only those the app is in are shown to it.
        if channel.is_member == Some(false) {
            return Some(Found::Outside(channel.name.unwrap_or(channel.id)));
        }
        describe(viewer, channel).map(Box::new).map(Found::Joined)
    }))
}

/// What to do about a chat that the app is not in.
pub(super) fn outside(channel: &str, app: Option<&str>) -> String {
    let app = app.unwrap_or("name-of-the-app");
    format!(
        "The Slack app is not in #{channel}, so it hears nothing there and may not write. Somebody in that channel has to \
         write `/invite @{app}` there; then try again."
    )
}

/// What a person typed.
#[derive(Debug, PartialEq, Eq)]
enum Named {
    Id(String),
    Name(String),
}

impl Named {
    fn read(typed: &str) -> Option<Self> {
        let typed = typed.trim();
        if let Some(mention) = typed.strip_prefix("<#").and_then(|rest| rest.strip_suffix('>')) {
            let channel = mention.split('|').next().unwrap_or_default();
            return id::is_slack_id(channel).then(|| Self::Id(channel.to_owned()));
        }
        if typed.starts_with("https://") {
            let link = url::Url::parse(typed).ok()?;
            let parts: Vec<&str> = link.path_segments()?.collect();
            let (["archives", channel, ..] | ["client", _, channel, ..]) = parts[..] else { return None };
            return id::is_slack_id(channel).then(|| Self::Id(channel.to_owned()));
        }
        // Channel names have no upper-case letters, so nothing is both.
        let looks_like_id = typed.len() >= 9 && typed.starts_with(['C', 'D', 'G']) && id::is_slack_id(typed);
        if looks_like_id {
            return Some(Self::Id(typed.to_owned()));
        }
        let name = typed.trim_start_matches('#').to_lowercase();
        (!name.is_empty()).then_some(Self::Name(name))
    }
}

/// Kinds follow the flags: the first letter of an id says nothing about privacy.
fn describe(viewer: Viewer<'_>, channel: Channel) -> Option<ChatInfo> {
    let team_id = viewer.team_id;
    let key = ChatKey::shared(id::chat_id(team_id, &channel.id)?);
    let kind = match &channel {
        Channel { is_im: true, .. } => ChatKind::Direct,
        Channel { is_mpim: true, .. } => ChatKind::Group,
        Channel { is_private: true, .. } => ChatKind::Private,
        _ => ChatKind::Channel,
    };
    let mut info = ChatInfo::new(key, kind);
    // A group's name is a list of handles made by Slack.
    let has_name = matches!(kind, ChatKind::Channel | ChatKind::Private);
    let said = |text: &str| Some(topic::read(text)).filter(|text| !text.is_empty());
    info.name = channel.name.filter(|name| has_name && !name.is_empty());
    info.topic = said(&channel.topic.value);
    // Slack writes one itself for a group: who is in it.
    info.description = said(&channel.purpose.value).filter(|_| has_name);
    info.peer = channel.user.and_then(|user| id::user_id(team_id, &user)).filter(|_| channel.is_im);
    info.archived = channel.is_archived;
    info.creator = channel.creator.and_then(|user| id::user_id(team_id, &user));
    let may = |restriction: &Option<Restriction>| includes(restriction.as_ref(), viewer.user_id);
    let properties = channel.properties;
    info.posting.messages = may(&properties.posting_restricted_to);
    info.posting.answers = may(&properties.threads_restricted_to);
    Some(info)
}

/// Whether the app is among those who may. It speaks for people of whom Slack knows nothing, so it counts as a full
/// member, not as the admin who may have installed it, unless it is named itself.
fn includes(restriction: Option<&Restriction>, user_id: &str) -> bool {
    const EVERYBODY: &[&str] = &["ra", "regular", "everyone"];
    let Some(Restriction { kinds, user }) = restriction else { return true };
    (kinds.is_empty() && user.is_empty())
        || kinds.iter().any(|kind| EVERYBODY.contains(&kind.as_str()))
        || user.iter().any(|user| user == user_id)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

    use super::*;

    #[test]
    fn chats_are_named_in_many_ways() {
        let channel = || Some(Named::Id("C0GENERAL1".to_owned()));
        assert_eq!(Named::read("C0GENERAL1"), channel());
        assert_eq!(Named::read("<#C0GENERAL1|general>"), channel());
        assert_eq!(Named::read("https://acme.slack.com/archives/C0GENERAL1/p1700000000000100"), channel());
        assert_eq!(Named::read("https://app.slack.com/client/T1/C0GENERAL1"), channel());
        for name in ["#general", "general", " #General "] {
            assert_eq!(Named::read(name), Some(Named::Name("general".to_owned())), "{name:?}");
        }
        for nothing in ["", "#", "https://example.org/", "<#>", "https://acme.slack.com/archives/general"] {
            assert_eq!(Named::read(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn kinds_follow_the_flags() {
        let viewer = Viewer { team_id: "T1", user_id: "U0BRIDGE" };
        let kind = |text: &str| describe(viewer, serde_json::from_str(text).unwrap()).unwrap();
        assert_eq!(kind(r#"{"id":"C1","name":"a","is_private":true}"#).kind, ChatKind::Private);
        assert_eq!(kind(r#"{"id":"G1","name":"a"}"#).kind, ChatKind::Channel);
        let direct = kind(r#"{"id":"D1","is_im":true,"is_private":true,"user":"U1"}"#);
        assert_eq!((direct.kind, direct.peer.unwrap().as_str()), (ChatKind::Direct, "t1-u1"));
        let group = kind(r#"{"id":"C2","is_mpim":true,"name":"mpdm-a--b-1","topic":{"value":"t"}}"#);
        assert_eq!((group.kind, group.name, group.topic.as_deref()), (ChatKind::Group, None, Some("t")));
        assert!(describe(viewer, Channel::default()).is_none());
        let own = kind(
            r#"{"id":"C1","name":"a","topic":{"value":""},"purpose":{"value":"R&amp;D"},"creator":"U1"}"#,
        );
        assert_eq!((own.topic.as_deref(), own.description.as_deref()), (None, Some("R&D")));
        assert_eq!(own.creator.unwrap().as_str(), "t1-u1");
    }

    #[test]
    fn who_may_write_follows_the_restrictions() {
        let viewer = Viewer { team_id: "T1", user_id: "U0BRIDGE" };
        let posting = |properties: &str| {
            let text = format!(r#"{{"id": "C1", "name": "a", "properties": {properties}}}"#);
            let posting = describe(viewer, serde_json::from_str(&text).unwrap()).unwrap().posting;
            (posting.messages, posting.answers)
        };
        assert_eq!(posting("{}"), (true, true));
        let admins = r#""posting_restricted_to": {"type": ["admin"]}"#;
        assert_eq!(posting(&format!("{{{admins}}}")), (false, true));
        let both = r#", "threads_restricted_to": {"type": ["admin", "owner"], "user": ["U1"]}"#;
        assert_eq!(posting(&format!("{{{admins}{both}}}")), (false, false));
        let everybody = r#", "threads_restricted_to": {"type": ["ra"]}"#;
        assert_eq!(posting(&format!("{{{admins}{everybody}}}")), (false, true));
        let named = r#"{"posting_restricted_to": {"type": ["admin"], "user": ["U1", "U0BRIDGE"]}}"#;
        assert_eq!(posting(named), (true, true));
        // Odd documents forbid nothing: Slack itself refuses then.
        assert_eq!(posting(r#"{"posting_restricted_to": "admin"}"#), (true, true));
        assert_eq!(posting(r#"{"posting_restricted_to": {}}"#), (true, true));
    }
}
