//! A bridge that starts with a large backlog: how soon it is ready, how fast it drains, and in how much memory.
//!
//! The jobs are written while the bridge is stopped, by Python's `sqlite3`: a second SQLite library in this program would
//! clash with the one the workspace links.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use crate::clock::now_micros;
use crate::homeserver::{Homeserver, Sent};
use crate::mark;
use crate::relay::setup::Setup;
use crate::slack::Slack;

/// The folder of the bridge.
const PLACE: &str = "backlog";
/// The workloads: the messages that make the rooms, and those of the backlog.
const OPENING: u32 = 1;
const BACKLOG: u32 = 2;
/// What may be resident while a backlog drains, in megabytes, and how long a start with it may take, in milliseconds.
const MOST_MB: f64 = 100.0;
const MOST_READY_MS: f64 = 2_000.0;

const WRITE_JOBS: &str = r#"
import json, sqlite3, sys, time
database, wanted, text = sys.argv[1], int(sys.argv[2]), sys.argv[3]
db = sqlite3.connect(database)
login = db.execute("SELECT login_id FROM login").fetchone()[0]
chats = [row[0] for row in db.execute("SELECT chat_id FROM portal WHERE room_id IS NOT NULL ORDER BY chat_id")]
# Before the login: what was accepted later is compared with what the network shows of the time since, which knows none of it.
now = int(time.time() * 1000) - 3600000
def rows():
    for number in range(wanted):
        chat = chats[number % len(chats)]
        team, channel = (part.upper() for part in chat.split("-"))
        ts = f"{now // 1000}.{number:06d}" if number < 1000000 else f"{now // 1000 + number // 1000000}.{number % 1000000:06d}"
        said = text.replace("{n}", str(number))
        event = {"type": "message", "channel": channel, "user": "U0ALICE001", "text": said, "ts": ts, "event_ts": ts,
                 "channel_type": "channel", "team": team}
        payload = {"type": "event_callback", "team_id": team, "event_id": f"EvBACKLOG{number}", "event": event}
        yield ((now << 20) + number, f"chat:{chat}", "remote", login, f"EvBACKLOG{number}", json.dumps(payload), now)
db.executemany("INSERT INTO job (id, lane, source, login_id, dedup, payload, accepted_at) VALUES (?,?,?,?,?,?,?)", rows())
db.commit()
print(len(chats))
"#;

/// What is measured.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Jobs that wait at the start.
    #[arg(long, default_value_t = 1_000_000)]
    jobs: usize,
    /// Chats they are spread over.
    #[arg(long, default_value_t = 50)]
    rooms: usize,
    /// The bridge's program.
    #[arg(long, default_value = "target/release/bridge-slack")]
    bridge: PathBuf,
    /// End with an error where a budget is missed; for release builds on a quiet machine.
    #[arg(long)]
    strict: bool,
    /// Keep the folder with logs and databases.
    #[arg(long)]
    keep: bool,
}

struct Stage {
    options: Options,
    homeserver: Homeserver,
    slack: Slack,
    setup: Setup,
}

/// Measures and prints.
pub(crate) async fn run(options: Options) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("bench-backlog-").tempdir()?;
    let homeserver = Homeserver::start().await?;
    let slack = Slack::start(folder.path(), options.rooms, 10_000).await?;
    let bridge = std::path::absolute(&options.bridge)?;
    let setup = Setup::new(folder.path(), &bridge, homeserver.url(), &slack.info)?;
    setup.prepare(PLACE).await?;
    let stage = Stage { options, homeserver, slack, setup };
    let outcome = measure(&stage).await;
    if stage.options.keep || outcome.is_err() {
        eprintln!("logs and the database are in {}", folder.keep().display());
    }
    stage.slack.stop().await?;
    outcome
}

async fn measure(stage: &Stage) -> Result<()> {
    let Stage { options, homeserver, slack, setup } = stage;
    let (program, _) = setup.start_bridge(PLACE, homeserver, slack).await?;
    slack.burst(OPENING, options.rooms, None).await?;
    let rooms = homeserver.sent(OPENING, options.rooms, Duration::from_mins(1)).await;
    ensure!(rooms.len() == options.rooms, "Only {} of {} rooms were made.", rooms.len(), options.rooms);
    slack.wait_until_acknowledged().await?;
    program.stop().await?;
    write_jobs(&setup.place(PLACE).join("bridge.db"), options).await?;
    homeserver.forget_sent();

    let begun_at = now_micros();
    let (program, ready_ms) = setup.start_bridge(PLACE, homeserver, slack).await?;
    program.forget_peak()?;
    let patience = Duration::from_secs(60 + options.jobs as u64 / 500);
    let sent = homeserver.sent(BACKLOG, options.jobs, patience).await;
    let peak_mb = program.peak_mb()?;
    program.stop().await?;
    report(options, &sent, begun_at, ready_ms, peak_mb)
}

fn report(options: &Options, sent: &[Sent], begun_at: u64, ready_ms: f64, peak_mb: f64) -> Result<()> {
    let mut newest = vec![None; options.rooms];
    let (mut moved, mut missing, mut seen) = (0, options.jobs, vec![false; options.jobs]);
    let mut doubled = 0;
    for one in sent.iter().filter(|one| one.number < options.jobs) {
        if std::mem::replace(&mut seen[one.number], true) {
            doubled += 1;
            continue;
        }
        missing -= 1;
        let newest = &mut newest[one.number % options.rooms];
        moved += usize::from(newest.is_some_and(|newest| newest > one.number));
        *newest = Some(one.number);
    }
    let since = |at: Option<u64>| at.map_or(f64::NAN, |at| at.saturating_sub(begun_at) as f64 / 1e6);
    let (first, last) = (since(sent.first().map(|one| one.at)), since(sent.last().map(|one| one.at)));
    println!("| {} jobs over {} chats | | budget |\n|---|---|---|", options.jobs, options.rooms);
    println!("| start to ready | {ready_ms:.0} ms | ≤ {MOST_READY_MS:.0} |");
    println!("| start to first message | {first:.2} s | |");
    println!("| start to empty | {last:.1} s | |");
    println!("| messages a second | {:.0} | |", options.jobs as f64 / (last - first).max(0.001));
    println!("| most resident memory from ready to empty | {peak_mb:.1} MB | ≤ {MOST_MB:.0} |");
    println!("| missing, doubled, out of order | {missing}, {doubled}, {moved} | 0 |");
    ensure!(missing + doubled + moved == 0, "{missing} missing, {doubled} doubled, {moved} out of order.");
    ensure!(!options.strict || (peak_mb <= MOST_MB && ready_ms <= MOST_READY_MS), "A budget is missed.");
    Ok(())
}

async fn write_jobs(database: &Path, options: &Options) -> Result<()> {
    let mut command = Command::new("python3");
    command
        .args(["-c", WRITE_JOBS])
        .arg(database)
        .arg(options.jobs.to_string())
        .arg(mark::text(BACKLOG, "{n}"));
    let output = command.output().await.context("python3 could not be started; it writes the jobs' rows.")?;
    let words = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "The jobs' rows could not be written: {words}");
    let chats = String::from_utf8_lossy(&output.stdout);
    ensure!(chats.trim() == options.rooms.to_string(), "The bridge has {} chats.", chats.trim());
    Ok(())
}
