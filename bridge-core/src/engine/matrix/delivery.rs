//! Hands a Matrix event to the session that speaks for its sender.

use super::super::Bridge;
use super::super::bridge::room_id;
use super::super::relay::Voice;
use super::super::supervisor::Live;
use super::room_info::closed;
use super::{Incoming, edit};
use crate::error::{JobError, NetworkError};
use crate::event::{MatrixEvent, MatrixKind};
use crate::id::{ChatKey, DedupKey, PartId, RemoteMessageId};
use crate::metrics;
use crate::network::{Network, SentPart, Session};
use crate::queue::Job;
use crate::store::message::MessageRow;
use crate::store::portal::PortalRow;

/// What became of an event.
pub(super) struct Delivered {
    /// All remote messages that it is now.
    pub(super) parts: Vec<SentPart>,
    /// Whether this try certainly sent something that no earlier one had.
    pub(super) is_new: bool,
}

impl<N: Network> Bridge<N> {
    /// Who speaks for the sender of an event.
    pub(super) async fn voice_of(
        &self,
        event: &Incoming,
        portal: &PortalRow,
    ) -> Result<Voice<N::Session>, JobError> {
        self.voice(room_id(&event.room_id)?, &event.sender, &portal.login_id).await
    }

    /// Carries an event out. One that may have been sent before is looked for first. Where the network does not take its
    /// files, addresses go in their place, if there are any.
    pub(super) async fn deliver(
        &self,
        job: &Job,
        event: &Incoming,
        chat: &ChatKey,
        voice: Voice<N::Session>,
        kind: MatrixKind,
    ) -> Result<Delivered, JobError> {
        let Voice { live, speaker } = voice;
        let marker = DedupKey::new(event.event_id.as_str());
        let outgoing = MatrixEvent::new(chat.clone(), speaker, event.origin_server_ts, marker, kind);
        let linked = self.kind_with_links(event, &outgoing.kind);
        let linked = linked.map(|kind| MatrixEvent { kind, ..outgoing.clone() });
        if let Some(linked) = linked.as_ref().filter(|_| job.maybe_sent) {
            let found = find_sent(&live.session, linked).await?;
            // What stands behind the first message may be of the file as well.
            if found.iter().any(|part| part.part == PartId::first()) {
                return Ok(self.send(event, &live, linked, found).await?);
            }
        }
        let done = if job.maybe_sent { find_sent(&live.session, &outgoing).await? } else { Vec::new() };
        if done.is_empty() {
            Box::pin(self.refuse_if_closed(job, chat)).await?;
        }
        let is_whole = done.is_empty();
        match (self.send(event, &live, &outgoing, done).await, linked) {
            (Err(Undelivered::File(_)), Some(linked)) if is_whole => {
                Ok(self.send(event, &live, &linked, Vec::new()).await?)
            }
            (sent, _) => Ok(sent?),
        }
    }

    /// Sends what is not `found` of an event.
    async fn send(
        &self,
        event: &Incoming,
        live: &Live<N::Session>,
        outgoing: &MatrixEvent,
        found: Vec<SentPart>,
    ) -> Result<Delivered, Undelivered> {
        let sent = live.session.send(outgoing, found.clone()).await;
        metrics::carried(&outgoing.kind, sent.is_ok());
        match sent {
            Ok(parts) => {
                live.context.note_went();
                // Of anything but a message the answer does not tell whether this try did it.
                let is_message = matches!(outgoing.kind, MatrixKind::Message(_));
                Ok(Delivered { is_new: is_message && parts.len() > found.len(), parts })
            }
            Err(NetworkError::FileRefused(why)) if found.is_empty() => Err(Undelivered::File(why)),
            Err(error) => {
                self.note_refusal(live, &error).await;
                let error = JobError::from(error);
                if let Some((event_id, root)) = shown_by(event, &outgoing.kind)
                    && !found.is_empty()
                    && !error.is_tried_again()
                {
                    // The beginning is there: the notice says so, and edits and deletions have to find it.
                    let pairs = pairs(event, event_id, &outgoing.chat, root, found);
                    self.store.put_pairs(&pairs).await.map_err(JobError::from)?;
                }
                Err(error.into())
            }
        }
    }
}

/// Why an event was not carried out.
enum Undelivered {
    /// The network does not take its file, and nothing was sent.
    File(String),
    /// Anything else.
    Other(JobError),
}

impl From<JobError> for Undelivered {
    fn from(error: JobError) -> Self {
        Self::Other(error)
    }
}

impl From<Undelivered> for JobError {
    fn from(error: Undelivered) -> Self {
        match error {
            Undelivered::File(why) => Self::Reject(why),
            Undelivered::Other(error) => error,
        }
    }
}

/// The event that stands for what is said, and the thread it stands in. A changed message stays the first one's.
fn shown_by<'a>(event: &'a Incoming, kind: &'a MatrixKind) -> Option<(&'a str, Option<&'a RemoteMessageId>)> {
    match kind {
        MatrixKind::Message(message) => Some((&event.event_id, message.thread_root.as_ref())),
        MatrixKind::Edit { message, .. } => {
            Some((edit::target(&event.content)?, message.thread_root.as_ref()))
        }
        _ => None,
    }
}

impl<N: Network> Bridge<N> {
    /// Refuses what the chat does not take. That is known from earlier, so the network is asked once more before.
    async fn refuse_if_closed(&self, job: &Job, chat: &ChatKey) -> Result<(), JobError> {
        let Some(portal) = self.known_portal(chat).await? else { return Ok(()) };
        let Some(why) = closed(&portal.info, N::INFO.name) else { return Ok(()) };
        if let Some(live) = self.logins.live(&portal.login_id)
            && let Some(info) = NetworkError::or_none(live.session.chat_info(chat).await)?
        {
            self.update_portal(&live, &portal, info.clone(), job.dedup.as_str()).await?;
            if closed(&info, N::INFO.name).is_none() {
                return Ok(());
            }
        }
        Err(JobError::Reject(why))
    }
}

/// Looks whether an earlier try got through. Were that refused, sending again could double the message.
async fn find_sent<S: Session>(session: &S, event: &MatrixEvent) -> Result<Vec<SentPart>, JobError> {
    session.find_sent(event).await.map_err(|error| match error {
        NetworkError::Rejected(why) => JobError::Park(format!(
            "It may have been sent before a crash, and the network does not let the bridge look: {why}"
        )),
        other => other.into(),
    })
}

/// The pairs of what an event became.
pub(super) fn pairs(
    event: &Incoming,
    event_id: &str,
    chat: &ChatKey,
    thread_root: Option<&RemoteMessageId>,
    parts: Vec<SentPart>,
) -> Vec<MessageRow> {
    parts
        .into_iter()
        .map(|part| MessageRow {
            message_id: part.id,
            part_id: part.part,
            event_id: event_id.to_owned(),
            chat: chat.clone(),
            sender: event.sender.clone(),
            sent_at: part.at,
            thread_root: thread_root.cloned(),
        })
        .collect()
}
