//! Sends files, each once although Slack takes no marker with them.
//!
//! A file is sent in two steps: its bytes, which nobody sees, then the order to show it. Before the order the file's id is
//! noted under the event's marker, durably. So a repeat knows which file it is about, after a crash too: it looks where that
//! file is, and never gives the order again while it is open whether the first one arrived.

use std::borrow::Cow;
use std::time::Duration;

use bridge_core::error::NetworkError;
use bridge_core::event::{RemoteEvent, Sender};
use bridge_core::network::{FileBytes, SentPart};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::desk::Desk;
use crate::api::reply::{FileReply, FilesReply, UploadPlace};
use crate::api::{CallError, Undelivered};
use crate::convert::Upload;
use crate::transcode::{self, Failure};

const PLACE: &str = "files.getUploadURLExternal";
const COMPLETE: &str = "files.completeUploadExternal";
const INFO: &str = "files.info";
/// Slack's codes for a file that is too large, or for which there is no room.
const TOO_MUCH: [&str; 3] = ["storage_limit_reached", "file_upload_size_restricted", "file_too_large"];
/// A file whose length nobody knows beforehand is held in memory, up to so many bytes.
const HELD: usize = 8 * 1024 * 1024;
/// How often, and after which pauses, Slack is asked which message a file became. All of it takes less than a second.
const ASKED_AFTER: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_millis(300), Duration::from_millis(500)];
/// How long after an order Slack may not know the file yet, in milliseconds.
const KNOWN_WITHIN_MS: u64 = 60_000;
/// How long a file that Slack has may take to be seen in its channel, in milliseconds.
const SEEN_WITHIN_MS: u64 = 60 * 60_000;

/// How far a file has come. Noted under its marker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Attempt {
    pub(super) file_id: String,
    stage: Stage,
    /// Since when.
    at: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    /// Its bytes are there, and nobody sees them.
    Uploaded,
    /// The order to show it is being given; whether it arrived is open.
    Ordered,
    /// Slack took the order.
    Taken,
}

/// What became of a file that may have been ordered.
pub(super) enum Fate {
    /// It is shown.
    Shown(SentPart),
    /// It certainly is not, and may be ordered.
    Free,
    /// It is given up, as this sentence says: it is not ordered again, since it may still be shown.
    Over(&'static str),
}

fn note_name(upload: &Upload) -> String {
    format!("file/{}", upload.marker)
}

/// Under this name stands the marker of the upload that a file is of.
fn marker_name(file_id: &str) -> String {
    format!("marker of file/{file_id}")
}

impl Desk {
    /// What is noted about a file.
    pub(super) async fn attempt(&self, upload: &Upload) -> Result<Option<Attempt>, NetworkError> {
        let noted = self.context.noted(&note_name(upload)).await?;
        Ok(noted.and_then(|noted| serde_json::from_str(&noted).ok()))
    }

    async fn note_file(&self, upload: &Upload, file_id: &str, stage: Stage) -> Result<(), NetworkError> {
        let attempt = json!(Attempt { file_id: file_id.to_owned(), stage, at: self.clock.now_ms() });
        let (name, attempt, of_file) = (note_name(upload), attempt.to_string(), marker_name(file_id));
        self.context.note_all(&[(&name, &attempt), (&of_file, &upload.marker)]).await
    }

    /// Gives an event of our own that shows a file the marker which posts carry in themselves. Whoever reads a channel's past
    /// may come upon a file before the job that ordered it is repeated.
    pub(super) async fn mark_upload(
        &self,
        event: &mut RemoteEvent,
        message: &Value,
    ) -> Result<(), NetworkError> {
        let Sender::Own { marker: marker @ None, .. } = &mut event.sender else { return Ok(()) };
        for file in message["files"].as_array().into_iter().flatten() {
            if let Some(file_id) = file["id"].as_str()
                && let Some(noted) = self.context.noted(&marker_name(file_id)).await?
            {
                *marker = Some(noted);
                break;
            }
        }
        Ok(())
    }

