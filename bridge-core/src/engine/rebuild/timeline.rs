//! Message pairs as a room's timeline tells them: pure.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::engine::matrix::{edit, reacted_emoji};
use crate::engine::own_field;
use crate::engine::reaction_note::note_key;
use crate::id::{ChatKey, PartId, RemoteMessageId};
use crate::store::message::MessageRow;
use crate::store::reaction::ReactionRow;

/// How long after an event the file that it holds may have come over there.
const FILE_CAME_WITHIN_MS: i64 = 60 * 60 * 1_000;
/// How much later than the network's the homeserver's clock may be.
const CLOCK_MARGIN_MS: i64 = 2 * 60 * 1_000;

/// What somebody on Matrix did.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Deed {
    /// Said something, perhaps with a file of this name.
    Message(Option<String>),
    /// Changed what this event says.
    Edit(String),
    /// Reacted to this event.
    Reaction(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    sender: String,
    at: i64,
    deed: Deed,
}

struct Reacted {
    event_id: String,
    sender: String,
    target: String,
    emoji: String,
}

/// One of our own messages, as the network has it.
pub(super) struct Posted {
    pub(super) id: RemoteMessageId,
    /// Our marker; files have none.
    pub(super) marker: Option<String>,
    /// The names of the files in it.
    pub(super) files: Vec<String>,
    pub(super) at: i64,
    pub(super) thread_root: Option<RemoteMessageId>,
}

impl Posted {
    /// The event that it says it came from.
    pub(super) fn event_id(&self) -> Option<&str> {
        self.marker.as_deref().map(event_of)
    }
}

fn event_of(marker: &str) -> &str {
    marker.rsplit_once('/').map_or(marker, |(event_id, _)| event_id)
}

/// What was read of a room.
pub(super) struct Timeline {
    chat: ChatKey,
    bot: String,
    /// How many events were read.
    pub(super) count: usize,
    /// When the oldest of them was sent, in milliseconds since 1970.
    pub(super) oldest: i64,
    /// When messages of the network were said that are shown or were taken away on Matrix: of those nothing else is left.
    shown_at: Vec<i64>,
    rows: Vec<MessageRow>,
    /// For each row of a thread whose beginning the field does not say, the event that is it.
    threads: HashMap<String, String>,
    said: HashMap<String, Said>,
    /// The events with which the threads begin that were answered on Matrix.
    answered: BTreeSet<String>,
    reacted: Vec<Reacted>,
}

impl Timeline {
    pub(super) fn new(chat: ChatKey, bot: String) -> Self {
        Self {
            chat,
            bot,
            count: 0,
            oldest: i64::MAX,
            shown_at: Vec::new(),
            rows: Vec::new(),
            threads: HashMap::new(),
            said: HashMap::new(),
            answered: BTreeSet::new(),
            reacted: Vec::new(),
        }
    }

