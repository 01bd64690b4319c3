//! Reads a chat's past back to where it is whole, and carries over what is missing, the oldest first.

use super::compare::Step;
use crate::engine::Bridge;
use crate::engine::supervisor::Live;
use crate::error::JobError;
use crate::event::{RemoteEvent, RemoteKind, Scope, Sender};
use crate::id::{ChatKey, DedupKey, RemoteMessageId};
use crate::metrics;
use crate::network::{Network, Past, PastMessage, Session, Stretch};

/// Pages that are kept while others are read; if there are more, the newer ones are read again.
const KEPT: usize = 10;
/// Messages that may have been taken back, of which each is asked for.
const MOST_ASKED: usize = 50;

/// A page, and what it takes to read it again.
struct Page {
    cursor: Option<String>,
    messages: Option<Vec<PastMessage>>,
}

impl<N: Network> Bridge<N> {
    pub(super) async fn read_past(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        since: i64,
    ) -> Result<(), JobError> {
        let stretch = Stretch { chat, thread: None, since };
        let mut pages: Vec<Page> = Vec::new();
        let mut cursor = None;
        loop {
            let Past { messages, next } = live.session.past(&stretch, cursor.as_deref()).await?;
            let is_enough = messages.iter().any(|message| message.event.at < since);
            pages.push(Page { cursor, messages: Some(messages) });
            if let Some(newer) = pages.len().checked_sub(KEPT + 1) {
                pages[newer].messages = None;
            }
            match next {
                Some(next) if !is_enough => cursor = Some(next),
                _ => break,
            }
        }
        let mut there = There::default();
        for page in pages.into_iter().rev() {
            let messages = match page.messages {
                Some(messages) => messages,
                None => live.session.past(&stretch, page.cursor.as_deref()).await?.messages,
            };
            there.note(&messages);
            self.show_page(live, &stretch, messages).await?;
        }
        self.remove_missing(live, &stretch, &there).await
    }

    /// Carries over what is missing of a page and of the threads that begin on it, in the order of time.
    async fn show_page(
        &self,
        live: &Live<N::Session>,
        stretch: &Stretch<'_>,
        messages: Vec<PastMessage>,
    ) -> Result<(), JobError> {
        let mut steps = Vec::new();
        for message in messages {
            let answered = message.answered_at.is_some_and(|at| at >= stretch.since);
            if let (true, Some(root)) = (answered, id_of(&message)) {
                let root = root.clone();
                self.answers(live, stretch, &root, &mut steps).await?;
            }
            self.compare(message, stretch.since, &mut steps).await?;
        }
        steps.sort_by(Step::before);
        for step in steps {
            match Box::pin(self.take_step(live, step)).await {
                Err(error) if !error.is_tried_again() => {
                    metrics::passed_over("something missed that cannot be shown");
                    tracing::warn!(chat = %stretch.chat.chat_id, %error, "something that was missed cannot be shown");
                }
                done => done?,
            }
        }
        Ok(())
    }

    async fn answers(
        &self,
        live: &Live<N::Session>,
        stretch: &Stretch<'_>,
        root: &RemoteMessageId,
        steps: &mut Vec<Step>,
    ) -> Result<(), JobError> {
        let thread = Stretch { thread: Some(root), ..*stretch };
        let mut cursor = None;
        loop {
            let Past { messages, next } = live.session.past(&thread, cursor.as_deref()).await?;
            for message in messages.into_iter().filter(|message| id_of(message) != Some(root)) {
                self.compare(message, stretch.since, steps).await?;
            }
            match next {
                Some(next) => cursor = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// What is shown and not there any more was taken back meanwhile; the network is asked once more before it goes.
    async fn remove_missing(
        &self,
        live: &Live<N::Session>,
        stretch: &Stretch<'_>,
        there: &There,
    ) -> Result<(), JobError> {
        let (Some(from), Some(to)) = (there.oldest, there.newest) else { return Ok(()) };
        let mut asked = 0;
        let mut last = None;
        for row in self.store.pairs_between(stretch.chat, from, to).await? {
            let is_shown_in_chat = row.thread_root.is_none() && row.event_id.starts_with('$');
            let is_repeated = last.as_ref() == Some(&row.message_id);
            if !is_shown_in_chat || is_repeated || there.ids.contains(&row.message_id) {
                continue;
            }
            last = Some(row.message_id.clone());
            asked += 1;
            if asked > MOST_ASKED {
                tracing::warn!(chat = %stretch.chat.chat_id, "too much is missing in a chat to remove all of it");
                return Ok(());
            }
            if live.session.message(stretch.chat, &row.message_id).await?.is_none() {
                let kind = RemoteKind::Delete { id: row.message_id.clone(), is_tombstone: false };
                let (scope, dedup) = (Scope::Chat(stretch.chat.clone()), DedupKey::new(""));
                let event = RemoteEvent::new(scope, Sender::Network, row.sent_at, dedup, kind);
                self.take_step(live, Step::take_over(event, String::new())).await?;
            }
        }
        Ok(())
    }
}

/// What a chat's past holds.
#[derive(Default)]
struct There {
    ids: std::collections::HashSet<RemoteMessageId>,
    oldest: Option<i64>,
    newest: Option<i64>,
}

impl There {
    fn note(&mut self, messages: &[PastMessage]) {
        for message in messages {
            self.ids.extend(id_of(message).cloned());
            let at = message.event.at;
            self.oldest = Some(self.oldest.map_or(at, |oldest| oldest.min(at)));
            self.newest = Some(self.newest.map_or(at, |newest| newest.max(at)));
        }
    }
}

fn id_of(message: &PastMessage) -> Option<&RemoteMessageId> {
    match &message.event.kind {
        RemoteKind::Message { id, .. } | RemoteKind::Delete { id, .. } => Some(id),
        _ => None,
    }
}
