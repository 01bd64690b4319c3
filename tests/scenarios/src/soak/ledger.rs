//! What was said and done on both sides.
use std::collections::BTreeSet;

use crate::{Result, World};

/// Everything.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) channels: Vec<Channel>,
    /// The id of one who says nothing, and comes and goes.
    pub(super) guest: String,
    pub(super) events: usize,
}

/// A channel with its room.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) id: String,
    pub(super) room: String,
    /// In the order in which it was said; the two sides each have an order of their own.
    pub(super) on_slack: Vec<Said>,
    pub(super) on_matrix: Vec<Said>,
    /// Whether the one who comes and goes is there.
    pub(super) has_guest: bool,
}

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Message,
    /// An answer in a thread.
    Answer,
    /// A file; the text is what was said with it.
    File,
}

/// A message, as it should stand now.
#[derive(Debug, Clone)]
pub(super) struct Said {
    /// The `ts` or the event id.
    pub(super) id: String,
    /// A word that no other message has; its text begins with it.
    pub(super) key: String,
    pub(super) text: String,
    pub(super) is_gone: bool,
    pub(super) form: Form,
    /// The key of the message that it answers.
    pub(super) root: Option<String>,
    /// Who on Slack reacted with what.
    pub(super) reactions: BTreeSet<(&'static str, &'static str)>,
    /// The event by which somebody on Matrix reacts to it.
    pub(super) reaction_event: Option<String>,
    /// Whether it is pinned on Slack.
    pub(super) is_pinned: bool,
}

impl Said {
    pub(super) fn new(id: String, key: String, text: String) -> Self {
        Self {
            id,
            key,
            text,
            is_gone: false,
            form: Form::Message,
            root: None,
            reactions: BTreeSet::new(),
            reaction_event: None,
            is_pinned: false,
        }
    }
}

impl Ledger {
    /// Makes channels with their rooms, in which everybody is but the one who comes and goes.
    pub(super) async fn open_channels(&mut self, world: &World, count: usize) -> Result<()> {
        self.guest = world.slack.add_user("guest", "Guest");
        for number in 0..count {
            let id = world.slack.create_channel("alice", &format!("soak-{number}"), false)?;
            for person in ["bob", "carol"] {
                world.slack.join(person, &id)?;
            }
            world.slack.invite("alice", &world.slack.app().bot_user_id, &id)?;
            let room = world.portal(&id).await?;
            let (on_slack, on_matrix) = (Vec::new(), Vec::new());
            self.channels.push(Channel { id, room, on_slack, on_matrix, has_guest: false });
        }
        Ok(())
    }

    /// Things said and done so far.
    pub(super) fn events(&self) -> usize {
        self.events
    }
}
