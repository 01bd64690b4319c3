//! What the homeserver was sent: events by transaction id, and the marked messages with their times.

use std::collections::{HashMap, HashSet};

use crate::clock::now_micros;
use crate::mark;

/// A marked message that arrived, once per event.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    /// The message's number.
    pub(crate) number: usize,
    /// The room, as it stands in the path.
    pub(crate) room: String,
    /// When its call arrived, in microseconds since 1970.
    pub(crate) at: u64,
}

/// All events since it was last cleared.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    event_ids: HashMap<String, u64>,
    workloads: HashMap<u32, Workload>,
}

#[derive(Debug, Default)]
struct Workload {
    different: HashSet<usize>,
    sent: Vec<Sent>,
}

impl Ledger {
    /// Takes an event. A transaction id that came before, from the same user, gives the same event again.
    pub(super) fn take(
        &mut self,
        room: &str,
        txn_key: String,
        body: &[u8],
        new_id: impl FnOnce() -> u64,
    ) -> u64 {
        let at = now_micros();
        if let Some(known) = self.event_ids.get(&txn_key) {
            return *known;
        }
        let id = new_id();
        self.event_ids.insert(txn_key, id);
        if let Some(mark) = mark::find(body) {
            let workload = self.workloads.entry(mark.workload).or_default();
            workload.different.insert(mark.number);
            workload.sent.push(Sent { number: mark.number, room: room.to_owned(), at });
        }
        id
    }

    pub(super) fn count(&self, workload: u32) -> usize {
        self.workloads.get(&workload).map_or(0, |workload| workload.different.len())
    }

    pub(super) fn of(&self, workload: u32) -> Vec<Sent> {
        self.workloads.get(&workload).map(|workload| workload.sent.clone()).unwrap_or_default()
    }

    pub(super) fn clear(&mut self) {
        self.workloads.clear();
        self.event_ids.clear();
    }
}
