//! Sends files, each once although Slack takes no marker with them.
//!
//! A file is sent in two steps: its bytes, which nobody sees, then the order to show it. Between them this program remembers
//! the file's id by the event's marker, so that a repeat never gives the order a second time while it is open whether the
//! first one arrived. If the program itself ended in between, the file is looked for by name, length and speaker.

use std::borrow::Cow;
use std::time::Duration;

use bridge_core::clock::Clock;
use bridge_core::error::NetworkError;
use bridge_core::network::{FileBytes, SentPart};
use moka::sync::Cache;
use serde_json::json;
use tokio::time::sleep;

use super::desk::Desk;
use crate::api::reply::{FileReply, FilesReply, Message, UploadPlace};
use crate::convert::Upload;

const PLACE: &str = "files.getUploadURLExternal";
const COMPLETE: &str = "files.completeUploadExternal";
const INFO: &str = "files.info";
/// A file whose length nobody knows beforehand is held in memory, up to so many bytes.
const HELD: usize = 8 * 1024 * 1024;
/// How often, and after which pauses, Slack is asked which message a file became. All of it takes less than a second.
const ASKED_AFTER: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_millis(300), Duration::from_millis(500)];
/// How long a file may take to be seen in its channel after the order, in milliseconds.
const SEEN_WITHIN_MS: i64 = 60_000;
/// Files remembered at most, and how long.
const MOST_KEPT: u64 = 1_000;
const KEPT_FOR: Duration = Duration::from_hours(1);

/// How far a file has come.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Attempt {
    file_id: String,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Its bytes are there, and nobody sees them.
    Uploaded,
    /// The order to show it was given at this time; whether it arrived is open.
    Ordered(i64),
    /// Slack took the order at this time.
    Taken(i64),
}

/// The files on their way. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Uploads {
    kept: Cache<String, Attempt>,
    /// Whose file each is: it is nobody else's.
    markers: Cache<String, String>,
}

impl Uploads {
    pub(super) fn new() -> Self {
        Self {
            kept: Cache::builder().max_capacity(MOST_KEPT).time_to_live(KEPT_FOR).build(),
            markers: Cache::builder().max_capacity(MOST_KEPT).time_to_live(KEPT_FOR).build(),
        }
    }

    /// Whether a message shows the file. One that this program sent is known by its id.
    pub(super) fn is_in(&self, upload: &Upload, message: &Message) -> bool {
        if let Some(attempt) = self.kept.get(&upload.marker) {
            return message.files.iter().any(|file| file.id == attempt.file_id);
        }
        let is_its = |file: &crate::api::reply::File| {
            file.name == upload.file.name
                && !self.markers.contains_key(&file.id)
                && (upload.file.size.is_none() || file.size == upload.file.size)
        };
        message.text.contains(&upload.speaker) && message.files.iter().any(is_its)
    }

    fn keep(&self, upload: &Upload, file_id: &str, stage: Stage) {
        self.markers.insert(file_id.to_owned(), upload.marker.clone());
        self.kept.insert(upload.marker.clone(), Attempt { file_id: file_id.to_owned(), stage });
    }
}

