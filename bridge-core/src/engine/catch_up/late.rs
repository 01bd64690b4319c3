//! What the network delivers late is not taken at its word: how it stands now is asked for, as far as that is not known.

use std::time::Duration;

use super::gap::Look;
use super::ms;
use crate::engine::Bridge;
use crate::engine::supervisor::Live;
use crate::error::{JobError, NetworkError};
use crate::event::{MemberChange, RemoteEvent, RemoteKind, Sender};
use crate::id::{ChatKey, RemoteMessageId};
use crate::metrics;
use crate::network::{Network, Session};
use crate::queue::{Closing, Job};
use crate::store::message::MessageRow;

/// How far the network's clock may be from ours for one of its moments to count as before one of ours.
const SKEW: Duration = Duration::from_mins(5);

/// Begins the name of the memo of something that happened to a message and overtook whatever else may be told of it.
const OVERTAKEN: &str = "overtaken ";
/// The memo of a deletion.
const DELETED: &str = "deleted";

/// By what the news of a message were overtaken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Overtaken {
    /// Its deletion.
    Deleted,
    /// Something else that happened to it.
    Touched,
}

/// What is known of something that came late.
enum Stand {
    /// The message as it is now.
    Now(Box<RemoteEvent>),
    Gone,
    /// The network does not tell.
    Untold,
}

impl<N: Network> Bridge<N> {
    /// Carries over an event that happened before its chat's past was read last; none for any other, which is to be taken as
    /// it is.
    pub(in crate::engine) async fn take_over_late(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        event: &RemoteEvent,
        job: &Job,
    ) -> Result<Option<Closing>, JobError> {
        let look = live.gap.look(chat);
        let is_late = look.is_some_and(|look| job.accepted_at <= look.at || is_old(event, look));
        if let RemoteKind::Member { change, .. } = event.kind
            && is_late
        {
            return self.late_member(live, chat, change, event).await;
        }
        let (RemoteKind::Message { id, .. }
        | RemoteKind::Edit { id, .. }
        | RemoteKind::React { id, .. }
        | RemoteKind::Unreact { id, .. }) = &event.kind
        else {
            return Ok(None);
        };
        let overtaken = self.overtaken(live, id).await?;
        if !is_late && overtaken.is_none() {
            return Ok(None);
        }
        let is_shown = !self.store.message_pairs(id).await?.is_empty();
        match &event.kind {
            RemoteKind::Message { .. } | RemoteKind::Edit { .. } if !is_shown => {
                let may_be_gone = is_late || overtaken == Some(Overtaken::Deleted);
                let shown = self.late_message(live, chat, id, event, job, may_be_gone).await?;
                if let (Some(shown), Some(Overtaken::Touched)) = (&shown, overtaken) {
                    self.pin_if_pinned(live, event, &shown.pairs).await?;
                }
                Ok(shown)
            }
            // An earlier try showed it, and did not come to its pin.
            RemoteKind::Message { .. } if is_repeat(job) && overtaken == Some(Overtaken::Touched) => {
                self.pin_if_pinned(live, event, &[]).await.map(|()| Some(Closing::default()))
            }
            // A process that died had shown it anew, to find it, and had it still to be removed.
            RemoteKind::Message { .. } if job.maybe_sent && overtaken == Some(Overtaken::Deleted) => {
                match self.stand(live, chat, id).await? {
                    Stand::Gone => self.remove(live, id, event).await.map(Some),
                    Stand::Now(_) | Stand::Untold => Ok(None),
                }
            }
            RemoteKind::Edit { revision, .. } => {
                if self.changed_at.get(id).is_some_and(|at| at >= event.at) {
                    return Ok(Some(Closing::default()));
                }
                self.late_edit(live, chat, id, event, revision).await
            }
            RemoteKind::React { .. } | RemoteKind::Unreact { .. } if is_shown => {
                self.late_reaction(live, chat, id, event, job).await
            }
            _ => Ok(None),
        }
    }

