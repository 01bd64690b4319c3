//! The lease: of several processes on one database one works, and begins nothing that it is not sure it may.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::db::hurried::answer_within;
use super::db::{Db, StoreError, Tx};
use super::lease_row::{self, Held};
use crate::clock::Clock;
use crate::metrics;

/// How long the lease holds unless it is renewed. Whoever waits for it measures that by a clock of its own, from when it
/// first saw the last renewal.
pub(super) const LASTS: Duration = Duration::from_secs(6);
const RENEWED_EVERY: Duration = Duration::from_secs(2);
/// So long after the last renewal was begun nothing new is begun: somebody else may soon work.
const SURE_FOR: Duration = Duration::from_secs(4);
/// So long after it what was begun before is cut off.
const OVER_AFTER: Duration = Duration::from_millis(5_500);
/// How often those who stand by look whether it is their turn, and a renewal that failed is tried again.
const LOOKED_EVERY: Duration = Duration::from_millis(500);
/// How often it is looked whether one is sure again.
const SURE_AGAIN: Duration = Duration::from_millis(50);
/// How long a call with an effect waits at most until one is sure.
const WAITED_FOR: Duration = Duration::from_secs(10);
/// How long the database may take to say who works.
const ANSWERED: Duration = Duration::from_millis(1_500);
/// How long it may take to renew once that did not succeed in [`ANSWERED`], so that a process that is alone does not stand
/// still for ever where every commit takes a little longer than that.
const RENEWED_WITHIN: Duration = Duration::from_millis(3_500);
/// How long it may take to take the work over, which waits for what the last one has begun to write.
const TAKEN: Duration = Duration::from_secs(8);

