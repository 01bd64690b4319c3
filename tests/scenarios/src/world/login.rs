//! Logging in as a person does it: by chat with the bot.
use testkit::user::Event;

use super::{LIMIT, World, after};
use crate::Result;

impl World {
    /// Opens a direct chat with the bot and waits until it has come and greeted; answers the room's id.
    pub async fn direct_chat(&self) -> Result<String> {
        self.direct_chat_of(&self.admin).await
    }

    /// Like [`World::direct_chat`], for another person.
    pub async fn direct_chat_of(&self, person: &testkit::User) -> Result<String> {
        let bot = self.bot_id();
        let room = person.create_dm(&bot).await?;
        person.wait_for_membership(&room, &bot, "join").await?;
        person.wait_for_text_with(&room, "help").await?;
        Ok(room)
    }

    /// The admin writes a line, and the bot answers with a message that has this in it.
    pub async fn ask(&self, room: &str, line: &str, answer: &str) -> Result<Event> {
        self.ask_as(&self.admin, room, line, answer).await
    }

    /// Like [`World::ask`], for another person.
    pub async fn ask_as(
        &self,
        person: &testkit::User,
        room: &str,
        line: &str,
        answer: &str,
    ) -> Result<Event> {
        let asked = person.send_text(room, line).await?;
        self.answer_to(person, room, &asked, answer).await
    }

    /// Waits for a message of the bot after an event that has this in it.
    pub async fn answer_to(
        &self,
        person: &testkit::User,
        room: &str,
        asked: &str,
        answer: &str,
    ) -> Result<Event> {
        let bot = self.bot_id();
        let fits = |event: &Event| {
            event.kind == "m.room.message" && event.sender == bot && event.body().contains(answer)
        };
        person
            .wait_for_event(room, &format!("an answer of the bot with {answer:?} in it"), after(asked, fits))
            .await
    }

    /// Starts the bridge unless it runs, and logs the admin in by chat; answers the direct chat's id. A socket is open
    /// when this returns.
    pub async fn log_in(&mut self) -> Result<String> {
        if !self.bridge.is_running() {
            self.bridge.start().await?;
        }
        let room = self.direct_chat().await?;
        let app = self.slack.app();
        self.ask(&room, "login app", "xoxb-").await?;
        self.ask(&room, &app.bot_token, "xapp-").await?;
        self.ask(&room, &app.app_token, "Logged in").await?;
        self.wait_for_socket().await?;
        Ok(room)
    }

    /// Waits until the bridge has a socket open.
    pub async fn wait_for_socket(&self) -> Result<()> {
        anyhow::ensure!(self.slack.wait_for_sockets(1, LIMIT).await, "the bridge opened no socket");
        Ok(())
    }
}
