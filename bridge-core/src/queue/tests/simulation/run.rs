//! One run: a scheduler that picks by the seed who makes the next step.

use super::process::Process;
use super::random::Random;
use super::sender::{Sender, Turn, lane_name};
use super::table::Table;
use super::world::{Counts, Event, Faults, Kind, World, number_of};
use crate::queue::Lane;
use crate::queue::lanes::window::Limits;

/// So many steps have to be enough to come to rest, once nothing fails any more.
const PATIENCE: usize = 30_000;
/// Senders: two sessions of the network, which receive some events both, and the homeserver.
const SENDERS: usize = 3;

/// A run in progress.
struct Run {
    world: World,
    senders: Vec<Sender>,
    process: Option<Process>,
    limits: Limits,
    places: usize,
    /// Whether anything may still happen but what has to.
    is_wild: bool,
}

/// Who may make the next step.
#[derive(Debug, Clone)]
enum Step {
    Deliver(usize),
    Hear(usize),
    Tire(usize),
    Commit,
    Settle,
    Work(Lane),
    Wake,
    Want,
    Clock,
    Jump,
    Kill,
    Start,
}

/// Makes the run of a seed: trouble for some hundred steps, then one lane stalls and all others come to rest, then all.
/// Panics where an invariant is broken. What happened is written to `steps`, if there are any.
pub(super) fn run(seed: u64, steps: &mut Option<Vec<String>>) -> Counts {
    let mut run = Run::new(seed, steps.take());
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run.live()));
    *steps = run.world.steps.take();
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
    run.world.counts
}

impl Run {
    fn new(seed: u64, steps: Option<Vec<String>>) -> Self {
        let mut random = Random::new(seed);
        let lanes = 1 + random.below(4);
        let count = 4 + random.below(24);
        let event = |random: &mut Random| Event {
            lane: random.below(lanes),
            kind: random.of(&[Kind::Post, Kind::Post, Kind::Put, Kind::Edit]),
            parts: 1,
            there: 0,
            new: 0,
            told: false,
        };
        let mut events: Vec<Event> = (0..count).map(|_| event(&mut random)).collect();
        let mut of_senders = vec![Vec::new(); SENDERS];
        for (number, event) in events.iter_mut().enumerate() {
            if event.kind != Kind::Put {
                event.parts = 1 + usize::from(event.kind == Kind::Post && random.chance(300));
                of_senders[2].push(number);
                continue;
            }
            let receivers: &[usize] = random.of(&[&[0][..], &[1], &[0, 1]]);
            for sender in receivers {
                of_senders[*sender].push(number);
            }
        }
        let faults = Faults {
            kill: random.of(&[0, 3, 10, 30]),
            commit: random.of(&[0, 50, 200, 500]),
            read: random.of(&[0, 100, 400]),
            network: random.of(&[0, 100, 300]),
            refusal: random.of(&[0, 50, 200]),
            impatience: random.of(&[0, 20, 100]),
        };
        let window = 1 + random.below(3);
        let limits = Limits { window, resident: window + random.below(6) };
        let places = 1 + random.below(3);
        let world = World {
            random,
            table: Table::default(),
            events,
            faults,
            now: 0,
            wall: 1_700_000_000_000,
            stalled: None,
            counts: Counts::default(),
            steps,
        };
        let senders = of_senders.into_iter().enumerate().map(|(name, events)| Sender::new(name, events));
        Self { world, senders: senders.collect(), process: None, limits, places, is_wild: true }
    }

    fn live(&mut self) {
        for _ in 0..50 + self.world.random.below(400) {
            self.step();
        }
        (self.is_wild, self.world.faults) = (false, Faults::default());
        let stalled = lane_name(self.world.random.below(4));
        self.world.note(|| format!("from here on nothing fails, and {stalled} is told to wait"));
        let lane = Lane::stored(&stalled);
        self.world.stalled = Some(stalled);
        self.until_at_rest("all lanes but one", Some(&lane));
        self.world.stalled = None;
        if self.world.random.chance(500) {
            self.world.note(|| "all letters are to be tried again".to_owned());
            let letters: Vec<i64> = self.world.table.letters.keys().copied().collect();
            for id in letters {
                self.world.table.want(id);
            }
        }
        self.until_at_rest("everything", None);
        self.check_end();
    }

    fn until_at_rest(&mut self, what: &str, except: Option<&Lane>) {
        for _ in 0..PATIENCE {
            if self.is_at_rest(except) {
                return;
            }
            self.step();
        }
        panic!("I5: {what} did not come to rest");
    }

    fn is_at_rest(&mut self, except: Option<&Lane>) -> bool {
        let table = &self.world.table;
        let Some(process) = &self.process else { return false };
        self.senders.iter_mut().all(|sender| sender.turn() == Turn::Rest)
            && table.jobs.values().all(|job| Some(&job.lane) == except)
            && process.workers.keys().all(|lane| Some(lane) == except)
            && process.is_at_rest()
            && !table.has_wanted()
    }

