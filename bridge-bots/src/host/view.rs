//! How instances are shown: in the health document, in lists, by themselves.

use serde::Serialize;
use serde_json::{Value, json};

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
    pub(crate) fn health(&self) -> Value {
        json!({ "instances": self.list() })
    }
}
