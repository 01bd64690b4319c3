//! Channels, direct messages and group messages, and the conversation object Slack answers for them.
use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value, json};

use super::State;
use crate::clock;
use crate::error::ApiError;
use crate::event::Outbox;

/// The four kinds of conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Public,
    Private,
    Im,
    Mpim,
}

impl Kind {
    /// The `channel_type` of message events.
    pub(crate) fn channel_type(self) -> &'static str {
        match self {
            Self::Public => "channel",
            Self::Private => "group",
            Self::Im => "im",
            Self::Mpim => "mpim",
        }
    }

    /// The word in the `types` argument of the list methods.
    pub(crate) fn list_type(self) -> &'static str {
        match self {
            Self::Public => "public_channel",
            Self::Private => "private_channel",
            Self::Im => "im",
            Self::Mpim => "mpim",
        }
    }

    /// The first half of the scopes that guard this kind, as in `channels:read`.
    pub(crate) fn scope_family(self) -> &'static str {
        match self {
            Self::Public => "channels",
            Self::Private => "groups",
            Self::Im => "im",
            Self::Mpim => "mpim",
        }
    }
}

/// A topic or a purpose.
#[derive(Debug, Clone, Default)]
pub(crate) struct Note {
    pub(crate) value: String,
    pub(crate) creator: String,
    pub(crate) last_set: u64,
}

impl Note {
    fn to_json(&self) -> Value {
        json!({ "value": self.value, "creator": self.creator, "last_set": self.last_set })
    }
}

/// A conversation with its messages.
#[derive(Debug, Clone)]
pub(crate) struct Channel {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    /// Empty for direct messages.
    pub(crate) name: String,
    pub(crate) previous_names: Vec<String>,
    pub(crate) creator: String,
    pub(crate) created: u64,
    pub(crate) archived: bool,
    /// The other team, if it is shared with one through Slack Connect.
    pub(crate) shared_with: Option<String>,
    pub(crate) general: bool,
    pub(crate) topic: Note,
    pub(crate) purpose: Note,
    pub(crate) members: BTreeSet<String>,
    /// All messages, replies too, by timestamp in microseconds.
    pub(crate) messages: BTreeMap<u64, Value>,
    /// The replies of each thread, by the timestamp of its first message.
    pub(crate) threads: HashMap<u64, BTreeSet<u64>>,
    pub(crate) pins: Vec<Value>,
    /// The timestamps of deleted messages, in the order they went.
    pub(crate) deleted: Vec<String>,
    pub(crate) bookmarks: Vec<Value>,
    /// Who may write, and who may answer in threads, as `properties` shows it; null where everybody may.
    pub(crate) posting: Value,
    pub(crate) threading: Value,
    /// How far each user has read.
    pub(crate) last_read: HashMap<String, String>,
}

impl Channel {
    /// An empty conversation.
    pub(crate) fn new(id: &str, kind: Kind, name: &str, creator: &str) -> Self {
        Self {
            id: id.to_owned(),
            kind,
            name: name.to_owned(),
            previous_names: Vec::new(),
            creator: creator.to_owned(),
            created: clock::now_seconds(),
            archived: false,
            shared_with: None,
            general: false,
            topic: Note::default(),
            purpose: Note::default(),
            members: BTreeSet::new(),
            messages: BTreeMap::new(),
            threads: HashMap::new(),
            pins: Vec::new(),
            deleted: Vec::new(),
            bookmarks: Vec::new(),
            posting: Value::Null,
            threading: Value::Null,
            last_read: HashMap::new(),
        }
    }

