//! Brings the tables up to date.

use std::collections::BTreeSet;

use sqlx::AssertSqlSafe;
use sqlx::migrate::Migrator;

use super::db::{Db, StoreError, Tx, on};

/// Tables that belong together: the core's, or those of a program beside them.
#[derive(Debug, Clone, Copy)]
pub struct Component {
    /// Its name. The steps that a database has taken stand in a table `NAME_migration`, so that several components can share
    /// one database.
    pub name: &'static str,
    /// Its migrations: what `sqlx::migrate!` makes of a folder below `migrations/`.
    pub migrations: fn() -> Migrator,
}

/// The core's own tables.
const CORE: Component = Component { name: "core", migrations: || sqlx::migrate!("../migrations/core") };
/// Where the steps are noted that a database has taken of the core's.
pub(crate) const TABLE: &str = "core_migration";
/// The step that made the table of the lease.
pub(super) const LEASE: i64 = 13;

impl Component {
    /// Where the steps are noted that a database has taken.
    pub(crate) fn table(&self) -> String {
        format!("{}_migration", self.name)
    }

    fn migrator(&self) -> Migrator {
        let mut migrator = (self.migrations)();
        migrator.dangerous_set_table_name(self.table());
        migrator
    }

    /// Runs what is missing. A database from a newer version is refused in words.
    pub(crate) async fn run(&self, db: &Db) -> Result<(), StoreError> {
        db.migrate(&self.migrator()).await
    }

    /// Runs only these steps, on a database without tables: what an earlier version had.
    pub(crate) async fn run_only(&self, db: &Db, steps: &[i64]) -> Result<(), StoreError> {
        let chosen = self.migrator().iter().filter(|step| steps.contains(&step.version)).cloned().collect();
        let mut migrator = Migrator::with_migrations(chosen);
        migrator.dangerous_set_table_name(self.table());
        db.migrate(&migrator).await
    }

    /// The steps that are known here, in order.
    pub(crate) fn known(&self) -> Vec<i64> {
        self.migrator().iter().map(|step| step.version).collect()
    }

    /// The first step that is not known here: it was taken by a newer version.
    pub(crate) fn unknown(&self, steps: &[i64]) -> Option<i64> {
        let known = self.known();
        steps.iter().copied().find(|step| !known.contains(step))
    }

    /// The tables that the steps make.
    pub(crate) fn tables(&self) -> BTreeSet<String> {
        let mut tables = BTreeSet::new();
        for step in self.migrator().iter() {
            for made in step.sql.as_str().split("CREATE TABLE ").skip(1) {
                let made = made.trim_start_matches("IF NOT EXISTS ");
                tables.extend(made.split([' ', '(', '\n']).next().map(str::to_owned));
            }
        }
        tables
    }

    /// The steps that a database has taken, which may have no tables yet.
    pub(crate) async fn steps(&self, tx: &mut Tx) -> Result<Vec<i64>, StoreError> {
        // Where there is no such table, there is none of ours.
        if !tx.tables().await?.contains_key(&self.table()) {
            return Ok(Vec::new());
        }
        let sql = format!("SELECT version FROM {} ORDER BY version", self.table());
        let rows: Vec<(i64,)> = on!(tx, c => sqlx::query_as(AssertSqlSafe(sql)).fetch_all(c).await?);
        Ok(rows.into_iter().map(|(step,)| step).collect())
    }
}

/// Runs what is missing of the core's migrations. A database from a newer version is refused in words.
pub async fn run(db: &Db) -> Result<(), StoreError> {
    CORE.run(db).await
}

/// Runs only these steps of the core's.
pub(crate) async fn run_only(db: &Db, steps: &[i64]) -> Result<(), StoreError> {
    CORE.run_only(db, steps).await
}

/// The core's steps that are known here, in order.
pub(crate) fn known() -> Vec<i64> {
    CORE.known()
}

/// The tables that the core's steps make.
pub(crate) fn tables() -> BTreeSet<String> {
    CORE.tables()
}

/// The core's steps that a database has taken.
pub(crate) async fn steps(tx: &mut Tx) -> Result<Vec<i64>, StoreError> {
    CORE.steps(tx).await
}

/// The same of a database that may have no tables yet.
pub(crate) async fn taken(db: &Db) -> Result<Vec<i64>, StoreError> {
    let mut tx = db.read().await?;
    let steps = steps(&mut tx).await?;
    tx.commit().await?;
    Ok(steps)
}

/// The first step that is not one of the core's known here.
pub(crate) fn unknown(steps: &[i64]) -> Option<i64> {
    CORE.unknown(steps)
}

/// Whether tables are still missing, all or the newest ones.
pub(crate) async fn lags(db: &Db) -> Result<bool, StoreError> {
    let steps = taken(db).await?;
    Ok(known().iter().any(|step| !steps.contains(step)))
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
