//! The bot host beside maubot, on the same machine and the same Synapse: memory, starts, answers, processor time.

mod contender;
mod ears;
mod maubot;
mod measure;
mod native;

use std::path::PathBuf;

use anyhow::{Context, Result};
use testkit::{Appservice, Homeserver, Kind};

use crate::figures::Spread;
use crate::http_client;
use contender::Contender;
use ears::Ears;
use maubot::Maubot;
use measure::{Figures, Load, Stage};
use native::Native;

/// What is measured.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Numbers of bots, each with an account and a room of its own.
    #[arg(long, value_delimiter = ',', default_value = "0,3,50")]
    bots: Vec<usize>,
    /// Messages one after the other, and as many in a burst.
    #[arg(long, default_value_t = 300)]
    messages: usize,
    /// Starts of each.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..))]
    starts: u8,
    /// The host's program.
    #[arg(long, default_value = "target/release/bridge-bots")]
    host: PathBuf,
    /// The Python environment with maubot; it is made if it is not there.
    #[arg(long, default_value = "target/maubot/venv")]
    maubot: PathBuf,
    /// Leave maubot out.
    #[arg(long)]
    alone: bool,
    /// Keep the folder with logs and databases.
    #[arg(long)]
    keep: bool,
}

/// Measures and prints.
pub(crate) async fn run(options: Options) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("bench-bots-").tempdir()?;
    let outcome = measure_all(&options, folder.path()).await;
    if options.keep || outcome.is_err() {
        eprintln!("logs and databases are in {}", folder.keep().display());
    }
    outcome
}

async fn measure_all(options: &Options, folder: &std::path::Path) -> Result<()> {
    let appservice = Appservice::new(testkit::homeserver::fake::SERVER_NAME)?;
    let mut contenders = vec![Contender::Native(Native::new(&options.host, appservice.clone(), folder)?)];
    if !options.alone {
        contenders.push(Contender::Maubot(Maubot::install(&options.maubot, folder).await?));
    }
    let homeserver = Homeserver::start_with(Kind::Synapse, &[&appservice.registration_yaml()]).await;
    let homeserver = homeserver.context("Synapse is needed, which `cargo xtask synapse` installs")?;
    let person = homeserver.user("person").await?;
    let stage = Stage {
        ears: Ears::open(&person).await?,
        homeserver,
        person,
        http: http_client::http_client()?,
        messages: options.messages.max(10),
        starts: usize::from(options.starts),
    };
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    println!(
        "- {cores} cores; Synapse and the client share them; {} messages; {} starts",
        stage.messages, stage.starts
    );
    println!(
        "- each bot has an account and a room of its own, messages go to all rooms in turn; SQLite on both sides\n"
    );
    for (number, bots) in options.bots.iter().enumerate() {
        let mut columns = Vec::new();
        for contender in &mut contenders {
            eprintln!("{} with {bots} bots …", contender.name());
            columns.push((contender.name(), measure::measure(&stage, contender, *bots).await?));
        }
        if number == 0 {
            let names = columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" | ");
            println!("| bots | what | {names} |\n|---|---|{}", "---|".repeat(columns.len()));
        }
        print_rows(*bots, &columns.iter().map(|(_, figures)| figures).collect::<Vec<_>>());
    }
    Ok(())
}

fn print_rows(bots: usize, columns: &[&Figures]) {
    let row = |what: &str, cell: &dyn Fn(&Figures) -> String| {
        let cells = columns.iter().map(|figures| cell(figures)).collect::<Vec<_>>().join(" | ");
        println!("| {bots} | {what} | {cells} |");
    };
    row("resident memory, idle, MB", &|figures| format!("{:.1}", figures.idle.resident));
    row("of it by its share (PSS), MB", &|figures| format!("{:.1}", figures.idle.share));
    row("of it data, not pages of files, MB", &|figures| format!("{:.1}", figures.idle.own));
    row("start to serving, ms", &|figures| spread(&figures.serving_ms));
    if bots == 0 {
        return;
    }
    row("start to first answer, ms", &|figures| spread(&figures.answer_ms));
    row("written after serving and never answered", &|figures| figures.lost.to_string());
    row("message to answer: p50, ms", &|figures| percentile(&figures.single, 50.0));
    row("message to answer: p99, ms", &|figures| percentile(&figures.single, 99.0));
    row("message to answer: CPU, ms", &|figures| format!("{:.2}", figures.single.cpu_ms));
    row("burst: p50, ms", &|figures| percentile(&figures.burst, 50.0));
    row("burst: p99, ms", &|figures| percentile(&figures.burst, 99.0));
    row("burst: first message to last answer, s", &|figures| format!("{:.2}", figures.burst.seconds));
    row("burst: CPU per message, ms", &|figures| format!("{:.2}", figures.burst.cpu_ms));
    row("messages without an answer", &|figures| {
        (figures.single.missing + figures.burst.missing).to_string()
    });
    row("resident memory, after all that, MB", &|figures| format!("{:.1}", figures.after_mb));
}

fn percentile(load: &Load, percent: f64) -> String {
    format!("{:.1}", load.ms.percentile(percent))
}

/// The median of some starts, with the least and the most.
fn spread(values: &[f64]) -> String {
    let spread = Spread::of(values.iter().copied());
    spread.map_or_else(String::new, |it| format!("{:.0} ({:.0} – {:.0})", it.median, it.min, it.max))
}
