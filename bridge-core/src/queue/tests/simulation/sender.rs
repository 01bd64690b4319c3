//! Those who deliver events, and repeat what was not acknowledged.

use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

use super::world::World;
use crate::id::DedupKey;
use crate::queue::{Delivered, Delivery, InboxError, Lane, NewJob};

type Answer = Result<Vec<Delivered>, InboxError>;

/// A session of the network, or the homeserver.
#[derive(Debug)]
pub(super) struct Sender {
    name: usize,
    /// The events it delivers, in order.
    events: Vec<usize>,
    /// How many of them were acknowledged.
    acknowledged: usize,
    waiting: Option<Waiting>,
}

/// A delivery without an answer.
#[derive(Debug)]
struct Waiting {
    from: usize,
    until: usize,
    answer: oneshot::Receiver<Answer>,
    answered: Option<Answer>,
}

/// What a sender can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Deliver,
    Hear,
    /// Only wait, or lose patience.
    Wait,
    /// Everything was acknowledged.
    Rest,
}

impl Sender {
    pub(super) fn new(name: usize, events: Vec<usize>) -> Self {
        Self { name, events, acknowledged: 0, waiting: None }
    }

    pub(super) fn turn(&mut self) -> Turn {
        let Some(waiting) = &mut self.waiting else {
            return if self.acknowledged == self.events.len() { Turn::Rest } else { Turn::Deliver };
        };
        if waiting.answered.is_none() {
            waiting.answered = match waiting.answer.try_recv() {
                Ok(answer) => Some(answer),
                Err(TryRecvError::Empty) => return Turn::Wait,
                Err(TryRecvError::Closed) => Some(Err(InboxError("the connection was closed".to_owned()))),
            };
        }
        Turn::Hear
    }

    /// Delivers some events, now and then also such that were acknowledged.
    pub(super) fn deliver(&mut self, world: &mut World) -> Delivery {
        let from = self.acknowledged.saturating_sub(world.random.below(3));
        let until = (from + 1 + world.random.below(4)).min(self.events.len());
        let (name, events) = (self.name, &self.events[from..until]);
        world.note(|| format!("sender {name} delivers {events:?}"));
        let jobs = events.iter().map(|number| new_job(*number, world)).collect();
        let (sender, answer) = oneshot::channel();
        self.waiting = Some(Waiting { from, until, answer, answered: None });
        Delivery { jobs, answer: sender }
    }

    /// Hears the answer to its delivery.
    pub(super) fn hear(&mut self, world: &mut World) {
        let Some(waiting) = self.waiting.take() else { return };
        let (name, events) = (self.name, &self.events[waiting.from..waiting.until]);
        world.note(|| format!("sender {name} is answered {:?}", waiting.answered));
        let Some(Ok(answers)) = waiting.answered else { return };
        assert_eq!(answers.len(), events.len(), "one answer for each event");
        for (number, answer) in events.iter().zip(answers) {
            assert!(world.table.seen.contains(number), "I1: event {number} is acknowledged and not stored");
            let event = &mut world.events[*number];
            event.new += usize::from(answer == Delivered::New);
            assert!(event.new <= 1, "I3: event {number} is new twice");
        }
        self.acknowledged = self.acknowledged.max(waiting.until);
    }

    /// Waits no longer, and delivers again.
    pub(super) fn tire(&mut self, world: &mut World) {
        let name = self.name;
        world.note(|| format!("sender {name} loses patience"));
        self.waiting = None;
    }
}

pub(super) fn lane_name(lane: usize) -> String {
    format!("l{lane}")
}

fn new_job(number: usize, world: &World) -> NewJob {
    let event = &world.events[number];
    NewJob {
        lane: Lane::stored(lane_name(event.lane)),
        source: event.kind.source(),
        login_id: None,
        dedup: DedupKey::new(number.to_string()),
        payload: number.to_string(),
    }
}
