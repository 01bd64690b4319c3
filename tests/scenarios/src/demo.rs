//! The demo: a homeserver, a Slack workspace and the bridge, started, shown and stopped together.
pub mod bot;
mod follow;
mod journey;
mod names;
mod stage;
mod tour;
mod transcript;

use std::future::Future;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use crate::{Result, World};
use stage::Stage;
use transcript::Transcript;

/// Shows the bridge at work between a Matrix homeserver and a Slack workspace on this machine.
#[derive(Debug, Clone, Parser)]
#[command(name = "demo")]
pub struct Options {
    /// Check that everything shown crosses, and end.
    #[arg(long)]
    pub once: bool,
    /// Use your own homeserver, by its address, in place of a Synapse of the demo's own.
    #[arg(long, value_name = "URL", requires = "user", requires = "password")]
    pub homeserver: Option<String>,
    /// With --homeserver: the name of an account there, without @ and server.
    #[arg(long, requires = "homeserver")]
    pub user: Option<String>,
    /// With --homeserver: that account's password.
    #[arg(long, requires = "homeserver")]
    pub password: Option<String>,
}

/// Runs the demo until it has been seen through (with `once`) or until Ctrl-C, then stops everything it started.
///
/// Fails with a sentence when something cannot be started or a message does not arrive.
pub async fn run(options: Options) -> Result<()> {
    let is_first = tempfile::env::override_temp_dir(&folder()?).is_ok();
    anyhow::ensure!(is_first, "the demo runs once per process");
    let transcript = Transcript::new();
    let stage = Stage::choose(&options)?;
    let Some(world) = unless_stopped(stage.build(&transcript)).await? else { return Ok(()) };
    let mut world = world?;
    let shown = unless_stopped(show(&mut world, &stage, &options, &transcript)).await;
    if world.bridge.is_running() {
        world.bridge.stop().await.context("the bridge did not stop in order")?;
    }
    stage.say_farewell(&transcript);
    match shown? {
        Some(Err(error)) => {
            Err(error.context(format!("see the log of the bridge:\n{}", world.bridge.tail())))
        }
        Some(Ok(())) if options.once => {
            println!("The round trip works.");
            Ok(())
        }
        None if options.once => bail!("it was stopped before the messages had arrived"),
        Some(Ok(())) | None => {
            transcript.say("Everything is stopped.");
            Ok(())
        }
    }
}

async fn show(world: &mut World, stage: &Stage, options: &Options, transcript: &Transcript) -> Result<()> {
    stage.make_known(world, transcript).await?;
    let general = journey::first_contact(world, transcript).await?;
    tour::take(world, &general, transcript).await?;
    if options.once {
        return Ok(());
    }
    stage.tell_addresses(world, transcript);
    follow::both_sides(world, &general, transcript).await
}

/// What the demo shows besides text, in a room of the world's own.
pub(crate) async fn tour(world: &World, room: &str) -> Result<()> {
    tour::take(world, room, &Transcript::new()).await
}

/// Runs something until it ends or the person wants to stop (`None`).
async fn unless_stopped<T>(work: impl Future<Output = T>) -> Result<Option<T>> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        done = work => Ok(Some(done)),
        pressed = tokio::signal::ctrl_c() => { pressed?; Ok(None) }
        _ = terminate.recv() => Ok(None),
    }
}

/// `demo` in the target folder: what the demo writes is there while it runs.
fn folder() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2).context("the program is in no target folder")?;
    let folder = target.join("demo");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}
