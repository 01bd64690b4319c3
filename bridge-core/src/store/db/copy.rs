//! A copy of an SQLite file that may be in use: of one moment, without what was deleted; of one that is damaged, as it is.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use sqlx::ConnectOptions as _;
use sqlx::Connection as _;

use super::{StoreError, sqlite_options};

/// The primary codes of SQLite for a file that is damaged, or no database (<https://sqlite.org/rescode.html>).
const DAMAGED: [u32; 2] = [11, 26];

/// How a copy was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Copied {
    /// By SQLite.
    Whole,
    /// Byte by byte, since SQLite cannot read all of it: what can be saved is in the copy.
    Damaged,
}

/// Copies `from` to `to`, which must not be there. Nobody else can read the copy.
pub(crate) async fn copy_file(from: &Path, to: &Path) -> Result<Copied, StoreError> {
    let unmade = |error| StoreError(format!("{} could not be made: {error}", to.display()));
    // SQLite takes an empty file for none.
    let mut made = File::options().write(true).create_new(true).mode(0o600).open(to).map_err(unmade)?;
    match by_sqlite(from, to).await {
        Ok(()) => Ok(Copied::Whole),
        Err(error) if is_damaged(&error) => {
            let held = hold(from).await;
            made.set_len(0).map_err(unmade)?;
            // Not `fs::copy`, which would give it the rights of the other.
            let copied = File::open(from).and_then(|mut from| std::io::copy(&mut from, &mut made));
            if let Some(held) = held {
                let _ = held.close().await;
            }
            copied.map_err(unmade)?;
            Ok(Copied::Damaged)
        }
        Err(error) => {
            Err(StoreError(format!("the database {} could not be copied: {error}", from.display())))
        }
    }
}

/// Has what stands beside a damaged file written into it, and nobody else write, as far as that can be had.
async fn hold(file: &Path) -> Option<sqlx::SqliteConnection> {
    let options = sqlite_options().create_if_missing(false).filename(file);
    let mut connection = options.connect().await.ok()?;
    let _ = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await;
    let _ = sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await;
    Some(connection)
}

fn is_damaged(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    code.is_some_and(|code| DAMAGED.contains(&(code & 0xff)))
}

async fn by_sqlite(from: &Path, to: &Path) -> Result<(), sqlx::Error> {
    let to = to.to_str().ok_or_else(|| sqlx::Error::Configuration("its name is no text".into()))?;
    let options = sqlite_options().create_if_missing(false).filename(from);
    let mut connection = options.connect().await?;
    let copied = sqlx::query("VACUUM INTO ?").bind(to).execute(&mut connection).await;
    let closed = connection.close().await;
    copied?;
    closed
}
