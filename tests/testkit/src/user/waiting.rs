//! Waiting for what the session receives, and telling what came instead.
use std::fmt::Write as _;
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::anyhow;
use reqwest::Method;
use serde_json::Value;

use super::seen::Seen;
use super::{ApiError, Event, Invite, Receipt, User};
use crate::Result;

/// The longest single `/sync`; a wait is made of several.
const LONG_POLL: Duration = Duration::from_secs(5);

/// How many of the last events stand in a failure's text.
const SHOWN: usize = 25;

/// Asks for so much that no timeline of a test has a gap.
const FILTER: &str = "%7B%22room%22%3A%7B%22timeline%22%3A%7B%22limit%22%3A1000%7D%7D%7D";

impl User {
    /// Waits until the room has an event that fits; answers the first such event since the login. `what` completes
    /// "waited for …" in the failure's text.
    pub async fn wait_for_event(
        &self,
        room_id: &str,
        what: &str,
        mut predicate: impl FnMut(&Event) -> bool,
    ) -> Result<Event> {
        let found =
            self.wait_until(|seen| seen.of_room(room_id).find(|event| predicate(event)).cloned()).await?;
        found.ok_or_else(|| self.disappointment(what, Some(room_id)))
    }

    /// Waits for a message of somebody else whose text is exactly this.
    pub async fn wait_for_text(&self, room_id: &str, text: &str) -> Result<Event> {
        let what = format!("a message {text:?} of somebody else");
        let fits = |event: &Event| self.is_others_message(event) && event.body() == text;
        self.wait_for_event(room_id, &what, fits).await
    }

    /// Waits for a message of somebody else whose text has this in it.
    pub async fn wait_for_text_with(&self, room_id: &str, part: &str) -> Result<Event> {
        let what = format!("a message of somebody else with {part:?} in it");
        let fits = |event: &Event| self.is_others_message(event) && event.body().contains(part);
        self.wait_for_event(room_id, &what, fits).await
    }

    /// Waits for the redaction of an event.
    pub async fn wait_for_redaction(&self, room_id: &str, target: &str) -> Result<Event> {
        let what = format!("the redaction of {target}");
        let fits = |event: &Event| event.kind == "m.room.redaction" && event.redacts() == Some(target);
        self.wait_for_event(room_id, &what, fits).await
    }

    /// Waits for a reaction of somebody else to an event; answers it.
    pub async fn wait_for_reaction(&self, room_id: &str, target: &str, key: &str) -> Result<Event> {
        let what = format!("a reaction {key} to {target}");
        let fits = |event: &Event| event.sender != self.user_id() && event.reaction() == Some((target, key));
        self.wait_for_event(room_id, &what, fits).await
    }

    /// Waits for an edit of an event.
    pub async fn wait_for_edit(&self, room_id: &str, target: &str) -> Result<Event> {
        let what = format!("an edit of {target}");
        self.wait_for_event(room_id, &what, |event| event.replaces() == Some(target)).await
    }

    /// Waits until a user has this membership in a room.
    pub async fn wait_for_membership(&self, room_id: &str, user_id: &str, membership: &str) -> Result<Event> {
        let found = self.wait_until(|seen| {
            let is_about =
                |event: &&Event| event.state_key.as_deref() == Some(user_id) && event.membership().is_some();
            seen.of_room(room_id)
                .rfind(is_about)
                .filter(|event| event.membership() == Some(membership))
                .cloned()
        });
        let what = format!("{user_id} to have the membership {membership}");
        found.await?.ok_or_else(|| self.disappointment(&what, Some(room_id)))
    }

    /// Waits for an invitation that fits.
    pub async fn wait_for_invite(&self, mut predicate: impl FnMut(&Invite) -> bool) -> Result<Invite> {
        let found =
            self.wait_until(|seen| seen.invites.iter().find(|invite| predicate(invite)).cloned()).await?;
        found.ok_or_else(|| self.disappointment("a fitting invitation", None))
    }

    /// Waits for an invitation from this user, accepts it, and answers the room's id.
    pub async fn join_invite_of(&self, sender: &str) -> Result<String> {
        let joined = self.rooms().await?;
        let invite = self
            .wait_for_invite(|invite| invite.sender == sender && !joined.contains(&invite.room_id))
            .await?;
        self.join(&invite.room_id).await
    }

    /// Waits until somebody is seen typing in a room.
    pub async fn wait_for_typing(&self, room_id: &str, user_id: &str) -> Result<()> {
        let found = self.wait_until(|seen| {
            let in_room = |(room, users): &&(String, Vec<String>)| {
                room == room_id && users.iter().any(|id| id == user_id)
            };
            seen.typing.iter().find(in_room).map(drop)
        });
        found.await?.ok_or_else(|| self.disappointment(&format!("{user_id} to type"), Some(room_id)))
    }

