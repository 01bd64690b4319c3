//! Random talk on both sides while the bridge is killed, frozen and cut off at random; what is there at the end is compared
//! with what was said. One seed gives one plan of talk and trouble; what the kills hit depends on the machine.
mod act;
mod compare;
mod crew;
mod everyday;
mod ledger;
mod report;
mod trouble;

use std::time::{Duration, Instant};

use anyhow::ensure;
use clap::Parser;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::time::MissedTickBehavior;

use crate::world::Choice;
use crate::{Result, World};
use crew::Crew;
pub use everyday::Days;
use everyday::Everyday;
use ledger::Ledger;
use report::Differences;
pub use report::Report;
use trouble::Trouble;

/// How long both sides may take to become equal when all trouble is over; besides a sixth of the time of the talk. Synapse
/// waits up to 512 seconds before it tries a transaction again, and Slack 5 minutes before it tells an event again.
const CALM: Duration = Duration::from_mins(10);
/// How long nothing is said or done before the last look: what comes doubled may come late.
const QUIET: Duration = Duration::from_secs(10);
/// How often what nobody looks at is thrown away.
const TIDIED_EVERY: Duration = Duration::from_secs(10);
/// A bridge that runs for longer does not write what it does step by step.
const LONG_MINUTES: f64 = 5.0;

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
    /// How many processes the bridge is: with `--postgres` up to two, behind a balancer.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    pub workers: u8,
    /// Seconds from one kill or fault to the next, on average: 1 unless given, and 4 with two processes, of which the other
    /// one may take six seconds to take over.
    #[arg(long)]
    pub trouble_every: Option<u32>,
    /// No trouble: the time is that many days, and the bridge is restarted in order at the end of each.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), conflicts_with_all = ["workers", "trouble_every"])]
    pub everyday: Option<u32>,
    /// Where.
    #[command(flatten)]
    pub choice: Choice,
}

/// Runs it in a world of its own.
pub async fn run(options: Options) -> Result<Report> {
    let mut world = World::prepare(options.choice.place()).await?;
    world.bridge.meet_recovery();
    in_world(&mut world, &options).await
}

/// Runs it in a world whose bridge was not started.
pub async fn in_world(world: &mut World, options: &Options) -> Result<Report> {
    ensure!(options.workers < 2 || options.choice.postgres, "Two processes need --postgres.");
    let mut random = StdRng::seed_from_u64(options.seed);
    if options.minutes > LONG_MINUTES || options.everyday.is_some() {
        world.bridge.config["logging"]["level"] = "info".into();
    }
    let mut crew = Crew::start(world, options.workers.into()).await?;
    let mut ledger = Ledger::default();
    ledger.open_channels(world, options.channels).await?;
    let mut trouble = Trouble::default();
    let begun = Instant::now();
    let mut days = None;
    if let Some(number) = options.everyday {
        days = Some(talk_in_peace(world, options, &mut random, &mut ledger, number).await?);
    } else {
        talk(world, options, &mut random, &mut crew, &mut ledger, &mut trouble).await?;
    }
    let talked = begun.elapsed();
    trouble.end(world, &mut crew)?;
    let (found, settled) = settle(world, &mut crew, &mut ledger, CALM + talked / 6).await?;
    Report {
        seed: options.seed,
        events: ledger.events(),
        talked,
        settled,
        kills: trouble.kills,
        faults: trouble.faults,
        takeovers: crew.takeovers(world),
        days,
        found,
    }
    .with_log(|| crew.log(world))
}

/// People talk, and nothing happens but an orderly restart at the end of each day.
async fn talk_in_peace(
    world: &mut World,
    options: &Options,
    random: &mut StdRng,
    ledger: &mut Ledger,
    days: u32,
) -> Result<Days> {
    let mut pace = tokio::time::interval(Duration::from_secs(1) / options.pace.max(1));
    // What was not said during a restart is not said all at once after it.
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut everyday = Everyday::new(days, options.minutes);
    for _ in 0..days {
        let mut tidied = Instant::now();
        while !everyday.is_over() {
            pace.tick().await;
            ledger.act(world, random).await?;
            if tidied.elapsed() > TIDIED_EVERY {
                tidied = Instant::now();
                forget_calls(world);
            }
        }
        everyday.end_day(world).await?;
    }
    Ok(everyday.days(world))
}

/// What nobody looks at is thrown away.
fn forget_calls(world: &World) {
    world.slack.clear_calls();
    if let Ok(fake) = world.homeserver.fake() {
        fake.forget_calls();
    }
}

/// People talk while there is trouble.
async fn talk(
    world: &mut World,
    options: &Options,
    random: &mut StdRng,
    crew: &mut Crew,
    ledger: &mut Ledger,
    trouble: &mut Trouble,
) -> Result<()> {
    let trouble_every = options.trouble_every.unwrap_or(if options.workers > 1 { 4 } else { 1 });
    let odds = options.pace.max(1).saturating_mul(trouble_every.max(1));
    let mut pace = tokio::time::interval(Duration::from_secs(1) / options.pace.max(1));
    let begun = Instant::now();
    let mut tidied = begun;
    while begun.elapsed().as_secs_f64() < options.minutes * 60.0 {
        pace.tick().await;
        ledger.act(world, random).await?;
        if random.random_ratio(1, odds) {
            trouble.make(world, crew, random)?;
        }
        trouble.end_what_is_over(world, crew)?;
        if tidied.elapsed() > TIDIED_EVERY {
            tidied = Instant::now();
            forget_calls(world);
        }
    }
    Ok(())
}

/// Waits until both sides are equal, lets everything come to rest, and looks once more. Answers what is different then, and
/// how long it took to be equal at first.
async fn settle(
    world: &mut World,
    crew: &mut Crew,
    ledger: &mut Ledger,
    limit: Duration,
) -> Result<(Differences, Duration)> {
    let calm = Instant::now();
    let found = until_equal(world, crew, ledger, limit).await?;
    let settled = calm.elapsed();
    if !found.is_none() {
        return Ok((found, settled));
    }
    // Lanes keep their order: what still waited anywhere is through when these are.
    ledger.say_last_words(world).await?;
    let found = until_equal(world, crew, ledger, CALM).await?;
    if !found.is_none() {
        return Ok((found, settled));
    }
    ensure!(
        world.slack.wait_until_acknowledged(CALM).await,
        "both sides are equal, and Slack still waits for acknowledgements"
    );
    let quiet = Instant::now();
    let mut looks = tokio::time::interval(Duration::from_secs(1));
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let found = ledger.compare(world).await?;
        if !found.is_none() || quiet.elapsed() > QUIET {
            return Ok((found, settled));
        }
    }
}

async fn until_equal(
    world: &mut World,
    crew: &mut Crew,
    ledger: &Ledger,
    limit: Duration,
) -> Result<Differences> {
    let begun = Instant::now();
    let mut looks = tokio::time::interval(Duration::from_millis(300));
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        crew.end_what_is_over(world)?;
        let found = ledger.compare(world).await?;
        if found.is_none() || begun.elapsed() > limit {
            return Ok(found);
        }
    }
}