    pub(super) async fn upload(&self, upload: &Upload) -> Result<SentPart, NetworkError> {
        match self.find_upload(upload).await? {
            Fate::Shown(part) => return Ok(part),
            Fate::Over(why) => return Err(NetworkError::Rejected(why.to_owned())),
            Fate::Free => {}
        }
        // Only a file that nobody sees is left of an earlier try.
        let (file_id, is_left) = match self.attempt(upload).await? {
            Some(attempt) => (attempt.file_id, true),
            None => (self.send_bytes(upload).await?, false),
        };
        self.note_file(upload, &file_id, Stage::Ordered).await?;
        let reply: Result<FilesReply, _> = self.bot.post(COMPLETE, None, &order(upload, &file_id)).await;
        if is_left && reply.as_ref().is_err_and(|error| error.code() == Some("file_not_found")) {
            self.context.forget(&note_name(upload)).await?;
            let why = "Slack does not have the bytes of the file any more; they are sent again.";
            return Err(NetworkError::Transient(why.to_owned()));
        }
        let reply = reply.map_err(|error| refusal(error, |error| error.of_post(COMPLETE)));
        let noted = match &reply {
            Ok(_) => self.note_file(upload, &file_id, Stage::Taken).await,
            Err(NetworkError::Uncertain(_)) => Ok(()),
            Err(
                NetworkError::RateLimited(_) | NetworkError::Transient(_) | NetworkError::BadCredentials(_),
            ) => self.note_file(upload, &file_id, Stage::Uploaded).await,
            Err(_) => self.context.forget(&note_name(upload)).await,
        };
        if let Err(error) = noted {
            // The note that the order was being given is there, and leads to the same with some waiting.
            tracing::debug!(%error, "what became of a file could not be noted");
        }
        let files = reply?.files;
        let ts = files.iter().find(|file| file.id == file_id).and_then(|file| file.share_in(&upload.channel));
        let part = match ts.and_then(|ts| self.part(&upload.part, &upload.channel, ts)) {
            Some(part) => Some(part),
            None => self.await_share(upload, &file_id).await?,
        };
        part.ok_or_else(|| {
            NetworkError::Uncertain("Slack took the file and does not show it in the channel yet.".to_owned())
        })
    }

    /// Opens the file on Matrix and brings its bytes to Slack, piece by piece. Nobody sees them there yet.
    async fn send_bytes(&self, upload: &Upload) -> Result<String, NetworkError> {
        let (mut bytes, name) = self.open(upload).await?;
        // What the message says of the length is only said; a wrong one would break each try.
        if bytes.size.is_none() {
            bytes = FileBytes::of_bytes(bytes.into_bytes(HELD).await?);
        }
        let size = bytes.size.unwrap_or_default();
        if size == 0 {
            return Err(NetworkError::Rejected("Slack takes no empty files.".to_owned()));
        }
        if size > super::MAX_FILE_BYTES {
            return Err(NetworkError::FileRefused(
                "The file is too large for Slack, which takes 1 GB.".to_owned(),
            ));
        }
        let params = vec![
            ("filename", Some(Cow::Borrowed(name.as_str()))),
            ("length", Some(Cow::Owned(size.to_string()))),
        ];
        let place: Result<UploadPlace, _> = self.bot.get(PLACE, &params).await;
        let place = place.map_err(|error| refusal(error, |error| error.of_change(PLACE)))?;
        match self.bot.upload(&place.upload_url, bytes, size).await {
            Ok(()) => Ok(place.file_id),
            // Counted where they come from.
            Err(Undelivered::Bytes(error)) => Err(error),
            Err(Undelivered::Place(error)) => Err(self.context.file_failed(&upload.file, error)),
        }
    }

