//! One of the two that are compared, running.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::time::Instant;

use super::Stage;
use crate::http_client;
use crate::process::{Cpu, Program};

/// How long a start may take.
const START: Duration = Duration::from_mins(1);

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The release program.
    Bridge,
    /// The same path without a database layer.
    Skeleton,
}

impl Kind {
    /// Its name in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bridge => "bridge",
            Self::Skeleton => "skeleton",
        }
    }
}

/// A contender that serves.
#[derive(Debug)]
pub(crate) struct Contender {
    /// Its process.
    pub(crate) program: Program,
    /// From its start to its saying that it is ready, in milliseconds.
    pub(crate) ready_ms: f64,
    http: reqwest::Client,
    url: String,
}

/// What a contender has used up so far.
#[derive(Debug)]
pub(crate) struct Usage {
    cpu: Cpu,
    commits: f64,
}

impl Usage {
    /// Processor time per message since an earlier look, in microseconds, by the names of threads.
    pub(crate) fn cpu_since(&self, earlier: &Self, messages: usize) -> BTreeMap<String, f64> {
        let used = self.cpu.since(&earlier.cpu).into_iter();
        used.map(|(name, seconds)| (name, seconds * 1e6 / messages as f64)).collect()
    }

    /// Commits per message since an earlier look.
    pub(crate) fn commits_since(&self, earlier: &Self, messages: usize) -> f64 {
        (self.commits - earlier.commits) / messages as f64
    }
}

impl Contender {
    /// Starts it and waits until it is ready and has its socket. The bridge uses the folder of this name.
    pub(crate) async fn start(stage: &Stage, kind: Kind, name: &str) -> Result<Self> {
        let setup = &stage.setup;
        let (command, contact) = match kind {
            Kind::Bridge => (setup.run_bridge(name), setup.bridge_contact(name)?),
            Kind::Skeleton => (setup.run_skeleton()?, setup.skeleton_contact()),
        };
        stage.homeserver.serve_appservice(contact);
        let http = http_client::http_client()?;
        let begun = Instant::now();
        let log = setup.folder.join(format!("{}-{name}.log", kind.name()));
        let program = Program::start(command, &log, None)?;
        let mut contender = Self { program, ready_ms: 0.0, http, url: setup.url() };
        contender.wait_until_ready(begun).await?;
        contender.ready_ms = begun.elapsed().as_secs_f64() * 1000.0;
        stage.slack.wait_for_sockets(1).await?;
        Ok(contender)
    }

    async fn wait_until_ready(&mut self, begun: Instant) -> Result<()> {
        let url = format!("{}/health/ready", self.url);
        while http_client::send(self.http.get(&url)).await.is_err() {
            self.program.check_alive()?;
            ensure!(begun.elapsed() < START, "It was not ready within {START:?}; see its log.");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(())
    }

    /// What it has used up so far.
    pub(crate) async fn usage(&self) -> Result<Usage> {
        let text = http_client::send(self.http.get(format!("{}/metrics", self.url))).await?;
        let text = String::from_utf8_lossy(&text);
        let counted = text.lines().filter(|line| line.starts_with("bridge_commits_total"));
        let values = counted.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
        let commits =
            values.reduce(|sum, value| sum + value).context("/metrics has no bridge_commits_total.")?;
        Ok(Usage { cpu: self.program.cpu()?, commits })
    }

    /// Ends it.
    pub(crate) async fn stop(self) -> Result<()> {
        self.program.stop().await
    }
}