    /// After everything came to rest.
    fn check_end(&self) {
        self.world.check();
        let table = &self.world.table;
        for (number, event) in self.world.events.iter().enumerate() {
            assert!(table.seen.contains(&number), "I1: event {number} was never accepted");
            let is_letter = table.letters.values().any(|letter| number_of(&letter.job) == number);
            let has_pair = table.pairs.contains(&number.to_string());
            assert!(is_letter || event.is_done(), "I3: event {number} has no effect");
            assert!(is_letter != has_pair, "I3: event {number}: letter {is_letter}, pair {has_pair}");
        }
        let process = self.process.as_ref().unwrap();
        assert_eq!(
            (process.windows.len(), process.windows.resident()),
            (0, 0),
            "I6: something stays in memory"
        );
        assert_eq!(process.places, self.places, "I5: a place is not given back");
    }

    fn step(&mut self) {
        self.world.counts.steps += 1;
        let step = self.choose();
        self.take(step);
        if let Some(process) = &self.process {
            process.check();
        }
    }

    fn choose(&mut self) -> Step {
        let Self { world, senders, process, is_wild, .. } = self;
        let Some(process) = process else {
            return if world.random.chance(700) { Step::Start } else { Step::Clock };
        };
        if world.random.chance(world.faults.kill) {
            return Step::Kill;
        }
        if world.random.chance(20) {
            let rare = [Step::Wake, Step::Want, Step::Clock, Step::Jump];
            let rare = rare[world.random.below(rare.len())].clone();
            let may_be = match rare {
                Step::Want => *is_wild && !process.is_writing(),
                Step::Jump => *is_wild,
                _ => true,
            };
            if may_be {
                return rare;
            }
        }
        let mut steps = Vec::new();
        for (number, sender) in senders.iter_mut().enumerate() {
            match sender.turn() {
                Turn::Deliver => steps.push(Step::Deliver(number)),
                Turn::Hear => steps.push(Step::Hear(number)),
                Turn::Wait if world.random.chance(world.faults.impatience) => steps.push(Step::Tire(number)),
                Turn::Wait | Turn::Rest => {}
            }
        }
        if process.committer_due(world.now) <= world.now {
            steps.push(Step::Commit);
        }
        if process.is_late() && world.random.chance(300) {
            steps.push(Step::Settle);
        }
        let places = process.places;
        for (lane, worker) in &mut process.workers {
            if worker.due(world.now, places) <= world.now {
                steps.push(Step::Work(lane.clone()));
            }
        }
        if steps.is_empty() {
            return Step::Clock;
        }
        steps.swap_remove(world.random.below(steps.len()))
    }

    fn take(&mut self, step: Step) {
        let Self { world, senders, process, limits, places, .. } = self;
        match (step, process) {
            (Step::Start, process) => {
                world.note(|| "a process starts".to_owned());
                *process = Some(Process::start(*limits, *places, world));
            }
            (Step::Kill, process) => {
                world.counts.kills += 1;
                world.note(|| "the process dies".to_owned());
                // What the server was still at has ended before the next process reads.
                if let Some(process) = process {
                    process.settle(world);
                }
                *process = None;
            }
            (Step::Clock, process) => tick(world, process.as_mut()),
            (Step::Jump, _) => {
                world.counts.clock_jumps += 1;
                world.wall += world.random.of(&[-3_600_000, -1_000, 3_600_000]);
                let wall = world.wall;
                world.note(|| format!("the clock jumps to {wall}"));
            }
            (Step::Hear(number), _) => senders[number].hear(world),
            (Step::Tire(number), _) => senders[number].tire(world),
            (Step::Deliver(number), Some(process)) => process.deliver(senders[number].deliver(world)),
            (Step::Commit, Some(process)) => process.commit(world),
            (Step::Settle, Some(process)) => process.settle(world),
            (Step::Work(lane), Some(process)) => process.work(&lane, world),
            (Step::Wake, Some(process)) => {
                world.note(|| "the lanes are woken".to_owned());
                process.wake();
            }
            (Step::Want, Some(_)) => want(world),
            (_, None) => {}
        }
    }
}

/// Time goes on: a little, or until somebody's wait is over.
fn tick(world: &mut World, process: Option<&mut Process>) {
    let mut until = world.now + u64::try_from(world.random.of(&[1, 10, 60])).unwrap();
    if let Some(process) = process {
        let (now, places) = (world.now, process.places);
        let workers = process.workers.values_mut().map(|worker| worker.due(now, places)).min();
        let due = process.committer_due(now).min(workers.unwrap_or(u64::MAX));
        if due != u64::MAX && world.random.chance(700) {
            until = until.max(due);
        }
    }
    world.wall += i64::try_from(until - world.now).unwrap();
    world.now = until;
    world.note(|| format!("it is {until} ms"));
}

/// Somebody wants a letter tried again.
fn want(world: &mut World) {
    let letters: Vec<i64> = world.table.letters.keys().copied().collect();
    if letters.is_empty() {
        return;
    }
    let id = world.random.of(&letters);
    world.table.want(id);
    let number = number_of(&world.table.letters[&id].job);
    world.note(|| format!("the letter of {number} is to be tried again"));
}
