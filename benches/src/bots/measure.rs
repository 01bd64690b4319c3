//! What is measured of a host with a number of bots: starts, memory, the way from a message to its answer, processor time.

use std::time::Duration;

use anyhow::{Result, ensure};
use futures_util::future::join_all;
use testkit::{Homeserver, User};
use tokio::time::Instant;

use super::contender::{Contender, Running};
use super::ears::Ears;
use crate::figures::Samples;

/// How long a bot may take to come into a room or to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a message of the time of a start may go without an answer before it counts as lost.
const LOST: Duration = Duration::from_secs(5);
/// How far apart messages are that are written while a host starts.
const KNOCK_EVERY: Duration = Duration::from_millis(50);
/// How long after a start memory is looked at.
const SETTLE: Duration = Duration::from_secs(3);
/// How many messages of a burst are on their way to the homeserver at a time.
const SENDERS: usize = 8;

/// Whom a host is measured with, and how often.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) homeserver: Homeserver,
    pub(crate) person: User,
    pub(crate) ears: Ears,
    pub(crate) http: reqwest::Client,
    pub(crate) messages: usize,
    pub(crate) starts: usize,
}

/// A program's memory in megabytes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Memory {
    pub(crate) resident: f64,
    /// Resident, of which what it shares with others counts in parts.
    pub(crate) share: f64,
    /// Data of its own, not pages of files.
    pub(crate) own: f64,
}

/// All figures of a host with one number of bots.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// From the start of the program until it serves, in milliseconds.
    pub(crate) serving_ms: Vec<f64>,
    /// From the start of the program until the first answer has arrived, in milliseconds.
    pub(crate) answer_ms: Vec<f64>,
    /// Messages written after the program served and never answered, over all starts.
    pub(crate) lost: usize,
    /// Memory after a start.
    pub(crate) idle: Memory,
    /// Resident memory after all messages.
    pub(crate) after_mb: f64,
    /// Message to answer in milliseconds, one after the other and in a burst.
    pub(crate) single: Load,
    pub(crate) burst: Load,
}

/// What a load was like.
#[derive(Debug, Default)]
pub(crate) struct Load {
    pub(crate) ms: Samples,
    /// Processor time of the host per message, in milliseconds.
    pub(crate) cpu_ms: f64,
    /// From the first message to the last answer.
    pub(crate) seconds: f64,
    pub(crate) missing: usize,
}

/// Sets a host up with so many bots and measures it.
pub(crate) async fn measure(stage: &Stage, contender: &mut Contender, bots: usize) -> Result<Figures> {
    let accounts = contender.set_up(&stage.homeserver, &stage.person, bots).await?;
    let running = contender.start(&stage.http).await?;
    contender.tell(&stage.http).await?;
    let rooms = rooms(stage, &accounts).await?;
    contender.stop(running.program).await?;

    let mut figures = Figures::default();
    let name = format!("{}{bots}", contender.name());
    for number in 1..stage.starts {
        let running = contender.start(&stage.http).await?;
        first_answer(stage, &running, &rooms, &format!("{name}start{number}"), &mut figures).await?;
        contender.stop(running.program).await?;
    }
    let running = contender.start(&stage.http).await?;
    first_answer(stage, &running, &rooms, &format!("{name}start"), &mut figures).await?;
    tokio::time::sleep(SETTLE).await;
    let program = running.program;
    figures.idle = Memory {
        resident: program.resident_mb()?,
        share: program.proportional_mb()?,
        own: program.own_mb()?,
    };
    if !rooms.is_empty() {
        // What is made once, such as caches and connections, is not measured.
        single(stage, &rooms, &format!("{name}warm"), stage.messages / 10).await?;
        let before = program.cpu_seconds()?;
        figures.single = single(stage, &rooms, &format!("{name}single"), stage.messages).await?;
        let between = program.cpu_seconds()?;
        figures.burst = burst(stage, &rooms, &format!("{name}burst"), stage.messages).await?;
        let after = program.cpu_seconds()?;
        let each = |seconds: f64| seconds * 1000.0 / stage.messages as f64;
        (figures.single.cpu_ms, figures.burst.cpu_ms) = (each(between - before), each(after - between));
    }
    figures.after_mb = program.resident_mb()?;
    contender.stop(program).await?;
    Ok(figures)
}

