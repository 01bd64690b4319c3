//! Runs a target for some time.
#![allow(clippy::disallowed_methods, reason = "it measures real time, and no program depends on it")]

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::catch_unwind;
use std::time::{Duration, Instant};

use crate::mutate::{Random, mutate};
use crate::target::Target;

/// An input that takes longer is a failure. Builds without optimization are slow, so it is far above what is wanted.
pub const MOST: Duration = Duration::from_secs(20);

/// Inputs kept for their new results.
const MOST_KEPT: usize = 5_000;

/// What a run came to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How many inputs were tried.
    pub inputs: u64,
    /// How many gave a result unlike all before.
    pub new: usize,
    /// The longest time one took.
    pub slowest: Duration,
    /// The input that broke it, if one did.
    pub broken: Option<Vec<u8>>,
}

/// Runs a target until the time is over or an input breaks it.
pub fn run(target: &Target, time: Duration, seed: u64) -> Outcome {
    let mut corpus = (target.corpus)();
    let mut random = Random::new(seed);
    let mut known = HashSet::new();
    let mut outcome = Outcome::default();
    let begun = Instant::now();
    while begun.elapsed() < time {
        let input = mutate(&mut random, &corpus, target.words);
        outcome.inputs += 1;
        let at = Instant::now();
        let run = target.run;
        let result = catch_unwind(|| run(&input));
        let took = at.elapsed();
        outcome.slowest = outcome.slowest.max(took);
        let Some(result) = result.ok().filter(|_| took < MOST) else {
            outcome.broken = Some(input);
            return outcome;
        };
        if known.insert(outline(&result)) {
            outcome.new += 1;
            if corpus.len() < MOST_KEPT
                && let Ok(text) = String::from_utf8(input)
            {
                corpus.push(text);
            }
        }
    }
    outcome
}

/// What a result looks like, without its words and numbers.
fn outline(result: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut in_tag = false;
    for byte in result.bytes().take(4_096) {
        in_tag = byte == b'<' || (in_tag && byte != b'>' && byte != b' ');
        if in_tag || byte.is_ascii_punctuation() {
            byte.hash(&mut hasher);
        }
    }
    hasher.finish()
}
