//! The bridge's commands, one file each, and how a line finds its command.

mod bookmarks;
mod bridge_chat;
mod cancel;
mod capabilities;
mod dead_letters;
mod help;
mod list_logins;
mod login;
mod logout;
mod ping;
mod reply;
mod start_chat;
mod sync;
mod version;

use super::Bridge;
use super::matrix::Incoming;
use crate::command::{Catalogue, Parsed};
use crate::config::Level;
use crate::error::JobError;
use crate::network::Network;
use crate::queue::Job;

pub(crate) use login::{LogIn, log_in};
pub(crate) use reply::{Replies, Reply};
pub(crate) use sync::Syncs;

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

/// Said to somebody whose line is no command and may answer a question that was forgotten.
const NO_QUESTION: &str = "If this was meant for a login: I am not asking for anything now. A login in the making ends \
                           with its last answer, and when the bridge is restarted. `list-logins` shows whether you \
                           are logged in; if not, `login` begins anew.";

/// Said to somebody who asks about a room that shows no chat.
const NOT_A_PORTAL: &str =
    "This room shows no chat. Ask in the room that you mean, with the prefix in front.";

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
        start_chat::command(),
        bookmarks::command(),
        capabilities::command(),
        dead_letters::command(),
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
        self.reply(&ask, self.answer_command(&ask, line)).await
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
        self.reply(&ask, self.answer_line(&ask, line)).await
    }

    async fn answer_line(&self, ask: &Ask<'_>, line: &str) -> Result<Reply, JobError> {
        if let Some(conversation) = self.conversations.in_room(ask.sender(), &ask.event.room_id)
            && !self.catalogue.names(line)
        {
            return self.take_answer(ask, conversation, line).await.map(Reply::from);
        }
        self.answer_command(ask, line).await
    }

    async fn answer_command(&self, ask: &Ask<'_>, line: &str) -> Result<Reply, JobError> {
        let parsed = match self.catalogue.parse(line, ask.level) {
            Ok(parsed) => parsed,
            Err(answer) => {
                let was_secret = self.remove_stray_secret(ask, line).await?;
                // Whoever answers a question that a restart made us forget is told so.
                let may_answer = was_secret || (ask.is_private && ask.job.maybe_sent);
                return Ok(if may_answer { format!("{answer}\n\n{NO_QUESTION}") } else { answer }.into());
            }
        };
        self.carry_out(ask, parsed).await
    }

    async fn carry_out(&self, ask: &Ask<'_>, parsed: Parsed) -> Result<Reply, JobError> {
        match parsed.name.as_str() {
            "help" => Ok(help::run(self, ask, &parsed.args).into()),
            "version" => Ok(version::run(self).into()),
            "ping" => Ok(ping::run(self).await.into()),
            "login" => login::run(self, ask, &parsed.args).await,
            "cancel" => Ok(cancel::run(self, ask).into()),
            "logout" => logout::run(self, ask, &parsed.args).await.map(Reply::from),
            "list-logins" => list_logins::run(self, ask).await.map(Reply::from),
            "sync" => sync::run(self, ask).await,
            "start-chat" => start_chat::run(self, ask, &parsed.args).await.map(Reply::from),
            "bookmarks" => bookmarks::run(self, ask).await.map(Reply::from),
            "capabilities" => capabilities::run(self, ask).await.map(Reply::from),
            "bridge" => bridge_chat::run(self, ask, &parsed.args).await.map(Reply::from),
            "dead-letters" => Ok(dead_letters::run(self, ask, &parsed.args).await.into()),
            _ => Err(JobError::Park("A command has no code.".to_owned())),
        }
    }
}
