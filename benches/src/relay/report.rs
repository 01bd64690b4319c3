//! The table of a run and its JSON.

mod rows;

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::json;

use super::Options;
use super::contender::Kind;
use super::rooms::Rooms;
use super::workload::{Direction, Figures};
use crate::figures::{Samples, Spread};

/// One line of the table.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    unit: &'static str,
    bridge: Option<Spread>,
    skeleton: Option<Spread>,
    /// The budget in words.
    budget: String,
    /// Whether it is held.
    held: Option<bool>,
}

/// Collects the figures of all runs.
#[derive(Debug)]
pub(crate) struct Report {
    head: Vec<String>,
    notes: Vec<String>,
    bridge: Vec<Figures>,
    skeleton: Vec<Figures>,
    rooms: Vec<Rooms>,
    binary_mb: Option<f64>,
}

impl Report {
    /// A report without figures.
    pub(crate) fn new(options: &Options) -> Result<Self> {
        let cores = std::thread::available_parallelism()?;
        let head = vec![format!(
            "{cores} cores; {} runs; bursts of {} messages over {} rooms; trickles of {} messages at 5/s; \
             homeserver's delay {} ms",
            options.runs(),
            options.messages(),
            options.rooms,
            options.trickle_messages(),
            options.homeserver_delay,
        )];
        Ok(Self {
            head,
            notes: Vec::new(),
            bridge: Vec::new(),
            skeleton: Vec::new(),
            rooms: Vec::new(),
            binary_mb: None,
        })
    }

    /// What stub and workspace take for an answer. Latencies end when a call arrives, so they do not hold these.
    pub(crate) fn answer_times(&mut self, homeserver: &Samples, slack: &Samples) {
        self.head.push(format!("answer of the stub homeserver: {}", percentiles(homeserver)));
        self.head.push(format!("answer of the fake Slack: {}", percentiles(slack)));
    }

    /// Something worth a line below the table.
    pub(crate) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// The program's size on disk.
    pub(crate) fn binary(&mut self, program: &Path) -> Result<()> {
        let meta =
            std::fs::metadata(program).with_context(|| format!("{} is not there.", program.display()))?;
        self.binary_mb = Some(meta.len() as f64 / 1e6);
        Ok(())
    }

    /// The figures of one run.
    pub(crate) fn add(&mut self, kind: Kind, figures: Figures) {
        match kind {
            Kind::Bridge => self.bridge.push(figures),
            Kind::Skeleton => self.skeleton.push(figures),
        }
    }

    /// The figures with one number of portals.
    pub(crate) fn add_rooms(&mut self, rooms: Rooms) {
        self.rooms.push(rooms);
    }

    /// Prints the table.
    pub(crate) fn print(&self) {
        println!("{}", self.text());
    }

    /// All times of the disk.
    fn disk(&self) -> Samples {
        let runs = self.bridge.iter().chain(&self.skeleton);
        let loads = runs.flat_map(|figures| [&figures.to_matrix.trickle, &figures.to_slack.trickle]);
        let mut disk = Samples::default();
        loads.for_each(|load| disk.extend(&load.disk));
        disk
    }

    /// Where the last run's sustained loads spent their time: a hint at what to look into.
    fn threads(&self) -> Vec<String> {
        let Some(figures) = self.bridge.last() else { return Vec::new() };
        let ways = [("Slack→Matrix", &figures.to_matrix), ("Matrix→Slack", &figures.to_slack)];
        let line = |(name, way): (&str, &Direction)| {
            let mut threads: Vec<_> = way.sustained.threads_us.iter().collect();
            threads.sort_unstable_by(|one, other| other.1.total_cmp(one.1));
            let words: Vec<_> =
                threads.iter().take(5).map(|(thread, us)| format!("{thread} {us:.1} µs")).collect();
            format!(
                "{name}, sustained: CPU per message of the bridge by threads of one name: {}",
                words.join(", ")
            )
        };
        ways.into_iter().map(line).collect()
    }

    fn text(&self) -> String {
        let mut text = self.head.join("\n");
        let _ = write!(
            text,
            "\nfdatasync of 4 KB appended, between the messages at 5/s: {}\n\n",
            percentiles(&self.disk())
        );
        text += "| what | unit | bridge: median (min – max) | skeleton | ratio | budget | |\n";
        text += "|---|---|---|---|---|---|---|\n";
        for row in self.rows() {
            let ratio = row.bridge.zip(row.skeleton).filter(|(_, skeleton)| skeleton.median > 0.0);
            let ratio = ratio.map(|(bridge, skeleton)| format!("{:.2}", bridge.median / skeleton.median));
            let verdict = row.held.map_or("", |held| if held { "ok" } else { "missed" });
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} | {verdict} |",
                row.name,
                row.unit,
                spread(row.bridge),
                spread(row.skeleton),
                ratio.unwrap_or_default(),
                row.budget,
            );
        }
        for note in self.threads().iter().chain(&self.notes) {
            let _ = writeln!(text, "\n{note}");
        }
        text
    }

    /// All of it as JSON.
    pub(crate) fn json(&self) -> String {
        let disk = self.disk();
        let disk = json!({ "p50_ms": disk.percentile(50.0), "p99_ms": disk.percentile(99.0) });
        let notes: Vec<_> = self.threads().into_iter().chain(self.notes.clone()).collect();
        let all = json!({ "head": self.head, "fdatasync": disk, "rows": self.rows(), "notes": notes });
        format!("{all:#}\n")
    }
}

fn percentiles(samples: &Samples) -> String {
    format!("p50 {:.2} ms, p99 {:.2} ms", samples.percentile(50.0), samples.percentile(99.0))
}

fn spread(spread: Option<Spread>) -> String {
    let Some(Spread { median, min, max }) = spread else { return String::new() };
    if (max - min).abs() < f64::EPSILON {
        return number(median);
    }
    format!("{} ({} – {})", number(median), number(min), number(max))
}

/// Three digits or so, however large.
fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size < 0.1 => format!("{value:.4}"),
        size if size < 10.0 => format!("{value:.2}"),
        size if size < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
