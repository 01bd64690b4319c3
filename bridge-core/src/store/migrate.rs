//! Brings the tables up to date.

use sqlx::migrate::Migrator;

use super::db::{Db, StoreError, on};

const NEWEST: &str = "SELECT CAST(MAX(version) AS BIGINT) FROM core_migration";

fn migrator() -> Migrator {
    let mut migrator = sqlx::migrate!("../migrations/core");
    // Each component has its own table, so that several can share one database.
    migrator.dangerous_set_table_name("core_migration");
    migrator
}

/// Runs what is missing of the core's migrations. A database from a newer version is refused in words.
pub async fn run(db: &Db) -> Result<(), StoreError> {
    db.migrate(&migrator()).await
}

/// The step that the newest tables have.
pub fn newest() -> i64 {
    migrator().iter().map(|step| step.version).max().unwrap_or(0)
}

/// Fails, with a sentence, for a database whose tables are not those of this version.
pub(crate) async fn expect_current(db: &Db) -> Result<(), StoreError> {
    let known = newest();
    match step(db).await {
        Some(step) if step == known => Ok(()),
        Some(step) if step > known => Err(StoreError(format!(
            "The database was made by a newer version of this program (it has step {step}, and {known} is the last that is \
             known here). Use the newer version."
        ))),
        Some(_) => Err(StoreError(
            "The database is of an older version of this program. Start this one once with `run`, which brings it up to \
             date."
                .to_owned(),
        )),
        None => Err(StoreError(
            "The database has no tables yet. Start the program once with `run`, which makes them.".to_owned(),
        )),
    }
}

/// The step that a database has; none if it has no tables.
async fn step(db: &Db) -> Option<i64> {
    let mut tx = db.read().await.ok()?;
    let asked: Result<(Option<i64>,), sqlx::Error> =
        on!(&mut tx, c => sqlx::query_as(NEWEST).fetch_one(c).await);
    asked.ok()?.0
}
