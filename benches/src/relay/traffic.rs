//! Sending a workload in either direction, and what arrived of it.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;
use tokio::time::{Instant, sleep, sleep_until};

use super::Stage;
use crate::clock::now_micros;
use crate::homeserver::SERVER_NAME;
use crate::mark;

/// How long everything may take to arrive.
const PATIENCE: Duration = Duration::from_mins(2);
/// Within this time marks of finished jobs are written; only then is what a workload cost complete.
const AFTERMATH: Duration = Duration::from_millis(250);
/// Matrix users who write in turn.
const WRITERS: usize = 20;

/// What arrived of a workload.
#[derive(Debug, Default)]
pub(super) struct Arrived {
    /// For each message that arrived, its room's number and how long that took, in milliseconds.
    pub(super) latencies: Vec<(usize, f64)>,
    /// From the first message's sending to the last one's arrival, in seconds.
    pub(super) delivered_s: f64,
    /// To the last acknowledgement, in seconds; zero towards Slack.
    pub(super) acknowledged_s: f64,
    /// The 99th percentile of acknowledgements, in milliseconds.
    pub(super) ack_p99_ms: f64,
    /// Messages that came after a later one of their room.
    pub(super) order_faults: usize,
    /// Messages that never came.
    pub(super) missing: usize,
    /// Messages that came more than once.
    pub(super) doubled: usize,
    /// Events that Slack had to send more than once.
    pub(super) sent_again: usize,
}

/// Sends from Slack, at once or at a rate per second.
pub(super) async fn from_slack(stage: &mut Stage, count: usize, per_second: Option<f64>) -> Result<Arrived> {
    let workload = stage.workload();
    stage.homeserver.forget_sent();
    let answer = stage.slack.burst(workload, count, per_second).await?;
    ensure!(answer.all_acknowledged, "Not all frames were acknowledged within two minutes.");
    let sent = stage.homeserver.sent(workload, count, PATIENCE).await;
    let (sent_at, sent_again) = stage.slack.sent_at(count).await?;
    sleep(AFTERMATH).await;
    let arrivals = sent.iter().map(|one| (one.number, one.at));
    let mut arrived = judge(arrivals, &sent_at, stage.options.rooms);
    arrived.sent_again = sent_again;
    arrived.acknowledged_s = answer.total_ms / 1000.0;
    arrived.ack_p99_ms = answer.ack_ms.p99.unwrap_or(f64::NAN);
    Ok(arrived)
}

/// Sends from Matrix, at once or at a rate per second, into these rooms in turn.
pub(super) async fn from_matrix(
    stage: &mut Stage,
    rooms: &[String],
    count: usize,
    per_second: Option<f64>,
) -> Result<Arrived> {
    let workload = stage.workload();
    stage.slack.forget_calls().await?;
    let begun = Instant::now();
    let mut sent_at = Vec::with_capacity(count);
    let events: Vec<String> = (0..count).map(|number| event(workload, number, rooms)).collect();
    for (number, event) in events.into_iter().enumerate() {
        if let Some(rate) = per_second {
            // The times are fixed beforehand: a slow contender cannot slow the load down.
            sleep_until(begun + Duration::from_secs_f64(number as f64 / rate)).await;
        }
        sent_at.push(now_micros());
        stage.homeserver.push(event);
    }
    let deadline = Instant::now() + PATIENCE;
    while stage.slack.call_count(Some("chat.postMessage")).await? < count && Instant::now() < deadline {
        sleep(Duration::from_millis(20)).await;
    }
    // The echoes of what was posted belong to the cost.
    stage.slack.wait_until_acknowledged().await?;
    sleep(AFTERMATH).await;
    let posts = stage.slack.posts(workload).await?;
    Ok(judge(posts.iter().map(|post| (post.mark.number, post.called_at)), &sent_at, rooms.len()))
}

fn event(workload: u32, number: usize, rooms: &[String]) -> String {
    let room = &rooms[number % rooms.len()];
    json!({
        "type": "m.room.message",
        "event_id": format!("$w{workload}n{number}"),
        "room_id": room.replace("%21", "!").replace("%3A", ":"),
        "sender": format!("@writer{}:{SERVER_NAME}", number % WRITERS),
        "origin_server_ts": now_micros() / 1000,
        "content": { "msgtype": "m.text", "body": mark::text(workload, &number.to_string()) },
        "unsigned": { "age": 12 },
        "user_id": format!("@writer{}:{SERVER_NAME}", number % WRITERS),
    })
    .to_string()
}

/// Compares arrivals, in their order, with the times of sending.
fn judge(arrivals: impl Iterator<Item = (usize, u64)>, sent_at: &[u64], rooms: usize) -> Arrived {
    let mut arrived = Arrived::default();
    let mut newest = vec![None; rooms];
    let mut seen = HashSet::new();
    let mut last_at = 0;
    for (number, at) in arrivals {
        let Some(sent) = sent_at.get(number).copied() else { continue };
        if !seen.insert(number) {
            arrived.doubled += 1;
            continue;
        }
        let room = number % rooms;
        let newest = &mut newest[room];
        if newest.is_some_and(|newest| newest > number) {
            arrived.order_faults += 1;
        }
        *newest = Some(number);
        last_at = last_at.max(at);
        arrived.latencies.push((room, at.saturating_sub(sent) as f64 / 1000.0));
    }
    arrived.missing = sent_at.len() - seen.len();
    let first = sent_at.iter().copied().min().unwrap_or_default();
    arrived.delivered_s = last_at.saturating_sub(first) as f64 / 1e6;
    arrived
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_counted() {
        // Two rooms: 0, 2, 4 and 1, 3, 5. Number 4 overtakes 2, 3 comes twice, 5 never.
        let sent_at = [1_000, 2_000, 3_000, 4_000, 5_000, 6_000];
        let arrivals = [(0, 2_000), (1, 3_000), (4, 7_000), (3, 8_000), (2, 9_000), (3, 9_500)];
        let arrived = judge(arrivals.into_iter(), &sent_at, 2);
        assert_eq!((arrived.order_faults, arrived.doubled, arrived.missing), (1, 1, 1));
        assert_eq!(arrived.latencies.iter().map(|(_, ms)| ms).sum::<f64>().to_string(), "14");
        assert_eq!((arrived.delivered_s * 1000.0).to_string(), "8");
    }
}