    /// Notes that something happened to a message. If other news of it are still to come, they were overtaken: it is not what
    /// they say any more.
    pub(in crate::engine) async fn note_overtaking(
        &self,
        live: &Live<N::Session>,
        id: &RemoteMessageId,
        by: Overtaken,
    ) -> Result<(), JobError> {
        if by == Overtaken::Touched && self.overtaken(live, id).await?.is_some() {
            return Ok(());
        }
        let noted = match by {
            Overtaken::Deleted => DELETED,
            Overtaken::Touched => "",
        };
        Ok(self.store.put_memo(&live.row.login_id, &format!("{OVERTAKEN}{id}"), Some(noted)).await?)
    }

    /// Takes over what is pinned in an event's chat, whose message may have been pinned before it was shown as these pairs. If
    /// that is not told, the message stands all the same.
    async fn pin_if_pinned(
        &self,
        live: &Live<N::Session>,
        event: &RemoteEvent,
        shown: &[MessageRow],
    ) -> Result<(), JobError> {
        self.store.put_pairs(shown).await?;
        let pins = RemoteEvent { kind: RemoteKind::Pins, ..event.clone() };
        match self.take_over(live, &pins).await {
            Err(error) if !error.is_tried_again() => {
                tracing::debug!(%error, "whether a message is pinned is not told");
                Ok(())
            }
            done => done.map(drop),
        }
    }

    async fn overtaken(
        &self,
        live: &Live<N::Session>,
        id: &RemoteMessageId,
    ) -> Result<Option<Overtaken>, JobError> {
        let noted = self.store.memo(&live.row.login_id, &format!("{OVERTAKEN}{id}")).await?;
        Ok(noted.map(|noted| if noted == DELETED { Overtaken::Deleted } else { Overtaken::Touched }))
    }

    /// Somebody came or went; what they did after that may be known already. Whoever came is let in, and whoever is not
    /// among the members goes, in a task beside the lanes.
    async fn late_member(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        change: MemberChange,
        event: &RemoteEvent,
    ) -> Result<Option<Closing>, JobError> {
        if self.known_portal(chat).await?.is_none() {
            return Ok(None);
        }
        if change == MemberChange::Joined {
            self.take_over(live, event).await?;
        }
        self.compare_members(&live.row.login_id, chat).await?;
        Ok(Some(Closing::default()))
    }

    async fn remove(
        &self,
        live: &Live<N::Session>,
        id: &RemoteMessageId,
        event: &RemoteEvent,
    ) -> Result<Closing, JobError> {
        let kind = RemoteKind::Delete { id: id.clone(), is_tombstone: false };
        self.take_over(live, &RemoteEvent { kind, ..event.clone() }).await
    }

