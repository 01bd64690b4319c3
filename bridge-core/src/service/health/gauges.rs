//! The gauges that are read when somebody asks for the metrics.

use super::facts::Facts;
use super::process::Process;
use crate::metrics::set;

/// Sets them by the facts.
pub(super) fn show(facts: &Facts) {
    set("bridge_ready", f64::from(u8::from(facts.is_ready())));
    if let Some((waiting, oldest)) = facts.queue {
        set("bridge_queue_waiting", number(waiting));
        let age = oldest.map_or(0, |at| facts.now.saturating_sub(at).max(0));
        set("bridge_queue_oldest_seconds", number(age) / 1000.0);
    }
    if let Some((portals, ghosts)) = facts.rooms {
        set("bridge_portals", number(portals));
        set("bridge_ghosts", number(ghosts));
    }
    if let Some(disk) = facts.disk {
        set("bridge_disk_free_bytes", number(i64::try_from(disk.free).unwrap_or(i64::MAX)));
    }
    for count in &facts.own.counts {
        let number = number(i64::try_from(count.number).unwrap_or(i64::MAX));
        metrics::gauge!(count.metric, "state" => count.state).set(number);
    }
}

/// Sets those of the process itself.
pub(super) fn show_process(started_at: i64) {
    set("process_start_time_seconds", number(started_at) / 1000.0);
    let Some(process) = Process::read() else { return };
    set("process_resident_memory_bytes", number(process.resident));
    set("process_open_fds", number(process.open_files));
    let most = process.most_files.and_then(|most| i64::try_from(most).ok());
    set("process_max_fds", most.map_or(f64::INFINITY, number));
    metrics::counter!("process_cpu_seconds_total").absolute(process.cpu_seconds);
}

#[allow(clippy::cast_precision_loss, reason = "a number for people to look at")]
fn number(count: i64) -> f64 {
    count as f64
}
