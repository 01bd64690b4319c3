//! The bridge's processes: killed, frozen, and started again as a supervisor does.
use std::fmt::Write as _;
use std::time::Instant;

use anyhow::ensure;
use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::world::{Bridge, Second};
use crate::{Result, World};

/// What a process says that ends because another one works in its place.
const TAKEN_OVER: &str = "Another process has taken the work over";
/// What a process says that begins to work.
const WORKS: &str = "this process works now";

/// All processes of the bridge.
#[derive(Debug)]
pub(super) struct Crew {
    second: Option<Second>,
    downs: Vec<Down>,
}

/// Until when a process is left alone.
#[derive(Debug, Default)]
struct Down {
    dead_until: Option<Instant>,
    frozen_until: Option<Instant>,
}

impl Crew {
    /// Starts one process or two, and logs in.
    pub(super) async fn start(world: &mut World, workers: usize) -> Result<Self> {
        let second = if workers > 1 { Some(world.start_two().await?) } else { None };
        world.log_in().await?;
        Ok(Self { second, downs: std::iter::repeat_with(Down::default).take(workers).collect() })
    }

    /// One of them; none if it is down already.
    pub(super) fn choose(&self, random: &mut StdRng) -> Option<usize> {
        let index = if self.downs.len() > 1 { random.random_range(0..self.downs.len()) } else { 0 };
        let down = &self.downs[index];
        (down.dead_until.is_none() && down.frozen_until.is_none()).then_some(index)
    }

    /// How long one may be frozen, in milliseconds: of two the one that works shall sometimes lose the work by it.
    pub(super) fn longest_freeze(&self) -> u64 {
        if self.downs.len() > 1 { 9_000 } else { 3_000 }
    }

    fn bridge<'a>(&'a mut self, world: &'a mut World, index: usize) -> &'a mut Bridge {
        match &mut self.second {
            Some(second) if index > 0 => &mut second.bridge,
            _ => &mut world.bridge,
        }
    }

    /// Kills one; it is started again at that moment.
    pub(super) fn kill(&mut self, world: &mut World, index: usize, until: Instant) -> Result<()> {
        self.supervise(world, index)?;
        self.bridge(world, index).kill9()?;
        self.downs[index].dead_until = Some(until);
        Ok(())
    }

    /// Freezes one until then.
    pub(super) fn freeze(&mut self, world: &mut World, index: usize, until: Instant) -> Result<()> {
        self.supervise(world, index)?;
        self.bridge(world, index).pause()?;
        self.downs[index].frozen_until = Some(until);
        Ok(())
    }

    /// Starts those again whose time has come, and those that have ended because another one works.
    pub(super) fn end_what_is_over(&mut self, world: &mut World) -> Result<()> {
        let is_over = |until: &mut Option<Instant>| until.take_if(|until| *until <= Instant::now()).is_some();
        for index in 0..self.downs.len() {
            if is_over(&mut self.downs[index].dead_until) {
                self.bridge(world, index).launch()?;
            }
            if is_over(&mut self.downs[index].frozen_until) {
                self.bridge(world, index).resume()?;
            }
            let down = &self.downs[index];
            if down.dead_until.is_none() && down.frozen_until.is_none() {
                self.supervise(world, index)?;
            }
        }
        Ok(())
    }

    /// All run from now on.
    pub(super) fn end(&mut self, world: &mut World) -> Result<()> {
        for down in &mut self.downs {
            for until in [&mut down.dead_until, &mut down.frozen_until] {
                *until = until.map(|_| Instant::now());
            }
        }
        self.end_what_is_over(world)
    }

    /// Starts one again that has ended because another one works. No other end is to be expected.
    fn supervise(&mut self, world: &mut World, index: usize) -> Result<()> {
        let bridge = self.bridge(world, index);
        if !bridge.is_running() {
            let tail = bridge.tail();
            ensure!(tail.contains(TAKEN_OVER), "a process ended by itself:\n{tail}");
            bridge.launch()?;
        }
        Ok(())
    }

    /// How often the work went over to another process.
    pub(super) fn takeovers(&self, world: &World) -> usize {
        let Some(second) = &self.second else { return 0 };
        let begun = |bridge: &Bridge| bridge.log().lines().filter(|line| line.contains(WORKS)).count();
        (begun(&world.bridge) + begun(&second.bridge)).saturating_sub(1)
    }

    /// What all of them wrote.
    pub(super) fn log(&self, world: &World) -> String {
        let mut log = world.bridge.log();
        if let Some(second) = &self.second {
            // Writing into a text does not fail.
            let _ = write!(log, "\nThe second process:\n{}", second.bridge.log());
        }
        log
    }
}
