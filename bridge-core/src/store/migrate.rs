//! Brings the tables up to date.

use std::collections::BTreeSet;

use sqlx::migrate::Migrator;

use super::db::{Db, StoreError, Tx, on};

/// Where the steps are noted that a database has taken. Each component has its own table, so that several can share one
/// database.
pub(crate) const TABLE: &str = "core_migration";
/// The step that made the table of the lease.
pub(super) const LEASE: i64 = 13;
const STEPS: &str = "SELECT version FROM core_migration ORDER BY version";

fn migrator() -> Migrator {
    let mut migrator = sqlx::migrate!("../migrations/core");
    migrator.dangerous_set_table_name(TABLE);
    migrator
}

/// Runs what is missing of the core's migrations. A database from a newer version is refused in words.
pub async fn run(db: &Db) -> Result<(), StoreError> {
    db.migrate(&migrator()).await
}

/// Runs only these steps, on a database without tables: what an earlier version had.
pub(crate) async fn run_only(db: &Db, steps: &[i64]) -> Result<(), StoreError> {
    let chosen = migrator().iter().filter(|step| steps.contains(&step.version)).cloned().collect();
    let mut migrator = Migrator::with_migrations(chosen);
    migrator.dangerous_set_table_name(TABLE);
    db.migrate(&migrator).await
}

/// The steps that are known here, in order.
pub(crate) fn known() -> Vec<i64> {
    migrator().iter().map(|step| step.version).collect()
}

/// The tables that the steps make.
pub(crate) fn tables() -> BTreeSet<String> {
    let mut tables = BTreeSet::new();
    for step in migrator().iter() {
        for made in step.sql.as_str().split("CREATE TABLE ").skip(1) {
            let made = made.trim_start_matches("IF NOT EXISTS ");
            tables.extend(made.split([' ', '(', '\n']).next().map(str::to_owned));
        }
    }
    tables
}

/// The steps that a database has taken.
pub(crate) async fn steps(tx: &mut Tx) -> Result<Vec<i64>, StoreError> {
    let rows: Vec<(i64,)> = on!(tx, c => sqlx::query_as(STEPS).fetch_all(c).await?);
    Ok(rows.into_iter().map(|(step,)| step).collect())
}

/// The same of a database that may have no tables yet.
pub(crate) async fn taken(db: &Db) -> Result<Vec<i64>, StoreError> {
    let mut tx = db.read().await?;
    // Where there is no such table, there is none of ours.
    let steps = if tx.tables().await?.contains_key(TABLE) { steps(&mut tx).await? } else { Vec::new() };
    tx.commit().await?;
    Ok(steps)
}

/// The first step that is not known here: it was taken by a newer version.
pub(crate) fn unknown(steps: &[i64]) -> Option<i64> {
    let known = known();
    steps.iter().copied().find(|step| !known.contains(step))
}

/// Fails, with a sentence, for a database whose tables are not those of this version.
pub(crate) async fn expect_current(db: &Db) -> Result<(), StoreError> {
    let steps = taken(db).await?;
    if let Some(step) = unknown(&steps) {
        return Err(StoreError(format!(
            "The database was made by a newer version of this program (it has step {step}, which is not known here). Use \
             the newer version."
        )));
    }
    if steps.is_empty() {
        return Err(StoreError(
            "The database has no tables yet. Start the program once with `run`, which makes them.".to_owned(),
        ));
    }
    if steps != known() {
        return Err(StoreError(
            "The database is of an older version of this program. Start this one once with `run`, which brings it up to \
             date."
                .to_owned(),
        ));
    }
    Ok(())
}
