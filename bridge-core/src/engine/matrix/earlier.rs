//! What was said in a room between a ghost's invitation and its coming: homeservers send it to nobody of ours.

use ruma::api::Direction;
use serde_json::Value;

use super::super::Bridge;
use super::Incoming;
use crate::error::JobError;
use crate::event::Scope;
use crate::id::{ChatKey, DedupKey};
use crate::matrix::Intent;
use crate::network::Network;
use crate::queue::{Lane, NewJob, Source};

/// Events looked at, the newest: an invitation that lies further back is one that was long forgotten.
const LOOKED_AT: u32 = 100;

impl<N: Network> Bridge<N> {
    /// Accepts the messages since the invitation: those from before the ghost came for the chat's lane, those since then,
    /// which come by themselves, behind what the room's lane still has. What came already, or was taken up before, is
    /// known by its id.
    pub(super) async fn take_up_earlier(
        &self,
        invitation: &Incoming,
        ghost: &Intent,
        chat: &ChatKey,
    ) -> Result<(), JobError> {
        let room = super::super::bridge::room_id(&invitation.room_id)?;
        let page = match ghost.messages(room, Direction::Backward, None, LOOKED_AT).await {
            Err(error) if error.is_forbidden() => return Ok(()),
            page => page?,
        };
        let first = Lane::of_scope(&Scope::Chat(chat.clone()));
        let behind = self.lane(&invitation.room_id).await?;
        let mut has_come = false;
        let mut jobs: Vec<NewJob> = Vec::new();
        for event in page.events {
            let Ok(mut event) = serde_json::from_str::<Value>(event.get()) else { continue };
            let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let (id, kind, sender) = (text("event_id"), text("type"), text("sender"));
            if id == invitation.event_id {
                break;
            }
            let is_join = kind == "m.room.member" && event["content"]["membership"] == "join";
            if is_join && self.app.owns(&text("state_key")) {
                // The page goes backwards: all that was met so far came later.
                has_come = true;
                for job in &mut jobs {
                    job.lane = behind.clone();
                }
            }
            let is_said = matches!(kind.as_str(), "m.room.message" | "m.sticker" | "m.room.encrypted");
            if id.is_empty() || !is_said || self.app.owns(&sender) {
                continue;
            }
            event["room_id"] = invitation.room_id.as_str().into();
            jobs.push(NewJob {
                lane: first.clone(),
                source: Source::Matrix,
                login_id: None,
                dedup: DedupKey::new(id),
                payload: event.to_string(),
            });
        }
        if !has_come {
            for job in &mut jobs {
                job.lane = behind.clone();
            }
        }
        jobs.reverse();
        if !jobs.is_empty() {
            let accepted = self.inbox.deliver_all(jobs).await;
            accepted.map_err(|error| JobError::Retry(error.to_string()))?;
        }
        Ok(())
    }
}
