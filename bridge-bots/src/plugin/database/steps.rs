//! The steps that made an instance's database what it is: each is taken once, in order.

use sha2::{Digest as _, Sha256};
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;

use super::super::PluginError;
use crate::random::hex;

const NOTES: &str =
    "CREATE TABLE IF NOT EXISTS host_step (number INTEGER PRIMARY KEY, sha256 TEXT NOT NULL) STRICT";
const TAKEN: &str = "SELECT sha256 FROM host_step ORDER BY number";
const NOTE: &str = "INSERT INTO host_step (number, sha256) VALUES (?, ?)";

/// Takes those that were not taken, each whole or not at all.
pub(super) async fn take(
    connection: &mut SqliteConnection,
    steps: &'static [&'static str],
) -> Result<(), PluginError> {
    sqlx::query(NOTES).execute(&mut *connection).await?;
    let taken: Vec<String> = sqlx::query_scalar(TAKEN).fetch_all(&mut *connection).await?;
    if taken.len() > steps.len() {
        return Err(PluginError::Fault(format!(
            "its database was made by a newer version of the plugin ({} steps, of which this one knows {}); run that \
             version, or restore a backup",
            taken.len(),
            steps.len()
        )));
    }
    if let Some(at) = taken.iter().zip(steps).position(|(taken, step)| *taken != digest(step)) {
        return Err(PluginError::Fault(format!(
            "step {} of its database is not the one that the database has taken; a step that was released may not be \
             changed, only others added behind it",
            at + 1
        )));
    }
    for (at, step) in steps.iter().enumerate().skip(taken.len()) {
        let number = i64::try_from(at + 1).unwrap_or(i64::MAX);
        take_one(connection, number, step).await.map_err(|error| {
            PluginError::Fault(format!("step {number} of its database failed: {}", PluginError::from(error)))
        })?;
    }
    Ok(())
}

async fn take_one(
    connection: &mut SqliteConnection,
    number: i64,
    step: &'static str,
) -> Result<(), sqlx::Error> {
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::raw_sql(step).execute(&mut *tx).await?;
    sqlx::query(NOTE).bind(number).bind(digest(step)).execute(&mut *tx).await?;
    tx.commit().await
}

fn digest(step: &str) -> String {
    hex(&Sha256::digest(step.as_bytes()))
}
