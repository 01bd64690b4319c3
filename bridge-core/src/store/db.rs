//! The only file that knows that there are two database engines.

pub(crate) mod copy;
mod file;
pub(crate) mod hurried;
mod lease;
mod settle;
mod unopened;
pub(crate) mod whole;

use std::borrow::Cow;
use std::fs::File;
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::types::Json;
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, Transaction};

/// Why the database could not do something, in words that hold no stored data.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self(match error {
            sqlx::Error::PoolTimedOut => "the database gave no connection in time".to_owned(),
            sqlx::Error::Database(inner) => format!("the database refused: {}", inner.message()),
            other => format!("the database failed: {other}"),
        })
    }
}

/// An open database.
#[derive(Clone, Debug)]
pub enum Db {
    /// Embedded: one writing connection, several readers, and a lock against a second process.
    Sqlite {
        /// The only connection that writes.
        write: SqlitePool,
        /// Connections that read; for a database in memory the writing one.
        read: SqlitePool,
        /// Held while the program runs.
        lock: Option<Arc<File>>,
    },
    /// A server.
    Postgres(PgPool),
}

/// Statements on either engine, in a transaction or, for reading, each by itself. Roll back by name when giving up:
/// dropping a transaction rolls it back only later.
#[derive(Debug)]
pub enum Tx {
    /// On the embedded engine.
    Sqlite(Link<Sqlite>),
    /// On a server.
    Postgres(Link<Postgres>),
}

/// A connection, and whether a transaction is open on it.
#[derive(Debug)]
pub enum Link<D: sqlx::Database> {
    /// What is written counts from the commit on.
    Writing(Transaction<'static, D>),
    /// Each statement by itself: a transaction around a single question costs two more.
    Reading(PoolConnection<D>),
}

impl<D: sqlx::Database> Deref for Link<D> {
    type Target = D::Connection;

    fn deref(&self) -> &D::Connection {
        match self {
            Self::Writing(tx) => tx,
            Self::Reading(connection) => connection,
        }
    }
}

impl<D: sqlx::Database> DerefMut for Link<D> {
    fn deref_mut(&mut self) -> &mut D::Connection {
        match self {
            Self::Writing(tx) => tx,
            Self::Reading(connection) => connection,
        }
    }
}

impl<D: sqlx::Database> Link<D> {
    async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Writing(tx) => Ok(tx.commit().await?),
            Self::Reading(_) => Ok(()),
        }
    }

    async fn rollback(self) -> Result<(), StoreError> {
        match self {
            Self::Writing(tx) => Ok(tx.rollback().await?),
            Self::Reading(_) => Ok(()),
        }
    }
}

/// Runs one expression on the connection of whichever engine the transaction is on: `on!(&mut tx, c => …)`. For the files of
/// a store, this one's and that of a program with tables of its own.
#[macro_export]
macro_rules! on {
    ($tx:expr, $conn:ident => $body:expr) => {
        match $tx {
            $crate::store::db::Tx::Sqlite(tx) => {
                let $conn = &mut **tx;
                $body
            }
            $crate::store::db::Tx::Postgres(tx) => {
                let $conn = &mut **tx;
                $body
            }
        }
    };
}
pub use on;

