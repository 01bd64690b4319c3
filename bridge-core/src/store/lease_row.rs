//! What stands in the table of the lease.

use super::db::{StoreError, Tx, on};

const MAKE: &str = "INSERT INTO lease (name, owner, generation, expires_at) VALUES ('work', '', 0, 0), \
                    ('fence', '', 0, 0) ON CONFLICT (name) DO NOTHING";
const LOOK: &str = "SELECT owner, generation, expires_at FROM lease WHERE name = 'work'";
const TAKE: &str = "UPDATE lease SET owner = $1, generation = generation + 1, expires_at = $2 WHERE name = 'work' \
                    AND owner = $3 AND generation = $4 AND expires_at = $5 RETURNING generation";
const CLOSE_FENCE: &str = "UPDATE lease SET owner = $1, generation = $2 WHERE name = 'fence'";
const RENEW: &str = "UPDATE lease SET expires_at = CASE WHEN expires_at < $1 THEN $1 ELSE expires_at + 1 END \
                     WHERE name = 'work' AND generation = $2 AND owner = $3 AND expires_at > 0";
const GIVE_UP: &str =
    "UPDATE lease SET expires_at = 0 WHERE name = 'work' AND generation = $1 AND owner = $2";

/// Who has the lease. Each renewal changes it, whatever the clocks do.
#[derive(Debug, Clone, PartialEq, Eq, Default, sqlx::FromRow)]
pub(super) struct Held {
    pub(super) owner: String,
    generation: i64,
    pub(super) expires_at: i64,
}

impl Held {
    /// Whether it was given up, or nobody has had it yet.
    pub(super) fn is_given_up(&self) -> bool {
        self.expires_at == 0
    }
}

/// Who has the lease now.
pub(super) async fn look(tx: &mut Tx) -> Result<Held, StoreError> {
    let row: Option<Held> = on!(&mut *tx, c => sqlx::query_as(LOOK).fetch_optional(c).await?);
    Ok(row.unwrap_or_default())
}

/// Takes the lease over until `expires_at` if it still stands as it was seen, and gives the new generation. Waits for what
/// the last owner has begun to write; nothing of that one is written after this.
pub(super) async fn take(
    tx: &mut Tx,
    seen: &Held,
    owner: &str,
    expires_at: i64,
) -> Result<Option<i64>, StoreError> {
    on!(&mut *tx, c => sqlx::query(MAKE).execute(c).await?.rows_affected());
    let row: Option<(i64,)> = on!(&mut *tx, c => {
        let query = sqlx::query_as(TAKE).bind(owner).bind(expires_at);
        query.bind(&seen.owner).bind(seen.generation).bind(seen.expires_at).fetch_optional(c).await?
    });
    let Some((generation,)) = row else { return Ok(None) };
    on!(&mut *tx, c => {
        sqlx::query(CLOSE_FENCE).bind(owner).bind(generation).execute(c).await?.rows_affected()
    });
    Ok(Some(generation))
}

/// Renews the lease until `expires_at`; false when it is another one's, or was given up.
pub(super) async fn renew(
    tx: &mut Tx,
    owner: &str,
    generation: i64,
    expires_at: i64,
) -> Result<bool, StoreError> {
    let renewed = on!(&mut *tx, c => {
        sqlx::query(RENEW).bind(expires_at).bind(generation).bind(owner).execute(c).await?.rows_affected()
    });
    Ok(renewed > 0)
}

/// Lets somebody else take the lease at once.
pub(super) async fn give_up(tx: &mut Tx, owner: &str, generation: i64) -> Result<(), StoreError> {
    on!(&mut *tx, c => sqlx::query(GIVE_UP).bind(generation).bind(owner).execute(c).await?.rows_affected());
    Ok(())
}
