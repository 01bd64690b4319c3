//! What Slack tells of many people: by the list of all, where that takes less time than asking for each.

use std::collections::HashMap;

use bridge_core::error::NetworkError;
use bridge_core::id::RemoteUserId;
use bridge_core::network::UserInfo;

use super::People;
use crate::api::Caller;
use crate::api::reply::User;
use crate::id;

/// The fewest people for whom the list is worth it.
const FEWEST: usize = 20;
/// Slack allows 20 pages a minute, and 100 questions for one person.
const QUESTIONS_PER_PAGE: usize = 5;

impl People {
    /// Those of the people whom the list of all tells of within the time that asking for each would take.
    pub(crate) async fn infos(
        &self,
        caller: &Caller,
        users: &[RemoteUserId],
    ) -> Result<Vec<(RemoteUserId, UserInfo)>, NetworkError> {
        if users.len() < FEWEST {
            return Ok(Vec::new());
        }
        let slack_id = |user: &RemoteUserId| Some((id::parse_user_id(user)?.id, user.clone()));
        let mut wanted: HashMap<String, RemoteUserId> = users.iter().filter_map(slack_id).collect();
        let mut found: Vec<(RemoteUserId, User)> = Vec::new();
        let take = |page: Vec<User>| {
            found.extend(page.into_iter().filter_map(|user| Some((wanted.remove(&user.id)?, user))));
            wanted.is_empty()
        };
        let read = caller.users(users.len() / QUESTIONS_PER_PAGE, take).await;
        read.map_err(|error| error.of_read("users.list"))?;
        let mut infos = Vec::with_capacity(found.len());
        for (user_id, user) in found {
            infos.push((user_id, self.describe(caller, user).await));
        }
        Ok(infos)
    }
}
