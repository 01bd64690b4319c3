//! Random talk on both sides while the bridge is killed, frozen and cut off at random; what is there at the end is compared
//! with what was said. One seed gives one plan of talk and trouble; what the kills hit depends on the machine.
mod act;
mod compare;
mod ledger;
mod report;
mod trouble;

use std::time::{Duration, Instant};

use clap::Parser;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::world::Choice;
use crate::{Result, World};
use ledger::Ledger;
pub use report::Report;
use trouble::Trouble;

/// How long both sides may take to become equal when all trouble is over.
const CALM: Duration = Duration::from_mins(2);

/// What is run.
#[derive(Debug, Clone, Parser)]
pub struct Options {
    /// How long people talk, in minutes.
    #[arg(long, default_value_t = 2.0)]
    pub minutes: f64,
    /// Where the random numbers begin.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// In how many channels.
    #[arg(long, default_value_t = 10)]
    pub channels: usize,
    /// Things said and done a second, both sides together.
    #[arg(long, default_value_t = 20)]
    pub pace: u32,
    /// Where.
    #[command(flatten)]
    pub choice: Choice,
}

/// Runs it in a world of its own.
pub async fn run(options: Options) -> Result<Report> {
    let mut world = World::prepare(options.choice.place()).await?;
    in_world(&mut world, &options).await
}

/// Writes what the bridge wrote where it outlives the world, and answers where.
fn keep_log(world: &World, seed: u64) -> Result<std::path::PathBuf> {
    let path = std::env::temp_dir().join(format!("soak-{seed}-{}.log", std::process::id()));
    std::fs::write(&path, world.bridge.log())?;
    Ok(path)
}

/// Runs it in a world whose bridge was not started.
pub async fn in_world(world: &mut World, options: &Options) -> Result<Report> {
    let mut random = StdRng::seed_from_u64(options.seed);
    world.log_in().await?;
    let mut ledger = Ledger::default();
    for number in 0..options.channels {
        let name = format!("soak-{number}");
        let channel = world.slack.create_channel("alice", &name, false)?;
        for person in ["bob", "carol"] {
            world.slack.join(person, &channel)?;
        }
        world.slack.invite("alice", &world.slack.app().bot_user_id, &channel)?;
        let room = world.portal(&channel).await?;
        ledger.add_channel(channel, room);
    }
    let mut trouble = Trouble::default();
    let mut pace = tokio::time::interval(Duration::from_secs(1) / options.pace.max(1));
    let begun = Instant::now();
    while begun.elapsed().as_secs_f64() < options.minutes * 60.0 {
        pace.tick().await;
        ledger.act(world, &mut random).await?;
        if random.random_ratio(1, options.pace.max(1)) {
            trouble.make(world, &mut random)?;
        }
        trouble.end_what_is_over(world)?;
    }
    trouble.end(world)?;
    let talked = begun.elapsed();
    let calm = Instant::now();
    let mut looks = tokio::time::interval(Duration::from_millis(300));
    loop {
        looks.tick().await;
        let mut found = ledger.compare(world).await?;
        if found.is_none() || calm.elapsed() > CALM {
            if !found.is_none() {
                found.log = Some(keep_log(world, options.seed)?);
            }
            return Ok(Report {
                seed: options.seed,
                events: ledger.events(),
                talked,
                settled: calm.elapsed(),
                kills: trouble.kills,
                faults: trouble.faults,
                found,
            });
        }
    }
}
