//! Brings a database up to date, with a backup of what was there made first.

use std::path::{Path, PathBuf};

use super::backup::{CONFIG, REGISTRATION, read_beside, write_file};
use super::cli::environment;
use crate::command::time;
use crate::config::Config;
use crate::store::Store;

/// Why tables are left as they are under a process that was made for them.
const WORKED_ON: &str = "database.url: The database is of an earlier version, and another process works on it. Stop all \
                         processes of that version first, then start this one: it brings the database up to date.";

/// Makes a backup of a database with the tables of an earlier version, then changes them. A backup that cannot be made leaves
/// the tables as they are, and the program does not start: the older version still could. So it is while an older version works
/// on the database. The error is a sentence.
pub(super) async fn bring_up_to_date<S>(
    store: &Store,
    config: &Config<S>,
    path: &Path,
    program: &str,
) -> Result<(), String> {
    let in_words = |error| format!("database.url: {error}");
    if store.lags_behind().await.map_err(in_words)? {
        if store.is_worked_on().await.map_err(in_words)? {
            return Err(WORKED_ON.to_owned());
        }
        let file = place(config, path, store.clock().now_ms());
        back_up(store, config, path, program, &file).await.map_err(|why| {
            format!(
                "The database is of an earlier version. Before it is brought up to date, a backup is written to \
                 {}, which failed: {why} Make room or give the program the right to write there; nothing was changed.",
                file.display()
            )
        })?;
        tracing::info!(backup = %file.display(), "the database is brought up to date; a backup of it was made before");
    }
    store.bring_up_to_date().await.map_err(in_words)
}

async fn back_up<S>(
    store: &Store,
    config: &Config<S>,
    path: &Path,
    program: &str,
    file: &Path,
) -> Result<(), String> {
    let files = [read_beside(CONFIG, path)?, read_beside(REGISTRATION, &config.appservice.registration)?];
    write_file(store, program, &files, file).await.map(drop)
}

/// Beside the database where that is a file, else in the folder that systemd gives the program (`StateDirectory=`), else
/// beside the config.
fn place<S>(config: &Config<S>, path: &Path, now: i64) -> PathBuf {
    let name = format!("before-upgrade-{}.backup", time::in_a_name(now));
    match (config.database.file(), environment("STATE_DIRECTORY")) {
        (Some(file), _) => file.with_file_name(name),
        (None, Some(folders)) => {
            Path::new(folders.to_string_lossy().split(':').next().unwrap_or_default()).join(name)
        }
        (None, None) => path.with_file_name(name),
    }
}

#[cfg(test)]
mod tests;
