//! What Slack tells of people and bots, remembered for minutes.

mod described;
mod heard;
mod many;
mod teams;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bridge_core::cache::Cache;
use bridge_core::clock::Clock;
use bridge_core::error::NetworkError;
use bridge_core::id::RemoteUserId;
use bridge_core::network::UserInfo;
use tokio::sync::OnceCell;

use self::teams::Teams;
use crate::api::reply::{Bot, BotReply, User, UserReply};
use crate::api::{CallError, Caller};
use crate::id;

/// Profiles kept at most.
const MOST_KEPT: usize = 1_000;
/// A profile is asked for again after this time, even without an event that says it changed.
const KEPT_FOR: Duration = Duration::from_mins(10);

/// What is known of people. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct People {
    kept: Cache<RemoteUserId, Arc<OnceCell<Known>>>,
    teams: Teams,
    clock: Clock,
}

/// What Slack told of somebody.
#[derive(Debug, Clone)]
struct Known {
    info: UserInfo,
    /// When the person's data last changed, in seconds since 1970 by Slack's clock; 0 if it does not say.
    updated: i64,
}

impl People {
    /// Nobody is known yet; the workspace itself is.
    pub(crate) fn new(team_id: &str, team_name: &str, clock: Clock) -> Self {
        Self { kept: Cache::expiring(MOST_KEPT, KEPT_FOR), teams: Teams::new(team_id, team_name), clock }
    }

    /// What is told of a person or a bot. Lanes that ask at the same time share one call.
    pub(crate) async fn info(
        &self,
        caller: &Caller,
        user_id: &RemoteUserId,
    ) -> Result<UserInfo, NetworkError> {
        let Some(slack) = id::parse_user_id(user_id) else {
            return Err(NetworkError::Rejected("This is not the id of somebody on Slack.".to_owned()));
        };
        let profile = self.kept.or_insert_with(user_id, Arc::default);
        let known = profile.get_or_try_init(|| self.fetch(caller, &slack.id)).await?;
        Ok(known.info.clone())
    }

    async fn fetch(&self, caller: &Caller, slack_id: &str) -> Result<Known, NetworkError> {
        if slack_id.starts_with('B') {
            let bot = bot_info(caller, slack_id).await.map_err(|error| error.of_read("bots.info"))?;
            return Ok(Known { info: described::bot(bot), updated: 0 });
        }
        let params = vec![("user", Some(Cow::Borrowed(slack_id)))];
        let reply: UserReply =
            caller.get("users.info", &params).await.map_err(|error| error.of_read("users.info"))?;
        let updated = reply.user.updated;
        Ok(Known { info: self.describe(caller, reply.user).await, updated })
    }

    /// A person with the name of their workspace.
    async fn describe(&self, caller: &Caller, user: User) -> UserInfo {
        let team = self.teams.name(caller, user.team_id.as_deref()).await;
        let mut info = described::user(user);
        info.team = team;
        info
    }
}

/// What Slack tells about a bot.
pub(crate) async fn bot_info(caller: &Caller, bot_id: &str) -> Result<Bot, CallError> {
    let params = vec![("bot", Some(Cow::Borrowed(bot_id)))];
    Ok(caller.get::<BotReply>("bots.info", &params).await?.bot)
}
