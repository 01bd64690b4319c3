//! People say and do something.
use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::json;

use super::ledger::{Channel, Form, Ledger, Said};
use crate::{Result, World};

const PEOPLE: [&str; 3] = ["alice", "bob", "carol"];
/// Names on Slack, all of them with a character on Matrix.
const EMOJI: [&str; 3] = ["thumbsup", "tada", "wave"];
/// What people on Matrix react with.
pub(super) const REACTION: (&str, &str) = ("🚀", "rocket");

impl Ledger {
    /// One random thing in a random channel.
    pub(super) async fn act(&mut self, world: &World, random: &mut StdRng) -> Result<()> {
        self.events += 1;
        let number = self.events;
        let index = random.random_range(0..self.channels.len());
        let channel = &mut self.channels[index];
        let person = PEOPLE[random.random_range(0..PEOPLE.len())];
        match random.random_range(0..100) {
            0..28 => channel.say_on_slack(world, person, number),
            28..38 => channel.answer_on_slack(world, random, person, number),
            38..41 => channel.share_on_slack(world, person, number),
            41..48 => channel.edit_on_slack(world, random, number),
            48..52 => channel.delete_on_slack(world, random),
            52..58 => channel.react_on_slack(world, random, person),
            58..61 => channel.pin_on_slack(world, random, person),
            61..63 => channel.come_or_go(world, &self.guest),
            63..86 => channel.say_on_matrix(world, number).await,
            86..88 => channel.share_on_matrix(world, number).await,
            88..93 => channel.edit_on_matrix(world, random, number).await,
            93..97 => channel.react_on_matrix(world, random).await,
            _ => channel.redact_on_matrix(world, random).await,
        }
    }

    /// One more message in every channel, on both sides: when it is there, nothing waits before it.
    pub(super) async fn say_last_words(&mut self, world: &World) -> Result<()> {
        for channel in &mut self.channels {
            self.events += 2;
            channel.say_on_slack(world, PEOPLE[0], self.events - 1)?;
            channel.say_on_matrix(world, self.events).await?;
        }
        Ok(())
    }
}

/// One of the last messages that fits.
fn recent<'a>(
    said: &'a mut [Said],
    random: &mut StdRng,
    fits: impl Fn(&Said) -> bool,
) -> Option<&'a mut Said> {
    let from = said.len().saturating_sub(30);
    let mut fitting: Vec<&mut Said> =
        said[from..].iter_mut().filter(|said| !said.is_gone && fits(said)).collect();
    if fitting.is_empty() {
        return None;
    }
    let index = random.random_range(0..fitting.len());
    Some(fitting.swap_remove(index))
}

impl Channel {
    fn say_on_slack(&mut self, world: &World, person: &str, number: usize) -> Result<()> {
        let key = format!("s{number:06}");
        let text = format!("{key} says {person}");
        let ts = world.slack.post_as(person, &self.id, &text)?;
        self.on_slack.push(Said::new(ts, key, text));
        Ok(())
    }

    fn answer_on_slack(
        &mut self,
        world: &World,
        random: &mut StdRng,
        person: &str,
        number: usize,
    ) -> Result<()> {
        let Some(root) = recent(&mut self.on_slack, random, |said| said.form != Form::Answer) else {
            return Ok(());
        };
        let key = format!("a{number:06}");
        let text = format!("{key} answers {person}");
        let ts = world.slack.reply_as(person, &self.id, &root.id, &text)?;
        let root = Some(root.key.clone());
        self.on_slack.push(Said { form: Form::Answer, root, ..Said::new(ts, key, text) });
        Ok(())
    }

    fn share_on_slack(&mut self, world: &World, person: &str, number: usize) -> Result<()> {
        let key = format!("f{number:06}");
        let text = format!("{key} shares {person}");
        let shared = world.slack.upload_as(person, &self.id, &format!("{key}.bin"), key.as_bytes(), &text)?;
        self.on_slack.push(Said { form: Form::File, ..Said::new(shared.ts, key, text) });
        Ok(())
    }

