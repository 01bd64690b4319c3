//! Changes what was sent, and takes it back.

use bridge_core::content::Message as Content;
use bridge_core::error::NetworkError;
use bridge_core::event::{MatrixEvent, Sent};
use bridge_core::network::SentPart;
use serde_json::json;

use super::desk::{Desk, message_ref};
use crate::api::reply::{Done, File};
use crate::convert::{self, Piece, Standing};
use crate::id::{self, MessageRef};

impl Desk {
    /// Changes the messages there are, one by one, removes those there are too many, then sends those there are too few.
    pub(super) async fn edit(
        &self,
        event: &MatrixEvent,
        sent: &[Sent],
        message: &Content,
        done: Vec<SentPart>,
    ) -> Result<Vec<SentPart>, NetworkError> {
        let standing = self.standing_of(sent, message).await?;
        let pieces = convert::encode(event, &self.options, &standing);
        if pieces.is_empty() {
            return Err(NetworkError::Rejected(
                "Nothing would be left to see of the message; delete it instead.".to_owned(),
            ));
        }
        let mut now = Vec::with_capacity(pieces.len());
        for (piece, old) in pieces.iter().zip(sent) {
            let place = message_ref(&old.id)?;
            if let Piece::Upload(_) = piece {
                self.ensure_shows_file(&place).await?;
            }
            self.update(piece, &place).await.map_err(|error| error.of_change("chat.update"))?;
            let at = id::ts_ms(&place.ts).unwrap_or(event.at);
            now.push(SentPart { part: old.part.clone(), id: old.id.clone(), at });
        }
        for surplus in sent.iter().skip(pieces.len()) {
            self.remove(&message_ref(&surplus.id)?).await?;
        }
        now.extend(done.into_iter().filter(|part| !sent.iter().any(|old| old.id == part.id)));
        self.send_pieces(added(&pieces, sent), now).await
    }

    /// Fails for a message that shows no file, since an edit cannot bring one in: of what would be left of it, only what is
    /// said about the file would be seen.
    async fn ensure_shows_file(&self, place: &MessageRef) -> Result<(), NetworkError> {
        let message = self.one(place).await.map_err(|error| error.of_read("conversations.replies"))?;
        if message.is_some_and(|message| message.files.is_empty()) {
            return Err(NetworkError::FileRefused(
                "On Slack a message without a file cannot be changed into one with a file; send a new one."
                    .to_owned(),
            ));
        }
        Ok(())
    }

    /// Looks for the messages that an edit added.
    pub(super) async fn find_added(
        &self,
        event: &MatrixEvent,
        sent: &[Sent],
        message: &Content,
    ) -> Result<Vec<SentPart>, NetworkError> {
        // How many there are does not depend on where they stand.
        if added(&convert::encode(event, &self.options, &Standing::default()), sent).is_empty() {
            return Ok(Vec::new());
        }
        let standing = self.standing_of(sent, message).await?;
        let pieces = convert::encode(event, &self.options, &standing);
        self.look_for(event.at, added(&pieces, sent)).await
    }

    /// Takes all messages back, with the app's files in them: Slack keeps a file whose message is gone.
    pub(super) async fn delete(&self, sent: &[Sent]) -> Result<Vec<SentPart>, NetworkError> {
        for part in sent {
            let place = message_ref(&part.id)?;
            // First, since nothing else says which files they were.
            self.delete_files(&place).await?;
            self.remove(&place).await?;
        }
        Ok(Vec::new())
    }

    /// Deletes the app's files in a message of the app's. Others may show these files in messages of their own, which are
    /// not the bridge's to take back, and Slack would take the file out of all messages.
    async fn delete_files(&self, place: &MessageRef) -> Result<(), NetworkError> {
        const METHOD: &str = "files.delete";
        let message = match self.one(place).await.map_err(|error| error.of_read("conversations.replies")) {
            Ok(message) => message.unwrap_or_default(),
            // Then the message cannot be removed either, and that is what is told.
            Err(NetworkError::Rejected(_)) => return Ok(()),
            Err(error) => return Err(error),
        };
        if !self.is_ours(&message) {
            return Ok(());
        }
        let is_own = |file: &&File| file.user.as_deref() == Some(self.own.user_id.as_str());
        for file in message.files.iter().filter(is_own) {
            let reply: Result<Done, _> = self.bot.post(METHOD, None, &json!({ "file": file.id })).await;
            match reply.map_err(|error| error.of_change(METHOD)) {
                Ok(_) => {}
                Err(NetworkError::Rejected(why)) => {
                    tracing::debug!(why, "the file of a removed message stays on Slack");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn added<'a>(pieces: &'a [Piece], sent: &[Sent]) -> &'a [Piece] {
    pieces.get(sent.len()..).unwrap_or_default()
}
