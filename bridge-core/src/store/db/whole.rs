//! The database as a whole: what tables it has, and one moment of all of them.

use std::collections::BTreeMap;

use super::{Db, Link, StoreError, Tx};

const SQLITE_COLUMNS: &str = "SELECT tables.name, columns.name, columns.type FROM sqlite_schema AS tables \
                              JOIN pragma_table_info(tables.name) AS columns WHERE tables.type = 'table' \
                              ORDER BY tables.name, columns.cid";
const POSTGRES_COLUMNS: &str = "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT), CAST(data_type AS TEXT) \
                                FROM information_schema.columns WHERE table_schema = current_schema() \
                                ORDER BY table_name, ordinal_position";

/// What a column holds; the same on both engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    Truth,
    Json,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

impl Db {
    /// A transaction for reading that sees one moment, however long it is open and whoever writes meanwhile.
    pub(crate) async fn one_moment(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite { read, .. } => Tx::Sqlite(Link::Writing(read.begin_with("BEGIN DEFERRED").await?)),
            Self::Postgres(pool) => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                Tx::Postgres(Link::Writing(pool.begin_with(begin).await?))
            }
        })
    }

    /// What the engine is called.
    pub(crate) fn engine(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }
}

impl Tx {
    /// All tables with their columns, in order. Columns of a type that no table of ours has are left out.
    pub(crate) async fn tables(&mut self) -> Result<BTreeMap<String, Vec<Column>>, StoreError> {
        let rows: Vec<(String, String, String)> = match self {
            Self::Sqlite(link) => sqlx::query_as(SQLITE_COLUMNS).fetch_all(&mut **link).await?,
            Self::Postgres(link) => sqlx::query_as(POSTGRES_COLUMNS).fetch_all(&mut **link).await?,
        };
        let mut tables: BTreeMap<String, Vec<Column>> = BTreeMap::new();
        for (table, name, kind) in rows {
            let Some(kind) = kind_of(&kind) else { continue };
            tables.entry(table).or_default().push(Column { name, kind });
        }
        Ok(tables)
    }
}

fn kind_of(declared: &str) -> Option<Kind> {
    Some(match declared.to_ascii_lowercase().as_str() {
        "text" => Kind::Text,
        "bigint" => Kind::Number,
        "boolean" => Kind::Truth,
        "jsonb" => Kind::Json,
        _ => return None,
    })
}
