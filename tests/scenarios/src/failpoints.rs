//! Kills the bridge at each point between receipt and done, for each kind of event, and compares both sides with a run
//! in which nothing was killed.
mod act;
mod cell;
mod chat;
mod kind;
mod points;
mod report;
mod transcript;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Parser, ValueEnum};
use tokio::task::{JoinSet, LocalSet};

use crate::Result;
use crate::world::Choice;
use cell::Stage;
pub use kind::Kind;
pub use points::POINTS;
pub use report::{Cell, Outcome, Report};

/// What is run.
#[derive(Debug, Clone, Parser)]
pub struct Options {
    /// These kinds of events only.
    #[arg(long, value_enum)]
    pub kind: Vec<Kind>,
    /// These points only.
    #[arg(long)]
    pub point: Vec<String>,
    /// At most so many passings of a point for each kind, spread over all of them.
    #[arg(long, default_value_t = usize::MAX, hide_default_value = true)]
    pub most: usize,
    /// Where.
    #[command(flatten)]
    pub choice: Choice,
    /// Where the bridge's log of each cell with a difference goes.
    #[arg(long)]
    pub logs: Option<PathBuf>,
    /// How many kinds are run at the same time, each in a world of its own.
    #[arg(long, default_value_t = 4)]
    pub worlds: usize,
}

impl Options {
    fn wants(&self, point: &str) -> bool {
        self.point.is_empty() || self.point.iter().any(|wanted| wanted == point)
    }

    fn keep_log(&self, cell: &Cell, log: &str) -> Result<()> {
        let Some(folder) = &self.logs else { return Ok(()) };
        std::fs::create_dir_all(folder)?;
        let name = format!("{}-{}-{}.log", cell.kind.name(), cell.point, cell.time);
        Ok(std::fs::write(folder.join(name), log)?)
    }
}

/// Runs all cells: each kind of event in a world of its own.
pub async fn run(options: Options) -> Result<Report> {
    let kinds = if options.kind.is_empty() { Kind::value_variants().to_vec() } else { options.kind.clone() };
    let here = LocalSet::new();
    let work = async move {
        let mut waiting = kinds.into_iter();
        let mut running = JoinSet::new();
        let mut report = Report::default();
        loop {
            while running.len() < options.worlds.max(1)
                && let Some(kind) = waiting.next()
            {
                let options = options.clone();
                running.spawn_local(async move { of_kind(kind, &options).await });
            }
            let Some(cells) = running.join_next().await else { return Ok(report) };
            report.cells.extend(cells.context("a kind's run broke")??);
        }
    };
    here.run_until(work).await
}

/// All cells of one kind.
async fn of_kind(kind: Kind, options: &Options) -> Result<Vec<Cell>> {
    cells_of(kind, options).await.with_context(|| format!("of the kind {}", kind.name()))
}

async fn cells_of(kind: Kind, options: &Options) -> Result<Vec<Cell>> {
    let mut stage = Stage::set(options.choice.place(), kind).await?;
    let (golden, passed) = stage.undisturbed().await?;
    let mut cells = Vec::new();
    for point in POINTS.iter().copied().filter(|point| options.wants(point)) {
        let times = passed.iter().filter(|passed| *passed == point).count();
        for time in spread(times, options.most) {
            let outcome = stage.killed_at(point, time, &golden).await?;
            let is_spoilt = matches!(outcome, Outcome::Different(_));
            let cell = Cell { kind, point, time, outcome };
            if is_spoilt {
                options.keep_log(&cell, &stage.log())?;
                stage = Stage::set(options.choice.place(), kind).await?;
            }
            cells.push(cell);
        }
    }
    Ok(cells)
}

/// At most `most` of the numbers from 1 to `times`, the first and the last among them.
fn spread(times: usize, most: usize) -> Vec<usize> {
    if times <= most {
        return (1..=times).collect();
    }
    match most {
        0 => Vec::new(),
        1 => vec![times],
        _ => (0..most).map(|index| 1 + index * (times - 1) / (most - 1)).collect(),
    }
}
