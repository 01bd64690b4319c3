//! What a portal's room is to look like: pure, from what the network says of the chat.

pub(crate) mod features;
pub(crate) mod levels;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use crate::event::{ChatInfo, ChatKind};
use crate::network::{Capabilities, NetworkInfo};

/// Our own state event with what people keep at hand in the chat.
const BOOKMARKS: &str = "dev.bridge-hub.bookmarks";

/// Bookmarks that a room shows at most, and the bytes of them all: an event takes 65,536 with all that is around it
/// (client-server API, "Size limits"), and in its making a room takes all its state in one request.
const MOST_BOOKMARKS: usize = 100;
const MOST_BOOKMARK_BYTES: usize = 32_768;

/// What a room shows beside what the chat itself says.
pub(crate) struct Around<'a> {
    pub(crate) network: NetworkInfo,
    /// The bridge's bot.
    pub(crate) bot: &'a str,
    /// The Matrix user who brought the chat.
    pub(crate) owner: &'a str,
    /// The login through which the chat is seen.
    pub(crate) able: Capabilities,
    /// What the room is called.
    pub(crate) name: Option<String>,
    /// The room's picture, by its address on Matrix.
    pub(crate) avatar: Option<String>,
    /// The workspace's picture, by its address on Matrix.
    pub(crate) workspace_avatar: Option<String>,
}

/// One state event as it is to be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wanted {
    pub(crate) kind: &'static str,
    pub(crate) key: String,
    pub(crate) content: Value,
    /// The only field that counts when it is compared; all of them where none is named. Clients add some of their own.
    field: Option<&'static str>,
}

impl Wanted {
    fn new(kind: &'static str, key: &str, content: Value) -> Self {
        Self { kind, key: key.to_owned(), content, field: None }
    }

    fn of_field(kind: &'static str, field: &'static str, content: Value) -> Self {
        Self { field: Some(field), ..Self::new(kind, "", content) }
    }

    /// Whether it is what people see of the room first: its name, topic or picture.
    pub(crate) fn is_look(&self) -> bool {
        matches!(self.kind, "m.room.name" | "m.room.topic" | "m.room.avatar")
    }

    /// Whether it says nothing, so that a room that never had it needs none.
    pub(crate) fn is_empty(&self) -> bool {
        let says = |value: &Value| match value {
            Value::String(text) => !text.is_empty(),
            Value::Array(list) => !list.is_empty(),
            Value::Null => false,
            _ => true,
        };
        match self.field {
            Some(field) => !self.content.get(field).is_some_and(says),
            None => !self.content.as_object().is_some_and(|fields| fields.values().any(says)),
        }
    }

    /// Whether a room whose state event of this kind is `current` says the same already.
    pub(crate) fn is_so(&self, current: Option<&Value>) -> bool {
        match (current, self.field) {
            (None, _) => self.is_empty(),
            (Some(current), Some(field)) => {
                let text =
                    |value: &Value| value.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
                text(current) == text(&self.content)
            }
            (Some(current), None) => *current == self.content,
        }
    }
}

/// All state of a room but its power levels, which are in [`levels`].
pub(crate) fn wanted(info: &ChatInfo, around: &Around<'_>) -> Vec<Wanted> {
    let mut state = Vec::with_capacity(8);
    if let Some(name) = &around.name {
        state.push(Wanted::of_field("m.room.name", "name", json!({ "name": name })));
    }
    state.push(topic(info.shown_topic().unwrap_or_default()));
    let avatar = around.avatar.as_ref().map_or_else(|| json!({}), |mxc| json!({ "url": mxc }));
    state.push(Wanted::of_field("m.room.avatar", "url", avatar));
    let key = state_key(info, &around.network);
    let bridge = if info.deleted { json!({}) } else { bridge(info, around) };
    for kind in ["m.bridge", "uk.half-shot.bridge"] {
        state.push(Wanted::new(kind, &key, bridge.clone()));
    }
    let features = features::content(info, &around.able);
    state.push(Wanted::new("com.beeper.room_features", &key, features));
    // Clients call a room after its members, and leave these out.
    let service = json!({ "service_members": [around.bot] });
    state.push(Wanted::new("io.element.functional_members", "", service));
    if let Some(bookmarks) = &info.bookmarks {
        let list: Vec<Value> = bookmarks
            .iter()
            .map(|mark| without_null(json!({ "title": mark.title, "url": mark.url, "emoji": mark.emoji })))
            .scan(0, |bytes, mark| {
                *bytes += mark.to_string().len() + 1;
                (*bytes <= MOST_BOOKMARK_BYTES).then_some(mark)
            })
            .take(MOST_BOOKMARKS)
            .collect();
        state.push(Wanted::new(BOOKMARKS, &key, json!({ "bookmarks": list })));
    }
    state
}

/// A room's topic as it is to be.
pub(crate) fn topic(text: &str) -> Wanted {
    let content = json!({ "topic": text, "m.topic": { "m.text": [{ "body": text }] } });
    let content = if text.is_empty() { json!({ "topic": "" }) } else { content };
    Wanted::of_field("m.room.topic", "topic", content)
}

/// The state that is to be emptied when a chat goes on under another id: it names the old one.
pub(crate) fn forgotten(old: &ChatInfo, network: &NetworkInfo) -> Vec<Wanted> {
    let key = state_key(old, network);
    ["m.bridge", "uk.half-shot.bridge", "com.beeper.room_features", BOOKMARKS]
        .into_iter()
        .map(|kind| Wanted::new(kind, &key, json!({})))
        .collect()
}

fn state_key(info: &ChatInfo, network: &NetworkInfo) -> String {
    format!("{}://{}", network.id, info.key.chat_id)
}

/// What other programs, and a rebuild, read of what the room is tied to (MSC2346, with the fields of other bridges).
fn bridge(info: &ChatInfo, around: &Around<'_>) -> Value {
    let Around { network, .. } = around;
    let workspace = info.workspace.as_ref().map(|workspace| {
        without_null(json!({
            "id": workspace.id, "displayname": workspace.name,
            "avatar_url": around.workspace_avatar, "external_url": workspace.url,
        }))
    });
    let room_type = match info.kind {
        ChatKind::Direct => Some("dm"),
        ChatKind::Group => Some("group_dm"),
        _ => None,
    };
    let receiver = info.key.receiver.as_ref();
    without_null(json!({
        "bridgebot": around.bot,
        "creator": around.owner,
        "protocol": { "id": network.id, "displayname": network.name, "external_url": network.url },
        "network": workspace,
        "channel": without_null(json!({
            "id": info.key.chat_id, "displayname": around.name, "avatar_url": around.avatar,
            "external_url": info.url, "receiver": receiver, "fi.mau.receiver": receiver,
        })),
        "com.beeper.room_type": room_type,
        "com.beeper.room_type.v2": room_type,
    }))
}

fn without_null(mut value: Value) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    value
}