impl Db {
    /// Opens `sqlite:FILE`, `sqlite::memory:` or `postgres://…`.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return open_postgres(url, Purpose::Work).await;
        }
        match url.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path)) {
            Some(":memory:") => open_memory().await,
            // SQLite would take no name for a file that is thrown away at the end.
            Some(path) if !path.is_empty() => open_file(Path::new(path)).await,
            _ => Err(StoreError(
                "database.url has to start with sqlite: (followed by a file name) or postgres://".to_owned(),
            )),
        }
    }

    /// Opens a database that is there, beside a process that may be using it.
    pub(crate) async fn open_beside(url: &str) -> Result<Self, StoreError> {
        let Some(path) = url.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path))
        else {
            // Reading everything may take its time between two questions.
            return open_postgres(url, Purpose::Tool).await;
        };
        if !Path::new(path).is_file() {
            return Err(StoreError(format!(
                "There is no database file {path}. Start the program once with `run`, which makes it."
            )));
        }
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(sqlite_options().create_if_missing(false).filename(path));
        let pool = pool
            .await
            .map_err(|error| StoreError(format!("The database file {path} could not be opened: {error}")))?;
        Ok(Self::Sqlite { write: pool.clone(), read: pool, lock: None })
    }

    /// The database once more, with connections of its own for the lease and for standing by; none where there can be no other
    /// process.
    pub(crate) async fn open_for_lease(url: &str) -> Result<Option<Self>, StoreError> {
        if url.starts_with("sqlite:") {
            return Ok(None);
        }
        open_postgres(url, Purpose::Lease).await.map(Some)
    }

    /// Starts a writing transaction.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite { write, .. } => Tx::Sqlite(Link::Writing(begin_sqlite(write).await?)),
            Self::Postgres(pool) => Tx::Postgres(Link::Writing(pool.begin().await?)),
        })
    }

    /// Takes a connection for reading; each statement sees its own moment.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite { read, .. } => Tx::Sqlite(Link::Reading(read.acquire().await?)),
            Self::Postgres(pool) => Tx::Postgres(Link::Reading(pool.acquire().await?)),
        })
    }

    /// Runs the migrations on the engine at hand.
    pub(crate) async fn migrate(&self, migrator: &sqlx::migrate::Migrator) -> Result<(), StoreError> {
        let result = match self {
            Self::Sqlite { write, .. } => migrator.run(write).await,
            Self::Postgres(pool) => migrator.run(pool).await,
        };
        result.map_err(|error| match error {
            sqlx::migrate::MigrateError::VersionMissing(version) => StoreError(format!(
                "The database was made by a newer version of this program (it has step {version}, which is not \
                 known here). Start the newer version, or restore a backup made by this one."
            )),
            other => StoreError(format!("The database could not be brought up to date: {other}")),
        })
    }

    /// Closes all connections.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { write, read, .. } => {
                read.close().await;
                write.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

async fn begin_sqlite(write: &SqlitePool) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
    const BEGIN: &str = "BEGIN IMMEDIATE";
    match write.begin_with(BEGIN).await {
        // On a full disk SQLite ends a transaction by itself. The connection still counts it, and would begin no other for
        // as long as it lives.
        Err(sqlx::Error::InvalidSavePointStatement) => {
            write.acquire().await?.close().await?;
            write.begin_with(BEGIN).await
        }
        begun => begun,
    }
}

/// A text as both engines can keep it: PostgreSQL refuses the character NUL, and a row that can never be written
/// would hold up every commit it is part of.
pub(crate) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// The same for something kept as JSON, whose texts may come from outside.
pub(crate) fn storable_json<T: Serialize>(value: &T) -> Result<Json<Value>, StoreError> {
    fn clean(value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(clean) = storable(text) {
                    *text = clean;
                }
            }
            Value::Array(list) => list.iter_mut().for_each(clean),
            Value::Object(fields) => {
                *fields = std::mem::take(fields)
                    .into_iter()
                    .map(|(name, mut value)| {
                        clean(&mut value);
                        (storable(&name).into_owned(), value)
                    })
                    .collect();
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut value = serde_json::to_value(value)
        .map_err(|error| StoreError(format!("a record could not be written as JSON: {error}")))?;
    clean(&mut value);
    Ok(Json(value))
}

impl Tx {
    /// Writes the mark of a statement's parameter. The embedded engine looks numbered ones up one by one, so a long
    /// statement has them in order and without a number.
    pub(crate) fn push_parameter(&self, sql: &mut String, number: usize) {
        match self {
            Self::Sqlite(_) => sql.push('?'),
            Self::Postgres(_) => {
                sql.push('$');
                sql.push_str(&number.to_string());
            }
        }
    }

    /// Makes everything durable.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(link) => link.commit().await,
            Self::Postgres(link) => link.commit().await,
        }
    }

    /// Undoes everything, now.
    pub async fn rollback(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(link) => link.rollback().await,
            Self::Postgres(link) => link.rollback().await,
        }
    }
}

