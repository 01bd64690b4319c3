//! The measurement of the relay: both contenders in alternating runs, against the same stub and the same workspace.

mod budget;
mod contender;
mod report;
mod rooms;
pub(crate) mod setup;
mod traffic;
mod workload;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::homeserver::Homeserver;
use crate::slack::Slack;
use contender::{Contender, Kind};
use report::Report;
use setup::Setup;
use workload::Figures;

/// What is measured, and how much of it.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Messages of a burst; the sustained figures take four times as many.
    #[arg(long)]
    messages: Option<usize>,
    /// Rooms they are spread over.
    #[arg(long, default_value_t = 50)]
    rooms: usize,
    /// Alternating runs of the bridge and the skeleton.
    #[arg(long)]
    runs: Option<usize>,
    /// Seconds of five messages a second, each way and run.
    #[arg(long)]
    trickle_seconds: Option<usize>,
    /// How long the homeserver holds every answer back, in milliseconds.
    #[arg(long, default_value_t = 0)]
    homeserver_delay: u64,
    /// Portals of the last row about rooms.
    #[arg(long, default_value_t = 10_000)]
    portals: usize,
    /// The bridge's program.
    #[arg(long, default_value = "target/release/bridge-slack")]
    bridge: PathBuf,
    /// Where the figures are written as JSON, too.
    #[arg(long)]
    json: Option<PathBuf>,
    /// One short run, to see that everything works; its figures say little.
    #[arg(long)]
    quick: bool,
    /// Only the skeleton: to try the measurement itself.
    #[arg(long)]
    skeleton_only: bool,
    /// Keep the folder with logs and databases.
    #[arg(long)]
    keep: bool,
}

impl Options {
    fn messages(&self) -> usize {
        self.messages.unwrap_or(if self.quick { 2_000 } else { 10_000 })
    }

    fn runs(&self) -> usize {
        self.runs.unwrap_or(if self.quick { 1 } else { 5 }).max(1)
    }

    fn trickle_messages(&self) -> usize {
        5 * self.trickle_seconds.unwrap_or(if self.quick { 4 } else { 12 })
    }

    fn kinds(&self) -> &'static [Kind] {
        if self.skeleton_only { &[Kind::Skeleton] } else { &[Kind::Bridge, Kind::Skeleton] }
    }
}

/// Everything that stands around the contenders.
struct Stage {
    options: Options,
    homeserver: Homeserver,
    slack: Slack,
    setup: Setup,
    next_workload: u32,
}

impl Stage {
    /// A number for a workload that no other of this run has.
    fn workload(&mut self) -> u32 {
        self.next_workload += 1;
        self.next_workload
    }

    /// A workspace in which nothing was said yet, and a bridge that is logged in to it: it would read back what another
    /// contender was told, and bring that over before anything newer.
    async fn renew(&mut self, place: &str) -> Result<()> {
        let folder = self.setup.folder.clone();
        let slack = workspace(&folder, &self.options).await?;
        std::mem::replace(&mut self.slack, slack).stop().await?;
        self.setup = Setup::new(&folder, &self.options.bridge, self.homeserver.url(), &self.slack.info)?;
        self.setup.prepare(place).await
    }
}

async fn workspace(folder: &Path, options: &Options) -> Result<Slack> {
    Slack::start(folder, options.rooms, options.messages() * 10).await
}

/// Measures and prints.
pub(crate) async fn run(options: Options) -> Result<()> {
    ensure!(
        options.rooms > 0 && !options.rooms.is_multiple_of(3),
        "--rooms must not be divisible by 3, the number of people."
    );
    let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(data_folder()?)?;
    let homeserver = Homeserver::start().await?;
    let slack = workspace(folder.path(), &options).await?;
    let setup = Setup::new(folder.path(), &options.bridge, homeserver.url(), &slack.info)?;
    let mut report = Report::new(&options)?;
    report.answer_times(&homeserver.answer_times(50).await?, &slack.answer_times(50).await?);
    homeserver.set_delay(Duration::from_millis(options.homeserver_delay));
    let mut stage = Stage { options, homeserver, slack, setup, next_workload: 0 };
    let outcome = measure(&mut stage, &mut report).await;
    if stage.options.keep || outcome.is_err() {
        eprintln!("logs and databases are in {}", folder.keep().display());
    }
    for call in stage.homeserver.unknown_calls() {
        report.note(format!("the stub homeserver has no route for {call}"));
    }
    if !stage.options.skeleton_only {
        report.binary(&stage.options.bridge)?;
    }
    report.print();
    if let Some(path) = &stage.options.json {
        std::fs::write(path, report.json())
            .with_context(|| format!("{} could not be written.", path.display()))?;
    }
    stage.slack.stop().await?;
    outcome
}

async fn measure(stage: &mut Stage, report: &mut Report) -> Result<()> {
    for run in 0..stage.options.runs() {
        for kind in stage.options.kinds() {
            eprintln!("run {} of {}: {}", run + 1, stage.options.runs(), kind.name());
            let figures = measure_one(stage, *kind, run).await.with_context(|| kind.name().to_owned())?;
            report.add(*kind, figures);
        }
    }
    if !stage.options.skeleton_only {
        rooms::measure(stage, report).await?;
    }
    Ok(())
}

async fn measure_one(stage: &mut Stage, kind: Kind, run: usize) -> Result<Figures> {
    let place = format!("relay{run}");
    if kind == Kind::Bridge {
        stage.renew(&place).await?;
    }
    let mut contender = Contender::start(stage, kind, &place).await?;
    let figures = workload::measure(stage, &mut contender).await;
    contender.stop().await?;
    figures
}

/// A folder on the disk of the programs: the usual temporary one may be in memory, where durability costs nothing.
fn data_folder() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    program.parent().map(PathBuf::from).context("The program is in no folder.")
}
