//! Databases of their own for worlds.
use std::sync::Mutex;

use anyhow::Context as _;
use testkit::Postgres;

use super::{Dam, Database, World};
use crate::Result;

/// The server that all worlds share. It was started by whoever set `TEST_POSTGRES_URL`.
static SERVER: Mutex<Option<Postgres>> = Mutex::new(None);

/// The URL of an empty database, as the bridge's config takes it.
pub(crate) fn fresh(database: Database) -> Result<String> {
    if database == Database::Sqlite {
        return Ok("sqlite:bridge.db".to_owned());
    }
    let mut server = SERVER.lock().expect("no test panics while it makes a database");
    if server.is_none() {
        *server = Some(Postgres::start()?);
    }
    server.as_ref().expect("it was started above").fresh_database()
}

impl World {
    /// Puts a dam between the bridge and its database server. The bridge must not run.
    pub async fn dam_database(&mut self) -> Result<Dam> {
        let url = self.bridge.config["database"]["url"].as_str().context("no database")?.to_owned();
        let parsed = reqwest::Url::parse(&url)?;
        let address = format!("{}:{}", parsed.host_str().context("no host")?, parsed.port().unwrap_or(5432));
        let dam = Dam::before_address(&address).await?;
        self.bridge.config["database"]["url"] = url.replacen(&address, dam.address(), 1).into();
        Ok(dam)
    }

    /// Takes the bridge's database away, as a broken disk does; an empty one stands in its place. The bridge must not run.
    pub fn lose_database(&mut self) -> Result<()> {
        let url = self.bridge.config["database"]["url"].as_str().unwrap_or_default().to_owned();
        if url.starts_with("sqlite:") {
            for name in ["bridge.db", "bridge.db-wal", "bridge.db-shm", "bridge.db.lock"] {
                match std::fs::remove_file(self.bridge.folder().join(name)) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
                    _ => {}
                }
            }
        } else {
            self.bridge.config["database"]["url"] = fresh(Database::Postgres)?.into();
        }
        Ok(())
    }
}
