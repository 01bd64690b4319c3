//! Reads a backup into a database.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use serde_json::Value;
use sqlx::AssertSqlSafe;
use sqlx::types::Json;

use super::databases::{self, Unpacked};
use super::format::{Header, Line, Reader, columns, damaged};
use super::{Beside, known_tables, own_tables};
use crate::store::db::whole::{Column, Kind};
use crate::store::db::{Db, StoreError, Tx, on, storable, storable_json};
use crate::store::migrate::{self, Component};
use crate::store::queue::{chunks, values_sql};

/// Rows that are written together.
const TOGETHER: usize = 512;

/// A backup that was found to be whole.
#[derive(Debug)]
pub struct Backup {
    /// Where it came from.
    pub header: Header,
    /// The files in it.
    pub files: Vec<Beside>,
    /// How many rows it has.
    pub rows: u64,
    components: &'static [Component],
}

/// What came out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// Rows that were written.
    pub rows: u64,
    /// SQLite files that were written.
    pub databases: usize,
}

impl Backup {
    /// Reads a file to its end and changes nothing. The error is a sentence: it is no backup, not whole, of another
    /// program, or from a newer version. `components` are the tables that the program has beside the core's.
    pub fn look(path: &Path, program: &str, components: &'static [Component]) -> Result<Self, StoreError> {
        let (mut reader, header) = open(path)?;
        if header.program != program {
            return Err(StoreError(format!(
                "The backup is of another program (its config section is {}, ours is {program}).",
                header.program
            )));
        }
        if let Some(step) = unknown(&header, components) {
            return Err(StoreError(format!(
                "The backup was made by a newer version of this program, {} (its tables have step {step}, which is not \
                 known here). Restore it with that version.",
                header.version
            )));
        }
        let (mut files, mut rows) = (Vec::new(), 0);
        let known = known_tables(components);
        let mut width = None;
        while let Some(line) = reader.next()? {
            match line {
                Line::File { file, text } => files.push(Beside { name: file, text }),
                Line::Table { table, columns: named } => {
                    if !known.contains(&table) {
                        return Err(damaged("it has a table that is not known here"));
                    }
                    width = Some(columns(&named)?.len());
                }
                Line::Row(row) if Some(row.len()) == width => rows += 1,
                Line::Piece { database, piece } => {
                    databases::piece(&database, &piece)?;
                }
                Line::Row(_) | Line::End { .. } => return Err(damaged("a row does not fit its table")),
            }
        }
        Ok(Self { header, files, rows, components })
    }
}

/// The first step that is not known here.
fn unknown(header: &Header, components: &[Component]) -> Option<i64> {
    let of_components = header.components.iter().find_map(|(name, steps)| {
        match components.iter().find(|component| component.name == name) {
            Some(component) => component.unknown(steps),
            None => steps.first().copied(),
        }
    });
    migrate::unknown(&header.steps).or(of_components)
}

pub(super) fn open(path: &Path) -> Result<(Reader<BufReader<File>>, Header), StoreError> {
    let file = File::open(path)
        .map_err(|error| StoreError(format!("{} could not be opened: {error}.", path.display())))?;
    Reader::begin(BufReader::with_capacity(1 << 16, file))
}

/// Reads a backup that was looked over into the database of this address, which has to be empty unless `force` is set:
/// then what is in it is deleted. It may be of the other engine. Afterwards the tables are those of this version.
pub async fn restore(path: &Path, backup: &Backup, url: &str, force: bool) -> Result<Restored, StoreError> {
    restore_with(path, backup, url, None, force).await
}

/// The same with the SQLite files that are in it, into a folder without any unless `force` is set.
pub async fn restore_with(
    path: &Path,
    backup: &Backup,
    url: &str,
    databases: Option<&Path>,
    force: bool,
) -> Result<Restored, StoreError> {
    // On SQLite this holds the lock, so it is not the database of a running program.
    let db = Db::open(url).await?;
    let done = async {
        // A disk that is too small for them is noticed before anything is changed.
        let unpacked = databases.map(|folder| Unpacked::unpack(path, folder, force)).transpose()?;
        let restored = restore_into(&db, path, backup, force).await?;
        let databases = unpacked.map(Unpacked::put_in_place).transpose()?.unwrap_or_default();
        Ok(Restored { databases, ..restored })
    };
    let done = done.await;
    db.close().await;
    done
}

