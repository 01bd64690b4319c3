//! People say and do something.
use rand::RngExt as _;
use rand::rngs::StdRng;

use super::ledger::{Channel, Ledger, Said};
use crate::{Result, World};

const PEOPLE: [&str; 3] = ["alice", "bob", "carol"];
/// Names on Slack, all of them with a character on Matrix.
const EMOJI: [&str; 3] = ["thumbsup", "tada", "wave"];

impl Ledger {
    /// One random thing in a random channel.
    pub(super) async fn act(&mut self, world: &World, random: &mut StdRng) -> Result<()> {
        self.events += 1;
        let number = self.events;
        let index = random.random_range(0..self.channels.len());
        let channel = &mut self.channels[index];
        let person = PEOPLE[random.random_range(0..PEOPLE.len())];
        match random.random_range(0..100) {
            0..32 => channel.say_on_slack(world, person, number),
            32..42 => channel.answer_on_slack(world, random, person, number),
            42..49 => channel.edit_on_slack(world, random, number),
            49..53 => channel.delete_on_slack(world, random),
            53..61 => channel.react_on_slack(world, random, person),
            61..92 => channel.say_on_matrix(world, number).await,
            92..97 => channel.edit_on_matrix(world, random, number).await,
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
        let Some(root) = recent(&mut self.on_slack, random, |said| !said.is_answer) else { return Ok(()) };
        let key = format!("a{number:06}");
        let text = format!("{key} answers {person}");
        let ts = world.slack.reply_as(person, &self.id, &root.id, &text)?;
        root.is_answered = true;
        self.on_slack.push(Said { is_answer: true, ..Said::new(ts, key, text) });
        Ok(())
    }

    fn edit_on_slack(&mut self, world: &World, random: &mut StdRng, number: usize) -> Result<()> {
        let Some(said) = recent(&mut self.on_slack, random, |said| !said.is_answer) else { return Ok(()) };
        said.text = format!("{} says now {number}", said.key);
        world.slack.edit(&self.id, &said.id, &said.text)?;
        Ok(())
    }

    fn delete_on_slack(&mut self, world: &World, random: &mut StdRng) -> Result<()> {
        let fits = |said: &Said| !said.is_answer && !said.is_answered;
        let Some(said) = recent(&mut self.on_slack, random, fits) else { return Ok(()) };
        world.slack.delete(&self.id, &said.id)?;
        said.is_gone = true;
        Ok(())
    }

    fn react_on_slack(&mut self, world: &World, random: &mut StdRng, person: &'static str) -> Result<()> {
        let emoji = EMOJI[random.random_range(0..EMOJI.len())];
        let Some(said) = recent(&mut self.on_slack, random, |said| !said.is_answer) else { return Ok(()) };
        if said.reactions.insert((person, emoji)) {
            world.slack.react_as(person, &self.id, &said.id, emoji)?;
        } else {
            said.reactions.remove(&(person, emoji));
            world.slack.unreact_as(person, &self.id, &said.id, emoji)?;
        }
        Ok(())
    }

    async fn say_on_matrix(&mut self, world: &World, number: usize) -> Result<()> {
        let key = format!("m{number:06}");
        let text = format!("{key} from over here");
        let event = world.admin.send_text(&self.room, &text).await?;
        self.on_matrix.push(Said::new(event, key, text));
        Ok(())
    }

    async fn edit_on_matrix(&mut self, world: &World, random: &mut StdRng, number: usize) -> Result<()> {
        let Some(said) = recent(&mut self.on_matrix, random, |_| true) else { return Ok(()) };
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
