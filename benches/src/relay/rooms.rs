//! What many portals cost: memory, start, and each message.
//!
//! The first portals are made by the bridge itself. More are copies of one of their rows, written while the bridge is
//! stopped, by Python's `sqlite3`: a second SQLite library in this program would clash with the one the workspace links.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;
use tokio::time::sleep;

use super::Stage;
use super::contender::{Contender, Kind};
use super::report::Report;
use super::workload;
use crate::figures::Spread;

/// The folder of the bridge that gets the portals.
const PLACE: &str = "rooms";
/// Starts per number of portals.
const STARTS: usize = 3;
/// How long a started bridge is left alone before its memory is read.
const SETTLE: Duration = Duration::from_secs(2);

const CLONE_PORTALS: &str = r#"
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
wanted = int(sys.argv[2])
found = db.execute("SELECT * FROM portal WHERE room_id IS NOT NULL LIMIT 1")
names = [column[0] for column in found.description]
row = dict(zip(names, found.fetchone()))
have = db.execute("SELECT COUNT(*) FROM portal WHERE room_id IS NOT NULL").fetchone()[0]
chat = row["chat_id"]
def copy(number):
    other = f"{chat}R{number}"
    info = row["info"] if isinstance(row["info"], str) else row["info"].decode()
    changed = {"chat_id": other, "room_id": f"!copy{number}:bench.test", "info": info.replace(chat, other)}
    return [changed.get(name, row[name]) for name in names]
marks = ",".join("?" * len(names))
db.executemany(f"INSERT INTO portal VALUES ({marks})", [copy(number) for number in range(have, wanted)])
db.commit()
"#;

/// The figures with one number of portals.
#[derive(Debug)]
pub(crate) struct Rooms {
    /// How many.
    pub(crate) portals: usize,
    /// Resident memory two seconds after the start, in megabytes.
    pub(crate) idle_mb: Spread,
    /// What of it is data of its own.
    pub(crate) own_mb: Spread,
    /// From start to ready, in milliseconds.
    pub(crate) ready_ms: Spread,
    /// Calls of Slack's Web API from the start until then; the largest of all starts.
    pub(crate) slack_calls: usize,
    /// Processor time per message of a burst over the rooms that are in use, in microseconds.
    pub(crate) cpu_us: Option<f64>,
}

/// Measures with no portal, with those of all channels, and with many.
pub(super) async fn measure(stage: &mut Stage, report: &mut Report) -> Result<()> {
    let (rooms, most) = (stage.options.rooms, stage.options.portals);
    stage.renew(PLACE).await?;
    report.add_rooms(idle(stage, 0).await?);

    let contender = Contender::start(stage, Kind::Bridge, PLACE).await?;
    let made = workload::warm_up(stage).await;
    contender.stop().await?;
    made?;
    for portals in [rooms, most] {
        eprintln!("{portals} portals");
        if portals > rooms {
            clone_portals(&stage.setup.place(PLACE).join("bridge.db"), portals).await?;
        }
        let mut figures = idle(stage, portals).await?;
        figures.cpu_us = Some(cost(stage).await?);
        report.add_rooms(figures);
    }
    Ok(())
}

async fn idle(stage: &Stage, portals: usize) -> Result<Rooms> {
    let (mut idle_mb, mut own_mb, mut ready_ms, mut slack_calls) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for _ in 0..STARTS {
        stage.slack.forget_calls().await?;
        let contender = Contender::start(stage, Kind::Bridge, PLACE).await?;
        sleep(SETTLE).await;
        idle_mb.push(contender.program.resident_mb()?);
        own_mb.push(contender.program.own_mb()?);
        ready_ms.push(contender.ready_ms);
        slack_calls = slack_calls.max(stage.slack.call_count(None).await?);
        contender.stop().await?;
    }
    let idle_mb = Spread::of(idle_mb).context("No start was measured.")?;
    let own_mb = Spread::of(own_mb).context("No start was measured.")?;
    let ready_ms = Spread::of(ready_ms).context("No start was measured.")?;
    Ok(Rooms { portals, idle_mb, own_mb, ready_ms, slack_calls, cpu_us: None })
}

async fn cost(stage: &mut Stage) -> Result<f64> {
    let contender = Contender::start(stage, Kind::Bridge, PLACE).await?;
    let cost = match workload::warm_up(stage).await {
        Ok(_) => workload::burst_cost(stage, &contender).await,
        Err(error) => Err(error),
    };
    contender.stop().await?;
    cost
}

async fn clone_portals(database: &Path, wanted: usize) -> Result<()> {
    let mut command = Command::new("python3");
    command.args(["-c", CLONE_PORTALS]).arg(database).arg(wanted.to_string());
    let output =
        command.output().await.context("python3 could not be started; it writes the portals' rows.")?;
    let words = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "The portals' rows could not be written: {words}");
    Ok(())
}