async fn restore_into(db: &Db, path: &Path, backup: &Backup, force: bool) -> Result<Restored, StoreError> {
    let mut tx = db.begin().await?;
    if !force && let Some(table) = first_with_rows(&mut tx, backup.components).await? {
        tx.rollback().await?;
        return Err(StoreError(format!(
            "The database is not empty (its table {table} has rows), and nothing was changed. Name an empty one in \
             database.url, or use --force to delete what is in this one."
        )));
    }
    let noted = backup.components.iter().map(Component::table).chain([migrate::TABLE.to_owned()]);
    for table in own_tables(&mut tx, backup.components).await?.into_keys().chain(noted) {
        let sql = format!("DROP TABLE IF EXISTS {table}");
        on!(&mut tx, c => sqlx::query(AssertSqlSafe(sql)).execute(c).await?.rows_affected());
    }
    tx.commit().await?;
    // As the tables were when the backup was made; steps that came later change the rows as they would have then.
    migrate::run_only(db, &backup.header.steps).await?;
    for component in backup.components {
        if let Some(steps) = backup.header.components.get(component.name) {
            component.run_only(db, steps).await?;
        }
    }
    let mut tx = db.begin().await?;
    if let Err(error) = read_rows(&mut tx, path, backup.components).await {
        tx.rollback().await?;
        return Err(error);
    }
    tx.commit().await?;
    migrate::run(db).await?;
    for component in backup.components {
        component.run(db).await?;
    }
    Ok(Restored { rows: backup.rows, databases: 0 })
}

async fn first_with_rows(tx: &mut Tx, components: &[Component]) -> Result<Option<String>, StoreError> {
    for table in own_tables(tx, components).await?.into_keys() {
        let sql = format!("SELECT 1 FROM {table} LIMIT 1");
        let row = on!(&mut *tx, c => sqlx::query(AssertSqlSafe(sql)).fetch_optional(c).await?.is_some());
        if row {
            return Ok(Some(table));
        }
    }
    Ok(None)
}

async fn read_rows(tx: &mut Tx, path: &Path, components: &[Component]) -> Result<(), StoreError> {
    let present = own_tables(tx, components).await?;
    let (mut reader, _) = open(path)?;
    let (mut table, mut rows) = (None, Vec::new());
    while let Some(line) = reader.next()? {
        match line {
            Line::Row(row) => {
                rows.push(row);
                if rows.len() < TOGETHER {
                    continue;
                }
            }
            Line::Table { table: name, columns: named } => {
                write(tx, table.as_ref(), &std::mem::take(&mut rows)).await?;
                let columns = columns(&named)?;
                let has: BTreeSet<&str> =
                    present.get(&name).into_iter().flatten().map(|column| column.name.as_str()).collect();
                if columns.iter().any(|column| !has.contains(column.name.as_str())) {
                    return Err(damaged("a table has columns that it never had"));
                }
                table = Some((name, columns));
            }
            Line::File { .. } | Line::Piece { .. } | Line::End { .. } => {}
        }
        write(tx, table.as_ref(), &std::mem::take(&mut rows)).await?;
    }
    write(tx, table.as_ref(), &rows).await
}

async fn write(
    tx: &mut Tx,
    table: Option<&(String, Vec<Column>)>,
    rows: &[Vec<Value>],
) -> Result<(), StoreError> {
    let Some((table, columns)) = table else { return Ok(()) };
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let head = format!("INSERT INTO {table} ({}) VALUES ", names.join(", "));
    for chunk in chunks(rows) {
        let sql = values_sql(tx, &head, columns.len(), chunk.len(), "");
        on!(&mut *tx, c => {
            let mut query = sqlx::query(sql);
            for (value, column) in chunk.iter().flat_map(|row| row.iter().zip(columns)) {
                query = match column.kind {
                    Kind::Text => query.bind(text(value)?),
                    Kind::Number => query.bind(number(value)?),
                    Kind::Truth => query.bind(truth(value)?),
                    Kind::Json => query.bind(json(value)?),
                };
            }
            query.execute(c).await?;
        });
    }
    Ok(())
}

fn text(value: &Value) -> Result<Option<String>, StoreError> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(storable(text).into_owned())),
        _ => Err(damaged("a value is no text")),
    }
}

fn number(value: &Value) -> Result<Option<i64>, StoreError> {
    match value {
        Value::Null => Ok(None),
        value => value.as_i64().map(Some).ok_or_else(|| damaged("a value is no whole number")),
    }
}

fn truth(value: &Value) -> Result<Option<bool>, StoreError> {
    match value {
        Value::Null => Ok(None),
        value => value.as_bool().map(Some).ok_or_else(|| damaged("a value is neither true nor false")),
    }
}

fn json(value: &Value) -> Result<Option<Json<Value>>, StoreError> {
    let Some(text) = text(value)? else { return Ok(None) };
    let value: Value = serde_json::from_str(&text).map_err(|_| damaged("a value is no JSON"))?;
    storable_json(&value).map(Some)
}
