//! Compares a message as it stands on the network with what is shown of it.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use serde::{Deserialize, Serialize};

use crate::engine::Bridge;
use crate::engine::supervisor::Live;
use crate::error::JobError;
use crate::event::{RemoteEvent, RemoteKind};
use crate::id::RemoteMessageId;
use crate::network::{Network, PastMessage};

/// Something to be done.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::engine) struct Step {
    pub(super) event: Box<RemoteEvent>,
    /// What tells which of two of the same millisecond comes first.
    position: String,
    pub(super) take: Take,
}

/// What is to be taken over.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) enum Take {
    /// A message, and when it was changed last.
    Message(Option<i64>),
    /// A change of it, made at this moment.
    Edit(i64),
    /// The reactions to it, in a gap since this moment.
    Reactions(i64),
    /// Anything else.
    Other,
}

impl Step {
    /// To take over what would have been told of, had anybody listened.
    pub(super) fn other(event: RemoteEvent, position: String) -> Self {
        Self { event: Box::new(event), position, take: Take::Other }
    }

    /// The order in which steps are taken: by time, as far as that is known.
    pub(super) fn before(&self, other: &Self) -> std::cmp::Ordering {
        (self.event.at, &self.position).cmp(&(other.event.at, &other.position))
    }

    /// The message that it is about.
    pub(super) fn message_id(&self) -> Option<&RemoteMessageId> {
        match &self.event.kind {
            RemoteKind::Message { id, .. } | RemoteKind::Edit { id, .. } | RemoteKind::Delete { id, .. } => {
                Some(id)
            }
            _ => None,
        }
    }
}

impl<N: Network> Bridge<N> {
    /// What is to be done about a message; nothing where all of it is shown.
    pub(super) async fn compare(
        &self,
        past: &PastMessage,
        since: i64,
        steps: &mut Vec<Step>,
    ) -> Result<(), JobError> {
        let PastMessage { event, position, edit, .. } = past;
        let step = |event: &RemoteEvent, take| Step {
            event: Box::new(event.clone()),
            position: position.clone(),
            take,
        };
        let (id, said) = match &event.kind {
            RemoteKind::Message { id, message } => (id, message),
            RemoteKind::Delete { id, .. } => {
                if !self.store.message_pairs(id).await?.is_empty() {
                    steps.push(step(event, Take::Other));
                }
                return Ok(());
            }
            RemoteKind::Other(_) => return Ok(()),
            _ => {
                if event.at >= since {
                    steps.push(step(event, Take::Other));
                }
                return Ok(());
            }
        };
        let is_shown = !self.store.message_pairs(id).await?.is_empty();
        let edit = edit.as_ref().filter(|edit| edit.at >= since);
        // One that is also shown outside of its thread may be missing there only.
        if said.broadcast && is_shown || !is_shown && event.at >= since {
            steps.push(step(event, Take::Message(edit.map(|edit| edit.at))));
        } else if !is_shown {
            return Ok(());
        }
        if let Some(edit) = edit {
            // Of what is not known to be shown, too: a process that died may have shown it as it was before.
            let kind =
                RemoteKind::Edit { id: id.clone(), revision: edit.revision.clone(), message: said.clone() };
            steps.push(step(&RemoteEvent { at: edit.at, kind, ..event.clone() }, Take::Edit(edit.at)));
        }
        if is_shown {
            steps.push(step(event, Take::Reactions(since)));
        }
        Ok(())
    }

    /// Takes a step; that it has a fault ends nothing else.
    pub(super) async fn try_step(&self, live: &Live<N::Session>, step: &Step) -> Result<(), JobError> {
        let tried = AssertUnwindSafe(Box::pin(self.take_step(live, step))).catch_unwind().await;
        tried.unwrap_or_else(|_| {
            Err(JobError::Park(
                "The program ran into a fault of its own while catching up on this.".to_owned(),
            ))
        })
    }

    pub(in crate::engine) async fn take_step(
        &self,
        live: &Live<N::Session>,
        step: &Step,
    ) -> Result<(), JobError> {
        let event = &step.event;
        if let (Take::Reactions(since), RemoteKind::Message { id, message }) = (step.take, &event.kind) {
            return self.settle_reactions(live, event, id, message, since).await;
        }
        let closing = self.take_over(live, event).await?;
        if !closing.pairs.is_empty() {
            self.store.put_pairs(&closing.pairs).await?;
        }
        if !closing.gone.is_empty() {
            self.store.forget_pairs(&closing.gone).await?;
        }
        Ok(())
    }
}
