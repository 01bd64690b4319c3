//! A database of an instance's own: an SQLite file that nobody else has.
//!
//! A plugin asks for it with [`Descriptor::database`](super::Descriptor::database), and gets it by
//! [`PluginContext::database`](super::PluginContext::database). A whole bot that counts, with a test:
//!
//! ```
//! use bridge_bots::plugin::database::sqlx;
//! use bridge_bots::plugin::{Descriptor, Event, NoConfig, Plugin, PluginContext, PluginError};
//! use bridge_bots::testing::TestBot;
//!
//! struct Counter;
//!
//! impl Plugin for Counter {
//!     type Config = NoConfig;
//!
//!     fn descriptor() -> Descriptor {
//!         Descriptor::new("counter", "1.0.0", "Counts who asks it to.")
//!             .command("count", "", "Counts you.")
//!             .database(&["CREATE TABLE counted (event TEXT PRIMARY KEY, sender TEXT NOT NULL)"])
//!     }
//!
//!     async fn start(_config: NoConfig, _context: &PluginContext) -> Result<Self, PluginError> {
//!         Ok(Self)
//!     }
//!
//!     async fn on_event(&self, event: &Event, context: &PluginContext) -> Result<(), PluginError> {
//!         // The event may come twice: the second time changes nothing.
//!         sqlx::query("INSERT INTO counted VALUES (?, ?) ON CONFLICT DO NOTHING")
//!             .bind(&event.id)
//!             .bind(&event.sender)
//!             .execute(context.database()?)
//!             .await?;
//!         let count: i64 = sqlx::query_scalar("SELECT count(*) FROM counted WHERE sender = ?")
//!             .bind(&event.sender)
//!             .fetch_one(context.database()?)
//!             .await?;
//!         context.reply(event, &format!("That was number {count}.")).await.map(drop)
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), PluginError> {
//! let mut bot = TestBot::start::<Counter>("").await?;
//! bot.says("@ann:hs.test", "!count").await?;
//! bot.says("@ann:hs.test", "!count").await?;
//! bot.repeats_last().await?;
//! assert_eq!(bot.said(), ["That was number 1.", "That was number 2."]);
//! # Ok(())
//! # }
//! ```

mod steps;
#[cfg(test)]
mod tests;

use std::fs::{DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use tokio::time::Instant;

use super::PluginError;

pub use sqlx;

/// The connections of an instance's database.
pub type Pool = SqlitePool;

/// How long a statement waits for another that writes.
const BUSY: Duration = Duration::from_secs(5);
/// How long a plugin waits for a connection.
const NO_CONNECTION: Duration = Duration::from_secs(10);
/// How many connections an instance has: one writes, the others read meanwhile.
const CONNECTIONS: u32 = 4;
/// The length of a page, in bytes.
const PAGE: u32 = 4_096;
/// After how many of SQLite's own steps it is looked whether a statement may go on.
const LOOKED_EVERY: i32 = 10_000;
/// How long closing may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// What a database may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// How long the file may be, in MiB.
    pub(crate) mib: u32,
    /// How long a connection may be used at a time.
    pub(crate) held: Duration,
    /// How long all new steps together may take.
    pub(crate) steps: Duration,
}

/// An open database. It is closed when the last handle is dropped, whoever has the pool.
#[derive(Debug, Clone)]
pub(crate) struct Database(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pool: SqlitePool,
    is_closed: Arc<AtomicBool>,
}

impl Database {
    /// Opens the file, makes it if there is none, and takes the steps that it has not taken.
    pub(crate) async fn open(
        file: &Path,
        steps: &'static [&'static str],
        limits: Limits,
    ) -> Result<Self, PluginError> {
        make_private(file).map_err(|error| {
            PluginError::Fault(format!(
                "its database {} cannot be written ({error}); the folder is `bots.databases`",
                file.display()
            ))
        })?;
        let options = options(file, limits.mib);
        let is_closed = Arc::<AtomicBool>::default();
        let mut connection = options.connect().await?;
        stop_at(&mut connection, Instant::now() + limits.steps, &is_closed).await?;
        steps::take(&mut connection, steps).await?;
        sqlx::Connection::close(connection).await?;
        let pool = pool(options, limits.held, &is_closed);
        Ok(Self(Arc::new(Inner { pool, is_closed })))
    }

    /// Its connections.
    pub(crate) fn pool(&self) -> &Pool {
        &self.0.pool
    }

    /// Cuts off what is at work and closes it, also for who has the pool.
    pub(crate) async fn close(&self) {
        self.0.is_closed.store(true, Ordering::Relaxed);
        // What does not end meanwhile ends by itself.
        let _ = tokio::time::timeout(FAREWELL, self.0.pool.close()).await;
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.is_closed.store(true, Ordering::Relaxed);
        if tokio::runtime::Handle::try_current().is_ok() {
            let pool = self.pool.clone();
            bridge_core::task::spawn("close a bot's database", async move { pool.close().await });
        }
    }
}

