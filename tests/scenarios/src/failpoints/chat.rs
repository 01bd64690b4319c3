//! A channel of its own for each cell, with what the event needs.
use testkit::User;

use super::kind::Kind;
use crate::world::LIMIT;
use crate::{Result, World};

/// A channel, its room, and what was said there before.
#[derive(Debug)]
pub(super) struct Chat {
    pub(super) name: String,
    pub(super) channel: String,
    /// Empty until the room is there.
    pub(super) room: String,
    /// A person of the workspace whom no other cell has.
    pub(super) person: String,
    pub(super) person_name: String,
    /// A message of Slack: on Slack, and in the room.
    pub(super) theirs: (String, String),
    /// A message of Matrix: in the room, and on Slack.
    pub(super) ours: (String, String),
    /// The admin's reaction to the message of Slack.
    pub(super) reaction: String,
}

impl Chat {
    /// Makes the channel, and the room unless the event is to make it.
    pub(super) async fn prepare(world: &World, kind: Kind, number: usize) -> Result<Self> {
        let (name, person_name) = (format!("cell-{number}"), format!("person-{number}"));
        let slack = &world.slack;
        let channel = slack.create_channel("alice", &name, false)?;
        let person = slack.add_user(&person_name, &format!("Person {number}"));
        for member in ["bob", "carol"] {
            slack.join(member, &channel)?;
        }
        if kind.has_member() {
            slack.join(&person, &channel)?;
        }
        slack.invite("alice", &slack.app().bot_user_id, &channel)?;
        let mut chat = Self {
            name,
            channel,
            room: String::new(),
            person,
            person_name,
            theirs: Default::default(),
            ours: Default::default(),
            reaction: String::new(),
        };
        if !kind.is_first() {
            chat.open(world, kind).await?;
        }
        Ok(chat)
    }

    async fn open(&mut self, world: &World, kind: Kind) -> Result<()> {
        let (slack, admin) = (&world.slack, &world.admin);
        self.room = world.portal(&self.channel).await?;
        let ts = world.slack_says("alice", &self.channel, "theirs to begin with")?;
        let event = admin.wait_for_text(&self.room, "theirs to begin with").await?.event_id;
        self.theirs = (ts, event);
        let event = world.matrix_says(admin, &self.room, "ours to begin with").await?;
        let ts = world.ts_of(&self.channel, "ours to begin with").await?;
        self.ours = (event, ts);
        if kind.has_spoken() {
            world.slack_says(&self.person, &self.channel, "here I am")?;
            admin.wait_for_text(&self.room, "here I am").await?;
        }
        match kind {
            Kind::SlackReactionGone => {
                slack.react_as("bob", &self.channel, &self.theirs.0, "tada")?;
                admin.wait_for_reaction(&self.room, &self.theirs.1, "🎉").await?;
            }
            Kind::SlackUnpin => {
                slack.pin_as("bob", &self.channel, &self.theirs.0)?;
                let is_pinned = |event: &testkit::user::Event| event.kind == "m.room.pinned_events";
                admin.wait_for_event(&self.room, "the pin", is_pinned).await?;
            }
            Kind::MatrixReactionGone => {
                self.reaction = admin.react(&self.room, &self.theirs.1, "🎉").await?;
                let is_there = |slack: &fake_slack::Workspace| {
                    (!slack.reactions(&self.channel, &self.theirs.0).is_empty()).then_some(())
                };
                world.on_slack("the reaction", is_there).await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The room, once it is there, with the admin in it.
    pub(super) async fn enter(&mut self, world: &World) -> Result<()> {
        if !self.room.is_empty() {
            return Ok(());
        }
        let room = world.portal_room(&self.channel).await?;
        let admin: &User = &world.admin;
        admin.wait_for_invite(|invite| invite.room_id == room).await?;
        admin.join(&room).await?;
        self.room = room;
        Ok(())
    }

    /// One more message goes each way, behind everything else.
    pub(super) async fn settle(&self, world: &World) -> Result<()> {
        let (there, back) = ("all said from here", "all said from there");
        world.matrix_says(&world.admin, &self.room, there).await?;
        world.wait_on_slack(&self.channel, there).await?;
        world.slack_says("carol", &self.channel, back)?;
        world.admin.wait_for_text(&self.room, back).await?;
        anyhow::ensure!(world.slack.wait_until_acknowledged(LIMIT).await, "events are not acknowledged");
        Ok(())
    }
}
