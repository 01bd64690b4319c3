//! The queue's decisions in runs that follow from a seed: who makes the next step, what fails, where the process dies.
//!
//! The windows, the batch, the plan of a commit, doubt and verdict are the queue's own. Around them stand models of the
//! table, the network, the senders, and of the loops in `commit.rs` and `worker.rs`.

mod network;
mod process;
mod random;
mod run;
mod sender;
mod table;
mod worker;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use tokio::time::Instant;
use world::Counts;

/// Runs in every test.
const SCHEDULES: u64 = 2_000;
/// What is shown of a run that failed.
const LAST: usize = 50;

/// Makes the runs of so many seeds.
fn schedules(first: u64, count: u64) -> Counts {
    let mut counts = Counts::default();
    for seed in first..first + count {
        match catch_unwind(AssertUnwindSafe(|| run::run(seed, &mut None))) {
            Ok(of_run) => counts.add(&of_run),
            Err(panic) => {
                let found = seed - first + 1;
                eprintln!(
                    "seed {seed} failed, the {found}th; alone: cargo xtask simulate --seed {seed} --schedules 1"
                );
                show(seed);
                resume_unwind(panic);
            }
        }
    }
    counts
}

/// Makes a run that failed once more, and shows its last steps.
fn show(seed: u64) {
    let mut steps = Some(Vec::new());
    let _ = catch_unwind(AssertUnwindSafe(|| run::run(seed, &mut steps)));
    let steps = steps.unwrap_or_default();
    for (number, step) in steps.iter().enumerate().skip(steps.len().saturating_sub(LAST)) {
        eprintln!("{number:>6} {step}");
    }
}

#[test]
fn whatever_happens_in_whatever_order() {
    let counts = schedules(1, SCHEDULES);
    for (name, count) in counts.named() {
        assert!(count > 100, "{count} {name}: the runs do not reach what they are for");
    }
}

#[test]
fn one_seed_is_one_run() {
    let steps = |seed| {
        let mut steps = Some(Vec::new());
        run::run(seed, &mut steps);
        steps.unwrap()
    };
    assert_eq!(steps(7), steps(7));
    assert_ne!(steps(7), steps(8));
}

/// `cargo xtask simulate` says how many and from which seed on.
#[test]
#[ignore = "takes minutes; cargo xtask simulate runs it"]
#[allow(clippy::disallowed_methods, reason = "the test's command line is its environment")]
fn as_many_as_asked() {
    let asked = |name: &str, default: u64| match std::env::var(name) {
        Ok(text) => text.parse().expect("a whole number"),
        Err(_) => default,
    };
    let (count, first) = (asked("SIMULATE_SCHEDULES", 100_000), asked("SIMULATE_SEED", 1));
    let started = Instant::now();
    let counts = schedules(first, count);
    println!("{count} schedules from seed {first} in {:.1} s", started.elapsed().as_secs_f64());
    for (name, count) in counts.named() {
        println!("{count:>12} {name}");
    }
}
