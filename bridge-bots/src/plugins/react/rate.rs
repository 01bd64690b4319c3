//! How often `react` may answer, in a room and to a person.

use std::collections::{HashMap, VecDeque};

use super::config::{Antispam, Limit};
use crate::plugin::Event;

/// From how many names on those without a recent answer are forgotten.
const REMEMBERED: usize = 1_000;

/// The answers of the last while.
#[derive(Debug)]
pub(super) struct Rate {
    rooms: Counted,
    users: Counted,
}

/// The times of answers, by name.
#[derive(Debug)]
struct Counted {
    limit: Limit,
    /// The events that were answered, and when they came.
    answered: HashMap<String, VecDeque<(String, i64)>>,
}

impl Rate {
    pub(super) fn new(limits: &Antispam) -> Self {
        let counted = |limit| Counted { limit, answered: HashMap::new() };
        Self { rooms: counted(limits.room), users: counted(limits.user) }
    }

    /// Whether this event may be answered; if so it counts from now on. The same event once more is answered as before.
    pub(super) fn allows(&mut self, event: &Event) -> bool {
        if self.rooms.has(&event.room_id, event) {
            return true;
        }
        let is_allowed =
            self.rooms.has_room(&event.room_id, event) && self.users.has_room(&event.sender, event);
        if is_allowed {
            self.rooms.count(&event.room_id, event);
            self.users.count(&event.sender, event);
        }
        is_allowed
    }
}

impl Counted {
    fn has(&self, name: &str, event: &Event) -> bool {
        self.answered.get(name).is_some_and(|times| times.iter().any(|(id, _)| *id == event.id))
    }

    fn has_room(&mut self, name: &str, event: &Event) -> bool {
        let Limit { max, .. } = self.limit;
        self.forget(event.accepted_at);
        max == 0 || self.answered.get(name).is_none_or(|times| times.len() < max as usize)
    }

    fn count(&mut self, name: &str, event: &Event) {
        let times = self.answered.entry(name.to_owned()).or_default();
        times.push_back((event.id.clone(), event.accepted_at));
        // Without a limit only the last few are of use, to know a repeat by.
        while times.len() > (self.limit.max as usize).max(8) {
            times.pop_front();
        }
    }

    fn forget(&mut self, now: i64) {
        let since = now - i64::from(self.limit.delay) * 1_000;
        if self.answered.len() > REMEMBERED {
            self.answered.retain(|_, times| times.back().is_some_and(|(_, at)| *at > since));
        }
        for times in self.answered.values_mut() {
            while times.front().is_some_and(|(_, at)| *at <= since) {
                times.pop_front();
            }
        }
    }
}