    fn edit_on_slack(&mut self, world: &World, random: &mut StdRng, number: usize) -> Result<()> {
        let fits = |said: &Said| said.form == Form::Message;
        let Some(said) = recent(&mut self.on_slack, random, fits) else { return Ok(()) };
        said.text = format!("{} says now {number}", said.key);
        world.slack.edit(&self.id, &said.id, &said.text)?;
        Ok(())
    }

    /// Of one that was answered a placeholder stays.
    fn delete_on_slack(&mut self, world: &World, random: &mut StdRng) -> Result<()> {
        let fits = |said: &Said| said.form != Form::Answer;
        let Some(said) = recent(&mut self.on_slack, random, fits) else { return Ok(()) };
        world.slack.delete(&self.id, &said.id)?;
        said.is_gone = true;
        Ok(())
    }

    fn react_on_slack(&mut self, world: &World, random: &mut StdRng, person: &'static str) -> Result<()> {
        let emoji = EMOJI[random.random_range(0..EMOJI.len())];
        let Some(said) = recent(&mut self.on_slack, random, |said| said.form != Form::Answer) else {
            return Ok(());
        };
        if said.reactions.insert((person, emoji)) {
            world.slack.react_as(person, &self.id, &said.id, emoji)?;
        } else {
            said.reactions.remove(&(person, emoji));
            world.slack.unreact_as(person, &self.id, &said.id, emoji)?;
        }
        Ok(())
    }

    fn pin_on_slack(&mut self, world: &World, random: &mut StdRng, person: &str) -> Result<()> {
        let Some(said) = recent(&mut self.on_slack, random, |said| said.form != Form::Answer) else {
            return Ok(());
        };
        if said.is_pinned {
            world.slack.unpin_as(person, &self.id, &said.id)?;
        } else {
            world.slack.pin_as(person, &self.id, &said.id)?;
        }
        said.is_pinned = !said.is_pinned;
        Ok(())
    }

    fn come_or_go(&mut self, world: &World, guest: &str) -> Result<()> {
        if self.has_guest {
            world.slack.leave(guest, &self.id)?;
        } else {
            world.slack.join(guest, &self.id)?;
        }
        self.has_guest = !self.has_guest;
        Ok(())
    }

    async fn say_on_matrix(&mut self, world: &World, number: usize) -> Result<()> {
        let key = format!("m{number:06}");
        let text = format!("{key} from over here");
        let event = world.admin.send_text(&self.room, &text).await?;
        self.on_matrix.push(Said::new(event, key, text));
        Ok(())
    }

    async fn share_on_matrix(&mut self, world: &World, number: usize) -> Result<()> {
        let key = format!("n{number:06}");
        let text = format!("{key} shared over here");
        let name = format!("{key}.bin");
        let url = world.admin.upload(&name, "application/octet-stream", key.clone().into_bytes()).await?;
        let content = json!({ "msgtype": "m.file", "body": text, "filename": name, "url": url });
        let event = world.admin.send(&self.room, "m.room.message", &content).await?;
        self.on_matrix.push(Said { form: Form::File, ..Said::new(event, key, text) });
        Ok(())
    }

    async fn react_on_matrix(&mut self, world: &World, random: &mut StdRng) -> Result<()> {
        let Some(said) = recent(&mut self.on_matrix, random, |_| true) else { return Ok(()) };
        match said.reaction_event.take() {
            Some(event) => drop(world.admin.redact(&self.room, &event).await?),
            None => said.reaction_event = Some(world.admin.react(&self.room, &said.id, REACTION.0).await?),
        }
        Ok(())
    }

    async fn edit_on_matrix(&mut self, world: &World, random: &mut StdRng, number: usize) -> Result<()> {
        let Some(said) = recent(&mut self.on_matrix, random, |said| said.form != Form::File) else {
            return Ok(());
        };
        said.text = format!("{} from here now {number}", said.key);
        world.admin.edit(&self.room, &said.id, &said.text).await?;
        Ok(())
    }

    async fn redact_on_matrix(&mut self, world: &World, random: &mut StdRng) -> Result<()> {
        let Some(said) = recent(&mut self.on_matrix, random, |_| true) else { return Ok(()) };
        world.admin.redact(&self.room, &said.id).await?;
        said.is_gone = true;
        Ok(())
    }
}