    /// Takes an event in, whatever it is. `owns` tells our own users.
    pub(super) fn take(&mut self, event: &Value, owns: impl Fn(&str) -> bool) {
        self.count += 1;
        let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
        let at = event.get("origin_server_ts").and_then(Value::as_i64).unwrap_or_default();
        self.oldest = self.oldest.min(at);
        let (event_id, sender) = (text("event_id").to_owned(), text("sender").to_owned());
        let Some(content) = event.get("content").filter(|_| event.get("state_key").is_none()) else { return };
        let relation = content.get("m.relates_to");
        let related = |name: &str| relation.and_then(|it| it.get(name)).and_then(Value::as_str);
        let replaced = edit::target(content).map(str::to_owned);
        match text("type") {
            // Taken away on Matrix. The bot shows nothing of the network.
            "m.room.message" if owns(&sender) && content.get("msgtype").is_none() => {
                self.shown_at.extend((sender != self.bot).then_some(at));
            }
            "m.room.message" | "m.sticker" if owns(&sender) => {
                let Some(shows) = own_field::read(content).filter(|_| replaced.is_none()) else { return };
                if let (Some("m.thread"), Some(root)) = (related("rel_type"), related("event_id")) {
                    self.threads.insert(event_id.clone(), root.to_owned());
                }
                self.shown_at.push(at);
                self.rows.push(MessageRow {
                    message_id: shows.id,
                    part_id: shows.part,
                    event_id,
                    chat: self.chat.clone(),
                    sender,
                    sent_at: at,
                    thread_root: shows.thread_root,
                });
            }
            "m.room.message" | "m.sticker"
                if content.get("msgtype").is_some() || content.get("url").is_some() =>
            {
                let name = ["filename", "body"].iter().find_map(|name| content.get(*name)?.as_str());
                let is_file = content.get("url").is_some() || content.get("file").is_some();
                let name = name.filter(|_| is_file).map(str::to_owned);
                let deed = replaced.map_or(Deed::Message(name), Deed::Edit);
                if let (Some("m.thread"), Some(root)) = (related("rel_type"), related("event_id")) {
                    self.answered.insert(root.to_owned());
                }
                self.said.insert(event_id, Said { sender, at, deed });
            }
            "m.reaction" => {
                let (Some(target), Some(key)) =
                    (related("event_id"), related("key").filter(|key| !key.is_empty()))
                else {
                    return;
                };
                let (target, emoji) = (target.to_owned(), reacted_emoji(key, content).as_stored());
                let deed = Deed::Reaction(target.clone());
                self.said.insert(event_id.clone(), Said { sender: sender.clone(), at, deed });
                self.reacted.push(Reacted { event_id, sender, target, emoji });
            }
            _ => {}
        }
    }

    /// The beginnings of threads that were answered on Matrix and stand further back than was read.
    pub(super) fn beginnings_behind(&self) -> Vec<String> {
        let is_behind = |event_id: &&String| {
            !self.has(event_id) && !self.rows.iter().any(|row| row.event_id == **event_id)
        };
        self.answered.iter().filter(is_behind).cloned().collect()
    }

    /// The threads that were answered on Matrix, by the message that is their beginning, as far as the room tells that.
    pub(super) fn answered(&self) -> BTreeSet<RemoteMessageId> {
        let root = |event_id: &String| {
            let is_in = |row: &&MessageRow| self.threads.get(&row.event_id) == Some(event_id);
            let answer = self.rows.iter().find(is_in).and_then(|row| row.thread_root.clone());
            self.message_of(event_id).or(answer)
        };
        self.answered.iter().filter_map(root).collect()
    }

    /// Whether an event of somebody on Matrix was read.
    pub(super) fn has(&self, event_id: &str) -> bool {
        self.said.contains_key(event_id)
    }

    /// Makes the pairs of everything. What we posted belongs to the event that its marker names; a file without a marker to the
    /// nearest event before it with a file of this name. Of what belongs to no event that was read there is no pair.
    pub(super) fn with_posted(mut self, mut posted: Vec<Posted>) -> Found {
        posted.retain(|post| !self.rows.iter().any(|row| row.message_id == post.id));
        posted.sort_by_key(|post| post.at);
        // Notes about reactions come last: they name a message that may be among the others.
        let (notes, others): (Vec<_>, Vec<_>) = posted.into_iter().partition(|post| {
            self.marked(post).is_some_and(|(said, _)| matches!(said.deed, Deed::Reaction(_)))
        });
        let mut unpaired = 0;
        for post in others.into_iter().chain(notes) {
            match self.row_of(&post) {
                Some(row) => self.rows.push(row),
                None => unpaired += 1,
            }
        }
        self.settle_threads();
        let reactions = self.reactions();
        Found { rows: self.rows, reactions, unpaired, shown_at: self.shown_at }
    }

