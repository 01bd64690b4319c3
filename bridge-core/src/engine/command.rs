//! The bridge's commands, one file each, and how a line finds its command.

mod bridge_chat;
mod cancel;
mod help;
mod list_logins;
mod login;
mod logout;
mod ping;
mod sync;
mod version;

use super::Bridge;
use super::bridge::room_id;
use super::matrix::Incoming;
use crate::command::{Catalogue, Parsed};
use crate::config::Level;
use crate::error::JobError;
use crate::network::Network;
use crate::queue::Job;

pub(crate) use login::{LogIn, log_in};

/// Who asks for something, and where.
pub(crate) struct Ask<'a> {
    pub(crate) job: &'a Job,
    pub(crate) event: &'a Incoming,
    pub(crate) level: Level,
    /// Whether it was asked in a direct chat with the bot.
    pub(crate) is_private: bool,
}

impl Ask<'_> {
    /// Who asks.
    pub(crate) fn sender(&self) -> &str {
        &self.event.sender
    }
}

/// All commands.
pub(crate) fn catalogue(prefix: String) -> Catalogue {
    let commands = vec![
        help::command(),
        version::command(),
        ping::command(),
        login::command(),
        cancel::command(),
        logout::command(),
        list_logins::command(),
        sync::command(),
        bridge_chat::command(),
    ];
    Catalogue::new(prefix, commands)
}

impl<N: Network> Bridge<N> {
    /// A line behind the prefix, in any room.
    pub(super) async fn take_command(
        &self,
        job: &Job,
        event: &Incoming,
        line: &str,
        level: Level,
    ) -> Result<(), JobError> {
        let owner = self.store.management_room_owner(&event.room_id).await?;
        let is_private = owner.as_deref() == Some(event.sender.as_str());
        let ask = Ask { job, event, level, is_private };
        let answer = match self.catalogue.parse(line, level) {
            Ok(parsed) => self.carry_out(&ask, parsed).await?,
            Err(answer) => {
                self.remove_stray_secret(&ask, line).await?;
                answer
            }
        };
        self.answer(&ask, &answer).await
    }

    /// A line in a direct chat: a command, or the answer to a question of a login.
    pub(super) async fn take_line(
        &self,
        job: &Job,
        event: &Incoming,
        line: &str,
        level: Level,
    ) -> Result<(), JobError> {
        let ask = Ask { job, event, level, is_private: true };
        if let Some(conversation) = self.conversations.in_room(ask.sender(), &event.room_id)
            && !self.catalogue.names(line)
        {
            let answer = self.take_answer(&ask, conversation, line).await?;
            return self.answer(&ask, &answer).await;
        }
        self.take_command(job, event, line, level).await
    }

    async fn carry_out(&self, ask: &Ask<'_>, parsed: Parsed) -> Result<String, JobError> {
        match parsed.name.as_str() {
            "help" => Ok(help::run(self, ask)),
            "version" => Ok(version::run(self)),
            "ping" => Ok(ping::run(self).await),
            "login" => login::run(self, ask, &parsed.args).await,
            "cancel" => Ok(cancel::run(self, ask)),
            "logout" => logout::run(self, ask, &parsed.args).await,
            "list-logins" => Ok(list_logins::run(self, ask)),
            "sync" => sync::run(self, ask).await,
            "bridge" => bridge_chat::run(self, ask, &parsed.args).await,
            _ => Err(JobError::Park("A command has no code.".to_owned())),
        }
    }

    async fn answer(&self, ask: &Ask<'_>, text: &str) -> Result<(), JobError> {
        let room = room_id(&ask.event.room_id)?;
        self.say(room, text, &format!("answer/{}", ask.job.dedup)).await
    }
}
