//! The workspace's own name, address and picture, remembered for an hour.

use std::sync::Arc;
use std::time::Duration;

use bridge_core::cache::Cache;
use bridge_core::network::Workspace;
use tokio::sync::OnceCell;

use crate::api::Caller;
use crate::api::reply::TeamReply;

/// It is asked for again after this time, even without an event that says it changed.
const KEPT_FOR: Duration = Duration::from_hours(1);

/// What is known of the workspace. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    team_id: String,
    /// Its name and address when the app was logged in.
    name: String,
    url: String,
    kept: Cache<(), Arc<OnceCell<Workspace>>>,
}

impl Home {
    pub(crate) fn new(team_id: &str, name: &str, url: &str) -> Self {
        let kept = Cache::expiring(1, KEPT_FOR);
        Self { team_id: team_id.to_owned(), name: name.to_owned(), url: url.to_owned(), kept }
    }

    /// It changed.
    pub(crate) fn forget(&self) {
        self.kept.clear();
    }

    /// The workspace. Where Slack does not tell, as without the scope `team:read`, it is what the login told. Those who
    /// ask at the same time share one call. None if Slack could not answer at this moment.
    pub(super) async fn workspace(&self, caller: &Caller) -> Option<Workspace> {
        let kept = self.kept.or_insert_with(&(), Arc::default);
        if let Some(workspace) = kept.get() {
            return Some(workspace.clone());
        }
        let reply: Result<TeamReply, _> = caller.get("team.info", &Vec::new()).await;
        match reply {
            Ok(reply) => Some(kept.get_or_init(|| async { self.described(reply) }).await.clone()),
            // What Slack refuses it refuses again; anything else may be over soon.
            Err(error) if error.code().is_some() => {
                Some(kept.get_or_init(|| async { self.of_login() }).await.clone())
            }
            Err(_) => None,
        }
    }

    /// The workspace as the login told it.
    pub(super) fn of_login(&self) -> Workspace {
        self.described(TeamReply::default())
    }

    fn described(&self, reply: TeamReply) -> Workspace {
        let team = reply.team;
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        let domain = filled(team.domain).map(|domain| format!("https://{domain}.slack.com/"));
        let icon =
            [team.icon.image_230, team.icon.image_132, team.icon.image_88].into_iter().find_map(filled);
        Workspace {
            id: self.team_id.to_ascii_lowercase(),
            name: filled(team.name).or_else(|| filled(Some(self.name.clone()))),
            avatar_url: icon.filter(|_| !team.icon.image_default),
            url: filled(team.url).or(domain).or_else(|| filled(Some(self.url.clone()))),
        }
    }
}

/// The address of a channel for people; `workspace` is what is known of the one it is seen in.
pub(super) fn channel_url(workspace: &Workspace, team_id: &str, channel: &str) -> String {
    match &workspace.url {
        Some(url) => format!("{}/archives/{channel}", url.trim_end_matches('/')),
        None => format!("https://app.slack.com/client/{team_id}/{channel}"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

    use super::*;

    #[test]
    fn a_picture_that_nobody_chose_is_none() {
        let home = Home::new("T1", "Acme", "");
        let read = |text: &str| home.described(serde_json::from_str(text).unwrap());
        let full = read(
            r#"{"team": {"name": "Acme Inc", "domain": "acme", "icon": {"image_132": "u", "image_default": false}}}"#,
        );
        assert_eq!((full.id.as_str(), full.name.as_deref()), ("t1", Some("Acme Inc")));
        assert_eq!(full.avatar_url.as_deref(), Some("u"));
        assert_eq!(channel_url(&full, "T1", "C1"), "https://acme.slack.com/archives/C1");
        let bare = read(r#"{"team": {"icon": {"image_132": "u", "image_default": true}}}"#);
        assert_eq!((bare.name.as_deref(), bare.avatar_url.as_deref()), (Some("Acme"), None));
        assert_eq!(channel_url(&bare, "T1", "C1"), "https://app.slack.com/client/T1/C1");
    }
}
