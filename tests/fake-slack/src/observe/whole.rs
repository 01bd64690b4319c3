//! The state as a whole, to compare it with what came out elsewhere: threads, reactions, pins, files.
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::files::Download;
use crate::state::{File, Stage};
use crate::workspace::Workspace;

/// A file as observers see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileInfo {
    /// `F…`
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// Who uploaded it.
    pub user_id: String,
    /// How many bytes it has.
    pub length: u64,
    /// Their SHA-256 in hex.
    pub sha256: String,
    /// Whether people can see it: uploaded, completed, not deleted.
    pub visible: bool,
    /// Whether it was deleted.
    pub deleted: bool,
    /// The channels and timestamps of the messages that show it.
    pub shares: Vec<(String, String)>,
}

impl FileInfo {
    fn of(file: &File) -> Self {
        Self {
            id: file.id.clone(),
            name: file.name.clone(),
            title: file.title.clone(),
            user_id: file.user_id.clone(),
            length: file.content.length(),
            sha256: file.content.sha256(),
            visible: file.stage == Stage::Complete,
            deleted: file.stage == Stage::Deleted,
            shares: file.shares.iter().map(|share| (share.channel_id.clone(), share.ts.clone())).collect(),
        }
    }
}

impl Workspace {
    /// All files, uploaded or only announced, the oldest first.
    pub fn files(&self) -> Vec<FileInfo> {
        // Hashes of large patterns take their time, so the state is not held meanwhile.
        let files: Vec<File> = self.state().files.values().cloned().collect();
        files.iter().map(FileInfo::of).collect()
    }

    /// One file.
    pub fn file(&self, file_id: &str) -> Option<FileInfo> {
        let file = self.state().files.get(file_id).cloned();
        file.as_ref().map(FileInfo::of)
    }

    /// The downloads so far, refused ones too, the oldest first.
    pub fn downloads(&self) -> Vec<Download> {
        self.downloads.all()
    }

    /// A thread: its first message and its replies, the oldest first; empty when there is none.
    pub fn thread(&self, channel: &str, ts: &str) -> Vec<Value> {
        let root = json!(ts);
        let belongs = |message: &Value| message["ts"] == root || message["thread_ts"] == root;
        self.messages(channel).into_iter().filter(belongs).collect()
    }

    /// The reactions of a message: who is behind each name.
    pub fn reactions(&self, channel: &str, ts: &str) -> BTreeMap<String, Vec<String>> {
        let message = self.message(channel, ts).unwrap_or_default();
        reactions_of(&message)
    }

    /// The timestamps of a channel's pinned messages, the latest pin first.
    pub fn pins(&self, channel: &str) -> Vec<String> {
        let state = self.state();
        let channel = state.channel_id(channel).and_then(|id| state.channel(&id));
        let pins = channel.map(|channel| channel.pins.as_slice()).unwrap_or_default();
        pins.iter().filter_map(|pin| Some(pin["message"]["ts"].as_str()?.to_owned())).collect()
    }

    /// The timestamps of a channel's deleted messages, in the order they went.
    pub fn deleted(&self, channel: &str) -> Vec<String> {
        let state = self.state();
        let channel = state.channel_id(channel).and_then(|id| state.channel(&id));
        channel.map(|channel| channel.deleted.clone()).unwrap_or_default()
    }

    /// A channel in short, for comparing: `messages`, each with `ts`, `author` (the name shown, for posts under
    /// another name, else the user's id), `text`, `edited`, `thread_ts`, `broadcast`, `deleted` (a placeholder),
    /// `reactions` (names with users) and `files` (name, length, SHA-256); `pins`; `deleted`; `members`.
    pub fn snapshot(&self, channel: &str) -> Result<Value, ApiError> {
        let files: BTreeMap<String, FileInfo> =
            self.files().into_iter().map(|file| (file.id.clone(), file)).collect();
        let short = |message: &Value| {
            let own = message["files"].as_array().into_iter().flatten();
            let own = own.filter_map(|file| files.get(file["id"].as_str()?)).filter(|file| !file.deleted);
            let described: Vec<Value> = own
                .map(|file| json!({ "name": file.name, "length": file.length, "sha256": file.sha256 }))
                .collect();
            let author = ["username", "user"].iter().map(|field| &message[field]).find(|it| it.is_string());
            json!({
                "ts": message["ts"], "author": author, "text": message["text"],
                "edited": message["edited"].is_object(), "thread_ts": message["thread_ts"],
                "broadcast": message["subtype"] == "thread_broadcast",
                "deleted": message["subtype"] == "tombstone",
                "reactions": reactions_of(message), "files": described,
            })
        };
        let messages: Vec<Value> = self.messages(channel).iter().map(short).collect();
        let members = {
            let state = self.state();
            state.channel(&state.channel_id(channel)?)?.members.clone()
        };
        Ok(json!({
            "messages": messages, "pins": self.pins(channel), "deleted": self.deleted(channel),
            "members": members,
        }))
    }
}

fn reactions_of(message: &Value) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    for reaction in message["reactions"].as_array().into_iter().flatten() {
        let users = reaction["users"].as_array().into_iter().flatten();
        let mut users: Vec<String> = users.filter_map(Value::as_str).map(str::to_owned).collect();
        users.sort();
        found.insert(reaction["name"].as_str().unwrap_or_default().to_owned(), users);
    }
    found
}
