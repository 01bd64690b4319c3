//! Files: announced, uploaded, shared, deleted, and the file object Slack answers for them.
use std::collections::BTreeMap;
use std::io::Cursor;

use axum::body::Bytes;
use serde_json::{Map, Value, json};

use super::{Kind, State};
use crate::clock::{now_seconds, write_ts};
use crate::error::ApiError;
use crate::event::Outbox;
use crate::files::{Content, FileKind, within};

/// How far a file has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It has an address to upload to.
    Announced,
    /// Its bytes are there.
    Uploaded,
    /// People can see it.
    Complete,
    Deleted,
}

/// One place where a file can be seen.
#[derive(Debug, Clone)]
pub(crate) struct Share {
    pub(crate) channel_id: String,
    pub(crate) ts: String,
    pub(crate) thread_ts: Option<String>,
}

/// Files that are to be shown in a channel.
#[derive(Debug)]
pub(crate) struct HeldShare {
    pub(crate) channel_id: String,
    pub(crate) file_ids: Vec<String>,
    pub(crate) body: Map<String, Value>,
}

/// A file.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) alt_text: Option<String>,
    /// Whose it is.
    pub(crate) user_id: String,
    pub(crate) created: u64,
    pub(crate) stage: Stage,
    /// How long it was said to be.
    pub(crate) announced: u64,
    pub(crate) content: Content,
    /// A picture out of a video, as PNG.
    pub(crate) poster: Option<Bytes>,
    pub(crate) shares: Vec<Share>,
    /// Events and histories show no more than its id, as for files of other organisations.
    pub(crate) details_hidden: bool,
    /// Fields that replace those of the file object.
    pub(crate) overrides: Map<String, Value>,
}

impl File {
    /// A file that belongs to somebody and is nowhere yet.
    pub(crate) fn new(id: String, user_id: &str, name: &str) -> Self {
        Self {
            id,
            name: name.to_owned(),
            title: name.to_owned(),
            alt_text: None,
            user_id: user_id.to_owned(),
            created: now_seconds(),
            stage: Stage::Announced,
            announced: 0,
            content: Content::Pattern { length: 0 },
            poster: None,
            shares: Vec::new(),
            details_hidden: false,
            overrides: Map::new(),
        }
    }

    /// Where it is served: `kind` is `pri`, `pri/…/download` or `tmb`.
    fn url(&self, state: &State, folder: &str, step: &str, name: &str) -> String {
        let name: String = url::form_urlencoded::byte_serialize(name.to_lowercase().as_bytes()).collect();
        format!("{}/{folder}/{}-{}/{step}{name}", state.base_url, state.team.id, self.id)
    }

    /// Width and height of a PNG.
    fn size_of_picture(&self) -> Option<(u32, u32)> {
        let Content::Kept(bytes) = &self.content else { return None };
        size_of(bytes)
    }

    /// The fields that a video has with a picture out of it.
    fn add_poster(&self, state: &State, file: &mut Value) {
        let Some((width, height)) = self.poster.as_ref().and_then(|poster| size_of(poster)) else { return };
        file["thumb_video"] = self.url(state, "files-tmb", "", &format!("video_{}.png", self.name)).into();
        file["thumb_video_w"] = width.into();
        file["thumb_video_h"] = height.into();
    }

    /// The fields that only pictures have.
    fn add_picture(&self, state: &State, file: &mut Value) {
        let Some((width, height)) = self.size_of_picture() else { return };
        for edge in [64, 80, 160, 360, 480, 720, 960, 1024] {
            let small = edge <= 160;
            if !small && edge / 2 > width.max(height) {
                break;
            }
            let name = format!("thumb_{edge}");
            file[&name] = self.url(state, "files-tmb", "", &format!("{edge}_{}", self.name)).into();
            if edge >= 360 {
                let (width, height) = within(edge, width, height);
                file[format!("{name}_w")] = width.into();
                file[format!("{name}_h")] = height.into();
            }
        }
        file["original_w"] = width.into();
        file["original_h"] = height.into();
    }

