//! The handles of the workspace's user groups, remembered for minutes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bridge_core::cache::Cache;
use bridge_core::error::NetworkError;
use tokio::sync::OnceCell;

use crate::api::Caller;
use crate::api::reply::GroupsReply;

/// The list is asked for again after this time, even without an event that says it changed.
const KEPT_FOR: Duration = Duration::from_mins(10);

/// What is known of the workspace's user groups. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Groups {
    kept: Cache<(), Arc<OnceCell<HashMap<String, String>>>>,
}

impl Groups {
    pub(crate) fn new() -> Self {
        Self { kept: Cache::expiring(1, KEPT_FOR) }
    }

    /// The list changed.
    pub(crate) fn forget(&self) {
        self.kept.clear();
    }

    /// The handle of a group, with its sign. Those who ask at the same time share one call.
    pub(super) async fn handle(&self, caller: &Caller, group: &str) -> Result<Option<String>, NetworkError> {
        const METHOD: &str = "usergroups.list";
        let list = self.kept.or_insert_with(&(), Arc::default);
        let list = list.get_or_try_init(|| async {
            // Old messages name groups that are out of use.
            let params = vec![("include_disabled", Some("true".into()))];
            let reply: Result<GroupsReply, _> = caller.get(METHOD, &params).await;
            let reply = reply.map_err(|error| error.of_read(METHOD))?;
            let handles = reply.usergroups.into_iter().filter(|group| !group.handle.is_empty());
            let handles = handles.map(|group| (group.id, format!("@{}", group.handle)));
            Ok::<HashMap<_, _>, NetworkError>(handles.collect())
        });
        Ok(list.await?.get(group).cloned())
    }
}
