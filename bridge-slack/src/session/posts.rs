//! Sends a message piece by piece, and finds again what was sent.

use std::collections::HashMap;

use bridge_core::content::Message as Content;
use bridge_core::error::NetworkError;
use bridge_core::event::MatrixEvent;
use bridge_core::network::SentPart;

use super::desk::Desk;
use super::uploads::Fate;
use crate::api::reply::Message;
use crate::convert::{self, Piece};

const HISTORY: &str = "conversations.history";
/// How far the homeserver's clock may be ahead of Slack's, in milliseconds, for a post to be found again.
const CLOCK_MARGIN_MS: i64 = 2 * 60 * 1_000;
/// How far back is looked when the event's own time lies in the future, and so says nothing.
const BLIND_LOOKBACK_MS: i64 = 60 * 60 * 1_000;

impl Desk {
    pub(super) async fn send_message(
        &self,
        event: &MatrixEvent,
        message: &Content,
        done: Vec<SentPart>,
    ) -> Result<Vec<SentPart>, NetworkError> {
        let standing = self.standing(message).await?;
        self.send_pieces(&convert::encode(event, &self.options, &standing), done).await
    }

    /// Sends the pieces in order, leaving out those that are done. Once this call has sent one, a failure leaves
    /// the fate of the whole open, and a wait interrupts it: what is there is found before the rest is sent.
    pub(super) async fn send_pieces(
        &self,
        pieces: &[Piece],
        done: Vec<SentPart>,
    ) -> Result<Vec<SentPart>, NetworkError> {
        let mut sent = done;
        let mut is_begun = false;
        for piece in pieces {
            if sent.iter().any(|part| part.part == *piece.part()) {
                continue;
            }
            let outcome = match piece {
                Piece::Post(post) => self.post(post).await,
                Piece::Upload(upload) => self.upload(upload).await,
            };
            match outcome {
                Ok(part) => sent.push(part),
                Err(error) if !is_begun => return Err(error),
                Err(NetworkError::RateLimited(wait)) => return Err(NetworkError::Interrupted(wait)),
                Err(error) => {
                    let why = format!("Only the beginning of the message was sent. {error}");
                    return Err(NetworkError::Uncertain(why));
                }
            }
            is_begun = true;
        }
        Ok(sent)
    }

    pub(super) async fn find_message(
        &self,
        event: &MatrixEvent,
        message: &Content,
    ) -> Result<Vec<SentPart>, NetworkError> {
        let standing = self.place_of(message).await?;
        self.look_for(event.at, &convert::encode(event, &self.options, &standing)).await
    }

    /// Looks through what was said in the channel, or in the thread, since shortly before the event.
    pub(super) async fn look_for(&self, at: i64, pieces: &[Piece]) -> Result<Vec<SentPart>, NetworkError> {
        let Some(first) = pieces.first() else { return Ok(Vec::new()) };
        let files = self.known_files(pieces).await?;
        if pieces.iter().all(|piece| matches!(piece, Piece::Upload(_))) && files.is_empty() {
            return Ok(Vec::new());
        }
        let oldest = oldest(at, self.clock.now_ms());
        let mut found: Vec<SentPart> = Vec::new();
        let looked = self
            .bot
            .messages_since(first.channel(), first.thread_ts(), &oldest, |message| {
                let part = self.recognize(pieces, &files, message);
                found.extend(part.filter(|part| !found.iter().any(|known| known.part == part.part)));
                found.len() == pieces.len()
            })
            .await;
        match looked {
            // Nothing of ours can be in a thread that is not there.
            Err(error) if error.code() == Some("thread_not_found") => return Ok(Vec::new()),
            looked => looked.map_err(|error| error.of_read(HISTORY))?,
        }
        for piece in pieces {
            if let Piece::Upload(upload) = piece
                && !found.iter().any(|part| part.part == upload.part)
            {
                // One that is given up is refused when it is to be sent, with what was found beside it kept.
                if let Fate::Shown(part) = self.find_upload(upload).await? {
                    found.push(part);
                }
            }
        }
        found.sort_by_key(|part| pieces.iter().position(|piece| *piece.part() == part.part));
        Ok(found)
    }

    /// The ids of the files that may have been ordered, by marker. Of any other it is certain that nobody sees it.
    async fn known_files(&self, pieces: &[Piece]) -> Result<HashMap<String, String>, NetworkError> {
        let mut files = HashMap::new();
        for piece in pieces {
            if let Piece::Upload(upload) = piece
                && let Some(attempt) = self.attempt(upload).await?
            {
                files.insert(upload.marker.clone(), attempt.file_id);
            }
        }
        Ok(files)
    }

    /// Which of the pieces a message is, if it is ours. Others may copy a marker, but not our identity.
    fn recognize(
        &self,
        pieces: &[Piece],
        files: &HashMap<String, String>,
        message: &Message,
    ) -> Option<SentPart> {
        let is_meant = |piece: &&Piece| match piece {
            Piece::Post(post) => post.metadata() == message.metadata,
            Piece::Upload(upload) => files
                .get(&upload.marker)
                .is_some_and(|file_id| message.files.iter().any(|file| file.id == *file_id)),
        };
        let piece = pieces.iter().find(is_meant).filter(|_| self.is_ours(message))?;
        self.part(piece.part(), piece.channel(), &message.ts)
    }

    /// Whether the app said it.
    pub(super) fn is_ours(&self, message: &Message) -> bool {
        let is = |theirs: &Option<String>, ours: &str| !ours.is_empty() && theirs.as_deref() == Some(ours);
        is(&message.bot_id, &self.own.bot_id)
            || is(&message.app_id, &self.own.app_id)
            || is(&message.user, &self.own.user_id)
    }
}

/// Where to begin to look, as Slack writes times.
fn oldest(event_at: i64, now: i64) -> String {
    let since = if event_at > now { now - BLIND_LOOKBACK_MS } else { event_at - CLOCK_MARGIN_MS }.max(0);
    format!("{}.{:03}000", since / 1_000, since % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_begins_before_the_event_even_if_its_time_is_nonsense() {
        assert_eq!(oldest(1_700_000_120_007, 1_700_000_500_000), "1700000000.007000");
        assert_eq!(oldest(9_999_999_999_999, 1_700_003_600_000), "1700000000.000000");
        assert_eq!(oldest(5, 1_700_000_000_000), "0.000000");
    }
}
