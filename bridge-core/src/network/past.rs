//! What was said in a chat while nobody listened, as the network tells it afterwards.

use crate::event::RemoteEvent;
use crate::id::{ChatKey, RemoteMessageId};

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Stretch<'a> {
    /// The chat.
    pub chat: &'a ChatKey,
    /// The thread that begins with this message, instead of what stands outside of threads.
    pub thread: Option<&'a RemoteMessageId>,
    /// The moment from which on something may be missing, in milliseconds since 1970. Of a thread nothing earlier is asked
    /// for but its beginning.
    pub since: i64,
}

/// A page of what was said.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// The messages, in any order.
    pub messages: Vec<PastMessage>,
    /// What stands there and cannot be read.
    pub unreadable: Vec<Unreadable>,
    /// What [`Session::past`](super::Session::past) takes to give the next page.
    pub next: Option<String>,
}

/// A message as it stands now.
#[derive(Debug, Clone)]
pub struct PastMessage {
    /// The message, with its reactions; of one that was taken back and is the beginning of a thread, the
    /// [`Delete`](crate::event::RemoteKind::Delete); or another event that the chat's past tells of.
    pub event: RemoteEvent,
    /// What sorts it among others of its chat that were said in the same millisecond: texts that sort as they were said.
    pub position: String,
    /// When it was changed last.
    pub edit: Option<PastEdit>,
    /// When the last answer in its thread was given, in milliseconds since 1970.
    pub answered_at: Option<i64>,
    /// How many answers its thread has.
    pub answers: usize,
}

/// The last change of a message.
#[derive(Debug, Clone)]
pub struct PastEdit {
    /// As in [`Edit`](crate::event::RemoteKind::Edit): the same for the event that told of the change when it was made.
    pub revision: String,
    /// When, in milliseconds since 1970.
    pub at: i64,
}

/// Something in a chat's past that cannot be read. If it was missed it is kept as a dead letter.
#[derive(Debug, Clone)]
pub struct Unreadable {
    /// What [`Network::decode`](super::Network::decode) does not read, as it would have been delivered.
    pub payload: String,
    /// When it was said, in milliseconds since 1970, if that can be told.
    pub at: Option<i64>,
}