impl Desk {
    pub(super) async fn upload(&self, upload: &Upload) -> Result<SentPart, NetworkError> {
        let known = self.uploads.kept.get(&upload.marker);
        let file_id = match known.filter(|attempt| attempt.stage == Stage::Uploaded) {
            Some(attempt) => attempt.file_id,
            None => self.send_bytes(upload).await?,
        };
        self.uploads.keep(upload, &file_id, Stage::Ordered(self.clock.now_ms()));
        let mut order = json!({
            "files": [{ "id": file_id, "title": upload.file.name }],
            "channel_id": upload.channel,
        });
        if !upload.comment.is_empty() {
            order["initial_comment"] = upload.comment.clone().into();
        }
        if let Some(thread_ts) = &upload.thread_ts {
            order["thread_ts"] = thread_ts.clone().into();
        }
        let reply: Result<FilesReply, _> = self.bot.post(COMPLETE, None, &order).await;
        let reply = reply.map_err(|error| error.of_post(COMPLETE));
        match &reply {
            Ok(_) => self.uploads.keep(upload, &file_id, Stage::Taken(self.clock.now_ms())),
            Err(NetworkError::Uncertain(_)) => {}
            // Nothing is shown, and the bytes are still there.
            Err(NetworkError::RateLimited(_) | NetworkError::Transient(_)) => {
                self.uploads.keep(upload, &file_id, Stage::Uploaded);
            }
            Err(_) => self.uploads.kept.invalidate(&upload.marker),
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
        let mut bytes = self.context.open_file(&upload.file).await?;
        // What the message says of the length is only said; a wrong one would break each try.
        let size = if let Some(size) = bytes.size {
            size
        } else {
            let whole = bytes.into_bytes(HELD).await?;
            let size = whole.len() as u64;
            let stream = Box::pin(futures_util::stream::once(async { Ok(whole) }));
            bytes = FileBytes { stream, size: Some(size), media_type: None };
            size
        };
        if size == 0 {
            return Err(NetworkError::Rejected("Slack takes no empty files.".to_owned()));
        }
        let params = vec![
            ("filename", Some(Cow::Borrowed(upload.file.name.as_str()))),
            ("length", Some(Cow::Owned(size.to_string()))),
        ];
        let place: UploadPlace =
            self.bot.get(PLACE, &params).await.map_err(|error| error.of_change(PLACE))?;
        self.bot.upload(&place.upload_url, bytes, size).await?;
        self.uploads.keep(upload, &place.file_id, Stage::Uploaded);
        Ok(place.file_id)
    }

    /// Asks for a moment which message the file became: Slack looks into files before it shows them.
    async fn await_share(&self, upload: &Upload, file_id: &str) -> Result<Option<SentPart>, NetworkError> {
        for pause in ASKED_AFTER {
            sleep(pause).await;
            match self.share(upload, file_id).await {
                Ok(None) => {}
                Ok(found) => return Ok(found),
                // The file is on its way, whatever keeps Slack from saying so.
                Err(NetworkError::RateLimited(wait)) => return Err(NetworkError::Interrupted(wait)),
                Err(_) => return Ok(None),
            }
        }
        Ok(None)
    }

    async fn share(&self, upload: &Upload, file_id: &str) -> Result<Option<SentPart>, NetworkError> {
        let params = vec![("file", Some(Cow::Borrowed(file_id)))];
        let reply: FileReply = self.bot.get(INFO, &params).await.map_err(|error| error.of_read(INFO))?;
        let ts = reply.file.share_in(&upload.channel);
        Ok(ts.and_then(|ts| self.part(&upload.part, &upload.channel, ts)))
    }

    /// Looks for a file that the channel's messages do not show. An error is its absence too soon to tell.
    pub(super) async fn find_upload(&self, upload: &Upload) -> Result<Option<SentPart>, NetworkError> {
        let Some(attempt) = self.uploads.kept.get(&upload.marker) else { return Ok(None) };
        let (Stage::Ordered(at) | Stage::Taken(at)) = attempt.stage else { return Ok(None) };
        match self.share(upload, &attempt.file_id).await {
            Ok(Some(part)) => return Ok(Some(part)),
            // The messages were read, and do not show it.
            Ok(None) | Err(NetworkError::Rejected(_)) => {}
            Err(error) => return Err(error),
        }
        if is_recent(at, &self.clock) {
            let why = "Slack does not show yet whether the file arrived.";
            return Err(NetworkError::Transient(why.to_owned()));
        }
        if matches!(attempt.stage, Stage::Taken(_)) {
            return Err(NetworkError::Rejected(
                "Slack took the file and does not show it in the channel.".to_owned(),
            ));
        }
        self.uploads.kept.invalidate(&upload.marker);
        Ok(None)
    }
}

fn is_recent(at: i64, clock: &Clock) -> bool {
    (at..at + SEEN_WITHIN_MS).contains(&clock.now_ms())
}
