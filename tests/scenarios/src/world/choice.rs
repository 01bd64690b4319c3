//! A homeserver and a database, as a command line names them.
use clap::{Args, ValueEnum};
use testkit::Kind;

use super::{Database, Place};

/// Which homeserver.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Side {
    /// The fake one that behaves like Synapse.
    FakeSynapse,
    /// The fake one that behaves like continuwuity.
    FakeContinuwuity,
    /// A real Synapse; faults of the homeserver are left out.
    Synapse,
}

/// Where something is run.
#[derive(Debug, Clone, Args)]
pub struct Choice {
    /// The homeserver.
    #[arg(long, value_enum, default_value = "fake-synapse")]
    pub homeserver: Side,
    /// Whether the bridge keeps its data in PostgreSQL (`TEST_POSTGRES_URL`).
    #[arg(long)]
    pub postgres: bool,
}

impl Choice {
    /// The place that was chosen.
    pub fn place(&self) -> Place {
        let homeserver = match self.homeserver {
            Side::FakeSynapse => Kind::FakeSynapse,
            Side::FakeContinuwuity => Kind::FakeContinuwuity,
            Side::Synapse => Kind::Synapse,
        };
        let database = if self.postgres { Database::Postgres } else { Database::Sqlite };
        Place { homeserver, database }
    }
}
