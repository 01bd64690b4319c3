//! Changes what was sent, and takes it back.

use bridge_core::content::Message as Content;
use bridge_core::error::NetworkError;
use bridge_core::event::{MatrixEvent, Sent};
use bridge_core::network::SentPart;

use super::desk::{Desk, message_ref};
use crate::convert::{self, Piece, Standing};
use crate::id;

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

    /// Takes all messages back.
    pub(super) async fn delete(&self, sent: &[Sent]) -> Result<Vec<SentPart>, NetworkError> {
        for part in sent {
            self.remove(&message_ref(&part.id)?).await?;
        }
        Ok(Vec::new())
    }
}

fn added<'a>(pieces: &'a [Piece], sent: &[Sent]) -> &'a [Piece] {
    pieces.get(sent.len()..).unwrap_or_default()
}