    /// The conversation object as one user sees it.
    pub(crate) fn to_json(&self, viewer_id: &str, team_id: &str) -> Value {
        if self.kind == Kind::Im {
            let peer = self.members.iter().find(|id| *id != viewer_id).map_or(viewer_id, |id| id);
            return json!({
                "id": self.id, "created": self.created, "is_archived": self.archived, "is_im": true,
                "is_org_shared": false, "context_team_id": team_id, "updated": self.created * 1000,
                "user": peer, "is_user_deleted": false, "priority": 0,
            });
        }
        let private = self.kind != Kind::Public;
        let mut properties = json!({ "tabs": [{ "id": "files", "label": "", "type": "files" }] });
        let restrictions =
            [("posting_restricted_to", &self.posting), ("threads_restricted_to", &self.threading)];
        for (name, restriction) in restrictions.into_iter().filter(|(_, it)| !it.is_null()) {
            properties[name] = restriction.clone();
        }
        json!({
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": self.kind != Kind::Mpim,
            "is_group": false,
            "is_im": false,
            "is_mpim": self.kind == Kind::Mpim,
            "is_private": private,
            "is_archived": self.archived,
            "is_general": self.general,
            "is_shared": self.shared_with.is_some(),
            "is_org_shared": false,
            "is_ext_shared": self.shared_with.is_some(),
            "is_pending_ext_shared": false,
            "pending_shared": [],
            "pending_connected_team_ids": [],
            "shared_team_ids": std::iter::once(team_id).chain(self.shared_with.as_deref()).collect::<Vec<_>>(),
            "context_team_id": team_id,
            "parent_conversation": null,
            "unlinked": 0,
            "created": self.created,
            "updated": self.created * 1000,
            "creator": self.creator,
            "is_member": self.members.contains(viewer_id),
            "topic": self.topic.to_json(),
            "purpose": self.purpose.to_json(),
            "previous_names": self.previous_names,
            "properties": properties,
        })
    }

    /// Whether a user may read it: public ones by all, others by their members.
    pub(crate) fn visible_to(&self, user_id: &str) -> bool {
        self.kind == Kind::Public || self.members.contains(user_id)
    }
}

impl State {
    /// Makes a channel; the maker is its first member.
    pub(crate) fn create_channel(
        &mut self,
        creator_id: &str,
        name: &str,
        private: bool,
        out: &mut Outbox,
    ) -> Result<String, ApiError> {
        let name = channel_name(name)?;
        if self.channels.values().any(|channel| channel.name == name) {
            return Err("name_taken".into());
        }
        let id = self.clock.id("C");
        let kind = if private { Kind::Private } else { Kind::Public };
        let mut channel = Channel::new(&id, kind, &name, creator_id);
        channel.members.insert(creator_id.to_owned());
        let created = channel.created;
        self.channels.insert(id.clone(), channel);
        if !private {
            out.tell_team(json!({
                "type": "channel_created",
                "channel": {
                    "id": id, "is_channel": true, "name": name, "name_normalized": name, "created": created,
                    "creator": creator_id, "is_shared": false, "is_org_shared": false,
                    "context_team_id": self.team.id, "is_archived": false, "is_private": false,
                },
                "event_ts": clock::write_ts(self.clock.tick()),
            }));
        }
        Ok(id)
    }

    /// Finds or makes the direct or group conversation of these users.
    pub(crate) fn open_conversation(&mut self, user_ids: &BTreeSet<String>) -> (String, bool) {
        let direct = |channel: &&Channel| matches!(channel.kind, Kind::Im | Kind::Mpim);
        if let Some(found) = self.channels.values().filter(direct).find(|c| c.members == *user_ids) {
            return (found.id.clone(), true);
        }
        let kind = if user_ids.len() > 2 { Kind::Mpim } else { Kind::Im };
        let id = self.clock.id(if kind == Kind::Im { "D" } else { "C" });
        let handle = |id: &String| self.users.get(id).map_or_else(|| id.clone(), |user| user.name.clone());
        let handles: Vec<String> = user_ids.iter().map(handle).collect();
        let name = if kind == Kind::Im { String::new() } else { format!("mpdm-{}-1", handles.join("--")) };
        let mut channel = Channel::new(&id, kind, &name, "");
        channel.members.clone_from(user_ids);
        self.channels.insert(id.clone(), channel);
        (id, false)
    }
}

/// Slack's rules for names of channels.
pub(super) fn channel_name(name: &str) -> Result<String, ApiError> {
    let name = name.trim().trim_start_matches('#');
    if name.is_empty() {
        return Err("invalid_name_required".into());
    }
    if name.chars().count() > 80 {
        return Err("invalid_name_maxlength".into());
    }
    let fine = |c: char| (c.is_alphanumeric() && !c.is_uppercase()) || matches!(c, '-' | '_');
    if name.chars().all(fine) { Ok(name.to_owned()) } else { Err("invalid_name_specials".into()) }
}