fn options(file: &Path, mib: u32) -> SqliteConnectOptions {
    let pages = u64::from(mib) * 1_048_576 / u64::from(PAGE);
    SqliteConnectOptions::new()
        .filename(file)
        .page_size(PAGE)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("max_page_count", pages.to_string())
}

fn pool(options: SqliteConnectOptions, held: Duration, is_closed: &Arc<AtomicBool>) -> SqlitePool {
    let (fresh, used) = (Arc::clone(is_closed), Arc::clone(is_closed));
    SqlitePoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(NO_CONNECTION)
        .idle_timeout(Duration::from_mins(1))
        .max_lifetime(None)
        // A file does not hang up.
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            let is_closed = Arc::clone(&fresh);
            Box::pin(async move { stop_at(connection, Instant::now() + held, &is_closed).await })
        })
        .before_acquire(move |connection, _| {
            let is_closed = Arc::clone(&used);
            Box::pin(async move {
                stop_at(connection, Instant::now() + held, &is_closed).await?;
                Ok(true)
            })
        })
        .connect_lazy_with(options)
}

/// Statements on a connection are cut off at a time, or when the database is closed: nothing else ends one whose caller has
/// gone away.
async fn stop_at(
    connection: &mut SqliteConnection,
    at: Instant,
    is_closed: &Arc<AtomicBool>,
) -> Result<(), sqlx::Error> {
    let is_closed = Arc::clone(is_closed);
    let may_go_on = move || !is_closed.load(Ordering::Relaxed) && Instant::now() < at;
    connection.lock_handle().await?.set_progress_handler(LOOKED_EVERY, may_go_on);
    Ok(())
}

/// A file that only its owner may read. SQLite's side files follow its mode.
fn make_private(file: &Path) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    File::options().create(true).append(true).mode(0o600).open(file).map(drop)
}

/// By SQLite's result codes; the words hold nothing of what is stored.
impl From<sqlx::Error> for PluginError {
    fn from(error: sqlx::Error) -> Self {
        let refusal = match &error {
            sqlx::Error::Database(refusal) => refusal,
            sqlx::Error::PoolTimedOut => {
                return Self::Later("the bot's own database gave no connection in time".to_owned());
            }
            sqlx::Error::PoolClosed => return Self::Later("the bot's own database is closed".to_owned()),
            other => return Self::Fault(format!("the bot's own database failed: {other}")),
        };
        // The lower eight bits are the kind, https://sqlite.org/rescode.html.
        match refusal.code().and_then(|code| code.parse::<u32>().ok()).unwrap_or_default() & 0xff {
            5 | 6 => Self::Later("the bot's own database was busy for too long".to_owned()),
            9 => {
                Self::Fault("a statement on the bot's own database took too long and was cut off".to_owned())
            }
            13 => Self::Fault(
                "the bot's own database is full: the disk is, or it has the length of `bots.database_limit`"
                    .to_owned(),
            ),
            _ => Self::Fault(format!("the bot's own database refused: {}", refusal.message())),
        }
    }
}
