//! What we read of Slack's answers: every field may be missing, unknown ones don't matter.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A field of another type than expected counts as missing: one odd field must not lose an answer.
fn lenient<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned + Default,
{
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

macro_rules! reply {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, Deserialize)]
        #[serde(default)]
        pub(crate) struct $name {
            $($(#[$field_doc])* #[serde(deserialize_with = "lenient")] pub(crate) $field: $kind,)*
        }
    };
}

reply!(
    /// `chat.postMessage`
    Posted {
        /// The message's timestamp, which is its id within the channel.
        ts: Option<String>,
        /// The channel, which may differ from the one named.
        channel: Option<String>,
    }
);
reply!(
    /// The part of a list's answer that leads to the next page.
    ResponseMetadata {
        /// Empty on the last page.
        next_cursor: String,
    }
);
reply!(
    /// A page of channels.
    ChannelPage {
        channels: Vec<Channel>,
        response_metadata: ResponseMetadata,
    }
);
reply!(
    /// `conversations.info`
    ChannelReply {
        channel: Channel,
    }
);
reply!(
    /// A topic or purpose.
    Note {
        value: String,
    }
);
reply!(
    /// A channel, direct message or group.
    Channel {
        id: String,
        name: Option<String>,
        is_im: bool,
        is_mpim: bool,
        is_private: bool,
        is_archived: bool,
        /// Whether the caller is in it; not told for direct messages.
        is_member: Option<bool>,
        /// The other person of a direct message.
        user: Option<String>,
        topic: Note,
        purpose: Note,
        /// Who made it.
        creator: Option<String>,
        properties: Properties,
    }
);
reply!(
    /// What is set for a channel.
    Properties {
        /// Who may write in it; anybody if it is missing.
        posting_restricted_to: Option<Restriction>,
        /// Who may answer in its threads; anybody if it is missing.
        threads_restricted_to: Option<Restriction>,
    }
);
reply!(
    /// Those who may do something.
    Restriction {
        /// Kinds of people (`admin`, `owner`, …; `ra` is every full member).
        #[serde(rename = "type")]
        kinds: Vec<String>,
        /// Single people.
        user: Vec<String>,
    }
);
reply!(
    /// `bookmarks.list`
    BookmarksReply {
        bookmarks: Vec<Bookmark>,
    }
);
reply!(
    /// What stands on top of a channel.
    Bookmark {
        title: String,
        link: Option<String>,
        /// With colons.
        emoji: Option<String>,
        /// Where it stands among the others.
        rank: Option<String>,
    }
);
reply!(
    /// `team.info`
    TeamReply {
        team: Team,
    }
);
reply!(
    /// A workspace.
    Team {
        name: Option<String>,
        url: Option<String>,
        domain: Option<String>,
        icon: TeamIcon,
    }
);
reply!(
    /// A workspace's picture in sizes.
    #[allow(clippy::struct_field_names, reason = "they are Slack's")]
    TeamIcon {
        image_230: Option<String>,
        image_132: Option<String>,
        image_88: Option<String>,
        /// Whether nobody has chosen one.
        image_default: bool,
    }
);
reply!(
    /// A page of messages.
    MessagePage {
        messages: Vec<Message>,
        response_metadata: ResponseMetadata,
    }
);
reply!(
    /// What `find_sent` looks at, and what an answer quotes.
    Message {
        ts: String,
        thread_ts: Option<String>,
        user: Option<String>,
        bot_id: Option<String>,
        app_id: Option<String>,
        username: Option<String>,
        text: String,
        blocks: Value,
        files: Vec<File>,
        metadata: Value,
    }
);
reply!(
    /// A page of messages, each as Slack wrote it.
    RawMessagePage {
        messages: Vec<Value>,
        response_metadata: ResponseMetadata,
    }
);
reply!(
    /// A file.
    File {
        id: String,
        /// Whose it is.
        user: Option<String>,
        name: String,
        /// By visibility and channel, the messages it is shared in.
        shares: Value,
    }
);
reply!(
    /// `files.info`
    FileReply {
        file: File,
    }
);
reply!(
    /// `files.info`, with the file as Slack wrote it.
    RawFileReply {
        file: Value,
    }
);
reply!(
    /// `files.completeUploadExternal`
    FilesReply {
        files: Vec<File>,
    }
);
reply!(
    /// `files.getUploadURLExternal`
    UploadPlace {
        upload_url: String,
        file_id: String,
    }
);
reply!(
    /// `pins.list`
    PinsReply {
        items: Vec<Pin>,
    }
);
reply!(
    /// Something pinned.
    Pin {
        message: Pinned,
    }
);
reply!(
    /// A pinned message; a pinned file has none.
    Pinned {
        ts: String,
    }
);
reply!(
    /// A page of a channel's members.
    MemberPage {
        members: Vec<String>,
        response_metadata: ResponseMetadata,
    }
);
reply!(
    /// `emoji.list`: the address of each, or `alias:` and another's name.
    EmojiReply {
        emoji: std::collections::HashMap<String, String>,
    }
);
reply!(
    /// `usergroups.list`
    GroupsReply {
        usergroups: Vec<Group>,
    }
);
reply!(
    /// A user group.
    Group {
        id: String,
        handle: String,
    }
);
reply!(
    /// `chat.getPermalink`
    PermalinkReply {
        permalink: String,
    }
);
reply!(
    /// Of what only the success matters.
    Done {
        ok: bool,
    }
);