    fn marked<'a>(&'a self, post: &'a Posted) -> Option<(&'a Said, &'a str)> {
        let marker = post.marker.as_deref()?;
        let event_id = event_of(marker);
        self.said.get(event_id).map(|said| (said, event_id))
    }

    fn row_of(&self, post: &Posted) -> Option<MessageRow> {
        let index = post.marker.as_deref().and_then(|marker| marker.rsplit_once('/')?.1.parse().ok());
        let numbered = PartId::numbered(index.unwrap_or(0));
        let (sender, event_id, part_id) = match self.marked(post) {
            Some((said, event_id)) => match &said.deed {
                Deed::Message(_) => (said, event_id.to_owned(), numbered),
                Deed::Edit(target) => (said, target.clone(), numbered),
                Deed::Reaction(target) => (said, note_key(&self.message_of(target)?), PartId::new("note")),
            },
            None if post.marker.is_none() => {
                let (event_id, said) = self.event_of_file(post)?;
                (said, event_id.clone(), numbered)
            }
            None => return None,
        };
        Some(MessageRow {
            message_id: post.id.clone(),
            part_id,
            event_id,
            chat: self.chat.clone(),
            sender: sender.sender.clone(),
            sent_at: post.at,
            thread_root: post.thread_root.clone(),
        })
    }

    fn event_of_file(&self, post: &Posted) -> Option<(&String, &Said)> {
        let came =
            |said: &Said| (post.at - FILE_CAME_WITHIN_MS..=post.at + CLOCK_MARGIN_MS).contains(&said.at);
        let is_meant = |(event_id, said): &(&String, &Said)| {
            let named = matches!(&said.deed, Deed::Message(Some(name)) if post.files.contains(name));
            named && came(said) && !self.rows.iter().any(|row| row.event_id == **event_id)
        };
        // The first one: whoever sent the same file twice sent the first one first, and posts come in their order.
        self.said.iter().filter(is_meant).min_by_key(|(event_id, said)| (said.at, (*event_id).clone()))
    }

    fn message_of(&self, event_id: &str) -> Option<RemoteMessageId> {
        self.rows.iter().find(|row| row.event_id == event_id).map(|row| row.message_id.clone())
    }

    fn settle_threads(&mut self) {
        // Of a message in several parts the first one counts.
        let roots: HashMap<String, RemoteMessageId> =
            self.rows.iter().rev().map(|row| (row.event_id.clone(), row.message_id.clone())).collect();
        for row in self.rows.iter_mut().filter(|row| row.thread_root.is_none()) {
            row.thread_root = self.threads.get(&row.event_id).and_then(|root| roots.get(root)).cloned();
        }
    }

    fn reactions(&self) -> Vec<ReactionRow> {
        // As above, the first part counts.
        let messages: HashMap<&str, &RemoteMessageId> =
            self.rows.iter().rev().map(|row| (row.event_id.as_str(), &row.message_id)).collect();
        let row = |reacted: &Reacted| {
            Some(ReactionRow {
                message_id: (*messages.get(reacted.target.as_str())?).clone(),
                sender: reacted.sender.clone(),
                emoji: reacted.emoji.clone(),
                event_id: reacted.event_id.clone(),
                name: String::new(),
            })
        };
        self.reacted.iter().filter_map(row).collect()
    }
}

/// What was found of a room's messages.
pub(super) struct Found {
    pub(super) rows: Vec<MessageRow>,
    pub(super) reactions: Vec<ReactionRow>,
    /// Our own messages over there that belong to no event that was read.
    pub(super) unpaired: usize,
    shown_at: Vec<i64>,
}

impl Found {
    /// When the last message of the network was said that was shown before a moment.
    pub(super) fn shown_until(&self, before: i64) -> Option<i64> {
        self.shown_at.iter().copied().filter(|at| *at < before).max()
    }

    /// When the last message at all was said before a moment.
    pub(super) fn said_until(&self, before: i64) -> Option<i64> {
        let said = self.rows.iter().map(|row| row.sent_at);
        said.chain(self.shown_at.iter().copied()).filter(|at| *at < before).max()
    }
}

#[cfg(test)]
mod tests;
