//! How often a service was started again lately: a count that climbs is a crash loop.

use std::collections::VecDeque;

/// How far it is looked back, in milliseconds.
const WINDOW: i64 = 10 * 60 * 1_000;
/// From how many restarts in that time on it is a loop.
const LOOP: u64 = 2;

/// The counts that were seen, with when.
#[derive(Debug, Clone, Default)]
pub(super) struct History(VecDeque<(i64, u64)>);

impl History {
    /// Notes a count.
    pub(super) fn note(&mut self, at: i64, count: u64) {
        self.0.push_back((at, count));
        // The last count before the window is what the first one in it is compared with.
        while self.0.get(1).is_some_and(|(at_of_second, _)| *at_of_second <= at - WINDOW) {
            self.0.pop_front();
        }
        self.thin_out();
    }

    /// By how much it rose in the last ten minutes. A count that fell was set back, by a start of the operator's.
    pub(super) fn rise(&self) -> u64 {
        let pairs = self.0.iter().zip(self.0.iter().skip(1));
        pairs.map(|((_, before), (_, after))| after.saturating_sub(*before)).sum()
    }

    /// Whether it is started again and again.
    pub(super) fn is_looping(&self) -> bool {
        self.rise() >= LOOP
    }

    /// Of equal counts in a row only the first and the last matter.
    fn thin_out(&mut self) {
        let end = self.0.len();
        if end >= 3 && self.0[end - 3].1 == self.0[end - 2].1 && self.0[end - 2].1 == self.0[end - 1].1 {
            self.0.remove(end - 2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(counts: &[(i64, u64)]) -> History {
        let mut history = History::default();
        for (minute, count) in counts {
            history.note(minute * 60_000, *count);
        }
        history
    }

    #[test]
    fn a_climbing_count_is_a_loop_until_it_has_been_quiet_for_ten_minutes() {
        assert!(!after(&[(0, 57)]).is_looping(), "what was before is not known");
        assert!(!after(&[(0, 57), (1, 58)]).is_looping(), "once is no loop");
        assert!(after(&[(0, 57), (1, 58), (2, 59)]).is_looping());
        assert!(after(&[(0, 1), (1, 3), (9, 3)]).is_looping());
        assert!(!after(&[(0, 1), (1, 3), (9, 3), (10, 3), (12, 3)]).is_looping());
        assert_eq!(after(&[(0, 5), (1, 0), (2, 1)]).rise(), 1, "it was set back");
    }

    #[test]
    fn it_stays_short() {
        let many: Vec<(i64, u64)> = (0..10_000).map(|minute| (minute, 4)).collect();
        assert!(after(&many).0.len() <= 3);
    }
}
