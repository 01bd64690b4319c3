//! A regex as an automaton, so that "can both match one id" has an exact answer instead of a guess by samples.

use std::collections::{HashSet, VecDeque};

use regex_automata::{
    Anchored, Input,
    dfa::{Automaton, StartKind, dense},
    util::primitives::StateID,
};

/// Bounds memory and time for hostile regexes; ours need some kilobytes.
const SIZE_LIMIT: usize = 1 << 20;
const PAIR_LIMIT: usize = 1 << 17;

/// A regex, matched from an id's first character as Synapse does.
pub(super) struct Pattern(dense::DFA<Vec<u32>>);

/// How far a pattern has come: `None` once it has matched, whatever follows.
type Progress = Option<StateID>;

struct Pair {
    progress: [Progress; 2],
    came_from: usize,
    by: u8,
}

impl Pattern {
    /// Compiles a regex, or says in a few words why it can't.
    pub(super) fn new(regex: &str) -> Result<Self, String> {
        if let Err(error) = regex::Regex::new(regex) {
            // The last line says what is wrong; those before draw the regex.
            let error = error.to_string();
            let reason = error.lines().last().unwrap_or_default();
            return Err(reason.trim_start_matches("error: ").trim_end_matches('.').to_owned());
        }
        let config = dense::Config::new()
            .start_kind(StartKind::Anchored)
            .unicode_word_boundary(true)
            .dfa_size_limit(Some(SIZE_LIMIT))
            .determinize_size_limit(Some(SIZE_LIMIT));
        let automaton = dense::Builder::new().configure(config).build(regex);
        automaton.map(Self).map_err(|_| "too large to be judged".to_owned())
    }

    /// The shortest text of printable ASCII that both match, if there is one. Between two regexes of thousands of
    /// states each the search ends early and may miss one.
    pub(super) fn shared(&self, other: &Self) -> Option<String> {
        let both = [self, other];
        let start = [self.start()?, other.start()?];
        let mut pairs = vec![Pair { progress: start, came_from: 0, by: 0 }];
        let mut seen = HashSet::from([start]);
        let mut waiting = VecDeque::from([0]);
        while let Some(index) = waiting.pop_front() {
            let [ours, theirs] = pairs[index].progress;
            if self.ends(ours) && other.ends(theirs) {
                return Some(spell(&pairs, index));
            }
            for by in b'!'..=b'~' {
                let step = |side: usize| both[side].step(pairs[index].progress[side], by);
                let (Some(ours), Some(theirs)) = (step(0), step(1)) else { continue };
                if pairs.len() < PAIR_LIMIT && seen.insert([ours, theirs]) {
                    waiting.push_back(pairs.len());
                    pairs.push(Pair { progress: [ours, theirs], came_from: index, by });
                }
            }
        }
        None
    }

    fn start(&self) -> Option<Progress> {
        self.0.start_state_forward(&Input::new("").anchored(Anchored::Yes)).ok().map(Some)
    }

    /// The progress after one more byte; `None` when no match can come any more.
    fn step(&self, progress: Progress, byte: u8) -> Option<Progress> {
        let Some(state) = progress else { return Some(None) };
        let next = self.0.next_state(state, byte);
        match () {
            // The automaton tells of a match one byte late, so it holds whatever this byte was.
            () if self.0.is_match_state(next) => Some(None),
            () if self.0.is_dead_state(next) || self.0.is_quit_state(next) => None,
            () => Some(Some(next)),
        }
    }

    fn ends(&self, progress: Progress) -> bool {
        progress.is_none_or(|state| self.0.is_match_state(self.0.next_eoi_state(state)))
    }
}

fn spell(pairs: &[Pair], mut index: usize) -> String {
    let mut letters = Vec::new();
    while index != 0 {
        letters.push(char::from(pairs[index].by));
        index = pairs[index].came_from;
    }
    letters.iter().rev().collect()
}
