//! Reads a chat's past back to where it is whole, and carries over what is missing, the oldest first.

use super::compare::{Step, Take};
use super::reading::{Beside, Next, Page, Reading, Thread, id_of};
use crate::engine::Bridge;
use crate::engine::supervisor::Live;
use crate::error::JobError;
use crate::id::{ChatKey, RemoteMessageId};
use crate::network::{Network, Past, PastMessage, Session, Stretch};

impl<N: Network> Bridge<N> {
    /// Goes on where the last try ended. What has been read stays in `reading`, also with an error.
    pub(super) async fn read_past(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        reading: &mut Reading,
    ) -> Result<(), JobError> {
        let stretch = Stretch { chat, thread: None, since: reading.since };
        while reading.next != Next::End {
            let mut past = live.session.past(&stretch, reading.next.cursor()).await?;
            self.keep_unreadable(live, &stretch, std::mem::take(&mut past.unreadable)).await?;
            reading.add_page(past);
        }
        while let Some(page) = reading.pages.last_mut() {
            if page.messages.is_none() {
                page.messages = Some(live.session.past(&stretch, page.cursor.cursor()).await?.messages);
            }
            self.read_threads(live, &stretch, reading).await?;
            self.show_page(live, &stretch, reading).await?;
            reading.pages.pop();
        }
        self.remove_missing(live, &stretch, reading).await
    }

    /// Reads the threads that begin on the page that is shown next and were answered; with the newest page also those that
    /// begin behind all pages.
    async fn read_threads(
        &self,
        live: &Live<N::Session>,
        stretch: &Stretch<'_>,
        reading: &mut Reading,
    ) -> Result<(), JobError> {
        let messages = reading.pages.last().and_then(|page| page.messages.as_deref()).unwrap_or_default();
        for root in answered(messages, |_| stretch.since) {
            reading.threads.entry(root).or_insert_with(|| Thread::since(stretch.since));
        }
        let is_newest = reading.pages.len() == 1;
        if is_newest && reading.beside == Beside::Nothing {
            for root in self.threads_behind(stretch, reading).await? {
                reading.threads.entry(root).or_insert_with(|| Thread::since(stretch.since));
            }
            reading.beside = Beside::Found;
        }
        for (root, thread) in &mut reading.threads {
            self.read_thread(live, stretch, root, thread).await?;
        }
        if is_newest && reading.beside == Beside::Found {
            self.make_even(live, stretch, reading).await?;
            reading.beside = Beside::Even;
        }
        Ok(())
    }

    /// Reads a thread to its end.
    pub(super) async fn read_thread(
        &self,
        live: &Live<N::Session>,
        stretch: &Stretch<'_>,
        root: &RemoteMessageId,
        thread: &mut Thread,
    ) -> Result<(), JobError> {
        let of_thread = Stretch { thread: Some(root), since: thread.since, ..*stretch };
        while thread.next != Next::End {
            let mut past = live.session.past(&of_thread, thread.next.cursor()).await?;
            self.keep_unreadable(live, stretch, std::mem::take(&mut past.unreadable)).await?;
            thread.add(past, root);
        }
        Ok(())
    }

    /// The threads are read after the newest page: what was said in the chat and in other threads before the last of their
    /// answers comes before it, and is looked for once more.
    async fn make_even(
        &self,
        live: &Live<N::Session>,
        stretch: &Stretch<'_>,
        reading: &mut Reading,
    ) -> Result<(), JobError> {
        let Reading { pages, threads, there, .. } = reading;
        let Some(Page { messages: Some(page), .. }) = pages.last_mut() else { return Ok(()) };
        let last_answer = threads.values().flat_map(|thread| &thread.messages).map(moment).max();
        let newest = page.iter().map(moment).max();
        let Some(last_answer) = last_answer.filter(|last| newest.as_ref().is_none_or(|newest| last > newest))
        else {
            return Ok(());
        };
        let Past { messages, .. } = live.session.past(stretch, None).await?;
        let read_until = |root: &RemoteMessageId| {
            let answers = threads.get(root).into_iter().flat_map(|thread| &thread.messages);
            answers.map(|answer| answer.event.at + 1).max().unwrap_or(stretch.since)
        };
        for root in answered(&messages, read_until) {
            let mut thread = Thread::since(stretch.since);
            self.read_thread(live, stretch, &root, &mut thread).await?;
            thread.messages.retain(|answer| moment(answer) <= last_answer);
            threads.insert(root, thread);
        }
        let is_between = |message: &PastMessage| {
            let at = moment(message);
            newest.as_ref().is_none_or(|newest| at > *newest) && at < last_answer
        };
        let between: Vec<PastMessage> = messages.into_iter().filter(is_between).collect();
        there.note(&between);
        page.extend(between);
        Ok(())
    }

    /// Carries over what is missing of a page and of the threads that were read with it, in the order of time.
    async fn show_page(
        &self,
        live: &Live<N::Session>,
        stretch: &Stretch<'_>,
        reading: &mut Reading,
    ) -> Result<(), JobError> {
        let mut steps: Vec<Step> = Vec::new();
        let page = reading.pages.last().and_then(|page| page.messages.as_deref()).unwrap_or_default();
        let answers = reading.threads.values().flat_map(|thread| &thread.messages);
        for message in page.iter().chain(answers) {
            self.compare(message, stretch.since, &mut steps).await?;
        }
        steps.sort_by(Step::before);
        let is_new = steps.iter().any(|step| matches!(step.take, Take::Message(_)));
        if is_new {
            self.note_showing(live, stretch.chat, &steps).await?;
        }
        for step in steps {
            self.take_surely(live, stretch.chat, step, reading.begun_at).await?;
        }
        if is_new {
            self.note_showing(live, stretch.chat, &[]).await?;
        }
        for (root, thread) in reading.threads.drain() {
            reading.there.note_thread(&root, &thread);
        }
        Ok(())
    }

    /// Takes a step. One that cannot be taken is kept for the operator, and ends nothing else.
    pub(super) async fn take_surely(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        step: Step,
        read_at: i64,
    ) -> Result<(), JobError> {
        match self.try_step(live, &step).await {
            Err(error) if error.is_tried_again() => Err(error),
            Err(error) => {
                tracing::warn!(chat = %chat.chat_id, %error, "something that was missed cannot be shown");
                self.keep_step(live, chat, &step).await
            }
            Ok(()) => {
                self.note_settled(&step, read_at);
                Ok(())
            }
        }
    }

    /// What is known of a message now counts for what comes late about it.
    fn note_settled(&self, step: &Step, read_at: i64) {
        if let Take::Edit(at) | Take::Message(Some(at)) = step.take
            && let Some(id) = step.message_id()
        {
            self.note_change(id, at);
        }
        if let Some(id) = step.message_id() {
            self.settled_at.insert(id.clone(), read_at);
        }
    }
}

/// The moment of a message, which no other of its chat has.
fn moment(message: &PastMessage) -> (i64, String) {
    (message.event.at, message.position.clone())
}

/// The messages whose threads have answers from a moment on.
fn answered(messages: &[PastMessage], since: impl Fn(&RemoteMessageId) -> i64) -> Vec<RemoteMessageId> {
    let has_answers = |message: &&PastMessage| {
        let root = id_of(message);
        root.is_some_and(|root| message.answered_at.is_some_and(|at| at >= since(root)))
    };
    messages.iter().filter(has_answers).filter_map(id_of).cloned().collect()
}
