//! SQLite files of a program's own beside the database: piece by piece in a backup, and whole in their folder again.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File};
use std::io::{BufReader, ErrorKind, Read as _, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::format::{Line, Writer, damaged};
use super::restore::open;
use crate::store::db::StoreError;
use crate::store::db::copy::{Copied, copy_file};

/// What the names of the files end with.
const ENDING: &str = ".db";
/// How many bytes of a file stand in a line.
const PIECE: usize = 768 * 1_024;

/// The files of a folder, by their names; none if there is no folder.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let words = |error| StoreError(format!("the folder {} could not be read: {error}", folder.display()));
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(words)?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(words)?.path();
        if path.file_name().and_then(|name| name.to_str()).is_some_and(is_name) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Nothing that leads elsewhere.
pub(super) fn is_name(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    name.ends_with(ENDING) && name.len() > ENDING.len() && !name.starts_with('.') && name.bytes().all(fits)
}

/// Writes these files, each as it is now. Gives those that are damaged, which are written, too: one file that cannot be read must
/// not be the end of all backups.
pub(super) async fn write(
    files: &[PathBuf],
    out: &mut Writer<impl Write>,
) -> Result<Vec<PathBuf>, StoreError> {
    let mut damaged = Vec::new();
    for file in files {
        let copy = with_ending(file, "copy");
        // One that a broken try left.
        let _ = std::fs::remove_file(&copy);
        let written = match copy_file(file, &copy).await {
            Ok(copied) => {
                if copied == Copied::Damaged {
                    damaged.push(file.clone());
                }
                write_pieces(file, &copy, out)
            }
            // It was deleted meanwhile.
            Err(_) if !file.exists() => Ok(()),
            Err(error) => Err(error),
        };
        let _ = std::fs::remove_file(&copy);
        written?;
    }
    Ok(damaged)
}

fn write_pieces(file: &Path, copy: &Path, out: &mut Writer<impl Write>) -> Result<(), StoreError> {
    let unread = |error| StoreError(format!("the copy {} could not be read: {error}", copy.display()));
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut copied = BufReader::new(File::open(copy).map_err(unread)?);
    loop {
        let mut piece = Vec::with_capacity(PIECE);
        copied.by_ref().take(PIECE as u64).read_to_end(&mut piece).map_err(unread)?;
        if piece.is_empty() {
            return Ok(());
        }
        out.line(&Line::Piece { database: name.clone(), piece: BASE64.encode(&piece) })?;
    }
}

/// What a line has of a file.
pub(super) fn piece(name: &str, text: &str) -> Result<Vec<u8>, StoreError> {
    let bytes = BASE64.decode(text).ok().filter(|_| is_name(name));
    bytes.ok_or_else(|| damaged("a piece of a bot's database is odd"))
}

/// Files of a backup, written into their folder under other names. What was not put in place is deleted.
pub(super) struct Unpacked {
    folder: PathBuf,
    files: BTreeMap<String, File>,
}

impl Unpacked {
    /// Writes all that a backup has. If it has any, the folder has to be without such files unless `force` is set.
    pub(super) fn unpack(backup: &Path, folder: &Path, force: bool) -> Result<Self, StoreError> {
        let there = files(folder)?.into_iter().next().filter(|_| !force);
        let mut unpacked = Self { folder: folder.to_owned(), files: BTreeMap::new() };
        let (mut reader, _) = open(backup)?;
        while let Some(line) = reader.next()? {
            if let Line::Piece { database, piece: text } = line {
                if let Some(file) = &there {
                    return Err(StoreError(format!(
                        "There is a bot's database already ({}), and nothing was changed. Move the folder away, or use \
                         --force to delete what is in it.",
                        file.display()
                    )));
                }
                let bytes = piece(&database, &text)?;
                unpacked.append(&database, &bytes).map_err(|error| {
                    StoreError(format!("{} could not be written: {error}", folder.join(&database).display()))
                })?;
            }
        }
        Ok(unpacked)
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        if !self.files.contains_key(name) {
            DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
            let path = with_ending(&self.folder.join(name), "restored");
            let _ = std::fs::remove_file(&path);
            let file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
            self.files.insert(name.to_owned(), file);
        }
        self.files.get_mut(name).map_or(Ok(()), |file| file.write_all(bytes))
    }

    /// Puts them in the place of all that is there. A backup that knows of none, such as the one before an upgrade, changes
    /// none.
    pub(super) fn put_in_place(mut self) -> Result<usize, StoreError> {
        if self.files.is_empty() {
            return Ok(0);
        }
        let words = |error| {
            StoreError(format!("{}: its files could not be put in place: {error}", self.folder.display()))
        };
        for file in files(&self.folder)? {
            for side in ["-wal", "-shm", "-journal"] {
                let _ = std::fs::remove_file(with_side(&file, side));
            }
            std::fs::remove_file(&file).map_err(words)?;
        }
        for (name, file) in &self.files {
            let place = self.folder.join(name);
            file.sync_all()
                .and_then(|()| std::fs::rename(with_ending(&place, "restored"), &place))
                .map_err(words)?;
        }
        Ok(std::mem::take(&mut self.files).len())
    }
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        for name in self.files.keys() {
            let _ = std::fs::remove_file(with_ending(&self.folder.join(name), "restored"));
        }
    }
}

fn with_ending(file: &Path, ending: &str) -> PathBuf {
    with_side(file, &format!(".{ending}"))
}

fn with_side(file: &Path, side: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(side);
    PathBuf::from(name)
}