/// A room with each bot, made by the person.
async fn rooms(stage: &Stage, accounts: &[String]) -> Result<Vec<String>> {
    let mut rooms = Vec::new();
    for account in accounts {
        let room = stage.person.create_room("a room with a bot").await?;
        stage.person.invite(&room, account).await?;
        ensure!(stage.ears.see_in(&room, account, PATIENCE).await, "{account} did not come into its room.");
        rooms.push(room);
    }
    Ok(rooms)
}

/// Writes into the first room until something is answered there.
async fn first_answer(
    stage: &Stage,
    running: &Running,
    rooms: &[String],
    tag: &str,
    figures: &mut Figures,
) -> Result<()> {
    figures.serving_ms.push(running.serving_ms);
    let Some(room) = rooms.first() else { return Ok(()) };
    let mut words = Vec::new();
    let mut answered = None;
    while answered.is_none() {
        let begun = Instant::now();
        ensure!(running.begun.elapsed() < 4 * PATIENCE, "Nothing was answered after a start.");
        let word = format!("{tag}x{}", words.len());
        stage.person.send_text(room, &format!("!echo {word}")).await?;
        words.push(word);
        let left = KNOCK_EVERY.saturating_sub(begun.elapsed());
        answered = stage.ears.hear_one(&words, left).await;
    }
    if let Some(at) = answered {
        figures.answer_ms.push((at - running.begun).as_secs_f64() * 1000.0);
    }
    let late = join_all(words.iter().map(|word| stage.ears.hear(word, LOST))).await;
    figures.lost += late.iter().filter(|heard| heard.is_none()).count();
    Ok(())
}

/// Messages one after the other, each when the one before was answered, over all rooms in turn.
async fn single(stage: &Stage, rooms: &[String], tag: &str, count: usize) -> Result<Load> {
    let mut load = Load::default();
    let begun = Instant::now();
    for number in 0..count {
        ask(stage, &rooms[number % rooms.len()], &format!("{tag}x{number}")).await?.take_into(&mut load);
    }
    load.seconds = begun.elapsed().as_secs_f64();
    Ok(load)
}

/// All messages as fast as the homeserver takes them, over all rooms in turn.
async fn burst(stage: &Stage, rooms: &[String], tag: &str, count: usize) -> Result<Load> {
    let mut load = Load::default();
    let begun = Instant::now();
    let senders = (0..SENDERS).map(async |sender| {
        let mut sent = Vec::new();
        for number in (sender..count).step_by(SENDERS) {
            let word = format!("{tag}x{number}");
            let at = Instant::now();
            stage.person.send_text(&rooms[number % rooms.len()], &format!("!echo {word}")).await?;
            sent.push((word, at));
        }
        anyhow::Ok(sent)
    });
    for sent in join_all(senders).await {
        for (word, at) in sent? {
            let heard = stage.ears.hear(&word, PATIENCE).await;
            Answer { at, heard }.take_into(&mut load);
        }
    }
    load.seconds = begun.elapsed().as_secs_f64();
    Ok(load)
}

/// When something was asked, and when it was answered.
struct Answer {
    at: Instant,
    heard: Option<Instant>,
}

impl Answer {
    fn take_into(self, load: &mut Load) {
        match self.heard {
            Some(heard) => load.ms.push((heard - self.at).as_secs_f64() * 1000.0),
            None => load.missing += 1,
        }
    }
}

async fn ask(stage: &Stage, room: &str, word: &str) -> Result<Answer> {
    let at = Instant::now();
    stage.person.send_text(room, &format!("!echo {word}")).await?;
    Ok(Answer { at, heard: stage.ears.hear(word, PATIENCE).await })
}
