//! Kills, freezes, cuts and faults.
use std::time::{Duration, Instant};

use fake_slack::Fault as SlackFault;
use rand::RngExt as _;
use rand::rngs::StdRng;
use testkit::Fault;

use super::crew::Crew;
use crate::{Result, World};

/// What is going on, and what there was.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    pub(super) kills: usize,
    pub(super) faults: usize,
    /// Until when Slack delivers nothing.
    held_until: Option<Instant>,
}

impl Trouble {
    /// One more.
    pub(super) fn make(&mut self, world: &mut World, crew: &mut Crew, random: &mut StdRng) -> Result<()> {
        let until = Instant::now() + Duration::from_millis(random.random_range(50..3_000));
        let Some(process) = crew.choose(random) else { return Ok(()) };
        self.faults += 1;
        match random.random_range(0..10) {
            0..4 => {
                self.faults -= 1;
                self.kills += 1;
                crew.kill(world, process, until)?;
            }
            4 => {
                let frozen = Duration::from_millis(random.random_range(50..crew.longest_freeze()));
                crew.freeze(world, process, Instant::now() + frozen)?;
            }
            5 => world.slack.drop_sockets(),
            6 => {
                // What is held is not delivered before the sockets are cut, and comes late.
                world.slack.hold_events();
                world.slack.drop_sockets();
                self.held_until = Some(until);
            }
            7 => {
                let faults = [
                    SlackFault::DropBefore,
                    SlackFault::DropAfter,
                    SlackFault::Status(503),
                    SlackFault::RateLimited(1),
                    SlackFault::Error("internal_error".to_owned()),
                ];
                let methods = [
                    "chat.postMessage",
                    "chat.postMessage",
                    "chat.update",
                    "chat.delete",
                    "conversations.history",
                ];
                let fault = faults[random.random_range(0..faults.len())].clone();
                world.slack.fail_next(methods[random.random_range(0..methods.len())], fault, 2);
            }
            _ => {
                let Ok(fake) = world.homeserver.fake() else { return Ok(()) };
                let faults = [
                    Fault::Reset,
                    Fault::ResetAfterEffect,
                    Fault::Error(502, "M_UNKNOWN"),
                    Fault::ErrorAfterEffect(504, "M_UNKNOWN"),
                    Fault::RateLimit(Duration::from_millis(300)),
                ];
                fake.fail_next_of_ghosts(
                    "PUT */send/*",
                    faults[random.random_range(0..faults.len())].clone(),
                    3,
                );
            }
        }
        Ok(())
    }

    /// Ends what has lasted long enough.
    pub(super) fn end_what_is_over(&mut self, world: &mut World, crew: &mut Crew) -> Result<()> {
        crew.end_what_is_over(world)?;
        if self.held_until.take_if(|until| *until <= Instant::now()).is_some() {
            world.slack.release_events(false);
        }
        Ok(())
    }

    /// Ends all of it.
    pub(super) fn end(&mut self, world: &mut World, crew: &mut Crew) -> Result<()> {
        self.held_until = self.held_until.map(|_| Instant::now());
        crew.end(world)?;
        self.end_what_is_over(world, crew)?;
        world.slack.clear_faults();
        if let Ok(fake) = world.homeserver.fake() {
            fake.clear_faults();
        }
        Ok(())
    }
}
