//! Databases of their own for worlds.
use std::sync::Mutex;

use testkit::Postgres;

use super::Database;
use crate::Result;

/// The server that all worlds share. It was started by whoever set `TEST_POSTGRES_URL`.
static SERVER: Mutex<Option<Postgres>> = Mutex::new(None);

/// The URL of an empty database, as the bridge's config takes it.
pub(super) fn fresh(database: Database) -> Result<String> {
    if database == Database::Sqlite {
        return Ok("sqlite:bridge.db".to_owned());
    }
    let mut server = SERVER.lock().expect("no test panics while it makes a database");
    if server.is_none() {
        *server = Some(Postgres::start()?);
    }
    server.as_ref().expect("it was started above").fresh_database()
}
