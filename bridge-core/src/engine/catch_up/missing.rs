//! Finds what was taken back while nobody listened: what is shown, and not there any more.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::compare::Step;
use super::ms;
use super::reading::{Reading, Thread, id_of};
use crate::engine::Bridge;
use crate::engine::supervisor::Live;
use crate::error::JobError;
use crate::event::{RemoteEvent, RemoteKind, Scope, Sender};
use crate::id::{DedupKey, RemoteMessageId};
use crate::network::{Network, Session, Stretch};
use crate::store::message::MessageRow;

/// Messages that may have been taken back, of which each is asked for.
const MOST_ASKED: usize = 50;
/// Threads that begin behind all pages and are looked at for answers: those that were answered last.
const MOST_BEHIND: usize = 10;
/// How long before the cut such a thread may have been answered last.
const THREADS_LIVE: Duration = Duration::from_hours(24 * 7);
/// Threads with fewer answers than are shown, which are read in whole.
const MOST_COMPARED: usize = 10;
/// What stood before the oldest message that is left is looked for so far back: networks forget what is older by rules of
/// their own, and that is not taken back.
const REMEMBERED: Duration = Duration::from_hours(24);

impl<N: Network> Bridge<N> {
    /// The threads that begin behind all pages and may have been answered.
    pub(super) async fn threads_behind(
        &self,
        stretch: &Stretch<'_>,
        reading: &Reading,
    ) -> Result<Vec<RemoteMessageId>, JobError> {
        let from = stretch.since.saturating_sub(ms(THREADS_LIVE));
        let recent = self.store.threads_since(stretch.chat, from).await?;
        Ok(recent.into_iter().filter(|root| !reading.there.ids.contains(root)).take(MOST_BEHIND).collect())
    }

    /// Removes what is shown and not there any more; the network is asked once more before it goes.
    pub(super) async fn remove_missing(
        &self,
        live: &Live<N::Session>,
        stretch: &Stretch<'_>,
        reading: &mut Reading,
    ) -> Result<(), JobError> {
        self.remove_half_shown(live, stretch, reading).await?;
        let suspects = self.missing(live, stretch, reading).await?;
        if suspects.len() > MOST_ASKED {
            tracing::warn!(chat = %stretch.chat.chat_id, "too much is missing in a chat to remove all of it");
        }
        for row in suspects.into_iter().take(MOST_ASKED) {
            if reading.asked.contains(&row.message_id) {
                continue;
            }
            if live.session.message(stretch.chat, &row.message_id).await?.is_some() {
                reading.asked.insert(row.message_id);
                continue;
            }
            let kind = RemoteKind::Delete { id: row.message_id, is_tombstone: false };
            let (scope, dedup) = (Scope::Chat(stretch.chat.clone()), DedupKey::new(""));
            let event = RemoteEvent::new(scope, Sender::Network, row.sent_at, dedup, kind);
            let step = Step::other(event, String::new());
            self.take_surely(live, stretch.chat, step, reading.begun_at).await?;
        }
        Ok(())
    }

    /// Of what a process showed before it died the last event may have no pair. If its message was taken back since, it is
    /// found by being shown once more under the same key, and goes.
    async fn remove_half_shown(
        &self,
        live: &Live<N::Session>,
        stretch: &Stretch<'_>,
        reading: &mut Reading,
    ) -> Result<(), JobError> {
        for step in std::mem::take(&mut reading.half_shown) {
            let Some(id) = step.message_id().cloned() else { continue };
            if !self.store.message_pairs(&id).await?.is_empty() {
                continue;
            }
            if !reading.there.ids.contains(&id) && live.session.message(stretch.chat, &id).await?.is_none() {
                let kind = RemoteKind::Delete { id, is_tombstone: false };
                let gone = RemoteEvent { kind, ..(*step.event).clone() };
                self.take_surely(live, stretch.chat, step, reading.begun_at).await?;
                let gone = Step::other(gone, String::new());
                self.take_surely(live, stretch.chat, gone, reading.begun_at).await?;
            }
            // What comes behind it was not shown.
            break;
        }
        Ok(())
    }

    /// What is shown and was not among what was read.
    async fn missing(
        &self,
        live: &Live<N::Session>,
        stretch: &Stretch<'_>,
        reading: &mut Reading,
    ) -> Result<Vec<Shown>, JobError> {
        let from = match (reading.there.oldest, reading.is_whole) {
            (oldest, true) => oldest.unwrap_or(i64::MAX).min(reading.begun_at.saturating_sub(ms(REMEMBERED))),
            (Some(oldest), false) => oldest,
            (None, false) => return Ok(Vec::new()),
        };
        let mut found = Found::default();
        self.store.each_pair_since(stretch.chat, from, |row| found.take(row, &reading.there.ids)).await?;
        let Found { mut suspects, threads } = found;
        let mut compared = 0;
        for (root, Answers { shown, absent, .. }) in threads {
            let read_since = reading.there.threads.get(&root).copied().unwrap_or(i64::MAX);
            let (gone, mut rest): (Vec<_>, Vec<_>) =
                absent.into_iter().partition(|answer| answer.sent_at >= read_since);
            let left = shown.saturating_sub(gone.len());
            suspects.extend(gone);
            let is_short = reading.there.answers.get(&root).is_some_and(|there| *there < left);
            if is_short && compared < MOST_COMPARED {
                compared += 1;
                let thread = reading.threads.entry(root.clone()).or_insert_with(|| Thread::since(0));
                self.read_thread(live, stretch, &root, thread).await?;
                rest.retain(|row| {
                    thread.messages.iter().all(|answer| id_of(answer) != Some(&row.message_id))
                });
                suspects.extend(rest);
            }
        }
        suspects.sort_by(|a, b| (a.sent_at, &a.message_id).cmp(&(b.sent_at, &b.message_id)));
        Ok(suspects)
    }
}

/// A message that is shown.
struct Shown {
    message_id: RemoteMessageId,
    sent_at: i64,
}

/// What is shown from a moment on.
#[derive(Default)]
struct Found {
    /// In the chat itself, and not among what was read: no more than are looked at, and one.
    suspects: Vec<Shown>,
    threads: HashMap<RemoteMessageId, Answers>,
}

/// The answers of a thread that are shown.
#[derive(Default)]
struct Answers {
    /// How many; one of several parts may count twice.
    shown: usize,
    /// Those that were not among what was read.
    absent: Vec<Shown>,
    last: Option<RemoteMessageId>,
}

impl Found {
    /// Takes one of a message's pairs; `there` is what was read.
    fn take(&mut self, row: MessageRow, there: &HashSet<RemoteMessageId>) {
        if !row.has_event() {
            return;
        }
        let MessageRow { message_id, sent_at, thread_root, .. } = row;
        let is_there = there.contains(&message_id);
        let is_known = |known: &[Shown]| known.iter().any(|known| known.message_id == message_id);
        if let Some(root) = thread_root {
            let answers = self.threads.entry(root).or_default();
            if answers.last.as_ref() == Some(&message_id) {
                return;
            }
            answers.shown += 1;
            answers.last = Some(message_id.clone());
            if !is_there && !is_known(&answers.absent) {
                answers.absent.push(Shown { message_id, sent_at });
            }
        } else if self.suspects.len() <= MOST_ASKED && !is_there && !is_known(&self.suspects) {
            self.suspects.push(Shown { message_id, sent_at });
        }
    }
}
