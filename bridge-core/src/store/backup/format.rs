//! The lines of a backup file: what stands in them, and a count and hash that tell whether it is whole.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::store::db::StoreError;
use crate::store::db::whole::{Column, Kind};

/// The form of the file; a later one gets another number.
pub(super) const FORM: u32 = 1;
/// That of one with SQLite files beside the database. A version that does not know them must not pass over them.
pub(super) const FORM_WITH_DATABASES: u32 = 2;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The form of the file.
    pub bridge_backup: u32,
    /// Which program made it: the id of its config section.
    pub program: String,
    /// The program's version.
    pub version: String,
    /// The steps that its tables have taken.
    pub steps: Vec<i64>,
    /// The same of the program's own components, by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub components: BTreeMap<String, Vec<i64>>,
    /// The database engine that it was made on; it may be restored to another.
    pub engine: String,
    /// When it was made, in milliseconds since 1970.
    pub made_at: i64,
}

/// A line behind the first. A row of a table is an array instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Line {
    /// A file beside the database.
    File { file: String, text: String },
    /// A table, whose rows follow.
    Table { table: String, columns: Vec<(String, String)> },
    /// The next piece of an SQLite file, in base64.
    Piece { database: String, piece: String },
    /// The end; without it something is missing.
    End { end: End },
    /// A row: the columns' values in order. JSON stands as text, so that it is told from no value.
    Row(Vec<Value>),
}

/// What the last line says of all before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct End {
    pub(super) rows: u64,
    pub(super) sha256: String,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Truth => "truth",
            Self::Json => "json",
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        [Self::Text, Self::Number, Self::Truth, Self::Json].into_iter().find(|kind| kind.name() == name)
    }
}

/// Columns as a line names them.
pub(super) fn named(columns: &[Column]) -> Vec<(String, String)> {
    columns.iter().map(|column| (column.name.clone(), column.kind.name().to_owned())).collect()
}

/// The other way round.
pub(super) fn columns(named: &[(String, String)]) -> Result<Vec<Column>, StoreError> {
    let column = |(name, kind): &(String, String)| {
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let kind = Kind::of_name(kind).filter(|_| is_name).ok_or_else(|| damaged("a column is odd"))?;
        Ok(Column { name: name.clone(), kind })
    };
    named.iter().map(column).collect()
}

/// What is said of a file that is not as it was written.
pub(super) fn damaged(what: &str) -> StoreError {
    StoreError(format!("The backup is damaged or not whole ({what}). Nothing was changed; use another one."))
}

/// Writes lines and keeps count.
pub(super) struct Writer<W> {
    out: W,
    hash: Sha256,
    rows: u64,
}

impl<W: Write> Writer<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, hash: Sha256::new(), rows: 0 }
    }

    pub(super) fn line(&mut self, line: &impl Serialize) -> Result<(), StoreError> {
        let mut text = serde_json::to_string(line)
            .map_err(|error| StoreError(format!("a line could not be written as JSON: {error}")))?;
        text.push('\n');
        self.hash.update(text.as_bytes());
        self.out.write_all(text.as_bytes()).map_err(unwritten)
    }

    pub(super) fn row(&mut self, row: Vec<Value>) -> Result<(), StoreError> {
        self.rows += 1;
        self.line(&Line::Row(row))
    }

    /// Writes the last line; gives the number of rows.
    pub(super) fn end(mut self) -> Result<u64, StoreError> {
        let (rows, sha256) = (self.rows, hex(&self.hash.clone().finalize()));
        self.line(&Line::End { end: End { rows, sha256 } })?;
        self.out.flush().map_err(unwritten)?;
        Ok(rows)
    }
}

#[allow(clippy::needless_pass_by_value, reason = "used where an error is turned into another")]
fn unwritten(error: std::io::Error) -> StoreError {
    StoreError(format!("the backup could not be written: {error}"))
}

/// Reads lines, and fails at the end if the file is not whole.
pub(super) struct Reader<R> {
    lines: R,
    hash: Sha256,
    rows: u64,
}

impl<R: BufRead> Reader<R> {
    /// Reads the first line. The error is a sentence.
    pub(super) fn begin(lines: R) -> Result<(Self, Header), StoreError> {
        let mut reader = Self { lines, hash: Sha256::new(), rows: 0 };
        let no_backup = || StoreError("The file is no backup of this program.".to_owned());
        let text = reader.text()?.ok_or_else(no_backup)?;
        let header: Value = serde_json::from_str(&text).map_err(|_| no_backup())?;
        match header.get("bridge_backup").and_then(Value::as_u64) {
            Some(form) if (u64::from(FORM)..=u64::from(FORM_WITH_DATABASES)).contains(&form) => {}
            Some(_) => {
                return Err(StoreError(
                    "The backup was made by a newer version of this program, in a form that is not known here. Use the \
                     newer version."
                        .to_owned(),
                ));
            }
            None => return Err(no_backup()),
        }
        let header = serde_json::from_value(header).map_err(|_| damaged("its first line is odd"))?;
        reader.hash.update(text.as_bytes());
        Ok((reader, header))
    }

    /// The next line; none at the end of a whole file.
    pub(super) fn next(&mut self) -> Result<Option<Line>, StoreError> {
        let text = self.text()?.ok_or_else(|| damaged("its end is missing"))?;
        let line: Line = serde_json::from_str(&text).map_err(|_| damaged("a line is odd"))?;
        match &line {
            Line::End { end } => {
                let sha256 = hex(&self.hash.clone().finalize());
                if *end != (End { rows: self.rows, sha256 }) {
                    return Err(damaged("it does not fit its hash"));
                }
                return match self.text()? {
                    None => Ok(None),
                    Some(_) => Err(damaged("something stands behind its end")),
                };
            }
            Line::Row(_) => self.rows += 1,
            Line::File { .. } | Line::Table { .. } | Line::Piece { .. } => {}
        }
        self.hash.update(text.as_bytes());
        Ok(Some(line))
    }

    fn text(&mut self) -> Result<Option<String>, StoreError> {
        let mut text = String::new();
        let read = self.lines.read_line(&mut text);
        let read = read.map_err(|error| StoreError(format!("the backup could not be read: {error}")))?;
        Ok((read > 0).then_some(text))
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
