//! Brings timers into the queue when they are due.

use std::time::Duration;

use bridge_core::queue::retry;
use bridge_core::store::StoreError;

use super::Host;
use super::fan_out::{Told, told};
use crate::plugin::Timer;
use crate::store::timer::{self, TimerRow};

/// How long is waited at most before looking again: the machine's clock may leap, or have slept.
const LOOKED_EVERY: Duration = Duration::from_secs(10);
/// Timers that are delivered together.
const TOGETHER: i64 = 100;

/// Goes on until the program ends.
pub(super) async fn run(host: &Host) {
    let mut failures = 0;
    loop {
        match fire_due(host).await {
            Ok(next) => {
                failures = 0;
                let changed = host.0.timers_changed.notified();
                let _ = tokio::time::timeout(next.min(LOOKED_EVERY), changed).await;
            }
            Err(why) => {
                failures += 1;
                tracing::warn!(reason = why, "timers could not be looked at; trying again");
                tokio::time::sleep(retry::delay(failures)).await;
            }
        }
    }
}

/// Delivers what is due. Gives how long it is until the next one.
async fn fire_due(host: &Host) -> Result<Duration, String> {
    let store = &host.parts().store;
    let in_words = |error: StoreError| error.0;
    loop {
        let now = host.now();
        let rows = timer::due(store, now, TOGETHER).await.map_err(in_words)?;
        if rows.is_empty() {
            let next = timer::next_due(store).await.map_err(in_words)?;
            let left = next.map(|at| u64::try_from(at.saturating_sub(host.now())).unwrap_or(0));
            return Ok(left.map_or(LOOKED_EVERY, Duration::from_millis));
        }
        let jobs = rows.iter().map(|row| job(row, now)).collect::<Result<Vec<_>, _>>()?;
        host.parts().inbox.deliver_all(jobs).await.map_err(|error| error.to_string())?;
        // Dying before this delivers them again, which is known by the key.
        timer::note_fired(store, &rows).await.map_err(in_words)?;
    }
}

fn job(row: &TimerRow, now: i64) -> Result<bridge_core::queue::NewJob, String> {
    let key = format!("timer|{}|{}|{}", row.instance_id, row.due_at, row.name);
    let timer = Timer::from(row.clone());
    let what = Told { order: now << 20, accepted_at: now, event: None, timer: Some(timer) };
    let payload = serde_json::to_string(&what).map_err(|error| error.to_string())?;
    Ok(told(&row.instance_id, &row.room_id, key, payload))
}
