//! A copy of an SQLite file that may be in use: of one moment, without what was deleted.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use sqlx::ConnectOptions as _;
use sqlx::Connection as _;

use super::{StoreError, sqlite_options};

/// Copies `from` to `to`, which must not be there. Nobody else can read the copy.
pub(crate) async fn copy_file(from: &Path, to: &Path) -> Result<(), StoreError> {
    let words = |error: sqlx::Error| {
        StoreError(format!("the database {} could not be copied: {error}", from.display()))
    };
    // SQLite takes an empty file for none.
    let made = File::options().write(true).create_new(true).mode(0o600).open(to);
    made.map_err(|error| StoreError(format!("{} could not be made: {error}", to.display())))?;
    let to = to.to_str().ok_or_else(|| StoreError(format!("{} is no text", to.display())))?;
    let options = sqlite_options().create_if_missing(false).filename(from);
    let mut connection = options.connect().await.map_err(words)?;
    let copied = sqlx::query("VACUUM INTO ?").bind(to).execute(&mut connection).await;
    let closed = connection.close().await;
    copied.map_err(words)?;
    closed.map_err(words)
}
