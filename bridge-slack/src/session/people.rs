//! Names and pictures of people and bots, remembered for minutes.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bridge_core::error::NetworkError;
use bridge_core::id::RemoteUserId;
use bridge_core::network::UserInfo;
use moka::sync::Cache;
use tokio::sync::OnceCell;

use crate::api::reply::{Bot, BotReply, User, UserReply};
use crate::api::{CallError, Caller};
use crate::id;

/// Profiles kept at most.
const MOST_KEPT: u64 = 1_000;
/// A profile is asked for again after this time, even without an event that says it changed.
const KEPT_FOR: Duration = Duration::from_mins(10);

/// What is known of people. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct People {
    kept: Cache<RemoteUserId, Arc<OnceCell<UserInfo>>>,
}

impl People {
    pub(crate) fn new() -> Self {
        Self { kept: Cache::builder().max_capacity(MOST_KEPT).time_to_live(KEPT_FOR).build() }
    }

    /// The person changed.
    pub(crate) fn forget(&self, user_id: &RemoteUserId) {
        self.kept.invalidate(user_id);
    }

    /// A person's or a bot's name and picture. Lanes that ask at the same time share one call.
    pub(crate) async fn info(
        &self,
        caller: &Caller,
        user_id: &RemoteUserId,
    ) -> Result<UserInfo, NetworkError> {
        let Some(slack) = id::parse_user_id(user_id) else {
            return Err(NetworkError::Rejected("This is not the id of somebody on Slack.".to_owned()));
        };
        let profile = self.kept.get_with_by_ref(user_id, Arc::default);
        profile.get_or_try_init(|| fetch(caller, &slack.id)).await.cloned()
    }
}

async fn fetch(caller: &Caller, slack_id: &str) -> Result<UserInfo, NetworkError> {
    if slack_id.starts_with('B') {
        return bot_info(caller, slack_id).await.map(of_bot).map_err(|error| error.of_read("bots.info"));
    }
    let params = vec![("user", Some(Cow::Borrowed(slack_id)))];
    let reply: UserReply =
        caller.get("users.info", &params).await.map_err(|error| error.of_read("users.info"))?;
    Ok(of_user(reply.user))
}

/// What Slack tells about a bot.
pub(crate) async fn bot_info(caller: &Caller, bot_id: &str) -> Result<Bot, CallError> {
    let params = vec![("bot", Some(Cow::Borrowed(bot_id)))];
    Ok(caller.get::<BotReply>("bots.info", &params).await?.bot)
}

/// The first text that says something.
fn first<const N: usize>(texts: [Option<String>; N]) -> Option<String> {
    texts.into_iter().flatten().find(|text| !text.trim().is_empty())
}

fn of_user(user: User) -> UserInfo {
    let profile = user.profile;
    let mut info = UserInfo::default();
    info.name = first([profile.display_name, profile.real_name, user.real_name, user.name]);
    info.avatar_url = first([profile.image_512, profile.image_192, profile.image_original, profile.image_72]);
    info.is_bot = user.is_bot;
    info
}

fn of_bot(bot: Bot) -> UserInfo {
    let mut info = UserInfo::default();
    info.name = first([bot.name]);
    info.avatar_url = first([bot.icons.image_72, bot.icons.image_48, bot.icons.image_36]);
    info.is_bot = true;
    info
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_name_people_chose_comes_first() {
        let read = |text| of_user(serde_json::from_str(text).unwrap());
        let full =
            r#"{"name":"alice","real_name":"Alice Archer","profile":{"display_name":"ali","image_72":"u"}}"#;
        assert_eq!(read(full).name.as_deref(), Some("ali"));
        assert_eq!(read(full).avatar_url.as_deref(), Some("u"));
        let unnamed = r#"{"name":"alice","real_name":"Alice Archer","profile":{"display_name":" "}}"#;
        assert_eq!(read(unnamed).name.as_deref(), Some("Alice Archer"));
        assert_eq!(read("{}").name, None);
    }
}
