//! Waiting until a real Synapse has noticed that a program is back.
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use testkit::{Appservice, Homeserver, eventually};

use crate::Result;

/// Synapse's own record of whether it holds transactions of an appservice back.
///
/// An event that Synapse stores in the few milliseconds in which it ends a recovery is pushed only at the next one
/// (docs/reliability.md). On a busy machine these milliseconds are long enough for a scenario that goes on as soon as a
/// program is ready, since what makes it ready is one of the events that are held back.
#[derive(Debug, Clone)]
pub struct Recovery {
    database: PathBuf,
    appservice: String,
}

impl Recovery {
    /// Of this appservice there; none where the homeserver is no Synapse of the tests.
    pub fn of(homeserver: &Homeserver, appservice: &Appservice) -> Option<Self> {
        Some(Self { database: homeserver.synapse_database()?, appservice: appservice.id.clone() })
    }

    /// Waits until no recovery is under way, where there is one to wait for.
    pub async fn wait_until_over(recovery: Option<&Self>, patience: Duration) -> Result<()> {
        let Some(recovery) = recovery else { return Ok(()) };
        let database = SqliteConnectOptions::new().filename(&recovery.database).read_only(true);
        let mut database = database.connect().await.context("Synapse's database cannot be read")?;
        eventually(patience, "Synapse to have recovered", async || {
            match recovery.state(&mut database).await {
                Ok(state) if state.as_deref() != Some("down") => Ok(()),
                Ok(_) => Err("it holds transactions back".to_owned()),
                Err(error) => Err(error.to_string()),
            }
        })
        .await?;
        Ok(database.close().await?)
    }

    /// `up`, `down`, or none while it never was down.
    async fn state(&self, database: &mut SqliteConnection) -> Result<Option<String>, sqlx::Error> {
        let state = "SELECT state FROM application_services_state WHERE as_id = ?";
        sqlx::query_scalar(state).bind(&self.appservice).fetch_optional(database).await
    }
}
