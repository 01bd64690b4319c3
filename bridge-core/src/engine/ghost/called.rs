//! Rooms that are called after a person follow that person's new name and picture, each in its chat's own lane.

use crate::engine::Bridge;
use crate::engine::bridge::room_id;
use crate::engine::furnish::MOST_NAMED;
use crate::engine::supervisor::Live;
use crate::error::JobError;
use crate::event::Scope;
use crate::id::{ChatKey, DedupKey, RemoteUserId};
use crate::network::Network;
use crate::queue::{Closing, Lane, NewJob, Source};

/// Begins the payload of such a job. The bridge writes it to itself; no network sees it.
const MARK: &str = "called anew:";

/// The chat whose room is to be called anew, if that is what a job is about.
pub(in crate::engine) fn chat_of(payload: &str) -> Option<ChatKey> {
    serde_json::from_str(payload.strip_prefix(MARK)?).ok()
}

impl<N: Network> Bridge<N> {
    /// Has the rooms called anew that are called after a person. It is asked for before it is noted what the person looks
    /// like: should a crash come between, the change is found again and this is done once more.
    pub(super) async fn call_chats_anew(&self, person: &RemoteUserId) -> Result<(), JobError> {
        let now = self.store.clock().now_ms();
        let mut jobs = Vec::new();
        for portal in self.store.portals_with(person).await? {
            let Ok(chat) = serde_json::to_string(&portal.chat) else { continue };
            jobs.push(NewJob {
                dedup: DedupKey::new(format!("called/{}/{person}/{now}", portal.chat)),
                lane: Lane::of_scope(&Scope::Chat(portal.chat)),
                source: Source::Remote,
                login_id: Some(portal.login_id),
                payload: format!("{MARK}{chat}"),
            });
        }
        if jobs.is_empty() {
            return Ok(());
        }
        let accepted = self.inbox.deliver_all(jobs).await;
        accepted.map(drop).map_err(|error| JobError::Retry(error.to_string()))
    }

    /// Brings a room's name and picture to what the people in its chat look like now.
    pub(in crate::engine) async fn call_anew(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
    ) -> Result<Closing, JobError> {
        let Some(portal) = self.known_portal(chat).await? else { return Ok(Closing::default()) };
        for person in portal.info.others().take(MOST_NAMED) {
            // Whoever asked for this may not have noted the new look yet.
            drop(self.ghost_work.turns.turn(person).await);
        }
        let room = room_id(portal.room_id.as_deref().unwrap_or_default())?;
        self.furnish(live, room, Some(&portal.info), &portal.info).await?;
        Ok(Closing::default())
    }
}
