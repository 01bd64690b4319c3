//! What has been read of a chat's past, kept from one try to the next: being told to wait loses no page.

use std::collections::{HashMap, HashSet};

use super::compare::Step;
use crate::event::RemoteKind;
use crate::id::RemoteMessageId;
use crate::network::{Past, PastMessage};

/// Pages that are kept while others are read; of those between them and the newest it is known how to read them again.
const KEPT: usize = 10;

/// Where the next page is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    First,
    At(String),
    End,
}

impl Next {
    fn of(next: Option<String>) -> Self {
        next.map_or(Self::End, Self::At)
    }

    /// What the network takes to give that page.
    pub(super) fn cursor(&self) -> Option<&str> {
        match self {
            Self::At(cursor) => Some(cursor),
            Self::First | Self::End => None,
        }
    }
}

/// A page, and what it takes to read it again.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) cursor: Next,
    pub(super) messages: Option<Vec<PastMessage>>,
}

/// Answers of a thread.
#[derive(Debug)]
pub(super) struct Thread {
    pub(super) since: i64,
    pub(super) messages: Vec<PastMessage>,
    pub(super) next: Next,
}

/// What is done about threads when it is the newest page's turn, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beside {
    Nothing,
    /// It was looked for threads whose beginnings lie behind all pages.
    Found,
    /// It was looked what was said while the threads were read.
    Even,
}

/// What has been read.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(super) since: i64,
    pub(super) epoch: u64,
    /// When the newest page was asked for, by our clock.
    pub(super) begun_at: i64,
    /// Whether events came in since then, so that nothing is missed behind it.
    pub(super) is_followed: bool,
    /// The pages that are not shown yet, the newest first.
    pub(super) pages: Vec<Page>,
    pub(super) next: Next,
    /// Whether the pages reach back to the chat's beginning.
    pub(super) is_whole: bool,
    /// The threads of the page that is shown next, and those that belong to no page.
    pub(super) threads: HashMap<RemoteMessageId, Thread>,
    /// What was done about the threads beside the newest page.
    pub(super) beside: Beside,
    pub(super) there: There,
    /// What an earlier process was about to show when it died.
    pub(super) half_shown: Vec<Step>,
    /// What is missing in what was read, and there all the same.
    pub(super) asked: HashSet<RemoteMessageId>,
}

/// What the pages hold that were shown.
#[derive(Debug, Default)]
pub(super) struct There {
    pub(super) ids: HashSet<RemoteMessageId>,
    /// The moment of the oldest message.
    pub(super) oldest: Option<i64>,
    /// The latest moment of which anything tells.
    pub(super) newest: i64,
    /// How many answers each message has.
    pub(super) answers: HashMap<RemoteMessageId, usize>,
    /// From which moment on all answers of a thread were read.
    pub(super) threads: HashMap<RemoteMessageId, i64>,
}

impl Reading {
    pub(super) fn begin(since: i64, epoch: u64, begun_at: i64, is_followed: bool) -> Self {
        Self {
            since,
            epoch,
            begun_at,
            is_followed,
            pages: Vec::new(),
            next: Next::First,
            is_whole: false,
            threads: HashMap::new(),
            beside: Beside::Nothing,
            there: There::default(),
            half_shown: Vec::new(),
            asked: HashSet::new(),
        }
    }

    /// Takes the next older page. What was not read at the first time is given up where memory would be full of it; but
    /// never the newest page, which would be another one by the time it is read again.
    pub(super) fn add_page(&mut self, past: Past) {
        let is_enough = past.messages.iter().any(|message| message.event.at < self.since);
        let next = Next::of(past.next);
        let cursor = std::mem::replace(&mut self.next, if is_enough { Next::End } else { next.clone() });
        self.there.note(&past.messages);
        self.is_whole = next == Next::End;
        self.pages.push(Page { cursor, messages: Some(past.messages) });
        if let Some(given_up) = self.pages.len().checked_sub(KEPT + 1).filter(|index| *index > 0) {
            self.pages[given_up].messages = None;
        }
    }
}

impl Thread {
    pub(super) fn since(since: i64) -> Self {
        Self { since, messages: Vec::new(), next: Next::First }
    }

    pub(super) fn add(&mut self, past: Past, root: &RemoteMessageId) {
        let answers = past.messages.into_iter().filter(|message| id_of(message) != Some(root));
        self.messages.extend(answers);
        self.next = Next::of(past.next);
    }
}

impl There {
    pub(super) fn note<'a>(&mut self, messages: impl IntoIterator<Item = &'a PastMessage>) {
        for message in messages {
            let at = message.event.at;
            self.oldest = Some(self.oldest.map_or(at, |oldest| oldest.min(at)));
            self.note_newest(message);
            if let Some(id) = id_of(message) {
                self.ids.insert(id.clone());
                self.answers.insert(id.clone(), message.answers);
            }
        }
    }

    fn note_newest(&mut self, message: &PastMessage) {
        let moments =
            [Some(message.event.at), message.answered_at, message.edit.as_ref().map(|edit| edit.at)];
        self.newest = moments.into_iter().flatten().fold(self.newest, i64::max);
    }

    /// Notes what was read of a thread.
    pub(super) fn note_thread(&mut self, root: &RemoteMessageId, thread: &Thread) {
        for message in &thread.messages {
            self.note_newest(message);
            self.ids.extend(id_of(message).cloned());
        }
        self.threads.insert(root.clone(), thread.since);
    }
}

/// The message that something of the past is about.
pub(super) fn id_of(message: &PastMessage) -> Option<&RemoteMessageId> {
    match &message.event.kind {
        RemoteKind::Message { id, .. } | RemoteKind::Delete { id, .. } => Some(id),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{RemoteEvent, Scope, Sender};
    use crate::id::DedupKey;

    fn page(at: i64, next: Option<&str>) -> Past {
        let kind = RemoteKind::Delete { id: RemoteMessageId::new(at.to_string()), is_tombstone: false };
        let event = RemoteEvent::new(Scope::Network, Sender::Network, at, DedupKey::new(""), kind);
        let message =
            PastMessage { event, position: at.to_string(), edit: None, answered_at: None, answers: 0 };
        Past { messages: vec![message], unreadable: Vec::new(), next: next.map(str::to_owned) }
    }

    #[test]
    fn of_many_pages_the_newest_and_the_oldest_are_kept() {
        let mut reading = Reading::begin(100, 1, 0, true);
        for number in 0..=i64::try_from(KEPT).unwrap_or_default() + 3 {
            assert_ne!(reading.next, Next::End);
            reading.add_page(page(1_000 - number, Some("more")));
        }
        let kept: Vec<bool> = reading.pages.iter().map(|page| page.messages.is_some()).collect();
        let mut expected = vec![true; KEPT + 4];
        expected[1..4].fill(false);
        assert_eq!(kept, expected);
        assert_eq!(
            (&reading.pages[0].cursor, reading.pages[1].cursor.cursor()),
            (&Next::First, Some("more"))
        );
        assert_eq!(reading.there.oldest, Some(1_000 - 13));
        reading.add_page(page(99, Some("more")));
        assert_eq!(reading.next, Next::End, "it reaches back beyond the cut");
        assert_eq!(reading.there.oldest, Some(99));
    }

    #[test]
    fn a_last_page_reaches_back_to_the_beginning() {
        let mut reading = Reading::begin(100, 1, 0, true);
        reading.add_page(page(1_000, Some("more")));
        assert!(!reading.is_whole && reading.next != Next::End);
        reading.add_page(Past::default());
        assert!(reading.is_whole && reading.next == Next::End);
    }
}
