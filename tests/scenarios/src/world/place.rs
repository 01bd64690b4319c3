//! Where a scenario takes place: which homeserver, which database.
use std::io::Write as _;

use testkit::homeserver::synapse;
use testkit::{Kind, postgres};

/// Where the bridge keeps its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// A file beside the config.
    Sqlite,
    /// A database of its own on the server that `TEST_POSTGRES_URL` names.
    Postgres,
}

/// A homeserver and a database.
#[derive(Debug, Clone)]
pub struct Place {
    /// Which homeserver.
    pub homeserver: Kind,
    /// Which database.
    pub database: Database,
}

impl Place {
    /// The fake homeserver that behaves like Synapse; a file.
    pub fn fake_synapse_sqlite() -> Self {
        Self { homeserver: Kind::FakeSynapse, database: Database::Sqlite }
    }

    /// The fake homeserver that behaves like Synapse; a database server.
    pub fn fake_synapse_postgres() -> Self {
        Self { homeserver: Kind::FakeSynapse, database: Database::Postgres }
    }

    /// The fake homeserver that behaves like continuwuity; a file.
    pub fn fake_continuwuity_sqlite() -> Self {
        Self { homeserver: Kind::FakeContinuwuity, database: Database::Sqlite }
    }

    /// The fake homeserver that behaves like continuwuity; a database server.
    pub fn fake_continuwuity_postgres() -> Self {
        Self { homeserver: Kind::FakeContinuwuity, database: Database::Postgres }
    }

    /// A real Synapse; a file.
    pub fn synapse_sqlite() -> Self {
        Self { homeserver: Kind::Synapse, database: Database::Sqlite }
    }

    /// A real Synapse; a database server.
    pub fn synapse_postgres() -> Self {
        Self { homeserver: Kind::Synapse, database: Database::Postgres }
    }

    /// Whether this machine has it. If not, says so on standard error, but panics where `CI` is `true`, so that nothing
    /// is left out there unnoticed.
    pub fn is_available_or_skip(&self, test: &str) -> bool {
        let has_database =
            self.database == Database::Sqlite || std::env::var_os(postgres::SHARED_URL).is_some();
        if !has_database {
            let why = format!("{} names no PostgreSQL server", postgres::SHARED_URL);
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{why}");
            let _ = writeln!(std::io::stderr(), "skipped {test}: {why}");
            return false;
        }
        self.homeserver != Kind::Synapse || synapse::is_available_or_skip(test)
    }
}
