//! Which lines the table has, and what each is held against.

use super::{Report, Row};
use crate::figures::{Samples, Spread};
use crate::relay::budget::{self, Budget};
use crate::relay::workload::{Direction, Figures, Load};

/// Reads one figure of a run.
type Read<'a> = &'a dyn Fn(&Figures) -> f64;
/// Which way of a run.
type Way = fn(&Figures) -> &Direction;

impl Report {
    pub(super) fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        let ways: [(&str, Way); 2] =
            [("Slack→Matrix", |figures| &figures.to_matrix), ("Matrix→Slack", |figures| &figures.to_slack)];
        for (name, way) in ways {
            self.trickle(&mut rows, name, way);
            self.bursts(&mut rows, name, way);
        }
        self.stall(&mut rows);
        let faults = |figures: &Figures| {
            let loads = [&figures.to_matrix, &figures.to_slack].into_iter().flat_map(Direction::loads);
            let loads = loads.chain([&figures.steady, &figures.stalled]);
            loads.map(Load::faults).sum::<usize>() as f64
        };
        rows.push(self.row("order faults, missing, doubled", "count", &faults, Budget::Zero));
        let again = |figures: &Figures| {
            figures.to_matrix.loads().into_iter().map(|load| load.arrived.sent_again).sum::<usize>() as f64
        };
        rows.push(self.row("frames that were not acknowledged within 30 s", "count", &again, Budget::None));
        rows.push(self.row("memory after the warm-up", "MB", &|figures| figures.idle_mb, Budget::None));
        rows.push(self.row(
            "memory at the peak of all loads",
            "MB",
            &|figures| figures.peak_mb,
            Budget::None,
        ));
        self.portals(&mut rows);
        if let Some(size) = self.binary_mb {
            rows.push(ours("program, stripped", "MB", Spread::of([size]), Budget::AtMost(15.0)));
        }
        rows
    }

    fn row(&self, name: &str, unit: &'static str, read: Read<'_>, budget: Budget) -> Row {
        let of = |runs: &[Figures]| Spread::of(runs.iter().map(read));
        held(name, unit, of(&self.bridge), of(&self.skeleton), budget)
    }

    /// Latencies are pooled over all runs: one run has too few messages for a 99th percentile.
    fn trickle(&self, rows: &mut Vec<Row>, name: &str, way: Way) {
        let pool = |runs: &[Figures]| -> Samples {
            runs.iter().flat_map(|figures| way(figures).trickle.latencies(true)).collect()
        };
        let disks = |runs: &[Figures]| {
            let mut pool = Samples::default();
            for figures in runs {
                pool.extend(&way(figures).trickle.disk);
            }
            pool
        };
        let bridge = (pool(&self.bridge), disks(&self.bridge));
        let skeleton = (pool(&self.skeleton), disks(&self.skeleton));
        for (percent, budget) in [(50.0, Some(1.0)), (99.0, Some(5.0)), (100.0, None)] {
            let rank = if percent < 100.0 { format!("p{percent}") } else { "max".to_owned() };
            let at = |samples: &Samples| samples.percentile(percent);
            let value = |(all, _): &(Samples, Samples)| Spread::of([at(all)]);
            let title = format!("{name} at 5/s: {rank}");
            rows.push(held(&title, "ms", value(&bridge), value(&skeleton), Budget::None));
            if let Some(limit) = budget {
                let value = |(all, disk): &(Samples, Samples)| Spread::of([at(all) - at(disk)]);
                let title = format!("{name} at 5/s: {rank} beyond one fdatasync's {rank}");
                rows.push(held(&title, "ms", value(&bridge), value(&skeleton), Budget::AtMost(limit)));
            }
        }
        // Towards Slack each message has two more: it is marked before the call, and its echo is accepted.
        let budget = if name.starts_with("Slack") { Budget::AtMost(1.2) } else { Budget::None };
        let commits = |figures: &Figures| way(figures).trickle.commits;
        let cpu = |figures: &Figures| way(figures).trickle.cpu_us();
        let name = |what: &str| format!("{name} at 5/s: {what}");
        rows.push(self.row(&name("commits per message"), "", &commits, budget));
        rows.push(self.row(&name("CPU per message"), "µs", &cpu, Budget::None));
    }

    /// Every message of the other rooms counts, pooled as above.
    fn stall(&self, rows: &mut Vec<Row>) {
        let p99 = |runs: &[Figures], load: fn(&Figures) -> &Load| {
            let pool: Samples = runs.iter().flat_map(|figures| load(figures).latencies(false)).collect();
            pool.percentile(99.0)
        };
        let steady = |runs: &[Figures]| p99(runs, |figures| &figures.steady);
        let stalled = |runs: &[Figures]| p99(runs, |figures| &figures.stalled);
        let mut row = |name: &str, unit: &'static str, read: &dyn Fn(&[Figures]) -> f64, budget: Budget| {
            let (bridge, skeleton) = (read(&self.bridge), read(&self.skeleton));
            rows.push(held(name, unit, Spread::of([bridge]), Spread::of([skeleton]), budget));
        };
        row("Slack→Matrix at 500/s: p99", "ms", &steady, Budget::None);
        row("Slack→Matrix at 500/s: p99 of the others beside a stalled room", "ms", &stalled, Budget::None);
        let ratio = |runs: &[Figures]| stalled(runs) / steady(runs);
        row("effect of a stalled room on the others' p99", "", &ratio, Budget::AtMost(1.1));
    }

    fn bursts(&self, rows: &mut Vec<Row>, name: &str, way: Way) {
        let to_matrix = name.starts_with("Slack");
        let when = |limit: f64| if to_matrix { Budget::AtMost(limit) } else { Budget::None };
        let mut row = |what: &str, unit: &'static str, read: Read<'_>, budget: Budget| {
            rows.push(self.row(&format!("{name}, {what}"), unit, read, budget));
        };
        if to_matrix {
            row("burst: acknowledged", "s", &|f| way(f).burst.arrived.acknowledged_s, when(0.5));
            row("burst: acknowledgements p99", "ms", &|f| way(f).burst.arrived.ack_p99_ms, when(1_000.0));
        }
        row("burst: delivered", "s", &|f| way(f).burst.arrived.delivered_s, when(1.0));
        row("burst: commits per message", "", &|f| way(f).burst.commits, when(0.05));
        let rate = if to_matrix { Budget::AtLeast(10_000.0) } else { Budget::None };
        row("sustained", "messages/s", &|f| way(f).sustained.rate(), rate);
        row("sustained: CPU per message", "µs", &|f| way(f).sustained.cpu_us(), Budget::TimesSkeleton(2.0));
    }

    fn portals(&self, rows: &mut Vec<Row>) {
        for rooms in &self.rooms {
            let name = |what: &str| format!("{} portals: {what}", rooms.portals);
            let value = |value: f64| Spread::of([value]);
            let memory = budget::idle_memory(rooms.portals);
            rows.push(ours(&name("idle memory"), "MB", Some(rooms.idle_mb), memory));
            let own = Some(rooms.own_mb);
            rows.push(ours(&name("of it data, not pages of its file"), "MB", own, Budget::None));
            rows.push(ours(
                &name("start to ready"),
                "ms",
                Some(rooms.ready_ms),
                budget::start(rooms.portals),
            ));
            let calls = rooms.slack_calls as f64;
            rows.push(ours(&name("Slack calls of a start"), "count", value(calls), Budget::AtMost(10.0)));
            if let Some(cpu) = rooms.cpu_us {
                rows.push(ours(&name("CPU per message of a burst"), "µs", value(cpu), Budget::None));
            }
        }
        let mut costs = self.rooms.iter().filter_map(|rooms| rooms.cpu_us);
        if let Some((few, many)) = costs.next().zip(costs.next()) {
            let ratio = Spread::of([many / few]);
            rows.push(ours("CPU per message, many portals ÷ few", "", ratio, Budget::AtMost(1.1)));
        }
    }
}

fn ours(name: &str, unit: &'static str, value: Option<Spread>, budget: Budget) -> Row {
    held(name, unit, value, None, budget)
}

fn held(
    name: &str,
    unit: &'static str,
    bridge: Option<Spread>,
    skeleton: Option<Spread>,
    budget: Budget,
) -> Row {
    let held = budget.is_held(bridge, skeleton);
    Row { name: name.to_owned(), unit, bridge, skeleton, budget: budget.words(), held }
}

impl Direction {
    fn loads(&self) -> [&Load; 3] {
        [&self.trickle, &self.burst, &self.sustained]
    }
}

impl Load {
    fn faults(&self) -> usize {
        self.arrived.order_faults + self.arrived.missing + self.arrived.doubled
    }
}
