//! What is known of the program, as it is now.

use std::time::Duration;

use rustix::fs::statvfs;
use tokio::time::Instant;

use super::Health;
use super::part::Own;
use crate::appservice::pulse::Standing;
use crate::metrics;
use crate::store::StoreError;
use crate::store::db::hurried::answer_within;
use crate::store::lease::{Role, UNSURE};
use crate::store::tally::Letters;

/// How long the database may take to answer, and to count: whoever asks for the document waits for both.
const ANSWERED: Duration = Duration::from_secs(3);
/// How old a dead letter may be that still counts as new, in milliseconds.
const FRESH_MS: i64 = 60 * 60 * 1000;

/// How much is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Only what decides whether the program is ready.
    Ready,
    /// Also what has to be counted.
    Whole,
}

/// All of it.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    /// The time of day, in milliseconds since 1970, as all times here.
    pub(super) now: i64,
    pub(super) role: Role,
    /// What broke down, in sentences.
    pub(super) program: Option<String>,
    pub(super) database: Database,
    pub(super) standing: Standing,
    pub(super) last_transaction_at: Option<i64>,
    pub(super) last_sent_at: Option<i64>,
    pub(super) last_ping_at: Option<i64>,
    /// How many events wait, and when the oldest was accepted; none where that was not counted.
    pub(super) queue: Option<(i64, Option<i64>)>,
    pub(super) letters: Option<Letters>,
    /// Chats with a room, and ghosts.
    pub(super) rooms: Option<(i64, i64)>,
    /// Where the database's file lies; none where it has none.
    pub(super) disk: Option<Disk>,
    pub(super) own: Own,
}

/// How the database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Database {
    /// It answered in this time.
    Answers(Duration),
    /// It did not; why, in a sentence.
    Fails(String),
    /// It did not for some seconds, so nobody knows whether this process may still work.
    Unsure(String),
}

/// The room on a disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Disk {
    pub(super) free: u64,
    pub(super) total: u64,
}

impl Facts {
    /// Whether this process waits for another one to go.
    pub(super) fn stands_by(&self) -> bool {
        self.role == Role::StandingBy
    }

    /// Whether the program does what it is there for, or would if it were its turn.
    pub(super) fn is_ready(&self) -> bool {
        let is_reached = self.standing.moved && !self.standing.pulse.is_bad();
        // Events come to whichever process the homeserver's call reaches; only the one that works sees to it that they do.
        self.program.is_none()
            && matches!(self.database, Database::Answers(_))
            && self.role != Role::Lost
            && (is_reached || self.stands_by())
    }
}

impl Health {
    /// Looks at everything, or only at what is had for nothing.
    pub(super) async fn look(&self, depth: Depth) -> Facts {
        let now = self.store.clock().now_ms();
        let role = self.store.lease().role();
        let database = self.database(role).await;
        let counts = depth == Depth::Whole && !matches!(database, Database::Unsure(_));
        let (queue, letters, rooms) = tokio::join!(
            counted(counts, self.store.backlog()),
            counted(counts, self.store.tally_letters(now.saturating_sub(FRESH_MS))),
            counted(counts, self.store.tally_rooms()),
        );
        Facts {
            now,
            role,
            program: self.vitals.trouble(),
            standing: self.exchange.standing(),
            last_transaction_at: self.exchange.last_transaction_at(),
            last_sent_at: self.client.last_sent_at(),
            last_ping_at: self.exchange.last_ping_at(),
            queue,
            letters,
            rooms,
            disk: if depth == Depth::Whole { self.disk() } else { None },
            own: (self.own)(),
            database,
        }
    }

    async fn database(&self, role: Role) -> Database {
        let is_unsure = matches!(role, Role::Working(_)) && !self.store.lease().may_act();
        if let Some(why) = self.committing.trouble() {
            return Database::Fails(format!("Nothing can be stored, so nothing is accepted: {why}"));
        }
        if is_unsure {
            // It does not answer, and may not for long.
            return Database::Unsure(UNSURE.to_owned());
        }
        let begun = Instant::now();
        match answer_within(ANSWERED, self.store.ping()).await {
            Ok(()) => {
                metrics::database_answered(begun.elapsed());
                Database::Answers(begun.elapsed())
            }
            Err(error) => Database::Fails(error.0),
        }
    }

    /// The room where the database's file lies.
    fn disk(&self) -> Option<Disk> {
        let file = self.store.file()?;
        let room = statvfs(file.parent()?).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(room.f_frsize);
        // What is kept for root is not room for us.
        Some(Disk { free: bytes(room.f_bavail), total: bytes(room.f_blocks) })
    }
}

async fn counted<T>(counts: bool, count: impl Future<Output = Result<T, StoreError>>) -> Option<T> {
    if counts { answer_within(ANSWERED, count).await.ok() } else { None }
}
