//! A bot host under measurement: set up with a number of bots, started, stopped.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, ensure};
use reqwest::Client;
use testkit::{Homeserver, User};
use tokio::time::Instant;

use super::maubot::Maubot;
use super::native::Native;
use crate::process::Program;

/// How long a start may take.
const START: Duration = Duration::from_mins(2);
/// How often a program that starts is asked whether it answers.
const ASK_EVERY: Duration = Duration::from_millis(5);

/// Which host.
#[derive(Debug)]
pub(crate) enum Contender {
    Native(Native),
    Maubot(Maubot),
}

/// A host that runs, and how long its start took.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) program: Program,
    pub(crate) begun: Instant,
    /// Until its port answered as it does when it serves, in milliseconds.
    pub(crate) serving_ms: f64,
}

impl Contender {
    /// What it is called in the table.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Native(_) => "bridge-bots",
            Self::Maubot(_) => "maubot",
        }
    }

    /// Makes a new folder with so many bots, each with an account of its own; answers the accounts.
    pub(crate) async fn set_up(
        &mut self,
        homeserver: &Homeserver,
        person: &User,
        count: usize,
    ) -> Result<Vec<String>> {
        match self {
            Self::Native(native) => native.set_up(homeserver, person, count),
            Self::Maubot(maubot) => maubot.set_up(homeserver, count).await,
        }
    }

    /// Starts it in that folder.
    pub(crate) async fn start(&self, http: &Client) -> Result<Running> {
        let (command, log, url): (_, PathBuf, String) = match self {
            Self::Native(native) => (native.command(), native.log(), native.url()),
            Self::Maubot(maubot) => (maubot.command(), maubot.log(), maubot.url()),
        };
        start(command, &log, &url, http).await
    }

    /// Ends it.
    pub(crate) async fn stop(&self, program: Program) -> Result<()> {
        let ended = program.stop().await;
        // maubot may hang when it is told in the middle of an answer. Then it was killed; how it ends is not measured.
        if matches!(self, Self::Maubot(_)) { Ok(()) } else { ended }
    }

    /// After a start for the first time: whatever the host has to be told by its API.
    pub(crate) async fn tell(&self, http: &Client) -> Result<()> {
        match self {
            Self::Native(_) => Ok(()),
            Self::Maubot(maubot) => maubot.tell(http).await,
        }
    }
}

/// Starts a program and waits until a route of its answers, with success or because it asks for a token.
async fn start(command: tokio::process::Command, log: &Path, url: &str, http: &Client) -> Result<Running> {
    let begun = Instant::now();
    let mut program = Program::start(command, log, None)?;
    loop {
        program.check_alive()?;
        if let Ok(answer) = http.get(url).send().await
            && (answer.status().is_success() || answer.status() == 401)
        {
            let serving_ms = begun.elapsed().as_secs_f64() * 1000.0;
            return Ok(Running { program, begun, serving_ms });
        }
        ensure!(begun.elapsed() < START, "It did not serve within {START:?}; see {}.", log.display());
        tokio::time::sleep(ASK_EVERY).await;
    }
}
