//! Carries remote events over to Matrix; one file per kind that needs one.

mod chat;
mod command;
mod delete;
mod edit;
mod left;
mod lookup;
mod member;
mod message;
mod outside;
mod pins;
mod reaction;
mod relation;

use super::Bridge;
use super::catch_up;
use super::ghost::called;
use super::supervisor::Live;
use crate::error::{JobError, NetworkError};
use crate::event::{RemoteEvent, RemoteKind, Scope};
use crate::id::ChatKey;
use crate::metrics;
use crate::network::{Network, Session};
use crate::queue::{Closing, Job};

/// From this many failed tries on it is asked whether the portal's room is still there.
const ROOM_DOUBTED_FROM: u32 = 3;

impl<N: Network> Bridge<N> {
    pub(super) async fn handle_remote(&self, job: &Job) -> Result<Closing, JobError> {
        let Some(login_id) = &job.login_id else {
            return Err(JobError::Park("The event names no login.".to_owned()));
        };
        let Some(live) = self.logins.live(login_id) else {
            if self.store.login_owner(login_id).await?.is_some() {
                return Err(JobError::Retry("its login could not be started".to_owned()));
            }
            // Whoever logged out wants nothing more of that network.
            metrics::passed_over("login gone");
            return Ok(Closing::default());
        };
        let (done, scope) = if let Some(chat) = called::chat_of(&job.payload) {
            (self.call_anew(&live, &chat).await, Scope::Chat(chat))
        } else if let Some(chat) = catch_up::chat_of(&job.payload) {
            let done = Box::pin(self.catch_up(&live, &chat, None)).await;
            (done.map(|()| Closing::default()), Scope::Chat(chat))
        } else if let Some(step) = catch_up::step_of(&job.payload) {
            let done = Box::pin(self.take_step(&live, &step)).await;
            (done.map(|()| Closing::default()), Scope::Network)
        } else {
            let event: RemoteEvent = self.network.decode(login_id, &job.payload)?;
            (self.take_over_in_order(&live, &event, job).await, event.scope)
        };
        let done = match (done, &scope) {
            (Err(error), Scope::Chat(chat)) if is_doubted(&error, job.attempts) => {
                Err(self.doubt_room(chat, error).await)
            }
            (Ok(done), Scope::Chat(chat)) => {
                self.missing_rooms.found(chat);
                Ok(done)
            }
            (done, _) => done,
        };
        if let (Some(chat), done) = (catch_up::chat_of(&job.payload), done.as_ref().map(drop)) {
            Self::end_turn(&live, &chat, done);
        }
        done
    }

    /// The conduwuit family answers for a room that was deleted as for a fault of its own, so the lane would try for
    /// ever; others refuse, in words that help nobody. Where the homeserver says that the bot is not in the room, nothing in
    /// it can succeed.
    async fn doubt_room(&self, chat: &ChatKey, error: JobError) -> JobError {
        let Ok(Some(portal)) = self.known_portal(chat).await else { return error };
        match (self.app.bot().joined_rooms().await, portal.room_id.as_deref()) {
            (Ok(rooms), Some(room)) if rooms.iter().all(|joined| joined.as_str() != room) => {
                self.missing_rooms.missed(chat);
                JobError::Park(format!(
                    "The chat's room {room} does not exist any more, or the bot was removed from it, so nothing can be \
                     shown there. Invite the bot again if the room is still there. If the homeserver lost its rooms for \
                     good, stop the program and call `rebuild --new-rooms`; then try this letter again."
                ))
            }
            _ => error,
        }
    }

    /// Carries an event over, after what was missed in its chat before it.
    async fn take_over_in_order(
        &self,
        live: &Live<N::Session>,
        event: &RemoteEvent,
        job: &Job,
    ) -> Result<Closing, JobError> {
        if let Scope::Chat(chat) = &event.scope {
            Box::pin(self.catch_up(live, chat, Some(job.accepted_at))).await?;
            if let Some(closing) = Box::pin(self.take_over_late(live, chat, event, job)).await? {
                return Ok(closing);
            }
        }
        self.take_over(live, event).await
    }

    pub(super) async fn take_over(
        &self,
        live: &Live<N::Session>,
        event: &RemoteEvent,
    ) -> Result<Closing, JobError> {
        let taken = Box::pin(self.take_over_kind(live, event)).await;
        metrics::carried(&event.kind, taken.is_ok());
        if taken.is_ok() {
            live.context.note_came();
        }
        taken
    }

    async fn take_over_kind(
        &self,
        live: &Live<N::Session>,
        event: &RemoteEvent,
    ) -> Result<Closing, JobError> {
        match &event.kind {
            RemoteKind::Message { id, message } => self.remote_message(live, event, id, message).await,
            RemoteKind::Edit { id, revision, message } => {
                self.remote_edit(live, event, id, revision, message).await
            }
            RemoteKind::Delete { id, is_tombstone } => {
                self.remote_delete(live, event, id, *is_tombstone).await
            }
            RemoteKind::React { id, emoji } => self.remote_reaction(live, event, id, emoji, true).await,
            RemoteKind::Unreact { id, emoji } => self.remote_reaction(live, event, id, emoji, false).await,
            RemoteKind::Member { user_id, change } => self.remote_member(live, event, user_id, *change).await,
            RemoteKind::Pins => self.remote_pins(live, event).await,
            RemoteKind::Moved(to) => self.remote_moved(live, event, to).await,
            RemoteKind::Command { line, answer_to } => {
                self.remote_command(live, event, line, answer_to).await
            }
            RemoteKind::Left => self.remote_left(event).await,
            RemoteKind::ChatInfo => self.remote_chat_info(live, event, None).await,
            RemoteKind::Archived(is_so) => self.remote_chat_info(live, event, Some(*is_so)).await,
            RemoteKind::Deleted => self.remote_deleted(live, event).await,
            RemoteKind::UserInfo(user) => {
                self.refresh_ghost(live, user).await?;
                Ok(Closing::default())
            }
            RemoteKind::Credentials => {
                match live.session.check().await {
                    Err(error @ NetworkError::BadCredentials(_)) => self.note_refusal(live, &error).await,
                    other => other?,
                }
                Ok(Closing::default())
            }
            RemoteKind::Joined => self.remote_let_in(live, event).await,
            RemoteKind::Other(name) => {
                metrics::passed_over(name);
                Ok(Closing::default())
            }
        }
    }
}

/// Whether it may be the room that is to blame: what is refused is never tried again, so it is looked at once.
fn is_doubted(error: &JobError, attempts: u32) -> bool {
    match error {
        JobError::Retry(_) => attempts >= ROOM_DOUBTED_FROM,
        JobError::Reject(_) | JobError::Park(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod shown;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod told_again;
