//! Turns a voice message of Matrix (Ogg with Opus) into one that Slack plays (M4A), by a program that may be there.

use std::fs;
use std::io::Seek as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use bridge_core::content::{File, FileKind};
use bridge_core::error::NetworkError;
use bridge_core::network::{FileBytes, FileStream};
use futures_util::StreamExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::io::ReaderStream;

/// How long one conversion may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// The longest recording that is converted, before and after, in bytes: some hours of speech.
const LARGEST: u64 = 64 * 1024 * 1024;
/// How many are converted at once: each keeps a processor busy.
const AT_ONCE: usize = 2;
/// What the program's output is called for itself: opened by this name, a file can be written to at any place.
const MADE: &str = "/dev/stdout";
/// How much of the result is read at once.
const PIECE: usize = 64 * 1024;

/// The program, if it is there. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Transcoder {
    program: Option<Arc<Path>>,
    free: Arc<Semaphore>,
}

/// Why there is no result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The recording could not be read.
    Source(NetworkError),
    /// The program did not do it.
    Program(String),
}

impl Transcoder {
    /// Looks for the program that the setting names. The error is a sentence about the setting.
    pub(crate) fn find(setting: &str) -> Result<Self, String> {
        let path = Path::new(setting);
        let program = if matches!(setting, "" | "off") {
            None
        } else if path.components().count() > 1 {
            if !path.is_file() {
                return Err(format!(
                    "ffmpeg: there is no program {setting:?}; correct the path, or write off."
                ));
            }
            Some(path.to_owned())
        } else {
            in_path(setting)
        };
        Ok(Self { program: program.map(Arc::from), free: Arc::new(Semaphore::new(AT_ONCE)) })
    }

    /// Whether a file is one to convert.
    pub(crate) fn takes(&self, file: &File) -> bool {
        let kind = file.media_type.as_deref().unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let is_ogg = matches!(kind, "audio/ogg" | "application/ogg" | "audio/opus");
        self.program.is_some()
            && file.kind == FileKind::Voice
            && is_ogg
            && file.size.is_none_or(|size| size <= LARGEST)
    }

    /// Converts a recording.
    pub(crate) async fn convert(&self, recording: FileStream) -> Result<FileBytes, Failure> {
        let Some(program) = &self.program else {
            return Err(Failure::Program("there is no program for it".to_owned()));
        };
        let _permit = self.free.acquire().await;
        match timeout(PATIENCE, run(program, recording)).await {
            Ok(done) => done,
            Err(_) => Err(Failure::Program(format!("the program took longer than {} s", PATIENCE.as_secs()))),
        }
    }
}

/// The name of the result.
pub(crate) fn name(name: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    format!("{}.m4a", if stem.is_empty() { "voice" } else { stem })
}

#[allow(clippy::disallowed_methods, reason = "programs are looked for where a shell would look for them")]
fn in_path(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// The result is written to a file, since its index is written last, into its beginning. The file has no name, so that what
/// was said is gone when the last piece is read, or the program ends in whatever way. If the wait for the conversion is given
/// up, the program that converts is killed.
async fn run(program: &Path, recording: FileStream) -> Result<FileBytes, Failure> {
    let broken = |error: std::io::Error| Failure::Program(error.to_string());
    let mut made = tempfile::tempfile().map_err(broken)?;
    let mut child = start(program, made.try_clone().map_err(broken)?).map_err(broken)?;
    if let Some(input) = child.stdin.take() {
        feed(input, recording).await?;
    }
    let status = child.wait().await.map_err(broken)?;
    if !status.success() {
        return Err(Failure::Program(format!("the program ended with {status}")));
    }
    let size = made.metadata().map_err(broken)?.len();
    if !(1..=LARGEST).contains(&size) {
        return Err(Failure::Program(format!("the program made {size} bytes")));
    }
    made.rewind().map_err(broken)?;
    let pieces = ReaderStream::with_capacity(tokio::fs::File::from_std(made), PIECE);
    let pieces = pieces.map(|piece| piece.map_err(|error| NetworkError::Transient(error.to_string())));
    Ok(FileBytes::new(Box::pin(pieces), Some(size), Some("audio/mp4".to_owned())))
}

fn start(program: &Path, made: fs::File) -> std::io::Result<Child> {
    let mut command = Command::new(program);
    // What is read comes through the pipe, as Ogg: a recording cannot name other files or addresses to be read.
    command.args([
        "-hide_banner",
        "-nostats",
        "-loglevel",
        "error",
        "-xerror",
        "-protocol_whitelist",
        "pipe",
        "-f",
        "ogg",
    ]);
    command.args(["-i", "pipe:0", "-vn", "-map_metadata", "-1", "-c:a", "aac", "-b:a", "64k"]);
    command.arg("-fs").arg(LARGEST.to_string()).args(["-f", "ipod", "-y", MADE]);
    command.env_clear().stdin(Stdio::piped()).stdout(made).stderr(Stdio::null());
    command.kill_on_drop(true).spawn()
}

/// Gives the program the recording. What it does not want is read nevertheless: that the recording is the one that was meant
/// shows at its end only.
async fn feed(input: ChildStdin, mut recording: FileStream) -> Result<(), Failure> {
    let mut input = Some(input);
    let mut length = 0;
    while let Some(piece) = recording.next().await {
        let piece = piece.map_err(Failure::Source)?;
        length += piece.len() as u64;
        if length > LARGEST {
            return Err(Failure::Program("the recording is too long".to_owned()));
        }
        if let Some(open) = &mut input
            && open.write_all(&piece).await.is_err()
        {
            // It has ended, and how it ended is told afterwards.
            input = None;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
