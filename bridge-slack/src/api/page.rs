//! Lists that come in pages.

use std::borrow::Cow;

use serde::de::DeserializeOwned;

use super::reply::{Channel, ChannelPage, MemberPage, Message, MessagePage, RawMessagePage, User, UserPage};
use super::{CallError, Caller, Params};

const HISTORY: &str = "conversations.history";
const REPLIES: &str = "conversations.replies";

/// Longest pages Slack gives for the lists we read.
const CHANNELS_PER_PAGE: &str = "999";
const MESSAGES_PER_PAGE: &str = "200";
const MEMBERS_PER_PAGE: &str = "999";
/// The same of people.
pub(crate) const USERS_PER_PAGE: usize = 500;

impl Caller {
    /// All channels that `users.conversations` or `conversations.list` tells of, until `enough` says so.
    pub(crate) async fn channels(
        &self,
        method: &'static str,
        types: &str,
        mut enough: impl FnMut(&Channel) -> bool + Send,
    ) -> Result<Vec<Channel>, CallError> {
        let mut found = Vec::new();
        let mut cursor = String::new();
        loop {
            let params: Params<'_> = vec![
                ("types", Some(Cow::Borrowed(types))),
                ("exclude_archived", Some(Cow::Borrowed("true"))),
                ("limit", Some(Cow::Borrowed(CHANNELS_PER_PAGE))),
                ("cursor", none_if_empty(&cursor)),
            ];
            let page: ChannelPage = self.get(method, &params).await?;
            let done = page.channels.iter().any(&mut enough);
            found.extend(page.channels);
            let next = page.response_metadata.next_cursor;
            if done || next.is_empty() || next == cursor {
                return Ok(found);
            }
            cursor = next;
        }
    }

    /// The first `at_most` people of a channel, in Slack's spelling.
    pub(crate) async fn members(&self, channel: &str, at_most: usize) -> Result<Vec<String>, CallError> {
        let mut found = Vec::new();
        let mut cursor = String::new();
        loop {
            let params: Params<'_> = vec![
                ("channel", Some(Cow::Borrowed(channel))),
                ("limit", Some(Cow::Borrowed(MEMBERS_PER_PAGE))),
                ("cursor", none_if_empty(&cursor)),
            ];
            let page: MemberPage = self.get("conversations.members", &params).await?;
            found.extend(page.members);
            let next = page.response_metadata.next_cursor;
            if found.len() >= at_most || next.is_empty() || next == cursor {
                found.truncate(at_most);
                return Ok(found);
            }
            cursor = next;
        }
    }

    /// Shows the people of the workspace, page by page, until `enough` says so or so many pages were read: then there are
    /// more, and the answer is `false`.
    pub(crate) async fn users(
        &self,
        most_pages: usize,
        mut enough: impl FnMut(Vec<User>) -> bool + Send,
    ) -> Result<bool, CallError> {
        let mut cursor = String::new();
        for _ in 0..most_pages {
            let limit = Cow::Owned(USERS_PER_PAGE.to_string());
            let params: Params<'_> = vec![("limit", Some(limit)), ("cursor", none_if_empty(&cursor))];
            let page: UserPage = self.get("users.list", &params).await?;
            let next = page.response_metadata.next_cursor;
            if enough(page.members) || next.is_empty() || next == cursor {
                return Ok(true);
            }
            cursor = next;
        }
        Ok(false)
    }

    /// The page of messages in which a message is, in the channel or in a thread of it. `M` says how much of them is read.
    pub(crate) async fn page_around<M: DeserializeOwned + Send + 'static>(
        &self,
        channel: &str,
        ts: &str,
    ) -> Result<M, CallError> {
        let params: Params<'_> = vec![
            ("channel", Some(Cow::Borrowed(channel))),
            ("ts", Some(Cow::Borrowed(ts))),
            ("oldest", Some(Cow::Borrowed(ts))),
            ("latest", Some(Cow::Borrowed(ts))),
            ("inclusive", Some(Cow::Borrowed("true"))),
            ("include_all_metadata", Some(Cow::Borrowed("true"))),
            ("limit", Some(Cow::Borrowed("10"))),
        ];
        self.get(REPLIES, &params).await
    }

    /// A page of a channel, the newest messages first, or of the thread under `root` since `oldest`, the oldest first.
    pub(crate) async fn past(
        &self,
        channel: &str,
        root: Option<(&str, &str)>,
        cursor: &str,
    ) -> Result<RawMessagePage, CallError> {
        let method = if root.is_some() { REPLIES } else { HISTORY };
        let params: Params<'_> = vec![
            ("channel", Some(Cow::Borrowed(channel))),
            ("ts", root.map(|(ts, _)| Cow::Borrowed(ts))),
            ("oldest", root.map(|(_, oldest)| Cow::Borrowed(oldest))),
            ("include_all_metadata", Some(Cow::Borrowed("true"))),
            ("limit", Some(Cow::Borrowed(MESSAGES_PER_PAGE))),
            ("cursor", none_if_empty(cursor)),
        ];
        self.get(method, &params).await
    }

    /// Shows the messages of a channel, or of the thread under `root`, since `oldest`, with their metadata, until
    /// `enough` says so.
    pub(crate) async fn messages_since(
        &self,
        channel: &str,
        root: Option<&str>,
        oldest: &str,
        mut enough: impl FnMut(&Message) -> bool + Send,
    ) -> Result<(), CallError> {
        let method = if root.is_some() { REPLIES } else { HISTORY };
        let mut cursor = String::new();
        loop {
            let params: Params<'_> = vec![
                ("channel", Some(Cow::Borrowed(channel))),
                ("ts", root.map(Cow::Borrowed)),
                ("oldest", Some(Cow::Borrowed(oldest))),
                ("inclusive", Some(Cow::Borrowed("true"))),
                ("include_all_metadata", Some(Cow::Borrowed("true"))),
                ("limit", Some(Cow::Borrowed(MESSAGES_PER_PAGE))),
                ("cursor", none_if_empty(&cursor)),
            ];
            let page: MessagePage = self.get(method, &params).await?;
            let next = page.response_metadata.next_cursor;
            if page.messages.iter().any(&mut enough) || next.is_empty() || next == cursor {
                return Ok(());
            }
            cursor = next;
        }
    }
}

fn none_if_empty(text: &str) -> Option<Cow<'_, str>> {
    (!text.is_empty()).then_some(Cow::Borrowed(text))
}
