//! Everything that is kept, in one file that fits either engine: written while the program runs, read into an empty
//! database.

mod databases;
mod format;
mod restore;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use futures_util::TryStreamExt as _;
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, Row as _};

use super::Store;
use super::db::whole::{Column, Kind};
use super::db::{StoreError, Tx, on};
use super::migrate::{self, Component};
use format::{FORM, FORM_WITH_DATABASES, Line, Writer};

pub use format::Header;
pub use restore::{Backup, Restored, restore, restore_with};

/// A file that goes into the backup beside the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beside {
    /// What it is called in the backup.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// How many rows of the tables.
    pub rows: u64,
    /// SQLite files that are damaged; they are in the backup as they are.
    pub damaged: Vec<PathBuf>,
}

impl Store {
    /// Writes a backup: `program` is the id of the program whose tables these are, `files` what belongs to them. All tables
    /// are of one moment; whoever writes meanwhile is not held up. Gives the number of rows.
    pub async fn back_up(&self, program: &str, files: &[Beside], out: impl Write) -> Result<u64, StoreError> {
        self.back_up_with(program, files, None, out).await.map(|written| written.rows)
    }

    /// The same with all SQLite files of a folder. Each is of a moment of its own, later than that of the tables: what the tables
    /// say is still to be done may have been done in such a file, and not the other way round.
    pub async fn back_up_with(
        &self,
        program: &str,
        files: &[Beside],
        databases: Option<&Path>,
        out: impl Write,
    ) -> Result<Written, StoreError> {
        let databases = databases.map(databases::files).transpose()?.unwrap_or_default();
        let mut header = self.header(program);
        if !databases.is_empty() {
            header.bridge_backup = FORM_WITH_DATABASES;
        }
        let mut tx = self.db.one_moment().await?;
        let written = write_all(&mut tx, header, self.components, (files, &databases), out).await;
        tx.rollback().await?;
        written
    }

    fn header(&self, program: &str) -> Header {
        Header {
            bridge_backup: FORM,
            program: program.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            steps: Vec::new(),
            components: BTreeMap::new(),
            engine: self.db.engine().to_owned(),
            made_at: self.clock.now_ms(),
        }
    }
}

async fn write_all(
    tx: &mut Tx,
    mut header: Header,
    components: &[Component],
    (files, databases): (&[Beside], &[PathBuf]),
    out: impl Write,
) -> Result<Written, StoreError> {
    let mut out = Writer::new(out);
    header.steps = migrate::steps(tx).await?;
    for component in components {
        header.components.insert(component.name.to_owned(), component.steps(tx).await?);
    }
    out.line(&header)?;
    for Beside { name, text } in files {
        out.line(&Line::File { file: name.clone(), text: text.clone() })?;
    }
    for (table, columns) in own_tables(tx, components).await? {
        out.line(&Line::Table { table: table.clone(), columns: format::named(&columns) })?;
        write_rows(tx, &table, &columns, &mut out).await?;
    }
    let damaged = databases::write(databases, &mut out).await?;
    Ok(Written { rows: out.end()?, damaged })
}

async fn write_rows(
    tx: &mut Tx,
    table: &str,
    columns: &[Column],
    out: &mut Writer<impl Write>,
) -> Result<(), StoreError> {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let sql = format!("SELECT {} FROM {table}", names.join(", "));
    on!(tx, c => {
        let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(c);
        while let Some(row) = rows.try_next().await? {
            let mut values = Vec::with_capacity(columns.len());
            for (at, column) in columns.iter().enumerate() {
                values.push(match column.kind {
                    Kind::Text => row.try_get::<Option<String>, _>(at)?.map_or(Value::Null, Value::String),
                    Kind::Number => row.try_get::<Option<i64>, _>(at)?.map_or(Value::Null, Value::from),
                    Kind::Truth => row.try_get::<Option<bool>, _>(at)?.map_or(Value::Null, Value::Bool),
                    Kind::Json => {
                        let value: Option<Json<Value>> = row.try_get(at)?;
                        value.map_or(Value::Null, |json| Value::String(json.0.to_string()))
                    }
                });
            }
            out.row(values)?;
        }
    });
    Ok(())
}

/// The tables that our migrations made, as the database has them. Others may share it.
async fn own_tables(
    tx: &mut Tx,
    components: &[Component],
) -> Result<BTreeMap<String, Vec<Column>>, StoreError> {
    let own = known_tables(components);
    let mut tables = tx.tables().await?;
    tables.retain(|name, _| own.contains(name));
    Ok(tables)
}

/// The tables that the core's migrations and those of these components make.
fn known_tables(components: &[Component]) -> BTreeSet<String> {
    migrate::tables().into_iter().chain(components.iter().flat_map(Component::tables)).collect()
}
