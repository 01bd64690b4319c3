//! The Events API's payload and the event in it.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::attachment::{Attachment, File};
use super::block::{Content, Node};
use super::lenient::{flag, list, nothing, number, object, text, texts};

/// What an `events_api` envelope carries.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Payload {
    /// Which kind; `event_callback` for all that have an event in them.
    #[serde(rename = "type", deserialize_with = "text")]
    pub kind: String,
    /// What happened.
    #[serde(deserialize_with = "object")]
    pub event: Option<Event>,
    /// The slash command that somebody used; such a payload has no event.
    #[serde(deserialize_with = "text")]
    pub command: String,
    /// What stands behind the command.
    #[serde(deserialize_with = "text")]
    pub text: String,
    /// Who used it.
    #[serde(deserialize_with = "text")]
    pub user_id: String,
    /// Where the answer goes.
    #[serde(deserialize_with = "text")]
    pub response_url: String,
}

/// One event. Which fields are there depends on its kind.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Event {
    /// Which kind (`message`, `user_change`, …).
    #[serde(rename = "type", deserialize_with = "text")]
    pub kind: String,
    /// Which kind of message.
    #[serde(deserialize_with = "text")]
    pub subtype: String,
    /// Whether it is bookkeeping that people do not see.
    #[serde(deserialize_with = "flag")]
    pub hidden: bool,
    /// Who did it.
    pub user: Ref,
    /// The bot that posted it.
    #[serde(deserialize_with = "text")]
    pub bot_id: String,
    /// The app that posted it.
    #[serde(deserialize_with = "text")]
    pub app_id: String,
    /// What the bot is called when it does not say otherwise.
    #[serde(deserialize_with = "object")]
    pub bot_profile: Option<BotProfile>,
    /// What a person is called, where they may be a stranger: in channels that are shared with other workspaces.
    #[serde(deserialize_with = "object")]
    pub user_profile: Option<UserProfile>,
    /// Whose tokens no longer work.
    #[serde(deserialize_with = "object")]
    pub tokens: Option<Tokens>,
    /// The name a bot posted under.
    #[serde(deserialize_with = "text")]
    pub username: String,
    /// The pictures a bot posted under.
    #[serde(deserialize_with = "object")]
    pub icons: Option<Icons>,
    /// The text as mrkdwn.
    pub text: Content,
    /// The text as blocks.
    #[serde(deserialize_with = "list")]
    pub blocks: Option<Vec<Node>>,
    /// Link previews and the older way of apps to format text.
    #[serde(deserialize_with = "list")]
    pub attachments: Option<Vec<Attachment>>,
    /// Files shared with it.
    #[serde(deserialize_with = "list")]
    pub files: Option<Vec<File>>,
    /// A message's id within its channel.
    #[serde(deserialize_with = "text")]
    pub ts: String,
    /// When the event happened.
    #[serde(deserialize_with = "text")]
    pub event_ts: String,
    /// The id of the thread's first message.
    #[serde(deserialize_with = "text")]
    pub thread_ts: String,
    /// What the posting app left on it.
    #[serde(deserialize_with = "object")]
    pub metadata: Option<Metadata>,
    /// The message as it is after a change.
    #[serde(deserialize_with = "object")]
    pub message: Option<Box<Event>>,
    /// The message as it was before a change.
    #[serde(deserialize_with = "object")]
    pub previous_message: Option<Box<Event>>,
    /// The id of the message that was deleted.
    #[serde(deserialize_with = "text")]
    pub deleted_ts: String,
    /// The last change by its author.
    #[serde(deserialize_with = "object")]
    pub edited: Option<Edited>,
    /// The name of the emoji of a reaction.
    #[serde(deserialize_with = "text")]
    pub reaction: String,
    /// What a reaction is on.
    #[serde(deserialize_with = "object")]
    pub item: Option<Item>,
    /// The reactions that a message has already.
    #[serde(deserialize_with = "list")]
    pub reactions: Option<Vec<Reactions>>,
    /// The id under which a channel goes on.
    #[serde(deserialize_with = "text")]
    pub new_channel_id: String,
}

/// A change of a message by its author.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Edited {
    /// When.
    #[serde(deserialize_with = "text")]
    pub ts: String,
}

/// What a reaction is on.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Item {
    /// Which kind (`message`, `file`, …).
    #[serde(rename = "type", deserialize_with = "text")]
    pub kind: String,
    /// The message's id within its channel.
    #[serde(deserialize_with = "text")]
    pub ts: String,
}

/// The reactions of one emoji to a message.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Reactions {
    /// The emoji's name.
    #[serde(deserialize_with = "text")]
    pub name: String,
    /// Who reacted; Slack leaves some out where they are many.
    #[serde(deserialize_with = "texts")]
    pub users: Vec<String>,
    /// How many did.
    #[serde(deserialize_with = "number")]
    pub count: i64,
}

/// A bot as its messages describe it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct BotProfile {
    /// Its own name.
    #[serde(deserialize_with = "text")]
    pub name: String,
    /// Its own pictures.
    #[serde(deserialize_with = "object")]
    pub icons: Option<Icons>,
}

/// A person as their messages describe them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct UserProfile {
    /// The name they chose.
    #[serde(deserialize_with = "text")]
    pub display_name: String,
    /// The full name.
    #[serde(deserialize_with = "text")]
    pub real_name: String,
    /// The short name.
    #[serde(deserialize_with = "text")]
    pub name: String,
    /// Their picture.
    #[serde(deserialize_with = "text")]
    pub image_72: String,
}

/// Tokens that no longer work, by kind and by whom they speak for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Tokens {
    /// Of the app's bot.
    #[serde(deserialize_with = "list")]
    pub bot: Option<Vec<Ref>>,
}

/// The pictures of a bot, or those it posts under.
#[allow(clippy::struct_field_names, reason = "Slack's own names")]
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Icons {
    /// The emoji that it is, between colons; a picture of it may be there, too.
    #[serde(deserialize_with = "text")]
    pub emoji: String,
    /// 36 pixels.
    #[serde(deserialize_with = "text")]
    pub image_36: String,
    /// 48 pixels.
    #[serde(deserialize_with = "text")]
    pub image_48: String,
    /// 64 pixels.
    #[serde(deserialize_with = "text")]
    pub image_64: String,
    /// 72 pixels.
    #[serde(deserialize_with = "text")]
    pub image_72: String,
}

/// An app's own data on a message.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Metadata {
    /// Whose data it is.
    #[serde(deserialize_with = "text")]
    pub event_type: String,
    /// The data; other apps put anything in it.
    #[serde(deserialize_with = "object")]
    pub event_payload: Option<Marker>,
}

/// What our own posts carry.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Marker {
    /// Which event of ours became this post.
    #[serde(deserialize_with = "text")]
    pub marker: String,
}

/// An id that stands alone or inside an object.
#[derive(Debug, Clone, Default)]
pub struct Ref(pub String);

impl<'de> Deserialize<'de> for Ref {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RefVisitor)
    }
}

struct RefVisitor;

#[derive(Deserialize)]
struct WithId {
    #[serde(default, deserialize_with = "text")]
    id: String,
}

impl<'de> Visitor<'de> for RefVisitor {
    type Value = Ref;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id")
    }

    fn visit_str<E>(self, id: &str) -> Result<Ref, E> {
        Ok(Ref(id.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Ref, A::Error> {
        WithId::deserialize(MapAccessDeserializer::new(map)).map(|object| Ref(object.id))
    }

    nothing!(Ref::default(); unit, bool, numbers, seq);
}
