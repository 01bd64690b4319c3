//! Dead letters: events that a bot could not be told of, kept for the operator.

use bridge_core::queue::Lane;
use bridge_core::store::dead_letter::DeadLetterRow;
use bridge_core::store::letter_id::LetterId;

use super::{Host, lane};
use crate::error::HostError;

/// A dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Letter {
    /// Its id, as people write it.
    pub(crate) id: String,
    /// The instance that was to be told; none if that was not known yet.
    pub(crate) instance: Option<String>,
    /// The room; none for a timer without one.
    pub(crate) room: Option<String>,
    /// What is stored of it.
    pub(crate) row: DeadLetterRow,
}

impl Letter {
    fn of(row: DeadLetterRow) -> Self {
        let kept = Lane::stored(row.lane.clone());
        let instance = lane::instance_of(&kept).map(str::to_owned);
        let room = match instance {
            Some(_) => lane::room_of(&kept),
            None => kept.as_str().strip_prefix(Lane::of_room("").as_str()).unwrap_or_default(),
        };
        let room = (!room.is_empty()).then(|| room.to_owned());
        Self { id: row.letter_id().to_string(), instance, room, row }
    }
}

impl Host {
    /// The oldest dead letters, `limit` at most, and how many there are in all.
    pub(crate) async fn letters(&self, limit: u16) -> Result<(Vec<Letter>, u64), HostError> {
        let all = self.store().count_dead_letters().await?.all;
        let rows = self.store().dead_letters(i64::from(limit)).await?;
        Ok((rows.into_iter().map(Letter::of).collect(), u64::try_from(all).unwrap_or(0)))
    }

    /// One dead letter.
    pub(crate) async fn letter(&self, id: &str) -> Result<Letter, HostError> {
        self.found_letter(read(id)?).await
    }

    /// Has a dead letter tried again: in a few seconds, at the end of its bot's queue. One that succeeds is gone.
    pub(crate) async fn retry_letter(&self, id: &str) -> Result<Letter, HostError> {
        let id = read(id)?;
        let is_new = self.store().retry_dead_letter(id).await?;
        let letter = self.found_letter(id).await?;
        if is_new {
            return Ok(letter);
        }
        Err(HostError::Conflict(format!("Dead letter {id} is being tried again already.")))
    }

    /// Has all of them tried again; says of how many that is new.
    pub(crate) async fn retry_letters(&self) -> Result<u64, HostError> {
        Ok(self.store().retry_all_dead_letters().await?)
    }

    /// Deletes a dead letter for good, unless it is being tried again.
    pub(crate) async fn drop_letter(&self, id: &str) -> Result<(), HostError> {
        let id = read(id)?;
        if self.store().drop_dead_letter(id).await? {
            return Ok(());
        }
        self.found_letter(id).await?;
        Err(HostError::Conflict(format!("Dead letter {id} is being tried again; drop it if it comes back.")))
    }

    async fn found_letter(&self, id: LetterId) -> Result<Letter, HostError> {
        let row = self.store().dead_letter(id).await?;
        row.map(Letter::of).ok_or_else(|| {
            HostError::NotFound(format!(
                "There is no dead letter {id}: it was dropped, tried again with success, or never was."
            ))
        })
    }
}

fn read(id: &str) -> Result<LetterId, HostError> {
    id.parse()
        .map_err(|_| HostError::NotFound("That is no dead letter's id; the list shows them.".to_owned()))
}
