//! What is kept: one type for two engines, one file per table.

pub mod backup;
pub mod db;
pub mod dead_letter;
pub mod ghost;
pub(crate) mod handed_in;
pub mod job;
pub mod kv;
pub mod lease;
mod lease_row;
pub mod letter_id;
pub mod login;
pub(crate) mod lost;
pub mod management_room;
pub mod member_sync;
pub mod memo;
mod memo_names;
pub mod message;
pub mod migrate;
pub(crate) mod newest;
pub mod portal;
pub mod queue;
pub mod reaction;
pub mod recent;
pub mod seal;
pub(crate) mod tally;

use std::sync::Arc;

pub use db::{Db, StoreError, Tx};

use crate::clock::Clock;
use lease::Lease;
use memo_names::MemoNames;
use migrate::Component;
use newest::Newest;
use recent::Recent;
use seal::Seal;

/// Everything that is kept, behind a cheap handle.
#[derive(Clone, Debug)]
pub struct Store {
    db: Db,
    clock: Clock,
    seal: Arc<Seal>,
    recent: Arc<Recent>,
    newest: Arc<Newest>,
    memo_names: Arc<MemoNames>,
    lease: Lease,
    components: &'static [Component],
}

impl Store {
    /// Opens the database of this address (`sqlite:FILE`, `sqlite::memory:`, `postgres://…`) and brings its tables
    /// up to date. The error is a sentence that names the remedy.
    pub async fn open(url: &str, seal: Seal, clock: Clock) -> Result<Self, StoreError> {
        let store = Self::open_unchanged(url, seal, clock).await?;
        store.bring_up_to_date().await?;
        Ok(store)
    }

    /// Like [`Store::open`], but leaves the tables as they are: call [`Store::bring_up_to_date`] before anything else than
    /// [`Store::lags_behind`] and [`Store::back_up`].
    pub async fn open_unchanged(url: &str, seal: Seal, clock: Clock) -> Result<Self, StoreError> {
        Ok(Self {
            db: Db::open(url).await?,
            clock,
            seal: Arc::new(seal),
            recent: Arc::default(),
            newest: Arc::default(),
            memo_names: Arc::default(),
            lease: Lease::default(),
            components: &[],
        })
    }

    /// The same database with the tables of a program beside the core's: they are brought up to date and backed up together.
    #[must_use]
    pub fn with_components(self, components: &'static [Component]) -> Self {
        Self { components, ..self }
    }

    /// The same with another seal, for a tool that has to open credentials.
    pub(crate) fn with_seal(self, seal: Seal) -> Self {
        Self { seal: Arc::new(seal), ..self }
    }

    /// Whether there are tables, and of an earlier version.
    pub async fn lags_behind(&self) -> Result<bool, StoreError> {
        let lags = |steps: &[i64], known: &[i64]| {
            !steps.is_empty() && known.iter().any(|step| !steps.contains(step))
        };
        let mut tx = self.db.read().await?;
        let mut found = lags(&migrate::steps(&mut tx).await?, &migrate::known());
        for component in self.components {
            found |= lags(&component.steps(&mut tx).await?, &component.known());
        }
        tx.commit().await?;
        Ok(found)
    }

    /// Whether another process works on this database, of whatever version that has a lease. Looking may take some seconds.
    pub(crate) async fn is_worked_on(&self) -> Result<bool, StoreError> {
        Ok(migrate::taken(&self.db).await?.contains(&migrate::LEASE) && lease::is_kept(&self.db).await?)
    }

    /// Brings the tables up to date; those of a newer version are refused in words.
    pub async fn bring_up_to_date(&self) -> Result<(), StoreError> {
        migrate::run(&self.db).await?;
        for component in self.components {
            component.run(&self.db).await?;
        }
        Ok(())
    }

    /// The same, for a process beside which others may be on this database: it may write only while it has the lease (see
    /// [`Lease::keep`]). `owner` says to people which process it is.
    pub async fn shared(self, url: &str, owner: String) -> Result<Self, StoreError> {
        let lease = Db::open_for_lease(url).await?.map(|db| Lease::on(db, self.clock.clone(), &owner));
        Ok(Self { lease: lease.unwrap_or_default(), ..self })
    }

    /// Opens the database beside the program that may be running on it, for an operator's tool. Nothing is made and no table
    /// is changed, so it has to be of this very version. Credentials stay sealed. The error is a sentence.
    pub async fn open_beside(url: &str, clock: Clock) -> Result<Self, StoreError> {
        let db = Db::open_beside(url).await?;
        migrate::expect_current(&db).await?;
        Ok(Self {
            db,
            clock,
            seal: Arc::new(Seal::none()),
            recent: Arc::default(),
            newest: Arc::default(),
            memo_names: Arc::default(),
            lease: Lease::default(),
            components: &[],
        })
    }

    /// The same; none where the tables are not there yet, or of an earlier version: the start brings them up to date.
    pub(crate) async fn open_if_current(url: &str, clock: Clock) -> Result<Option<Self>, StoreError> {
        let db = Db::open_beside(url).await?;
        let lags = migrate::lags(&db).await;
        db.close().await;
        if lags? { Ok(None) } else { Self::open_beside(url, clock).await.map(Some) }
    }

    /// Starts a writing transaction. Nothing may wait for the network while it is open, and whoever has one opens no
    /// second one.
    /// Where several processes share the database it fails in all but the one that works.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let mut tx = self.db.begin().await?;
        if let Err(error) = self.lease.check(&mut tx).await {
            // It is dropped anyway; this only does it now.
            let _ = tx.rollback().await;
            return Err(error);
        }
        Ok(tx)
    }

    /// Starts a writing transaction of a process that stands by. It may only touch what the one that works takes from there, and
    /// may be cut off at any time.
    pub(crate) async fn begin_standing_by(&self) -> Result<Tx, StoreError> {
        self.lease.db().unwrap_or(&self.db).begin().await
    }

    /// This process's part in the lease.
    pub fn lease(&self) -> &Lease {
        &self.lease
    }

    /// A reading connection: on SQLite it never waits for a writer.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        self.db.read().await
    }

    /// The time of day.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// How credentials are sealed.
    pub fn seal(&self) -> &Seal {
        &self.seal
    }

    /// Pairs on their way into the database.
    pub(crate) fn recent(&self) -> &Recent {
        &self.recent
    }

    /// The newest pair of each chat.
    pub(crate) fn newest(&self) -> &Newest {
        &self.newest
    }

    /// Closes all connections; what is committed stays.
    pub async fn close(&self) {
        self.db.close().await;
    }

    /// One short question to the database, for the health document.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut tx = self.read().await?;
        kv::find(&mut tx, "schema").await?;
        tx.commit().await
    }
}

#[cfg(test)]
pub(crate) mod tests;