fn sqlite_options() -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .create_if_missing(true)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10))
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .statement_cache_capacity(64)
}

async fn open_memory() -> Result<Db, StoreError> {
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(sqlite_options().in_memory(true))
        .await?;
    Ok(Db::Sqlite { write: pool.clone(), read: pool, lock: None })
}

async fn open_file(path: &Path) -> Result<Db, StoreError> {
    let lock = lock_beside(path)?;
    create_private(path)?;
    let options = sqlite_options().filename(path);
    let pool = |most| {
        SqlitePoolOptions::new()
            .max_connections(most)
            .idle_timeout(Duration::from_mins(1))
            .max_lifetime(None)
            // A file does not hang up.
            .test_before_acquire(false)
    };
    let explain = |error: sqlx::Error| {
        StoreError(format!("The database file {} could not be opened: {error}", path.display()))
    };
    let write = pool(1).min_connections(1).connect_with(options.clone()).await.map_err(explain)?;
    let read = pool(4).connect_lazy_with(options);
    Ok(Db::Sqlite { write, read, lock: Some(Arc::new(lock)) })
}

/// Two processes on one file would each work every lane, so the second is refused.
fn lock_beside(path: &Path) -> Result<File, StoreError> {
    // By whatever name the file is reached.
    let mut name = path.canonicalize().unwrap_or_else(|_| path.to_owned()).into_os_string();
    name.push(".lock");
    let name = PathBuf::from(name);
    let opened = File::options().create(true).write(true).truncate(false).mode(0o600).open(&name);
    let file = opened.map_err(|error| {
        StoreError(format!(
            "The file {} could not be opened ({error}). Make its folder, or give both to the program's user (chown).",
            name.display()
        ))
    })?;
    file.try_lock().map_err(|_| {
        StoreError(format!(
            "Another process is using the database {}. Stop it first; several workers at once need PostgreSQL.",
            path.display()
        ))
    })?;
    Ok(file)
}

/// The file holds what people say while it waits, so only its owner may read it. SQLite's side files follow its mode.
fn create_private(path: &Path) -> Result<(), StoreError> {
    let made = File::options().create(true).append(true).mode(0o600).open(path);
    made.map(drop).map_err(|error| {
        StoreError(format!("The database file {} could not be opened: {error}", path.display()))
    })
}

/// What connections to a server are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Work,
    Lease,
    /// For an operator's tool, which may take its time between two questions.
    Tool,
}

async fn open_postgres(url: &str, purpose: Purpose) -> Result<Db, StoreError> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| StoreError("database.url is not a valid postgres:// address".to_owned()))?;
    let pool = PgPoolOptions::new()
        .max_connections(if purpose == Purpose::Lease { 3 } else { 8 })
        .acquire_timeout(Duration::from_secs(10))
        .after_connect(move |connection, _| {
            Box::pin(async move {
                if purpose == Purpose::Tool { Ok(()) } else { hurried::hurry(connection).await }
            })
        });
    let pool = if purpose == Purpose::Lease { hurried::brittle(pool) } else { pool };
    let pool = pool.connect_with(options).await.map_err(|error| match error {
        // A refused connection is tried again until then: the server may just be starting.
        sqlx::Error::PoolTimedOut => StoreError(
            "PostgreSQL did not answer in time. Check that it runs at the host and port of database.url."
                .to_owned(),
        ),
        other => StoreError(unopened::in_words(&other)),
    })?;
    Ok(Db::Postgres(pool))
}
