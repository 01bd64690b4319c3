//! Makes an event happen.
use fake_slack::{Fault, NewFile, Upload};
use serde_json::json;

use super::chat::Chat;
use super::kind::Kind;
use crate::{Result, World};

/// More than one message of Slack holds.
const LONG: usize = 30_000;

impl Chat {
    /// Lets it happen.
    pub(super) async fn act(&self, world: &World, kind: Kind) -> Result<()> {
        self.on_slack(world, kind)?;
        self.on_matrix(world, kind).await
    }

    fn on_slack(&self, world: &World, kind: Kind) -> Result<()> {
        let (slack, channel, ts) = (&world.slack, self.channel.as_str(), self.theirs.0.as_str());
        match kind {
            Kind::SlackMessage | Kind::SlackFirstMessage => {
                drop(slack.post_as("bob", channel, "said on *Slack*")?);
            }
            Kind::SlackNewPerson => drop(slack.post_as(&self.person, channel, "said by somebody new")?),
            Kind::SlackEdit => slack.edit(channel, ts, "theirs, and better")?,
            Kind::SlackDeletion => slack.delete(channel, ts)?,
            Kind::SlackReaction => slack.react_as("bob", channel, ts, "tada")?,
            Kind::SlackReactionGone => slack.unreact_as("bob", channel, ts, "tada")?,
            Kind::SlackAnswer => drop(slack.reply_as("bob", channel, ts, "an answer")?),
            Kind::SlackBroadcast => drop(slack.broadcast_as("bob", channel, ts, "an answer for all")?),
            Kind::SlackFiles => {
                let files = vec![NewFile::new("one.txt", "one"), NewFile::new("two.bin", vec![2; 5_000])];
                let comment = "two files".to_owned();
                drop(slack.upload_with("bob", channel, Upload { files, comment, thread_ts: None })?);
            }
            Kind::SlackPin => slack.pin_as("bob", channel, ts)?,
            Kind::SlackUnpin => slack.unpin_as("bob", channel, ts)?,
            Kind::SlackJoin => slack.join(&self.person, channel)?,
            Kind::SlackLeave => slack.leave(&self.person, channel)?,
            Kind::SlackTopic => slack.set_topic("bob", channel, "what it is about")?,
            Kind::SlackRename => slack.rename("alice", channel, &format!("{}-renamed", self.name))?,
            Kind::SlackProfile => {
                let change =
                    json!({ "display_name": format!("{}-renamed", self.person_name), "title": "New here" });
                slack.change_user(&self.person, &change)?;
            }
            Kind::SlackArchive => {
                slack.archive("alice", channel, true)?;
                slack.archive("alice", channel, false)?;
            }
            _ => {}
        }
        Ok(())
    }

    async fn on_matrix(&self, world: &World, kind: Kind) -> Result<()> {
        let (admin, room, event) = (&world.admin, self.room.as_str(), self.ours.0.as_str());
        match kind {
            Kind::MatrixMessage => drop(admin.send_text(room, "said on Matrix").await?),
            Kind::MatrixLongMessage => drop(admin.send_text(room, &"so long ".repeat(LONG / 8)).await?),
            Kind::MatrixEdit => drop(admin.edit(room, event, "ours, and better").await?),
            Kind::MatrixRedaction => drop(admin.redact(room, event).await?),
            Kind::MatrixReaction => drop(admin.react(room, &self.theirs.1, "🎉").await?),
            Kind::MatrixReactionGone => drop(admin.redact(room, &self.reaction).await?),
            Kind::MatrixAnswer => drop(admin.send_in_thread(room, &self.theirs.1, "an answer").await?),
            Kind::MatrixFile => {
                drop(admin.send_file(room, "some.bin", "application/octet-stream", vec![7; 5_000]).await?);
            }
            Kind::MatrixRefused => {
                let why = Fault::Error("restricted_action".to_owned());
                world.slack.fail_next("chat.postMessage", why, u32::MAX);
                admin.send_text(room, "this will not do").await?;
            }
            Kind::MatrixTopic => {
                drop(admin.set_state(room, "m.room.topic", "", &json!({ "topic": "as we see it" })).await?);
            }
            Kind::MatrixPin => {
                let pins = json!({ "pinned": [self.theirs.1] });
                drop(admin.set_state(room, "m.room.pinned_events", "", &pins).await?);
            }
            Kind::MatrixInvite => admin.invite(room, &world.ghost_id(&self.person)).await?,
            Kind::MatrixCommand => drop(admin.send_text(room, "!slack version").await?),
            _ => {}
        }
        Ok(())
    }
}
