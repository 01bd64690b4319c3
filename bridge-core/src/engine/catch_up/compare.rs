//! Compares a message as it stands on the network with what is shown of it.

use crate::engine::Bridge;
use crate::engine::supervisor::Live;
use crate::error::JobError;
use crate::event::{RemoteEvent, RemoteKind};
use crate::network::{Network, PastMessage};

/// Something to be done.
pub(super) struct Step {
    event: Box<RemoteEvent>,
    /// What tells which of two of the same millisecond comes first.
    position: String,
    /// Whether only the reactions to the message are to be as they are there.
    is_about_reactions: bool,
}

impl Step {
    /// To take over what would have been told of, had anybody listened.
    pub(super) fn take_over(event: RemoteEvent, position: String) -> Self {
        Self { event: Box::new(event), position, is_about_reactions: false }
    }

    /// The order in which steps are taken: by time, as far as that is known.
    pub(super) fn before(&self, other: &Self) -> std::cmp::Ordering {
        (self.event.at, &self.position).cmp(&(other.event.at, &other.position))
    }
}

impl<N: Network> Bridge<N> {
    /// What is to be done about a message; nothing where all of it is shown.
    pub(super) async fn compare(
        &self,
        message: PastMessage,
        since: i64,
        steps: &mut Vec<Step>,
    ) -> Result<(), JobError> {
        let PastMessage { event, position, edit, .. } = message;
        let id = match &event.kind {
            RemoteKind::Message { id, .. } | RemoteKind::Delete { id, .. } => id.clone(),
            RemoteKind::Other(_) => return Ok(()),
            _ => {
                if event.at >= since {
                    steps.push(Step::take_over(event, position));
                }
                return Ok(());
            }
        };
        let is_shown = !self.store.message_pairs(&id).await?.is_empty();
        match (&event.kind, is_shown) {
            (RemoteKind::Message { message, .. }, true) => {
                if let Some(edit) = edit.filter(|edit| edit.at >= since) {
                    let kind = RemoteKind::Edit { id, revision: edit.revision, message: message.clone() };
                    let edited = RemoteEvent { at: edit.at, kind, ..event.clone() };
                    steps.push(Step::take_over(edited, position.clone()));
                }
                steps.push(Step { event: Box::new(event), position, is_about_reactions: true });
            }
            (RemoteKind::Message { .. }, false) if event.at >= since => {
                steps.push(Step::take_over(event, position));
            }
            (RemoteKind::Delete { .. }, true) => steps.push(Step::take_over(event, position)),
            _ => {}
        }
        Ok(())
    }

    pub(super) async fn take_step(&self, live: &Live<N::Session>, step: Step) -> Result<(), JobError> {
        let event = step.event;
        if step.is_about_reactions {
            let RemoteKind::Message { id, message } = &event.kind else { return Ok(()) };
            return self.settle_reactions(live, &event, id, message).await;
        }
        let closing = self.take_over(live, &event).await?;
        if !closing.pairs.is_empty() {
            self.store.put_pairs(&closing.pairs).await?;
        }
        if !closing.gone.is_empty() {
            self.store.forget_pairs(&closing.gone).await?;
        }
        Ok(())
    }
}
