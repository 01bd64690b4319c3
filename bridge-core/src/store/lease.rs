//! The lease: of several processes on one database one works, and begins nothing that it is not sure it may.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::db::{Db, StoreError, Tx, on};
use crate::clock::Clock;
use crate::metrics;

/// How long the lease holds unless it is renewed, by the database's clock.
const LASTS: Duration = Duration::from_secs(6);
const RENEWED_EVERY: Duration = Duration::from_secs(2);
/// So long after the last renewal was begun nothing new is begun: somebody else may soon work.
const SURE_FOR: Duration = Duration::from_secs(4);
/// How often those who stand by look whether it is their turn, and a renewal that failed is tried again.
const LOOKED_EVERY: Duration = Duration::from_millis(500);
/// How often it is looked whether one is sure again.
const SURE_AGAIN: Duration = Duration::from_millis(50);

const MAKE: &str = "INSERT INTO lease (name, owner, generation, expires_at) VALUES ('work', '', 0, 0), \
                    ('fence', '', 0, 0) ON CONFLICT (name) DO NOTHING";
const HELD_BY: &str = "SELECT owner FROM lease WHERE name = 'work' AND expires_at > $1";
const TAKE: &str = "UPDATE lease SET owner = $1, generation = generation + 1, expires_at = $2 WHERE name = 'work' \
                    AND expires_at <= $3 RETURNING generation";
const CLOSE_FENCE: &str = "UPDATE lease SET owner = $1, generation = $2 WHERE name = 'fence'";
const RENEW: &str = "UPDATE lease SET expires_at = $1 WHERE name = 'work' AND generation = $2";
const GIVE_UP: &str = "UPDATE lease SET expires_at = 0 WHERE name = 'work' AND generation = $1";

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It accepts what the homeserver sends, for the one that works.
    StandingBy,
    /// It works, as this generation.
    Working(i64),
    /// Another one has taken the work over. It does nothing more.
    Lost,
}

/// A process's part in the lease. Clones are handles of the same. The default needs no lease: nobody else is there, and it
/// always works.
#[derive(Debug, Clone, Default)]
pub struct Lease(Option<Arc<Shared>>);

#[derive(Debug)]
struct Shared {
    /// Connections of its own: a renewal must not wait for others.
    db: Db,
    clock: Clock,
    owner: String,
    role: watch::Sender<Role>,
    renewed: Mutex<Option<Renewed>>,
}

/// When the last renewal that succeeded was begun.
#[derive(Debug, Clone, Copy)]
struct Renewed {
    at: Instant,
    /// By the time of day: the other clock may stand still while the machine sleeps.
    at_ms: i64,
}

impl Lease {
    /// A part in the lease of a database, which begins with standing by. `owner` is for people to read.
    pub(crate) fn on(db: Db, clock: Clock, owner: String) -> Self {
        let role = watch::Sender::new(Role::StandingBy);
        Self(Some(Arc::new(Shared { db, clock, owner, role, renewed: Mutex::default() })))
    }

    /// Whether there can be others at all.
    pub fn is_shared(&self) -> bool {
        self.0.is_some()
    }

    /// What this process does now.
    pub fn role(&self) -> Role {
        self.0.as_ref().map_or(Role::Working(0), |shared| *shared.role.borrow())
    }

    /// Waits until the role is one of those.
    pub async fn until(&self, is_one: impl Fn(Role) -> bool) {
        match &self.0 {
            // The sender lives as long as this handle.
            Some(shared) => drop(shared.role.subscribe().wait_for(|role| is_one(*role)).await),
            None if is_one(Role::Working(0)) => {}
            None => std::future::pending().await,
        }
    }

    /// Whether this process works and is sure of it now. Asked before each call that has an effect outside.
    pub fn may_act(&self) -> bool {
        let Some(shared) = &self.0 else { return true };
        let renewed = *shared.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        let is_sure = renewed.is_some_and(|last| {
            let passed_ms = shared.clock.now_ms().abs_diff(last.at_ms);
            last.at.elapsed() < SURE_FOR && u128::from(passed_ms) < SURE_FOR.as_millis()
        });
        is_sure && matches!(*shared.role.borrow(), Role::Working(_))
    }

    /// Waits until this process is sure that it may work; false when it never may again.
    pub(crate) async fn until_sure(&self) -> bool {
        while !self.may_act() {
            if self.role() == Role::Lost {
                return false;
            }
            tokio::time::sleep(SURE_AGAIN).await;
        }
        true
    }

