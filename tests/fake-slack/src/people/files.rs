//! Acting as people with files: sharing one or several, deleting them.
use axum::body::Bytes;
use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::files::Content;
use crate::state::{File, Stage, human_message};
use crate::workspace::Workspace;

/// A file that a person shares.
#[derive(Debug, Clone)]
pub struct NewFile {
    /// Its name; what it is follows from its ending.
    pub name: String,
    content: Content,
    /// A picture out of a video, as PNG.
    pub poster: Option<Vec<u8>>,
    /// The title; the name if it is not given.
    pub title: Option<String>,
    /// Events and histories say only its id and `file_access: check_file_info`, as for files that come from
    /// other organisations; `files.info` tells the rest.
    pub details_hidden: bool,
    /// Fields that replace those of Slack's file object, such as `size`, `mode` or `url_private`.
    pub overrides: Map<String, Value>,
}

impl NewFile {
    /// A file with these bytes.
    pub fn new(name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self::with(name, Content::Kept(Bytes::from(bytes.into())))
    }

    /// A file of any length that takes no room: its bytes follow from their place.
    pub fn of_length(name: &str, length: u64) -> Self {
        Self::with(name, Content::Pattern { length })
    }

    pub(crate) fn with(name: &str, content: Content) -> Self {
        let overrides = Map::new();
        Self { name: name.to_owned(), content, poster: None, title: None, details_hidden: false, overrides }
    }
}

/// What a person shares in one message.
#[derive(Debug, Clone, Default)]
pub struct Upload {
    /// The files, at least one.
    pub files: Vec<NewFile>,
    /// What they type with it; may be empty.
    pub comment: String,
    /// The thread to share into.
    pub thread_ts: Option<String>,
}

/// A message with files.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Uploaded {
    /// The message.
    pub ts: String,
    /// The files, in the order given.
    pub file_ids: Vec<String>,
}

impl Workspace {
    /// A person shares one file; `comment` may be empty.
    pub fn upload_as(
        &self,
        user: &str,
        channel: &str,
        name: &str,
        bytes: impl Into<Vec<u8>>,
        comment: &str,
    ) -> Result<Uploaded, ApiError> {
        let files = vec![NewFile::new(name, bytes)];
        self.upload_with(user, channel, Upload { files, comment: comment.to_owned(), thread_ts: None })
    }

    /// A person shares files in one message.
    pub fn upload_with(&self, user: &str, channel: &str, upload: Upload) -> Result<Uploaded, ApiError> {
        if upload.files.is_empty() {
            return Err("no_file_data".into());
        }
        self.change(|state, out| {
            let (user_id, channel_id) = super::writer(state, user, channel)?;
            if let Some(thread_ts) = &upload.thread_ts {
                state.channel(&channel_id)?.message_key(thread_ts).map_err(|_| "thread_not_found")?;
            }
            let mut file_ids = Vec::new();
            for new in upload.files {
                let id = state.clock.id("F");
                let mut file = File::new(id.clone(), &user_id, &new.name);
                file.title = new.title.unwrap_or(new.name);
                file.stage = Stage::Complete;
                file.content = new.content;
                file.poster = new.poster.map(Bytes::from);
                file.details_hidden = new.details_hidden;
                file.overrides = new.overrides;
                state.files.insert(id.clone(), file);
                file_ids.push(id);
            }
            let mut body = human_message(state, &user_id, &upload.comment);
            if upload.comment.is_empty() {
                body.remove("blocks");
            }
            if let Some(thread_ts) = upload.thread_ts {
                body.insert("thread_ts".into(), thread_ts.into());
            }
            let ts = state.share_files(&channel_id, &file_ids, body, out)?;
            Ok(Uploaded { ts, file_ids })
        })
    }

    /// A person shows a file that is there already, of whomever, in a message of their own.
    pub fn share_file_as(
        &self,
        user: &str,
        channel: &str,
        file_id: &str,
        comment: &str,
    ) -> Result<String, ApiError> {
        self.change(|state, out| {
            let (user_id, channel_id) = super::writer(state, user, channel)?;
            state.file(file_id)?;
            let body = human_message(state, &user_id, comment);
            state.share_files(&channel_id, &[file_id.to_owned()], body, out)
        })
    }

    /// Whoever owns a file deletes it: its messages keep a tombstone, apps get `file_deleted`.
    pub fn delete_file(&self, file_id: &str) -> Result<(), ApiError> {
        self.change(|state, out| state.delete_file(file_id, out))
    }

    /// A file gets another title, and apps `file_change`.
    pub fn retitle_file(&self, file_id: &str, title: &str) -> Result<(), ApiError> {
        self.change(|state, out| {
            let event_ts = crate::clock::write_ts(state.clock.tick());
            let file = state.files.get_mut(file_id).ok_or("file_not_found")?;
            title.clone_into(&mut file.title);
            let event = serde_json::json!({
                "type": "file_change", "file_id": file_id, "file": { "id": file_id }, "event_ts": event_ts,
            });
            let channel_ids: Vec<String> = file.shares.iter().map(|share| share.channel_id.clone()).collect();
            if let Some(channel_id) = channel_ids.first() {
                out.tell_channel(channel_id, event);
            }
            Ok(())
        })
    }
}
