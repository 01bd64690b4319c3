//! Brings what the library counted to the metrics.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bot_instagram::Instagram;
use bot_instagram::outcome::{Outcome, Source};

/// What the metrics know already.
#[derive(Debug, Default)]
pub(super) struct Counts(Mutex<HashMap<(Source, Outcome), u64>>);

impl Counts {
    /// Adds what was counted since the last time.
    pub(super) fn tell(&self, instance_id: &str, site: &Instagram) {
        // Held over the reading: of two readings the older one must not come last.
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (source, outcome, count) in site.counted() {
            let before = told.insert((source, outcome), count).unwrap_or(0);
            if count > before {
                crate::metrics::asked(instance_id, source.name(), outcome.name(), count - before);
            }
        }
    }
}