    /// The bytes to send and their name: a voice message in a form that Slack plays, if it can be made.
    async fn open(&self, upload: &Upload) -> Result<(FileBytes, String), NetworkError> {
        let file = &upload.file;
        if self.transcoder.takes(file) {
            let spoken = self.context.open_file(file).await?;
            match self.transcoder.convert(spoken.stream).await {
                Ok(bytes) => return Ok((bytes, transcode::name(&file.name))),
                Err(Failure::Source(error)) => return Err(error),
                Err(Failure::Program(why)) => {
                    tracing::warn!(why, "a voice message could not be converted; it is sent as it is");
                }
            }
        }
        Ok((self.context.open_file(file).await?, file.name.clone()))
    }

    /// Asks for a moment which message the file became: Slack looks into files before it shows them.
    async fn await_share(&self, upload: &Upload, file_id: &str) -> Result<Option<SentPart>, NetworkError> {
        for pause in ASKED_AFTER {
            sleep(pause).await;
            match self.share(upload, file_id).await.map_err(|error| error.of_read(INFO)) {
                Ok(None) => {}
                Ok(found) => return Ok(found),
                // The file is on its way, whatever keeps Slack from saying so.
                Err(NetworkError::RateLimited(wait)) => return Err(NetworkError::Interrupted(wait)),
                Err(_) => return Ok(None),
            }
        }
        Ok(None)
    }

    /// The message that shows a file; none while there is no such message.
    async fn share(&self, upload: &Upload, file_id: &str) -> Result<Option<SentPart>, CallError> {
        let params = vec![("file", Some(Cow::Borrowed(file_id)))];
        let reply: FileReply = self.bot.get(INFO, &params).await?;
        let ts = reply.file.share_in(&upload.channel);
        Ok(ts.and_then(|ts| self.part(&upload.part, &upload.channel, ts)))
    }

    /// Looks for a file that may have been ordered. It is an error while its fate is open.
    pub(super) async fn find_upload(&self, upload: &Upload) -> Result<Fate, NetworkError> {
        let Some(attempt) = self.attempt(upload).await? else { return Ok(Fate::Free) };
        if attempt.stage == Stage::Uploaded {
            return Ok(Fate::Free);
        }
        let open = |why: &str| Err(NetworkError::Transient(why.to_owned()));
        // A clock that was set back makes no one wait for a day to come again.
        let age = self.clock.now_ms().abs_diff(attempt.at);
        match self.share(upload, &attempt.file_id).await {
            Ok(Some(part)) => Ok(Fate::Shown(part)),
            Ok(None) if age < SEEN_WITHIN_MS => {
                open("Slack has the file and does not show it in the channel yet.")
            }
            Ok(None) => {
                Ok(Fate::Over("Slack has the file and did not show it in the channel within an hour."))
            }
            Err(error) => match error.code() {
                Some("file_deleted") => {
                    Ok(Fate::Over("The file was deleted on Slack before it was seen in the channel."))
                }
                // What Slack took, it may be slow to know.
                Some("file_not_found") if age < KNOWN_WITHIN_MS => {
                    open("Slack does not show yet whether the file arrived.")
                }
                Some("file_not_found") if attempt.stage == Stage::Taken => {
                    Ok(Fate::Over("Slack took the file and does not have it any more."))
                }
                Some("file_not_found") => {
                    self.note_file(upload, &attempt.file_id, Stage::Uploaded).await?;
                    Ok(Fate::Free)
                }
                _ => Err(error.of_read(INFO)),
            },
        }
    }
}

/// A failed call about a file, told apart where only the file is too much for Slack.
fn refusal(error: CallError, of: impl FnOnce(CallError) -> NetworkError) -> NetworkError {
    let is_too_much = error.code().is_some_and(|code| TOO_MUCH.contains(&code));
    match of(error) {
        NetworkError::Rejected(why) if is_too_much => NetworkError::FileRefused(why),
        other => other,
    }
}

fn order(upload: &Upload, file_id: &str) -> serde_json::Value {
    let mut order = json!({ "files": [{ "id": file_id }], "channel_id": upload.channel });
    if !upload.comment.is_empty() {
        order["initial_comment"] = upload.comment.clone().into();
    }
    if let Some(thread_ts) = &upload.thread_ts {
        order["thread_ts"] = thread_ts.clone().into();
    }
    order
}
