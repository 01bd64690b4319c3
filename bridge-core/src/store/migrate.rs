//! Brings the tables up to date.

use super::db::{Db, StoreError};

/// Runs what is missing of the core's migrations. A database from a newer version is refused in words.
pub async fn run(db: &Db) -> Result<(), StoreError> {
    let mut migrator = sqlx::migrate!("../migrations/core");
    // Each component has its own table, so that several can share one database.
    migrator.dangerous_set_table_name("core_migration");
    db.migrate(&migrator).await
}
