//! What the network delivers late is not taken at its word: how it stands now is asked for, as far as that is not known.

use std::time::Duration;

use super::gap::Look;
use super::ms;
use crate::engine::Bridge;
use crate::engine::members::LONGEST_LIST;
use crate::engine::supervisor::Live;
use crate::error::{JobError, NetworkError};
use crate::event::{MemberChange, RemoteEvent, RemoteKind, Sender};
use crate::id::{ChatKey, RemoteMessageId, RemoteUserId};
use crate::metrics;
use crate::network::{Network, Session};
use crate::queue::{Closing, Job};

/// How far the network's clock may be from ours for one of its moments to count as before one of ours.
const SKEW: Duration = Duration::from_mins(5);

/// Begins the name of the memo of something that happened to a message and overtook whatever else may be told of it.
const OVERTAKEN: &str = "overtaken ";

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
        if let RemoteKind::Member { user_id, .. } = &event.kind
            && is_late
        {
            return self.late_member(live, chat, user_id, event).await;
        }
        let (RemoteKind::Message { id, .. }
        | RemoteKind::Edit { id, .. }
        | RemoteKind::React { id, .. }
        | RemoteKind::Unreact { id, .. }) = &event.kind
        else {
            return Ok(None);
        };
        let is_shown = !self.store.message_pairs(id).await?.is_empty();
        let shows = matches!(event.kind, RemoteKind::Message { .. } | RemoteKind::Edit { .. }) && !is_shown;
        if !(is_late || shows && self.was_overtaken(live, id).await?) {
            return Ok(None);
        }
        match &event.kind {
            RemoteKind::Message { .. } | RemoteKind::Edit { .. } if shows => {
                self.late_message(live, chat, id, event, job).await
            }
            RemoteKind::Edit { revision, .. } => {
                if self.changed_at.get(id).await.is_some_and(|at| at >= event.at) {
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

    /// Notes that something happened to a message that is not shown, or not any more. If news of it are still to come that
    /// would show it, they were overtaken: it is not what they say any more.
    pub(in crate::engine) async fn note_overtaking(
        &self,
        live: &Live<N::Session>,
        id: &RemoteMessageId,
    ) -> Result<(), JobError> {
        Ok(self.store.put_memo(&live.row.login_id, &format!("{OVERTAKEN}{id}"), Some("")).await?)
    }

    async fn was_overtaken(&self, live: &Live<N::Session>, id: &RemoteMessageId) -> Result<bool, JobError> {
        Ok(self.store.memo(&live.row.login_id, &format!("{OVERTAKEN}{id}")).await?.is_some())
    }

    /// Somebody came or went; what they did after that may be known already.
    async fn late_member(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        user_id: &RemoteUserId,
        event: &RemoteEvent,
    ) -> Result<Option<Closing>, JobError> {
        let listed = match live.session.members(chat, LONGEST_LIST).await {
            Ok(listed) if listed.len() < LONGEST_LIST => listed,
            Ok(_) | Err(NetworkError::Rejected(_) | NetworkError::Unsupported(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let change = if listed.contains(user_id) { MemberChange::Joined } else { MemberChange::Left };
        let kind = RemoteKind::Member { user_id: user_id.clone(), change };
        self.take_over(live, &RemoteEvent { kind, ..event.clone() }).await.map(Some)
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
            Ok(Some(_)) => Ok(Stand::Untold),
            Ok(None) => {
                metrics::passed_over("late news of a message that is gone");
                Ok(Stand::Gone)
            }
            Err(NetworkError::Rejected(_) | NetworkError::Unsupported(_) | NetworkError::Malformed(_)) => {
                Ok(Stand::Untold)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A message that was not among what was read: it stands where nobody looked, or it was taken back.
    async fn late_message(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        id: &RemoteMessageId,
        event: &RemoteEvent,
        job: &Job,
    ) -> Result<Option<Closing>, JobError> {
        match self.stand(live, chat, id).await? {
            Stand::Untold => Ok(None),
            Stand::Now(now) => self.take_over(live, &now).await.map(Some),
            Stand::Gone if job.maybe_sent && job.letter_id.is_none() => {
                // A process that died may have shown it, without a record: shown once more under the same key it is found.
                let shown = match self.take_over(live, event).await {
                    Err(error) if !error.is_tried_again() => return Ok(Some(Closing::default())),
                    shown => shown?,
                };
                self.store.put_pairs(&shown.pairs).await?;
                let kind = RemoteKind::Delete { id: id.clone(), is_tombstone: false };
                self.take_over(live, &RemoteEvent { kind, ..event.clone() }).await.map(Some)
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
        if let Some(settled) = self.settled_at.get(id).await
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
                self.settled_at.insert(id.clone(), asked_at).await;
                Ok(Some(Closing::default()))
            }
        }
    }
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
