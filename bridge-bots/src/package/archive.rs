//! A zip of somebody else's: its names and sizes are looked at before anything in it is believed.

use std::collections::BTreeSet;
use std::io::{Cursor, Read as _};

use zip::ZipArchive;
use zip::result::ZipError;

use crate::plugin::Problem;

/// How many files an archive may have.
pub(super) const MOST_FILES: usize = 5_000;
/// How many bytes all of it may be, unpacked.
pub(super) const LARGEST_UNPACKED: u64 = 256 * 1024 * 1024;
/// The longest name, in bytes.
const LONGEST_NAME: usize = 512;
/// How many problems of single files are told.
const MOST_PROBLEMS: usize = 10;

/// What each entry of a zip's directory begins with (APPNOTE.TXT, 4.3.12).
const ENTRY: &[u8] = b"PK\x01\x02";

/// What a zip ends with (APPNOTE.TXT, 4.3.16), and how many of those an archive may have: one, and those of archives in it.
const END: &[u8] = b"PK\x05\x06";
const MOST_ENDS: usize = 16;

/// An archive whose files were unpacked once, to nowhere: all are whole, inside the archive, and not too large together.
pub(super) struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    /// All files; folders are not among them.
    pub(super) names: BTreeSet<String>,
}

impl<'a> Archive<'a> {
    /// Opens an archive and looks at all of it.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, Vec<Problem>> {
        if !bytes.starts_with(b"PK") {
            return Err(vec![Problem::new("", what_it_is(bytes))]);
        }
        // Each entry of the directory takes memory when it is read, so they are counted before.
        let entries = bytes.windows(ENTRY.len()).filter(|window| *window == ENTRY).count();
        if entries > 2 * MOST_FILES {
            return Err(vec![too_many(entries)]);
        }
        // Each end is tried, and the whole archive is read for each.
        if bytes.windows(END.len()).filter(|window| *window == END).count() > MOST_ENDS {
            let text = "The archive ends more than once. Build it anew and upload it whole.";
            return Err(vec![Problem::new("", text)]);
        }
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| {
            vec![Problem::new(
                "",
                format!("The archive is damaged ({error}). Build it anew and upload it whole."),
            )]
        })?;
        if zip.len() > MOST_FILES {
            let text =
                format!("The archive has {} files; {MOST_FILES} are the most that is taken.", zip.len());
            return Err(vec![Problem::new("", text)]);
        }
        let mut archive = Self { zip, names: BTreeSet::new() };
        archive.look_at_all()?;
        Ok(archive)
    }

    /// A file's text; none if it is not there, not text, or larger than `most` bytes.
    pub(super) fn text(&mut self, name: &str, most: u64) -> Option<String> {
        let file = self.zip.by_name(name).ok()?;
        if file.size() > most {
            return None;
        }
        let mut bytes = Vec::new();
        file.take(most).read_to_end(&mut bytes).ok()?;
        String::from_utf8(bytes).ok()
    }

    fn look_at_all(&mut self) -> Result<(), Vec<Problem>> {
        let (mut left, mut problems) = (LARGEST_UNPACKED, Vec::new());
        for index in 0..self.zip.len() {
            match self.look_at(index, left) {
                Ok(size) => left -= size,
                Err(Seen::TooLarge) => {
                    let most = LARGEST_UNPACKED / (1024 * 1024);
                    let text =
                        format!("The archive is larger than {most} MiB when it is unpacked, so it was left.");
                    return Err(vec![Problem::new("", text)]);
                }
                Err(Seen::Wrong(problem)) => problems.push(problem),
            }
            if problems.len() >= MOST_PROBLEMS {
                break;
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// Looks at one file; gives its size.
    fn look_at(&mut self, index: usize, left: u64) -> Result<u64, Seen> {
        let nameless = format!("file {}", index + 1);
        let file = self.zip.by_index(index).map_err(|error| Seen::damaged(&nameless, &error))?;
        let Some(name) = std::str::from_utf8(file.name_raw()).ok().map(str::to_owned) else {
            return Err(Seen::wrong(&nameless, "has a name that is not UTF-8."));
        };
        if let Some(why) = name_problem(&name) {
            return Err(Seen::wrong(&shown(&name), why));
        }
        if file.is_symlink() {
            return Err(Seen::wrong(&shown(&name), "is a symbolic link; put the file itself there."));
        }
        if file.is_dir() {
            return Ok(0);
        }
        // What the archive says of its sizes may be a lie, so the bytes are counted.
        let mut bounded = file.take(left.saturating_add(1));
        let size = std::io::copy(&mut bounded, &mut std::io::sink())
            .map_err(|error| Seen::damaged(&shown(&name), &ZipError::Io(error)))?;
        if size > left {
            return Err(Seen::TooLarge);
        }
        self.names.insert(name);
        Ok(size)
    }
}

fn too_many(files: usize) -> Problem {
    Problem::new("", format!("The archive has {files} files; {MOST_FILES} are the most that is taken."))
}

enum Seen {
    TooLarge,
    Wrong(Problem),
}

impl Seen {
    fn wrong(name: &str, why: &str) -> Self {
        Self::Wrong(Problem::new(name, why))
    }

    fn damaged(name: &str, error: &ZipError) -> Self {
        let text = match error {
            ZipError::UnsupportedArchive(why) if *why == ZipError::PASSWORD_REQUIRED => {
                "is encrypted; build the archive without a password.".to_owned()
            }
            ZipError::UnsupportedArchive(why) => {
                format!("is packed in a way that is not read here ({why}). Deflate and no compression are.")
            }
            error => format!("is damaged ({error}). Build the archive anew and upload it whole."),
        };
        Self::Wrong(Problem::new(name, text))
    }
}

/// Why a file of this name could land outside of the folder into which an archive is unpacked, or nowhere.
fn name_problem(name: &str) -> Option<&'static str> {
    let path = name.strip_suffix('/').unwrap_or(name);
    if path.starts_with('/') || path.contains(':') {
        return Some("has an absolute name, which leads out of the archive.");
    }
    if path.split('/').any(|part| part == "..") {
        return Some("has a name with `..`, which leads out of the archive.");
    }
    if path.len() > LONGEST_NAME || path.chars().any(|c| c.is_control() || c == '\\') {
        return Some("has a name that is too long, or with characters that file names do not have.");
    }
    path.split('/').any(|part| part.is_empty() || part == ".").then_some("has a name with an empty part.")
}

/// A name for a sentence.
fn shown(name: &str) -> String {
    name.chars().take(100).map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// For what is no zip.
fn what_it_is(bytes: &[u8]) -> String {
    let known: [(&[u8], &str); 6] = [
        (b"\x1f\x8b", "a gzip file, perhaps a .tar.gz"),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
        (b"Rar!", "a RAR archive"),
        (b"\x7fELF", "a program or library for Linux"),
        (b"MZ", "a program or library for Windows"),
        (b"%PDF", "a PDF document"),
    ];
    let what = known.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, what)| *what);
    let what = match what {
        _ if bytes.is_empty() => "empty",
        Some(what) => what,
        None if std::str::from_utf8(&bytes[..bytes.len().min(512)]).is_ok() => "a text",
        None => "neither a zip nor WebAssembly",
    };
    format!(
        "The file is {what}. A plugin is a .mbp file or a .zip with a maubot.yaml in it (`mbc build` makes one), or a \
         WebAssembly component."
    )
}