impl File {
    /// The message that shows the file in a channel.
    pub(crate) fn share_in(&self, channel: &str) -> Option<&str> {
        let mut places = self.shares.as_object()?.values();
        places.find_map(|place| place[channel].as_array()?.first()?["ts"].as_str())
    }
}

reply!(
    /// `users.info`
    UserReply {
        user: User,
    }
);
reply!(
    /// A page of `users.list`.
    UserPage {
        members: Vec<User>,
        response_metadata: ResponseMetadata,
    }
);
reply!(
    /// A person, or the user behind a bot.
    User {
        id: String,
        /// The workspace that they belong to, which may be another one.
        team_id: Option<String>,
        /// The handle.
        name: Option<String>,
        real_name: Option<String>,
        /// Their time zone by name; not told of people who have gone, and of strangers.
        tz: Option<String>,
        is_bot: bool,
        deleted: bool,
        /// From another workspace, so that little is told of them.
        is_stranger: bool,
        /// When all this last changed, in seconds since 1970.
        updated: i64,
        profile: Profile,
    }
);
reply!(
    /// A person's profile.
    Profile {
        display_name: Option<String>,
        real_name: Option<String>,
        title: Option<String>,
        status_text: Option<String>,
        /// Between colons.
        status_emoji: Option<String>,
        /// In seconds since 1970; 0 for one that does not end by itself.
        status_expiration: Option<i64>,
        image_original: Option<String>,
        image_512: Option<String>,
        image_192: Option<String>,
        image_72: Option<String>,
    }
);
reply!(
    /// `bots.info`
    BotReply {
        bot: Bot,
    }
);
reply!(
    /// A bot.
    Bot {
        name: Option<String>,
        app_id: Option<String>,
        icons: Icons,
    }
);
reply!(
    /// A bot's picture in sizes.
    #[allow(clippy::struct_field_names, reason = "they are Slack's")]
    Icons {
        image_72: Option<String>,
        image_48: Option<String>,
        image_36: Option<String>,
    }
);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

    use super::*;

    #[test]
    fn odd_fields_lose_nothing_but_themselves() {
        let text = r#"{"messages": [{"ts": "1.2", "user": 5, "metadata": {"event_payload": {"n": 7}}}],
                       "response_metadata": {"next_cursor": "dXNlcg=="}, "new": [1]}"#;
        let page: MessagePage = serde_json::from_str(text).unwrap();
        assert_eq!(page.messages[0].ts, "1.2");
        assert_eq!(page.messages[0].user, None);
        assert_eq!(page.messages[0].metadata["event_payload"]["n"], 7);
        assert_eq!(page.response_metadata.next_cursor, "dXNlcg==");
    }

    #[test]
    fn a_share_is_found_wherever_the_channel_stands() {
        let file: File = serde_json::from_str(
            r#"{"shares": {"public": {"C1": [{"ts": "1.000001"}]}, "private": {"G2": [{"ts": "2.000002"}], "G3": []}}}"#,
        )
        .unwrap();
        assert_eq!((file.share_in("C1"), file.share_in("G2")), (Some("1.000001"), Some("2.000002")));
        assert_eq!((file.share_in("G3"), File::default().share_in("C1")), (None, None));
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        for text in [r#"{"channels": []}"#, r#"{"response_metadata": null}"#] {
            let page: ChannelPage = serde_json::from_str(text).unwrap();
            assert_eq!(page.response_metadata.next_cursor, "");
        }
    }
}