/// Why a process that works does nothing.
pub(crate) const UNSURE: &str = "The database did not answer for some seconds, so another process may have taken the work over. \
                                 This one does nothing until the database answers.";

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
    /// Who this is, in words for people and a part that no other process has: a generation may come again with an older
    /// backup of the database.
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
    #[allow(clippy::disallowed_methods, reason = "a mark that no other process has needs no seed")]
    pub(crate) fn on(db: Db, clock: Clock, owner: &str) -> Self {
        let role = watch::Sender::new(Role::StandingBy);
        let owner = format!("{owner} {:08x}", rand::random::<u32>());
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
        self.0.as_ref().is_none_or(|shared| shared.is_within(SURE_FOR))
    }

    /// The same, waiting for a while if it is not sure: a database that stands still for some seconds is no reason to leave
    /// undone what will not be tried again.
    pub(crate) async fn may_act_soon(&self) -> bool {
        self.may_act() || tokio::time::timeout(WAITED_FOR, self.until_sure()).await.unwrap_or(false)
    }

    /// Waits until another process may work: by then all that this one has begun outside is to be at an end.
    pub(crate) async fn until_over(&self) {
        let Some(shared) = &self.0 else { return std::future::pending().await };
        while shared.is_within(OVER_AFTER) {
            tokio::time::sleep(LOOKED_EVERY.min(OVER_AFTER.saturating_sub(shared.unrenewed_for()))).await;
        }
    }

    /// Does something with an effect outside for as long as no other process may work; none if it had to be cut off.
    pub(crate) async fn unless_over<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.until_over() => None,
            done = work => Some(done),
        }
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
        let (mut seen, mut doubt) = (Seen::default(), Doubt::default());
        let mut limit = ANSWERED;
        loop {
            let begun = Instant::now();
            let before = self.role();
            let step = match before {
                Role::StandingBy => shared.look(&mut seen).await,
                Role::Working(generation) => shared.renew(generation, limit).await,
                Role::Lost => return,
            };
            doubt.tell(self.role(), self.may_act());
            limit = if step.is_ok() { ANSWERED } else { RENEWED_WITHIN };
            let pause = match (step, self.role()) {
                // Taking it over may have had to wait.
                (Ok(()), Role::Working(_)) if before == Role::StandingBy => Duration::ZERO,
                (Ok(()), Role::Working(_)) => RENEWED_EVERY.saturating_sub(begun.elapsed()),
                (Ok(()), Role::StandingBy) => LOOKED_EVERY,
                (Ok(()), Role::Lost) => return,
                (Err(error), role) => {
                    tracing::debug!(%error, ?role, "the lease could not be asked for");
                    LOOKED_EVERY.saturating_sub(begun.elapsed())
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Lets another process take the work over at once. Comes when nothing more is written, and nothing is at work outside.
    pub async fn give_up(&self) {
        let Some(shared) = &self.0 else { return };
        if let Role::Working(generation) = self.role() {
            shared.note(Role::Lost);
            match shared.give_up(generation).await {
                Ok(()) => tracing::info!(generation, "the work is left to another process"),
                Err(error) => tracing::debug!(%error, "the lease was not given up; it expires"),
            }
        }
    }

    /// Closes the lease's connections.
    pub async fn close(&self) {
        if let Some(shared) = &self.0 {
            shared.db.close().await;
        }
    }

    /// The connections of those who stand by, which come to an end in time.
    pub(super) fn db(&self) -> Option<&Db> {
        self.0.as_ref().map(|shared| &shared.db)
    }

    /// Fails unless this process may write. What it answers holds until the transaction has ended.
    pub(super) async fn check(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let Some(shared) = &self.0 else { return Ok(()) };
        let Role::Working(generation) = self.role() else {
            return Err(StoreError("another process works on this database".to_owned()));
        };
        if tx.fence().await?.is_some_and(|(now, owner)| now == generation && owner == shared.owner) {
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

    /// How long ago the last renewal was begun, by whichever clock says more.
    fn unrenewed_for(&self) -> Duration {
        let renewed = *self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        renewed.map_or(Duration::MAX, |last| {
            let by_day = Duration::from_millis(self.clock.now_ms().abs_diff(last.at_ms));
            last.at.elapsed().max(by_day)
        })
    }

    fn is_within(&self, limit: Duration) -> bool {
        self.unrenewed_for() < limit && matches!(*self.role.borrow(), Role::Working(_))
    }

    /// Looks who works, and takes the work over when nobody does.
    async fn look(&self, seen: &mut Seen) -> Result<(), StoreError> {
        let held = answer_within(ANSWERED, async {
            let mut tx = self.db.read().await?;
            let held = lease_row::look(&mut tx).await?;
            tx.commit().await?;
            Ok(held)
        })
        .await?;
        if seen.is_free(&held, Instant::now()) { self.take(&held).await } else { Ok(()) }
    }

    async fn take(&self, seen: &Held) -> Result<(), StoreError> {
        let begun = self.now();
        let taken = answer_within(TAKEN, async {
            let mut tx = self.db.begin().await?;
            let expires_at = tx.now_ms().await? + ms(LASTS);
            let generation = lease_row::take(&mut tx, seen, &self.owner, expires_at).await?;
            tx.commit().await?;
            Ok(generation)
        });
        let Some(generation) = taken.await? else { return Ok(()) };
        self.note_renewed(begun);
        self.note(Role::Working(generation));
        metrics::lease_generation(generation);
        tracing::info!(generation, "this process works now");
        Ok(())
    }

    async fn renew(&self, generation: i64, limit: Duration) -> Result<(), StoreError> {
        let begun = self.now();
        let is_ours = answer_within(limit, async {
            let mut tx = self.db.begin().await?;
            let expires_at = tx.now_ms().await? + ms(LASTS);
            let is_ours = lease_row::renew(&mut tx, &self.owner, generation, expires_at).await?;
            tx.commit().await?;
            Ok(is_ours)
        });
        if is_ours.await? {
            self.note_renewed(begun);
        } else {
            self.note(Role::Lost);
        }
        Ok(())
    }

    async fn give_up(&self, generation: i64) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        lease_row::give_up(&mut tx, &self.owner, generation).await?;
        tx.commit().await
    }
}

/// Whether another process works on this database: it renews its lease while one looks, for as long as that lasts.
pub(super) async fn is_kept(db: &Db) -> Result<bool, StoreError> {
    let look = async || {
        let mut tx = db.read().await?;
        let held = lease_row::look(&mut tx).await?;
        tx.commit().await?;
        Ok::<_, StoreError>(held)
    };
    let (first, begun) = (look().await?, Instant::now());
    let mut held = first.clone();
    while held == first && !held.is_given_up() && begun.elapsed() < LASTS {
        tokio::time::sleep(LOOKED_EVERY).await;
        held = look().await?;
    }
    Ok(held != first && !held.is_given_up())
}

/// What one who stands by has seen of the lease, and since when by its own clock: the database's may jump, and then two
/// would take themselves for the owner.
#[derive(Debug, Default)]
struct Seen(Option<(Held, Instant)>);

impl Seen {
    /// Whether the lease as it stands at this moment is free. The moment must not be earlier than the look.
    fn is_free(&mut self, held: &Held, now: Instant) -> bool {
        if held.is_given_up() {
            return true;
        }
        if self.0.is_none() {
            tracing::info!(
                owner = held.owner,
                "a process works on this database, or did until just now; this one stands by"
            );
        }
        match &self.0 {
            Some((same, since)) if same == held => now.duration_since(*since) >= LASTS,
            _ => {
                self.0 = Some((held.clone(), now));
                false
            }
        }
    }
}

/// Whether it was told that this process does nothing for the time being.
#[derive(Debug, Default)]
struct Doubt(bool);

impl Doubt {
    fn tell(&mut self, role: Role, may_act: bool) {
        let is_in_doubt = matches!(role, Role::Working(_)) && !may_act;
        match (std::mem::replace(&mut self.0, is_in_doubt), is_in_doubt) {
            (false, true) => tracing::warn!("{UNSURE}"),
            (true, false) if may_act => tracing::info!("the database answers again; this process goes on"),
            _ => {}
        }
    }
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_not_renewed_for_so_long_is_free_whatever_it_says() {
        let (mut seen, begun) = (Seen::default(), Instant::now());
        let at = |seconds| begun + Duration::from_secs(seconds);
        let mut held = Held::default();
        assert!(seen.is_free(&held, begun), "nobody has had it");
        // Long ago, or far ahead: the database's clock may have jumped.
        for until in [1, i64::MAX] {
            held.expires_at = until;
            assert!(!seen.is_free(&held, at(0)) && !seen.is_free(&held, at(5)) && seen.is_free(&held, at(6)));
        }
        held.expires_at = 2;
        assert!(!seen.is_free(&held, at(20)), "it was renewed since the last look");
        held.expires_at = 0;
        assert!(seen.is_free(&held, at(20)), "it was given up");
    }
}
