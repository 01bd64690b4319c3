//! What one contender has to do in one run, and the figures of it.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::Stage;
use super::contender::Contender;
use super::traffic::{self, Arrived};
use crate::figures::Samples;
use crate::fsync;

/// Messages a second of the trickle.
const TRICKLE: f64 = 5.0;
/// Messages of the warm-up, at least.
const WARM_UP: usize = 1_000;
/// Messages a second of the load beside a stalled room.
const STEADY: f64 = 500.0;
/// Seconds of that load.
const STEADY_SECONDS: usize = 4;
/// How long the room is stalled: longer than the load lasts.
const STALL: Duration = Duration::from_secs(STEADY_SECONDS as u64 + 2);
/// How many bursts' messages the sustained load has.
const SUSTAINED: usize = 4;

/// The figures of one contender in one run.
#[derive(Debug)]
pub(crate) struct Figures {
    /// Resident memory after the warm-up, in megabytes.
    pub(crate) idle_mb: f64,
    /// The most resident memory it had at all, in megabytes.
    pub(crate) peak_mb: f64,
    /// Five hundred messages a second from Slack.
    pub(crate) steady: Load,
    /// The same while the homeserver does not answer for the first room.
    pub(crate) stalled: Load,
    /// From Slack to Matrix.
    pub(crate) to_matrix: Direction,
    /// From Matrix to Slack.
    pub(crate) to_slack: Direction,
}

/// The figures of one direction.
#[derive(Debug)]
pub(crate) struct Direction {
    /// Five messages a second.
    pub(crate) trickle: Load,
    /// A burst.
    pub(crate) burst: Load,
    /// A longer burst.
    pub(crate) sustained: Load,
}

/// How a load went and what it cost.
#[derive(Debug)]
pub(crate) struct Load {
    /// How many messages.
    pub(crate) count: usize,
    /// What arrived.
    pub(super) arrived: Arrived,
    /// Processor time per message, in microseconds, by the names of threads.
    pub(crate) threads_us: BTreeMap<String, f64>,
    /// The disk's own times beside a trickle, in milliseconds.
    pub(crate) disk: Samples,
    /// Commits per message.
    pub(crate) commits: f64,
}

impl Load {
    /// Processor time per message, in microseconds.
    pub(crate) fn cpu_us(&self) -> f64 {
        self.threads_us.values().sum()
    }

    /// How long messages of all rooms, or of all but the first, took, in milliseconds.
    pub(crate) fn latencies(&self, with_first: bool) -> impl Iterator<Item = f64> {
        let chosen = self.arrived.latencies.iter().filter(move |(room, _)| with_first || *room > 0);
        chosen.map(|(_, milliseconds)| *milliseconds)
    }

    /// Messages a second, from the first one's sending to the last one's arrival.
    pub(crate) fn rate(&self) -> f64 {
        self.count as f64 / self.arrived.delivered_s
    }
}

/// Which way.
#[derive(Clone, Copy)]
enum Way<'a> {
    ToMatrix,
    ToSlack(&'a [String]),
}

/// Warms the contender up and puts every load on it.
pub(crate) async fn measure(stage: &mut Stage, contender: &mut Contender) -> Result<Figures> {
    let rooms = warm_up(stage).await.context("warm-up")?;
    let idle_mb = contender.program.resident_mb()?;
    let count = STEADY as usize * STEADY_SECONDS;
    let steady = load(stage, contender, Way::ToMatrix, count, Some(STEADY)).await.context("steady")?;
    stage.homeserver.hold(&rooms[0], STALL);
    let stalled = load(stage, contender, Way::ToMatrix, count, Some(STEADY)).await.context("stalled")?;
    let to_matrix = direction(stage, contender, Way::ToMatrix).await.context("to Matrix")?;
    let to_slack = direction(stage, contender, Way::ToSlack(&rooms)).await.context("to Slack")?;
    contender.program.check_alive()?;
    Ok(Figures { idle_mb, peak_mb: contender.program.peak_mb()?, steady, stalled, to_matrix, to_slack })
}

/// Makes every channel's room and every ghost, and gives the rooms by their channels' numbers.
pub(super) async fn warm_up(stage: &mut Stage) -> Result<Vec<String>> {
    let channels = stage.options.rooms;
    let arrived = traffic::from_slack(stage, WARM_UP.max(channels * 3), None).await?;
    ensure!(arrived.missing == 0, "{} messages did not arrive.", arrived.missing);
    let rooms = stage.homeserver.rooms(stage.next_workload, channels)?;
    let arrived = traffic::from_matrix(stage, &rooms, WARM_UP, None).await?;
    ensure!(arrived.missing == 0, "{} messages did not arrive at Slack.", arrived.missing);
    Ok(rooms)
}

async fn direction(stage: &mut Stage, contender: &Contender, way: Way<'_>) -> Result<Direction> {
    let (burst, trickle) = (stage.options.messages(), stage.options.trickle_messages());
    Ok(Direction {
        trickle: load(stage, contender, way, trickle, Some(TRICKLE)).await?,
        burst: load(stage, contender, way, burst, None).await?,
        sustained: load(stage, contender, way, burst * SUSTAINED, None).await?,
    })
}

async fn load(
    stage: &mut Stage,
    contender: &Contender,
    way: Way<'_>,
    count: usize,
    per_second: Option<f64>,
) -> Result<Load> {
    let folder = stage.setup.folder.clone();
    let disk = per_second
        .filter(|rate| *rate <= TRICKLE)
        .map(|rate| tokio::spawn(fsync::beside(folder, count, rate)));
    let before = contender.usage().await?;
    let arrived = match way {
        Way::ToMatrix => traffic::from_slack(stage, count, per_second).await?,
        Way::ToSlack(rooms) => traffic::from_matrix(stage, rooms, count, per_second).await?,
    };
    let after = contender.usage().await?;
    let disk = match disk {
        Some(probe) => probe.await??,
        None => Samples::default(),
    };
    let (threads_us, commits) = (after.cpu_since(&before, count), after.commits_since(&before, count));
    Ok(Load { count, arrived, threads_us, disk, commits })
}

/// A burst towards Matrix alone: its processor time per message, in microseconds.
pub(super) async fn burst_cost(stage: &mut Stage, contender: &Contender) -> Result<f64> {
    let count = stage.options.messages();
    Ok(load(stage, contender, Way::ToMatrix, count, None).await?.cpu_us())
}