    /// The file object as messages hold it.
    pub(crate) fn in_message(&self, state: &State) -> Value {
        if self.stage == Stage::Deleted {
            return json!({ "id": self.id, "mode": "tombstone" });
        }
        if self.details_hidden {
            return json!({ "id": self.id, "created": self.created, "timestamp": self.created,
                "user": self.user_id, "mode": "file_access", "file_access": "check_file_info" });
        }
        self.details(state)
    }

    /// The file object with all details but where it is shared.
    fn details(&self, state: &State) -> Value {
        let kind = FileKind::of(&self.name);
        let mut file = json!({
            "id": self.id, "created": self.created, "timestamp": self.created, "name": self.name,
            "title": self.title, "mimetype": kind.mimetype, "filetype": kind.filetype,
            "pretty_type": kind.pretty, "user": self.user_id, "user_team": state.team.id, "editable": false,
            "size": self.content.length(), "mode": "hosted", "is_external": false, "external_type": "",
            "is_public": self.is_public(state), "public_url_shared": false, "display_as_bot": false,
            "username": "",
            "url_private": self.url(state, "files-pri", "", &self.name),
            "url_private_download": self.url(state, "files-pri", "download/", &self.name),
            "media_display_type": "unknown",
            "permalink": format!("{}files/{}/{}/x", state.team.url(), self.user_id, self.id),
            "permalink_public": format!("https://slack-files.com/{}-{}-x", state.team.id, self.id),
            "is_starred": false, "has_rich_preview": false, "file_access": "visible",
        });
        self.add_picture(state, &mut file);
        self.add_poster(state, &mut file);
        if let Some(alt_text) = &self.alt_text {
            file["alt_txt"] = alt_text.clone().into();
        }
        if let Some(fields) = file.as_object_mut() {
            fields.extend(self.overrides.clone());
        }
        file
    }

    /// The whole file object, as `files.info` answers it.
    pub(crate) fn to_json(&self, state: &State) -> Value {
        let mut file = self.details(state);
        let mut lists: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut shares: BTreeMap<&str, BTreeMap<&str, Vec<Value>>> = BTreeMap::new();
        for share in &self.shares {
            let Ok(channel) = state.channel(&share.channel_id) else { continue };
            let (list, side) = match channel.kind {
                Kind::Public => ("channels", "public"),
                Kind::Private | Kind::Mpim => ("groups", "private"),
                Kind::Im => ("ims", "private"),
            };
            lists.entry(list).or_default().push(&channel.id);
            let mut place = json!({
                "ts": share.ts, "channel_name": channel.name, "team_id": state.team.id,
                "share_user_id": self.user_id, "reply_users": [], "reply_users_count": 0, "reply_count": 0,
            });
            if let Some(thread_ts) = &share.thread_ts {
                place["thread_ts"] = thread_ts.clone().into();
            }
            shares.entry(side).or_default().entry(&channel.id).or_default().push(place);
        }
        for list in ["channels", "groups", "ims"] {
            file[list] = json!(lists.remove(list).unwrap_or_default());
        }
        file["shares"] = json!(shares);
        file["comments_count"] = 0.into();
        file
    }

    fn is_public(&self, state: &State) -> bool {
        let public = |share: &Share| state.channel(&share.channel_id).is_ok_and(|c| c.kind == Kind::Public);
        self.shares.iter().any(public)
    }

    /// Whether a user may see it: its owner, and everybody who can read where it was shared.
    pub(crate) fn visible_to(&self, state: &State, user_id: &str) -> bool {
        let there = |share: &Share| state.channel(&share.channel_id).is_ok_and(|c| c.visible_to(user_id));
        self.user_id == user_id || self.shares.iter().any(there)
    }
}

fn size_of(bytes: &[u8]) -> Option<(u32, u32)> {
    let reader = png::Decoder::new(Cursor::new(bytes)).read_info().ok()?;
    Some(reader.info().size())
}

