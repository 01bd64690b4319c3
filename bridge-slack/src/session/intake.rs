//! The way of a received payload into the inbox.

use bridge_core::event::Scope;
use bridge_core::network::Context;
use bridge_core::queue::{Inbox, Lane, NewJob, Source};

use super::emoji::Emojis;
use super::groups::Groups;
use super::people::People;
use super::workspace::Home;
use crate::convert;

/// Where a session's events go. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Intake {
    inbox: Inbox,
    context: Context,
    people: People,
    emojis: Emojis,
    groups: Groups,
    home: Home,
}

impl Intake {
    pub(crate) fn new(
        inbox: Inbox,
        context: Context,
        people: People,
        emojis: Emojis,
        groups: Groups,
        home: Home,
    ) -> Self {
        Self { inbox, context, people, emojis, groups, home }
    }

    pub(crate) fn inbox(&self) -> &Inbox {
        &self.inbox
    }

    /// Events could not be stored. They come again, but behind newer ones, which are stored by then: before those the channel
    /// is read.
    pub(crate) fn not_stored(&self) {
        self.context.missed();
    }

    /// A payload as it will be stored. Nothing is decoded but its lane and its key.
    pub(crate) fn job(&self, payload: &str) -> NewJob {
        let (scope, dedup) = convert::scope_and_dedup(payload);
        match &scope {
            // When the event is handled, the person is asked about.
            Scope::User(user_id) => self.people.hear(user_id, payload),
            Scope::Network if payload.contains("\"emoji_changed\"") => self.emojis.forget(),
            Scope::Network if payload.contains("\"subteam_") => self.groups.forget(),
            Scope::Network if payload.contains("\"team_rename\"") => self.home.forget(),
            _ => {}
        }
        NewJob {
            lane: Lane::of_scope(&scope),
            source: Source::Remote,
            login_id: Some(self.context.login_id().clone()),
            dedup,
            payload: payload.to_owned(),
        }
    }
}