    /// Takes the lease when it is free and renews it from then on. Ends when another process has it.
    pub async fn keep(&self) {
        let Some(shared) = &self.0 else { return std::future::pending().await };
        let mut is_told = false;
        loop {
            let before = self.role();
            let step = match before {
                Role::StandingBy => shared.try_take().await,
                Role::Working(generation) => shared.renew(generation).await,
                Role::Lost => return,
            };
            let pause = match (step, self.role()) {
                // Taking it over may have had to wait.
                (Ok(()), Role::Working(_)) if before == Role::StandingBy => Duration::ZERO,
                (Ok(()), Role::Working(_)) => RENEWED_EVERY,
                (Err(error), role) => {
                    tracing::debug!(%error, ?role, "the lease could not be asked for");
                    LOOKED_EVERY
                }
                (Ok(()), Role::StandingBy) => {
                    if !is_told {
                        is_told = true;
                        shared.tell_who_works().await;
                    }
                    LOOKED_EVERY
                }
                (Ok(()), Role::Lost) => return,
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Lets another process take the work over at once. Comes when nothing more is written.
    pub async fn give_up(&self) {
        let Some(shared) = &self.0 else { return };
        if let Role::Working(generation) = self.role() {
            shared.note(Role::Lost);
            match shared.write_one(GIVE_UP, generation).await {
                Ok(()) => tracing::info!(generation, "the work is left to another process"),
                Err(error) => tracing::debug!(%error, "the lease was not given up; it expires"),
            }
        }
        shared.db.close().await;
    }

    /// Fails unless this process may write. What it answers holds until the transaction has ended.
    pub(super) async fn check(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let Some(shared) = &self.0 else { return Ok(()) };
        let Role::Working(generation) = self.role() else {
            return Err(StoreError("another process works on this database".to_owned()));
        };
        if tx.fence().await? == Some(generation) {
            return Ok(());
        }
        shared.note(Role::Lost);
        Err(StoreError("another process has taken the work over".to_owned()))
    }
}

impl Shared {
    fn note(&self, new: Role) {
        self.role.send_if_modified(|role| std::mem::replace(role, new) != new);
    }

    fn note_renewed(&self, renewed: Renewed) {
        *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) = Some(renewed);
    }

    fn now(&self) -> Renewed {
        Renewed { at: Instant::now(), at_ms: self.clock.now_ms() }
    }

    async fn try_take(&self) -> Result<(), StoreError> {
        let begun = self.now();
        let mut tx = self.db.begin().await?;
        let taken = self.take_in(&mut tx).await;
        let Ok(Some(generation)) = taken else {
            tx.rollback().await?;
            return taken.map(drop);
        };
        tx.commit().await?;
        self.note_renewed(begun);
        self.note(Role::Working(generation));
        metrics::lease_generation(generation);
        tracing::info!(generation, "this process works now");
        Ok(())
    }

    async fn take_in(&self, tx: &mut Tx) -> Result<Option<i64>, StoreError> {
        let now = tx.now_ms().await?;
        on!(&mut *tx, c => sqlx::query(MAKE).execute(c).await?.rows_affected());
        let row: Option<(i64,)> = on!(&mut *tx, c => {
            sqlx::query_as(TAKE).bind(&self.owner).bind(now + ms(LASTS)).bind(now).fetch_optional(c).await?
        });
        let Some((generation,)) = row else { return Ok(None) };
        // Waits for what the last one has begun to write. Nothing of it is written after this.
        on!(&mut *tx, c => {
            sqlx::query(CLOSE_FENCE).bind(&self.owner).bind(generation).execute(c).await?.rows_affected()
        });
        Ok(Some(generation))
    }

    async fn renew(&self, generation: i64) -> Result<(), StoreError> {
        let begun = self.now();
        let mut tx = self.db.begin().await?;
        let expires_at = tx.now_ms().await? + ms(LASTS);
        let renewed = on!(&mut tx, c => {
            sqlx::query(RENEW).bind(expires_at).bind(generation).execute(c).await?.rows_affected()
        });
        tx.commit().await?;
        if renewed == 0 {
            self.note(Role::Lost);
        } else {
            self.note_renewed(begun);
        }
        Ok(())
    }

    async fn tell_who_works(&self) {
        let owner = async {
            let mut tx = self.db.read().await?;
            let now = tx.now_ms().await?;
            let row: Option<(String,)> =
                on!(&mut tx, c => sqlx::query_as(HELD_BY).bind(now).fetch_optional(c).await?);
            tx.commit().await?;
            Ok::<_, StoreError>(row.map(|(owner,)| owner))
        };
        let owner = owner.await.ok().flatten().unwrap_or_default();
        tracing::info!(owner, "another process works on this database; this one stands by");
    }

    async fn write_one(&self, statement: &'static str, generation: i64) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        on!(&mut tx, c => sqlx::query(statement).bind(generation).execute(c).await?.rows_affected());
        tx.commit().await
    }
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
