//! The names of workspaces: our own, and those that share channels with it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bridge_core::cache::Cache;
use tokio::sync::OnceCell;

use crate::api::Caller;
use crate::api::reply::TeamReply;
use crate::id;

/// Workspaces kept at most.
const MOST_KEPT: usize = 1_000;
/// A name is asked for again after this time.
const KEPT_FOR: Duration = Duration::from_hours(24);

/// What workspaces are called. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Teams {
    own: Arc<(String, String)>,
    others: Cache<String, Arc<OnceCell<Option<String>>>>,
}

impl Teams {
    pub(super) fn new(team_id: &str, team_name: &str) -> Self {
        Self {
            own: Arc::new((team_id.to_owned(), team_name.to_owned())),
            others: Cache::expiring(MOST_KEPT, KEPT_FOR),
        }
    }

    /// Our own workspace.
    pub(super) fn own_id(&self) -> &str {
        &self.own.0
    }

    /// What our own workspace is called, if that is known.
    pub(super) fn own_name(&self) -> Option<String> {
        Some(self.own.1.clone()).filter(|name| !name.is_empty())
    }

    /// A workspace's name; none where Slack does not tell it, which holds nobody up: names are shown without it.
    pub(super) async fn name(&self, caller: &Caller, team_id: Option<&str>) -> Option<String> {
        let is_other = |team_id: &&str| id::is_slack_id(team_id) && *team_id != self.own_id();
        let Some(team_id) = team_id.filter(is_other) else { return self.own_name() };
        let name = self.others.or_insert_with(team_id, Arc::default);
        name.get_or_init(|| async {
            let params = vec![("team", Some(Cow::Borrowed(team_id)))];
            let asked: Result<TeamReply, _> = caller.get("team.info", &params).await;
            asked.ok().and_then(|reply| reply.team.name)
        })
        .await
        .clone()
    }
}
