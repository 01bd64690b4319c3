//! How instances are shown: in the health document, in lists, by themselves.

use bridge_core::service::health::{Count, HealthPart, Own, Trouble};
use serde::Serialize;
use serde_json::json;

use super::Host;
use crate::instance::Instance;
use crate::instance::status::Phase;

/// An instance as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct InstanceView {
    pub(crate) id: String,
    pub(crate) plugin: String,
    pub(crate) account: String,
    pub(crate) state: Phase,
    /// Since when, in milliseconds since 1970.
    pub(crate) since: i64,
    /// Whether it fails again and again.
    pub(crate) crash_looping: bool,
    pub(crate) restarts: u64,
    pub(crate) last_event_at: Option<i64>,
    pub(crate) last_ok_at: Option<i64>,
    pub(crate) last_error: Option<String>,
    /// Whether the config file declares it.
    pub(crate) declared: bool,
    /// In what it differs from the config file.
    pub(crate) drift: Vec<&'static str>,
}

impl Host {
    /// All instances, by their names.
    pub(crate) fn list(&self) -> Vec<InstanceView> {
        self.instances().iter().map(|instance| self.view(instance)).collect()
    }

    pub(super) fn view(&self, instance: &Instance) -> InstanceView {
        let (row, status) = (instance.row(), instance.status());
        InstanceView {
            drift: self.drift(&row),
            id: row.instance_id,
            plugin: row.plugin,
            account: row.user_id,
            state: status.phase,
            since: status.since,
            crash_looping: status.is_looping(),
            restarts: status.restarts,
            last_event_at: status.last_event_at,
            last_ok_at: status.last_ok_at,
            last_error: status.last_error,
            declared: row.declared,
        }
    }

    /// The program's own part of the health document.
    pub(crate) fn health(&self) -> Own {
        let instances = self.list();
        let count = |state: Phase| Count {
            metric: "bots_instances",
            state: state.as_str(),
            number: instances.iter().filter(|instance| instance.state == state).count(),
        };
        let outside = self.accounts().into_iter().filter_map(|row| {
            let connection = self.connection(&row.user_id)?;
            Some(json!({ "account": row.user_id, "homeserver": row.homeserver, "connection": connection }))
        });
        Own {
            parts: instances.iter().map(part).collect(),
            counts: Phase::ALL.map(count).to_vec(),
            document: json!({ "instances": instances, "outside": outside.collect::<Vec<_>>() }),
        }
    }
}

/// An instance as a part of the health document.
fn part(instance: &InstanceView) -> HealthPart {
    let facts = json!({ "connection": instance.state, "restarts": instance.restarts });
    let part = HealthPart::fine(format!("bot {}", instance.id), facts).since(instance.since);
    let trouble = (instance.state == Phase::Restarting).then(|| {
        Trouble::degraded(
            "bot_failing",
            format!(
                "The bot has failed and is started again after a while; {} times so far. What is meant for it waits.",
                instance.restarts
            ),
            format!("`ctl logs {}` says why.", instance.id),
        )
    });
    HealthPart { last_message_at: instance.last_event_at, ..part.with(trouble) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bot_that_failed_is_told_until_it_runs() {
        let mut view = InstanceView {
            id: "clock".to_owned(),
            plugin: "hello".to_owned(),
            account: "@bots_clock:example.org".to_owned(),
            state: Phase::Restarting,
            since: 7,
            crash_looping: false,
            restarts: 2,
            last_event_at: Some(5),
            last_ok_at: None,
            last_error: Some("what somebody wrote".to_owned()),
            declared: true,
            drift: Vec::new(),
        };
        let failing = part(&view);
        assert_eq!((failing.code(), failing.since), (Some("bot_failing"), Some(7)));
        assert!(!format!("{failing:?}").contains("somebody"), "an error may hold what people wrote");
        view.state = Phase::Running;
        assert_eq!((part(&view).code(), part(&view).last_message_at), (None, Some(5)));
    }
}
