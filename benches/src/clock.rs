//! The one clock of a run: all processes stamp with the machine's time, so that stamps can be subtracted.

use std::time::{SystemTime, UNIX_EPOCH};

/// Microseconds since 1970, as the fake workspace stamps too.
pub(crate) fn now_micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
