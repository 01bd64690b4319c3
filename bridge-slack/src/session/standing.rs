//! Finds out how a message stands to others: in which thread, under which line about what it answers.

use std::borrow::Cow;

use bridge_core::content::Message as Content;
use bridge_core::error::NetworkError;
use bridge_core::event::Sent;

use super::desk::Desk;
use crate::api::CallError;
use crate::api::reply::{Message, MessagePage, PermalinkReply};
use crate::config::Replies;
use crate::convert::encode::{quote, quote_of};
use crate::convert::{Standing, flatten, mrkdwn_read};
use crate::id::{self, MessageRef};

impl Desk {
    /// Where a message goes.
    pub(super) async fn place_of(&self, message: &Content) -> Result<Standing, NetworkError> {
        if message.thread_root.is_some() {
            let standing = Standing::of_thread(message.thread_root.as_ref());
            // Within a thread, an answer to its very beginning is meant for those outside as well.
            let is_answer = message.reply_to == message.thread_root;
            let broadcast = message.broadcast || (is_answer && self.options.replies == Replies::Broadcast);
            return Ok(Standing { broadcast, ..standing });
        }
        let answered = message.reply_to.as_ref().and_then(id::parse_message_id);
        match (answered, self.options.replies) {
            (None, _) | (_, Replies::Quote) => Ok(Standing::default()),
            (Some(answered), replies) => Ok(Standing {
                thread_ts: Some(self.root_of(&answered).await?),
                broadcast: replies == Replies::Broadcast,
                quote: None,
            }),
        }
    }

    /// Where a message goes, and what is said above it.
    pub(super) async fn standing(&self, message: &Content) -> Result<Standing, NetworkError> {
        let mut standing = self.place_of(message).await?;
        if self.options.replies == Replies::Quote
            && message.reply_to != message.thread_root
            && let Some(answered) = message.reply_to.as_ref().and_then(id::parse_message_id)
        {
            standing.quote = Some(self.quote(&answered).await?);
        }
        Ok(standing)
    }

    /// How a message that was sent stands: an edit leaves it where it is.
    pub(super) async fn standing_of(
        &self,
        sent: &[Sent],
        message: &Content,
    ) -> Result<Standing, NetworkError> {
        let standing = Standing::of_thread(message.thread_root.as_ref());
        let first = sent.first().and_then(|part| id::parse_message_id(&part.id));
        let Some(first) = first else { return Ok(standing) };
        let Some(known) = soft(self.one(&first).await)?.flatten() else { return Ok(standing) };
        let thread_ts = standing.thread_ts.or(known.thread_ts.filter(|root| *root != known.ts));
        Ok(Standing { thread_ts, broadcast: false, quote: quote_of(&known.blocks) })
    }

    /// The first message of the thread that a message stands in, or could begin.
    pub(super) async fn root_of(&self, message: &MessageRef) -> Result<String, NetworkError> {
        let known = soft(self.one(message).await)?.flatten();
        Ok(known.and_then(|known| known.thread_ts).unwrap_or_else(|| message.ts.clone()))
    }

    /// One message, if it is there.
    pub(super) async fn one(&self, message: &MessageRef) -> Result<Option<Message>, CallError> {
        let page: MessagePage = self.bot.page_around(&message.channel_id, &message.ts).await?;
        Ok(page.messages.into_iter().find(|one| one.ts == message.ts))
    }

    /// The line about a message that is answered. What cannot be had is left out of it.
    async fn quote(&self, answered: &MessageRef) -> Result<String, NetworkError> {
        let params = vec![
            ("channel", Some(Cow::Borrowed(answered.channel_id.as_str()))),
            ("message_ts", Some(Cow::Borrowed(answered.ts.as_str()))),
        ];
        let link: Option<PermalinkReply> = soft(self.bot.get("chat.getPermalink", &params).await)?;
        let link = link.map(|link| link.permalink).filter(|link| !link.is_empty());
        let message = soft(self.one(answered).await)?.flatten().unwrap_or_default();
        let author = self.author(&message).await?;
        let text = mrkdwn_read::read(&message.text, &self.team_id);
        let mut text = flatten::plain(&flatten::spans(&text.blocks));
        if text.trim().is_empty() {
            text = message.files.into_iter().next().map(|file| file.name).unwrap_or_default();
        }
        Ok(quote(link.as_deref(), author.as_deref(), &text))
    }

    async fn author(&self, message: &Message) -> Result<Option<String>, NetworkError> {
        if message.username.as_ref().is_some_and(|name| !name.is_empty()) {
            return Ok(message.username.clone());
        }
        let account = [&message.user, &message.bot_id].into_iter().flatten().next();
        let Some(account) = account.and_then(|id| id::user_id(&self.team_id, id)) else { return Ok(None) };
        match self.people.info(&self.bot, &account).await {
            Ok(info) => Ok(info.name),
            Err(wait @ NetworkError::RateLimited(_)) => Err(wait),
            Err(_) => Ok(None),
        }
    }
}

/// For what can be done without: none instead of a failure. Being told to wait stays.
fn soft<T>(answer: Result<T, CallError>) -> Result<Option<T>, NetworkError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(wait @ CallError::RateLimited(_)) => Err(wait.of_read("what is answered")),
        Err(_) => Ok(None),
    }
}
