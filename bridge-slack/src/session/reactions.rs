//! Sets and removes the app's reactions, and keeps the note that says whose they are.

use bridge_core::content::Emoji;
use bridge_core::error::NetworkError;
use bridge_core::event::{MatrixEvent, Reaction, Speaker};
use bridge_core::network::SentPart;
use serde_json::json;

use super::desk::{Desk, message_ref};
use crate::api::reply::Done;
use crate::config::{ReactionNotes, Replies};
use crate::convert::encode::note;
use crate::convert::{Piece, Post, emoji};
use crate::id::{self, MessageRef};

impl Desk {
    pub(super) async fn react(
        &self,
        event: &MatrixEvent,
        reaction: &Reaction,
        done: Vec<SentPart>,
    ) -> Result<Vec<SentPart>, NetworkError> {
        let message = message_ref(&reaction.message)?;
        let method = if reaction.is_set { "reactions.add" } else { "reactions.remove" };
        let body = json!({
            "channel": message.channel_id,
            "timestamp": message.ts,
            "name": name(&reaction.emoji)?,
        });
        let reply: Result<Done, _> = self.bot.post(method, None, &body).await;
        if let Err(error) = reply {
            let is_so_already = match error.code() {
                Some("already_reacted") => reaction.is_set,
                Some("no_reaction" | "message_not_found") => !reaction.is_set,
                _ => false,
            };
            if !is_so_already {
                return Err(error.of_change(method));
            }
        }
        if event.speaker == Speaker::Login {
            return Ok(Vec::new());
        }
        match self.keep_note(event, reaction, &message, done).await {
            // The reaction is there; that nobody can be told whose it is does not undo it.
            Err(NetworkError::Rejected(why)) => {
                tracing::debug!(why, "Slack does not take the note about who reacted");
                Ok(Vec::new())
            }
            kept => kept,
        }
    }

    async fn keep_note(
        &self,
        event: &MatrixEvent,
        reaction: &Reaction,
        message: &MessageRef,
        done: Vec<SentPart>,
    ) -> Result<Vec<SentPart>, NetworkError> {
        // Posted by an earlier try of this event, it says what it should: an update would mark it as edited.
        if !done.is_empty() {
            return Ok(done);
        }
        let known = reaction.note.clone();
        let wanted = self.note(event, reaction, message).await?;
        let Some(id) = known else {
            return match wanted {
                Some(post) => Ok(vec![self.post(&post).await?]),
                None => Ok(Vec::new()),
            };
        };
        let place = message_ref(&id)?;
        let Some(post) = wanted else {
            self.remove(&place).await?;
            return Ok(Vec::new());
        };
        let part = post.part.clone();
        match self.update(&Piece::Post(post.clone()), &place).await {
            Ok(()) => {
                let at = id::ts_ms(&place.ts).unwrap_or(event.at);
                Ok(vec![SentPart { part, id, at }])
            }
            // Somebody removed it.
            Err(error) if error.code() == Some("message_not_found") => Ok(vec![self.post(&post).await?]),
            Err(error) => Err(error.of_change("chat.update")),
        }
    }

    /// The note as it has to be now.
    async fn note(
        &self,
        event: &MatrixEvent,
        reaction: &Reaction,
        message: &MessageRef,
    ) -> Result<Option<Post>, NetworkError> {
        if self.options.reaction_notes == ReactionNotes::Off || reaction.relayed.is_empty() {
            return Ok(None);
        }
        let root = match reaction.thread_root.as_ref().and_then(id::parse_message_id) {
            Some(root) => root.ts,
            // Answers are put into threads that Matrix does not know of.
            None if self.options.replies != Replies::Quote => self.root_of(message).await?,
            None => message.ts.clone(),
        };
        Ok(note(event, reaction, &self.options, &root))
    }

    /// Looks for the note that an earlier try may have posted. One that is known is only changed.
    pub(super) async fn find_note(
        &self,
        event: &MatrixEvent,
        reaction: &Reaction,
    ) -> Result<Vec<SentPart>, NetworkError> {
        if reaction.note.is_some() || event.speaker == Speaker::Login {
            return Ok(Vec::new());
        }
        match self.note(event, reaction, &message_ref(&reaction.message)?).await? {
            Some(post) => self.look_for(event.at, &[Piece::Post(post)]).await,
            None => Ok(Vec::new()),
        }
    }
}

/// What Slack calls an emoji.
fn name(emoji: &Emoji) -> Result<&str, NetworkError> {
    match emoji {
        Emoji::Unicode(sequence) => emoji::name(sequence).ok_or_else(|| {
            NetworkError::Rejected("Slack has no such emoji to react with; choose another one.".to_owned())
        }),
        Emoji::Custom { name, .. } if emoji::is_name(name) => Ok(name),
        _ => Err(NetworkError::Rejected(
            "Slack can have no emoji of this name to react with; choose another one.".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn emoji_have_slacks_names() {
        for (emoji, expected) in
            [("👍", Some("+1")), ("👋🏽", Some("wave::skin-tone-4")), ("❤", Some("heart")), ("ok", None)]
        {
            assert_eq!(name(&Emoji::Unicode(emoji.to_owned())).ok(), expected, "{emoji}");
        }
        let custom = |name: &str| Emoji::Custom { name: name.to_owned(), url: None };
        assert_eq!(name(&custom("party-parrot")).unwrap(), "party-parrot");
        assert!(name(&custom("Party Parrot")).is_err());
    }
}