    /// Waits until somebody has read an event.
    pub async fn wait_for_receipt(&self, room_id: &str, user_id: &str, event_id: &str) -> Result<Receipt> {
        let found = self.wait_until(|seen| {
            let is_it = |receipt: &&Receipt| {
                receipt.room_id == room_id && receipt.user_id == user_id && receipt.event_id == event_id
            };
            seen.receipts.iter().find(is_it).cloned()
        });
        let what = format!("{user_id} to read {event_id}");
        found.await?.ok_or_else(|| self.disappointment(&what, Some(room_id)))
    }

    /// Everything received of a room so far, after one more look.
    pub async fn seen(&self, room_id: &str) -> Result<Vec<Event>> {
        self.sync(Duration::ZERO, |_| false).await?;
        Ok(self.lock_seen().of_room(room_id).cloned().collect())
    }

    /// The invitations received so far, after one more look.
    pub async fn invites(&self) -> Result<Vec<Invite>> {
        self.sync(Duration::ZERO, |_| false).await?;
        Ok(self.lock_seen().invites.clone())
    }

    fn is_others_message(&self, event: &Event) -> bool {
        event.kind == "m.room.message" && event.sender != self.user_id()
    }

    /// Syncs until `find` finds something, or patience ends (`None`).
    async fn wait_until<T>(&self, mut find: impl FnMut(&Seen) -> Option<T>) -> Result<Option<T>> {
        let started = Instant::now();
        loop {
            if let Some(found) = find(&self.lock_seen()) {
                return Ok(Some(found));
            }
            let left = self.patience.saturating_sub(started.elapsed());
            let synced = self.sync(left.min(LONG_POLL), |seen| find(seen).is_some()).await;
            if left.is_zero() {
                return Ok(find(&self.lock_seen()));
            }
            if let Err(error) = synced {
                // A refusal stays one; a server that is away may come back.
                if error.downcast_ref::<ApiError>().is_some_and(|refusal| refusal.status == 401) {
                    return Err(error);
                }
                tokio::time::sleep(crate::wait::POLL_INTERVAL).await;
            }
        }
    }

    /// One `/sync`, unless somebody else's sync has meanwhile brought what is wanted.
    async fn sync(&self, timeout: Duration, mut is_there: impl FnMut(&Seen) -> bool) -> Result<()> {
        let mut since = self.session.since.lock().await;
        if is_there(&self.lock_seen()) {
            return Ok(());
        }
        let position = since.as_ref().map(|since| format!("&since={since}")).unwrap_or_default();
        let millis = timeout.as_millis();
        let path = format!("/_matrix/client/v3/sync?filter={FILTER}&timeout={millis}{position}");
        let asked =
            tokio::time::timeout(timeout + Duration::from_secs(30), self.request(Method::GET, &path, None));
        let answer = asked.await.map_err(|_| anyhow!("/sync did not come back"))??;
        self.lock_seen().take(self.user_id(), &answer);
        *since = answer["next_batch"].as_str().map(str::to_owned);
        Ok(())
    }

    fn lock_seen(&self) -> MutexGuard<'_, Seen> {
        self.session.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn disappointment(&self, what: &str, room_id: Option<&str>) -> anyhow::Error {
        let seen = self.lock_seen();
        let mut text = format!("{} waited {:?} for {what}, in vain. ", self.user_id(), self.patience);
        let lines: Vec<String> = match room_id {
            Some(room_id) => seen.of_room(room_id).map(Event::summary).collect(),
            None => seen.invites.iter().map(invite_line).collect(),
        };
        let _ = match room_id {
            Some(room_id) => writeln!(text, "Last of {} events seen in {room_id}:", lines.len()),
            None => writeln!(text, "Invitations seen:"),
        };
        for line in &lines[lines.len().saturating_sub(SHOWN)..] {
            let _ = writeln!(text, "  {line}");
        }
        if let Some(room_id) = room_id
            && let Some((_, users)) = seen.typing.iter().rfind(|(room, _)| room == room_id)
        {
            let _ = writeln!(text, "  typing: {users:?}");
        }
        anyhow!(text)
    }
}

fn invite_line(invite: &Invite) -> String {
    let name: &str = invite.name.as_deref().unwrap_or("no name");
    let kinds: Vec<&str> = invite.state.iter().filter_map(|event: &Value| event["type"].as_str()).collect();
    format!("{} ({name}) from {}, with {kinds:?}", invite.room_id, invite.sender)
}
