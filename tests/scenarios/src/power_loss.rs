//! Power is lost at each acknowledgement: what had been flushed by then, with any part of what had not, has to be a whole
//! database with every acknowledged event in it.
//!
//! The bridge runs under `strace`, which notes each write and flush of its database. From these notes the disk is made
//! anew as a power cut could have left it.
mod disk;
mod report;
mod trace;

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Context as _, ensure};
use clap::Parser;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use testkit::{Kind, eventually};

use crate::world::LIMIT;
use crate::{Database, Place, Result, World};
use disk::{Disk, Files};
pub use report::Report;
use trace::Deed;

/// The file that the bridge's configuration names.
const DATABASE: &str = "bridge.db";
const CHANNELS: [&str; 2] = ["general", "random"];
/// How many messages are said before their acknowledgements are waited for.
const AT_ONCE: usize = 5;

/// What is run.
#[derive(Debug, Clone, Parser)]
pub struct Options {
    /// How many messages are said on Slack; every other one is answered on Matrix.
    #[arg(long, default_value_t = 200)]
    pub messages: usize,
    /// How many outcomes are drawn of each power cut.
    #[arg(long, default_value_t = 5)]
    pub draws: usize,
    /// Where the random numbers begin.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// An event that Slack was told is safe, and when, in microseconds since 1970.
#[derive(Debug, Clone)]
struct Acknowledged {
    event_id: String,
    at: u64,
}

/// Lets people talk under `strace`, then cuts the power at each acknowledgement.
pub async fn run(options: Options) -> Result<Report> {
    let mut world =
        World::prepare(Place { homeserver: Kind::FakeSynapse, database: Database::Sqlite }).await?;
    let folder = tempfile::tempdir()?;
    let notes = folder.path().join("trace");
    world.bridge.run_under(strace(&notes)?);
    talk(&mut world, options.messages).await?;
    let mut acknowledged = acknowledged(&world);
    world.bridge.stop().await?;
    let deeds = eventually(LIMIT, "strace to write all it noted", async || {
        let notes = String::from_utf8_lossy(&std::fs::read(&notes)?).into_owned();
        ensure!(notes.contains("+++ exited with"), "it is not at its end");
        Ok(notes)
    })
    .await?;
    let deeds = of_database(trace::read(&deeds)?);
    acknowledged.sort_by_key(|event| event.at);
    let honest = cut_at_each(Disk::default(), &deeds, &acknowledged, &options, folder.path()).await?;
    // Without flushes something has to be missing, or what is looked at shows nothing.
    let (first, few) = acknowledged.split_first().context("nothing was acknowledged")?;
    let few = &few[..few.len().min(20)];
    let lying = cut_at_each(Disk::lying_from(first.at), &deeds, few, &options, folder.path()).await?;
    Ok(Report {
        seed: options.seed,
        events: acknowledged.len(),
        deeds: deeds.len(),
        cuts: acknowledged.len() * options.draws,
        lost: honest,
        lost_by_a_lying_disk: lying.len(),
    })
}

fn strace(notes: &Path) -> Result<Vec<std::ffi::OsString>> {
    let found = std::process::Command::new("strace").arg("-V").output();
    found.context("the program strace is missing; on Debian: apt-get install strace")?;
    // With -D the bridge stays our child, which gets the signals.
    let words = "strace -D -f -y -ttt -xx -s 16777216 -e trace=pwrite64,ftruncate,fsync,fdatasync,unlink -o";
    Ok(words.split(' ').map(Into::into).chain([notes.into()]).collect())
}

async fn talk(world: &mut World, messages: usize) -> Result<()> {
    world.log_in().await?;
    let mut rooms = Vec::new();
    for channel in CHANNELS {
        rooms.push(world.portal(channel).await?);
    }
    for number in 0..messages {
        let at = number % CHANNELS.len();
        world.slack_says("alice", CHANNELS[at], &format!("said under way {number}"))?;
        if number % 2 == 0 {
            world.matrix_says(&world.admin, &rooms[at], &format!("answered under way {number}")).await?;
        }
        if number % AT_ONCE == 0 {
            ensure!(world.slack.wait_until_acknowledged(LIMIT).await, "events are not acknowledged");
        }
    }
    for (channel, room) in CHANNELS.iter().zip(&rooms) {
        world.settle(channel, room).await?;
    }
    ensure!(world.slack.wait_until_acknowledged(LIMIT).await, "events are not acknowledged");
    Ok(())
}

fn acknowledged(world: &World) -> Vec<Acknowledged> {
    let deliveries = world.slack.deliveries().into_iter();
    let moment =
        |attempts: &[fake_slack::Attempt]| attempts.iter().find_map(|attempt| attempt.acknowledged_at);
    deliveries
        .filter_map(|delivery| {
            Some(Acknowledged { at: moment(&delivery.attempts)?, event_id: delivery.event_id })
        })
        .collect()
}

/// The shared memory beside the log is made anew at each opening.
fn of_database(deeds: Vec<Deed>) -> Vec<Deed> {
    let is_kept = |deed: &Deed| deed.file.starts_with(DATABASE) && !deed.file.ends_with("-shm");
    deeds.into_iter().filter(is_kept).collect()
}

/// Cuts the power at each of these moments, several times over; answers what was wrong, in words.
async fn cut_at_each(
    mut disk: Disk,
    deeds: &[Deed],
    acknowledged: &[Acknowledged],
    options: &Options,
    folder: &Path,
) -> Result<Vec<String>> {
    let mut random = StdRng::seed_from_u64(options.seed);
    let mut coming = deeds.iter().peekable();
    let mut wrong = Vec::new();
    for (index, event) in acknowledged.iter().enumerate() {
        while let Some(deed) = coming.next_if(|deed| deed.ended_at <= event.at) {
            disk.take(deed.clone());
        }
        for _ in 0..options.draws {
            let files = disk.cut(&mut random);
            let safe = &acknowledged[..=index];
            if let Err(fault) = look(&folder.join("disk"), &files, safe).await {
                wrong.push(format!("after the acknowledgement of {}: {fault:#}", event.event_id));
            }
        }
    }
    Ok(wrong)
}

/// Opens what is left, which has to be whole and hold these events.
async fn look(folder: &Path, files: &Files, safe: &[Acknowledged]) -> Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir(folder)?;
    for (name, content) in files {
        std::fs::write(folder.join(name), content)?;
    }
    let mut database = SqliteConnectOptions::new().filename(folder.join(DATABASE)).connect().await?;
    let found = found(&mut database).await;
    database.close().await?;
    let found = found?;
    let missing: Vec<&str> =
        safe.iter().map(|event| event.event_id.as_str()).filter(|id| !found.contains(*id)).collect();
    ensure!(
        missing.is_empty(),
        "{} of {} acknowledged events are missing: {missing:?}",
        missing.len(),
        safe.len()
    );
    Ok(())
}

async fn found(database: &mut SqliteConnection) -> Result<HashSet<String>> {
    let health: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&mut *database).await?;
    ensure!(health == ["ok"], "the database is damaged: {health:?}");
    // An event's key is written with its job, in one transaction.
    let keys: Vec<String> = sqlx::query_scalar("SELECT dedup FROM seen").fetch_all(database).await?;
    Ok(keys.into_iter().collect())
}
