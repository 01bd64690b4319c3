//! What a commit left behind whose end is not known.

use super::{StoreError, Tx};

/// Conflicts with every transaction that writes jobs, and with no reading one.
const WAIT: &str = "LOCK TABLE job IN SHARE ROW EXCLUSIVE MODE";

impl Tx {
    /// Waits until no other transaction that wrote jobs is open: a server may still be at a commit whose answer was lost with
    /// the connection, and what it stores is not seen before its end. The embedded engine has one writer at a time.
    pub(crate) async fn wait_for_jobs(&mut self) -> Result<(), StoreError> {
        if let Self::Postgres(link) = self {
            sqlx::query(WAIT).execute(&mut **link).await?;
        }
        Ok(())
    }
}
