//! How much there is, for health and metrics.

use std::path::PathBuf;

use super::Store;
use super::db::{StoreError, on};

const LETTERS: &str = "SELECT COUNT(*), COUNT(CASE WHEN parked_at >= $1 THEN 1 END), \
                       MIN(CASE WHEN parked_at >= $1 THEN parked_at END) FROM dead_letter";
const OTHERS: &str =
    "SELECT (SELECT COUNT(*) FROM portal WHERE room_id IS NOT NULL), (SELECT COUNT(*) FROM ghost)";

/// Dead letters, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Letters {
    /// All that are kept.
    pub(crate) all: i64,
    /// Those that were given up since the time that was asked for.
    pub(crate) fresh: i64,
    /// When the first of these was, in milliseconds since 1970.
    pub(crate) fresh_since: Option<i64>,
}

impl Store {
    /// Counts the dead letters, and those that were given up since then (milliseconds since 1970).
    pub(crate) async fn tally_letters(&self, since: i64) -> Result<Letters, StoreError> {
        let mut tx = self.read().await?;
        let (all, fresh, fresh_since) =
            on!(&mut tx, c => sqlx::query_as(LETTERS).bind(since).fetch_one(c).await?);
        tx.commit().await?;
        Ok(Letters { all, fresh, fresh_since })
    }

    /// How many chats have a room, and how many ghosts there are.
    pub(crate) async fn tally_rooms(&self) -> Result<(i64, i64), StoreError> {
        let mut tx = self.read().await?;
        let counts = on!(&mut tx, c => sqlx::query_as(OTHERS).fetch_one(c).await?);
        tx.commit().await?;
        Ok(counts)
    }

    /// The file that everything is kept in; none where it is kept by a server or in memory.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        self.db.file()
    }
}
