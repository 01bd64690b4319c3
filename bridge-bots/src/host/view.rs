//! How instances are shown: in the health document, in lists, by themselves.

use bridge_core::service::health::{Count, HealthPart, Own, Trouble};
use serde::Serialize;
use serde_json::{Value, json};

use super::Host;
use super::outside::{Shown, State};
use crate::instance::Instance;
use crate::instance::status::Phase;
use crate::store::account::AccountRow;

/// How long an account's homeserver may be away before it is told, in milliseconds.
const AWAY_MS: i64 = 60_000;

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
        let accounts = self.accounts().into_iter();
        let outside: Vec<(AccountRow, Shown)> =
            accounts.filter_map(|row| self.connection(&row.user_id).map(|shown| (row, shown))).collect();
        let connected = |state: State| Count {
            metric: "bots_outside_accounts",
            state: state.as_str(),
            number: outside.iter().filter(|(_, shown)| shown.state == state).count(),
        };
        let counts = Phase::ALL.map(count).into_iter().chain(State::ALL.map(connected)).collect();
        let now = self.now();
        let parts = outside.iter().map(|(row, shown)| account(&row.name, shown, now));
        Own {
            parts: instances.iter().map(part).chain(parts).collect(),
            counts,
            document: document(&instances, &outside),
        }
    }
}

/// Instances and connections for whoever may ask for the health document: without the last errors, which may hold what people or
/// a homeserver wrote. Those are for operators.
fn document(instances: &[InstanceView], outside: &[(AccountRow, Shown)]) -> Value {
    let instances =
        instances.iter().map(|instance| json!(InstanceView { last_error: None, ..instance.clone() }));
    let outside = outside.iter().map(|(row, shown)| {
        let connection = Shown { error: None, ..shown.clone() };
        json!({ "account": row.user_id, "homeserver": row.homeserver, "connection": connection })
    });
    json!({ "instances": instances.collect::<Vec<_>>(), "outside": outside.collect::<Vec<_>>() })
}

/// The connection of an account elsewhere as a part of the health document.
fn account(name: &str, shown: &Shown, now: i64) -> HealthPart {
    let facts = json!({ "connection": shown.state.as_str() });
    let part = HealthPart::fine(format!("account {name}"), facts).since(shown.since);
    let trouble = match shown.state {
        State::SignedOut => Some(Trouble::degraded(
            "account_signed_out",
            "Its homeserver does not take the account's token, so its bots hear nothing. What came so far is kept.".to_owned(),
            "Sign the account in again; `ctl accounts` says where the new token goes.".to_owned(),
        )),
        State::Away | State::Connecting if now - shown.since > AWAY_MS => Some(Trouble::degraded(
            "account_away",
            "The account's homeserver has not answered for more than a minute, so its bots wait.".to_owned(),
            "Look whether that homeserver runs; it is asked again and again. `ctl accounts` has its last answer.".to_owned(),
        )),
        _ => None,
    };
    part.with(trouble)
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
        assert!(!document(std::slice::from_ref(&view), &[]).to_string().contains("somebody"));
        view.state = Phase::Running;
        assert_eq!((part(&view).code(), part(&view).last_message_at), (None, Some(5)));
    }

    #[test]
    fn an_account_elsewhere_is_told_when_it_is_signed_out_or_long_away() {
        let shown =
            |state: State| Shown { state, since: 1_000, error: Some("what a homeserver wrote".to_owned()) };
        let code = |state: State, now: i64| {
            let part = account("far", &shown(state), now);
            assert!(!format!("{part:?}").contains("wrote"), "its words stay out of the document");
            part.code()
        };
        assert_eq!(code(State::SignedOut, 1_001), Some("account_signed_out"));
        assert_eq!(code(State::Away, 61_000), None);
        assert_eq!(code(State::Away, 61_001), Some("account_away"));
        assert_eq!(code(State::Connecting, 61_001), Some("account_away"));
        assert_eq!(code(State::Connected, i64::MAX), None);
    }
}