impl State {
    /// A file by its id; deleted ones are still known.
    pub(crate) fn file(&self, id: &str) -> Result<&File, ApiError> {
        self.files.get(id).ok_or_else(|| "file_not_found".into())
    }

    /// Takes the bytes for an upload's address. Each address takes one file, of the length announced.
    pub(crate) fn store_upload(&mut self, ticket: &str, content: Content) -> Result<String, ApiError> {
        let file_id = self.uploads.get(ticket).cloned().ok_or("unknown_ticket")?;
        let file = self.files.get_mut(&file_id).ok_or("unknown_ticket")?;
        if file.stage != Stage::Announced {
            return Err("already_uploaded".into());
        }
        if file.announced != content.length() {
            return Err("length_mismatch".into());
        }
        file.content = content;
        file.stage = Stage::Uploaded;
        Ok(file_id)
    }

    /// Posts a message with files into a channel and tells the apps. `body` holds author and text.
    pub(crate) fn share_files(
        &mut self,
        channel_id: &str,
        file_ids: &[String],
        mut body: Map<String, Value>,
        out: &mut Outbox,
    ) -> Result<String, ApiError> {
        let user_id = body.get("user").cloned().unwrap_or_default();
        for file_id in file_ids {
            out.tell_channel(
                channel_id,
                json!({
                    "type": "file_shared", "channel_id": channel_id, "file_id": file_id, "user_id": user_id,
                    "file": { "id": file_id }, "event_ts": write_ts(self.clock.tick()),
                }),
            );
        }
        body.insert("subtype".into(), "file_share".into());
        body.insert("upload".into(), false.into());
        body.insert("display_as_bot".into(), false.into());
        // Placed before the event is made, as its file objects say whether they are public.
        let place = Share { channel_id: channel_id.to_owned(), ts: String::new(), thread_ts: None };
        for file_id in file_ids {
            let file = self.files.get_mut(file_id).ok_or("file_not_found")?;
            file.stage = Stage::Complete;
            file.shares.push(place.clone());
        }
        let files = file_ids.iter().filter_map(|id| Some(self.files.get(id)?.in_message(self))).collect();
        body.insert("files".into(), Value::Array(files));
        let ts = self.post(channel_id, body, out)?;
        let channel = self.channel(channel_id)?;
        let thread_ts = channel.messages[&channel.message_key(&ts)?]["thread_ts"].as_str().map(str::to_owned);
        for file_id in file_ids {
            let share = self.files.get_mut(file_id).and_then(|file| file.shares.last_mut());
            if let Some(share) = share {
                share.ts.clone_from(&ts);
                share.thread_ts.clone_from(&thread_ts);
            }
        }
        Ok(ts)
    }

    /// Deletes a file: the messages that show it keep a tombstone of it.
    pub(crate) fn delete_file(&mut self, file_id: &str, out: &mut Outbox) -> Result<(), ApiError> {
        let event_ts = write_ts(self.clock.tick());
        let file = self.files.get_mut(file_id).ok_or("file_not_found")?;
        if file.stage == Stage::Deleted {
            return Err("file_deleted".into());
        }
        file.stage = Stage::Deleted;
        file.content = Content::Pattern { length: 0 };
        let shares = std::mem::take(&mut file.shares);
        let channel_ids: Vec<&str> = shares.iter().map(|share| share.channel_id.as_str()).collect();
        let event = json!({
            "type": "file_deleted", "file_id": file_id, "channel_ids": channel_ids, "event_ts": event_ts,
        });
        if channel_ids.is_empty() {
            return Ok(());
        }
        out.tell_channel(channel_ids[0], event);
        for share in &shares {
            let tombstone = json!({ "id": file_id, "mode": "tombstone" });
            // Its message may have been deleted before.
            let _ = self.replace_file(&share.channel_id, &share.ts, &tombstone, out);
        }
        Ok(())
    }
}