    /// How a message stands now.
    async fn stand(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        id: &RemoteMessageId,
    ) -> Result<Stand, JobError> {
        match live.session.message(chat, id).await {
            Ok(Some(now)) if matches!(now.kind, RemoteKind::Message { .. }) => Ok(Stand::Now(Box::new(now))),
            Ok(Some(now)) if !matches!(now.kind, RemoteKind::Delete { .. }) => Ok(Stand::Untold),
            Ok(_) => {
                metrics::passed_over("late news of a message that is gone");
                Ok(Stand::Gone)
            }
            Err(NetworkError::Rejected(_) | NetworkError::Unsupported(_) | NetworkError::Malformed(_)) => {
                Ok(Stand::Untold)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A message that was not among what was read: it stands where nobody looked, or it was taken back. Where nothing but a
    /// reaction overtook it, its deletion is still to come, and that it is not found now is no reason not to show it.
    async fn late_message(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        id: &RemoteMessageId,
        event: &RemoteEvent,
        job: &Job,
        may_be_gone: bool,
    ) -> Result<Option<Closing>, JobError> {
        match self.stand(live, chat, id).await? {
            Stand::Untold => Ok(None),
            Stand::Now(now) => self.take_over(live, &now).await.map(Some),
            Stand::Gone if !may_be_gone => Ok(None),
            Stand::Gone if job.maybe_sent && job.letter_id.is_none() => {
                // A process that died may have shown it, without a record: shown once more under the same key it is found.
                let shown = match self.take_over(live, event).await {
                    Err(error) if !error.is_tried_again() => return Ok(Some(Closing::default())),
                    shown => shown?,
                };
                self.store.put_pairs(&shown.pairs).await?;
                self.remove(live, id, event).await.map(Some)
            }
            Stand::Gone => Ok(Some(Closing::default())),
        }
    }

    async fn late_edit(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        id: &RemoteMessageId,
        event: &RemoteEvent,
        revision: &str,
    ) -> Result<Option<Closing>, JobError> {
        match self.stand(live, chat, id).await? {
            Stand::Untold => Ok(None),
            Stand::Gone => Ok(Some(Closing::default())),
            Stand::Now(now) => {
                let RemoteKind::Message { message, .. } = now.kind else { return Ok(None) };
                let kind = RemoteKind::Edit { id: id.clone(), revision: revision.to_owned(), message };
                self.take_over(live, &RemoteEvent { kind, ..event.clone() }).await.map(Some)
            }
        }
    }

    async fn late_reaction(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        id: &RemoteMessageId,
        event: &RemoteEvent,
        job: &Job,
    ) -> Result<Option<Closing>, JobError> {
        if matches!(event.sender, Sender::Own { .. }) {
            return Ok(None);
        }
        let may_be_shown = job.maybe_sent && matches!(event.kind, RemoteKind::React { .. });
        if may_be_shown {
            // By a process that died without a record of it: set once more under the same key it is found, to be taken back.
            self.take_over(live, event).await?;
        }
        if let Some(settled) = self.settled_at.get(id)
            && !may_be_shown
            && (job.accepted_at <= settled || event.at.saturating_add(ms(SKEW)) <= settled)
        {
            metrics::passed_over("late reaction that is known");
            return Ok(Some(Closing::default()));
        }
        let asked_at = self.store.clock().now_ms();
        match self.stand(live, chat, id).await? {
            Stand::Untold => Ok(None),
            Stand::Gone => Ok(Some(Closing::default())),
            Stand::Now(now) => {
                let RemoteKind::Message { message, .. } = &now.kind else { return Ok(None) };
                self.settle_reactions(live, &now, id, message, event.at).await?;
                self.settled_at.insert(id.clone(), asked_at);
                Ok(Some(Closing::default()))
            }
        }
    }
}

/// Whether an earlier try may have done something.
fn is_repeat(job: &Job) -> bool {
    job.attempts > 0 || job.maybe_sent
}

/// Whether an event happened before a look. A message that was said before another one of the look is told by the network's
/// own clock; of other events nothing but the two clocks tells.
fn is_old(event: &RemoteEvent, look: Look) -> bool {
    match event.kind {
        RemoteKind::Message { .. } => event.at <= look.newest,
        _ => event.at <= look.newest.max(look.at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::Message;
    use crate::event::Scope;
    use crate::id::DedupKey;

    #[test]
    fn a_message_is_late_by_the_clock_of_its_network() {
        let event = |at, kind| RemoteEvent::new(Scope::Network, Sender::Network, at, DedupKey::new(""), kind);
        let id = RemoteMessageId::new("one");
        let message = |at| event(at, RemoteKind::Message { id: id.clone(), message: Message::default() });
        let look = Look { at: 1_000, newest: 500, of: None };
        assert!(is_old(&message(500), look) && !is_old(&message(501), look));
        let deleted = |at| event(at, RemoteKind::Delete { id: id.clone(), is_tombstone: false });
        assert!(is_old(&deleted(1_000), look) && !is_old(&deleted(1_001), look));
    }
}
