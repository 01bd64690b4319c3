//! An event of a room becomes one job for each instance that wants to hear of it.

use std::sync::Arc;

use bridge_core::config::Level;
use bridge_core::error::JobError;
use bridge_core::failpoint;
use bridge_core::id::DedupKey;
use bridge_core::queue::{Job, NewJob, Source};
use bridge_core::store::StoreError;
use ruma::{RoomId, UserId};
use serde::{Deserialize, Serialize};
use tokio::sync::RwLockReadGuard;

use super::{Host, lane};
use crate::account;
use crate::instance::Instance;
use crate::instance::status::Phase;
use crate::plugin::{Event, Kind, Timer};
use crate::store::kept::{self, KeptRow};
use crate::store::member;

/// What stands in an instance's lane.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Told {
    /// The order of acceptance in the room.
    pub(super) order: i64,
    /// When the event was accepted, in milliseconds since 1970.
    pub(super) accepted_at: i64,
    /// What happened, if it is an event.
    #[serde(default)]
    pub(super) event: Option<Event>,
    /// What is due, if it is a timer.
    #[serde(default)]
    pub(super) timer: Option<Timer>,
}

impl Host {
    /// Works on an event as it came from the homeserver.
    pub(super) async fn fan_out(&self, job: &Job) -> Result<(), JobError> {
        // What is no event has no effect; it was counted when it came in.
        let event: Event = serde_json::from_str(&job.payload).unwrap_or_default();
        let Ok(room) = <&RoomId>::try_from(event.room_id.as_str()) else { return Ok(()) };
        // Who heard it, if that is one account elsewhere; all that are ours hear by the appservice.
        let heard_by = lane::account_of(&job.lane);
        if event.kind() == Kind::Member {
            match heard_by {
                Some(user_id) => self.answer_invitation(room, &event, user_id).await?,
                None => self.note_member(room, &event).await?,
            }
        }
        if self.parts().permissions.level(&event.sender) < Level::Relay
            && !self.parts().app.owns(&event.sender)
        {
            return Ok(());
        }
        let interested = self.interested(&event, heard_by).await?;
        self.hand_on(job, &event, &interested).await
    }

    /// The instances that are to hear of it.
    async fn interested(
        &self,
        event: &Event,
        heard_by: Option<&str>,
    ) -> Result<Vec<Arc<Instance>>, JobError> {
        let mut wanting: Vec<_> =
            self.instances().into_iter().filter(|one| one.descriptor.is_for(event)).collect();
        // Nobody talks to themselves, and to other bots of ours only who wants to.
        let is_ours = event.kind() == Kind::Message && self.account(&event.sender).is_some();
        wanting.retain(|instance| {
            let hears_bots = !is_ours || instance.descriptor.wants.contains(&Kind::Notice);
            hears_bots && instance.row().user_id != event.sender
        });
        // What two ways bring comes to each instance by that of its account.
        wanting.retain(|instance| {
            let user_id = instance.row().user_id;
            heard_by.map_or_else(|| !self.is_outside(&user_id), |account| account == user_id)
        });
        if wanting.is_empty() || heard_by.is_some() {
            return Ok(wanting);
        }
        let present = member::of_room(&self.parts().store, &event.room_id).await.map_err(later)?;
        wanting.retain(|instance| present.contains(&instance.row().user_id));
        Ok(wanting)
    }

    async fn hand_on(&self, job: &Job, event: &Event, interested: &[Arc<Instance>]) -> Result<(), JobError> {
        let mut jobs = Vec::new();
        // Held until the jobs are committed: whoever is being started takes what was kept for it before that.
        let mut gates: Vec<RwLockReadGuard<'_, ()>> = Vec::new();
        let payload = payload(job, event)?;
        for instance in interested {
            gates.push(instance.gate.read().await);
            let instance_id = instance.row().instance_id;
            let dedup = format!("{instance_id}|{}", job.dedup.as_str());
            if instance.status().phase != Phase::Stopped {
                jobs.push(told(&instance_id, &event.room_id, dedup, payload.clone()));
            } else if instance.descriptor.keeps {
                let room_id = event.room_id.clone();
                let row = KeptRow { dedup, room_id, order_id: job.id, payload: payload.clone() };
                self.keep(instance, &row).await?;
            }
        }
        if !jobs.is_empty() {
            failpoint::pass("bot.handing_on");
            let delivered = self.parts().inbox.deliver_all(jobs).await;
            delivered.map_err(|error| JobError::Retry(error.to_string()))?;
            failpoint::pass("bot.handed_on");
        }
        Ok(())
    }

    /// Keeps something for an instance that is stopped.
    pub(super) async fn keep(&self, instance: &Instance, row: &KeptRow) -> Result<(), JobError> {
        let instance_id = instance.row().instance_id;
        let gone = kept::put(&self.parts().store, &instance_id, row).await.map_err(later)?;
        if gone > 0 {
            let text = format!("is stopped, and more came than is kept: {gone} older events were dropped");
            instance.log.write(self.now(), crate::plugin::Severity::Warn, text);
        }
        Ok(())
    }

    /// Takes note of where the accounts are, and answers invitations.
    async fn note_member(&self, room: &RoomId, event: &Event) -> Result<(), JobError> {
        let Some(row) = event.state_key.as_deref().and_then(|user_id| self.account(user_id)) else {
            return self.refuse_stray(room, event).await;
        };
        if row.is_outside() {
            // It hears that itself.
            return Ok(());
        }
        let store = &self.parts().store;
        match event.text("membership") {
            "join" => member::note(store, room.as_str(), &row.user_id, true).await.map_err(later),
            "leave" | "ban" => member::note(store, room.as_str(), &row.user_id, false).await.map_err(later),
            _ => self.answer_invitation(room, event, &row.user_id).await,
        }
    }

    /// Joins if an account was invited by somebody who may, and refuses else.
    async fn answer_invitation(&self, room: &RoomId, event: &Event, user_id: &str) -> Result<(), JobError> {
        if event.text("membership") != "invite" || event.state_key.as_deref() != Some(user_id) {
            return Ok(());
        }
        let (Some(row), Ok(id)) = (self.account(user_id), <&UserId>::try_from(user_id)) else {
            return Ok(());
        };
        let intent = self.intent(id).ok_or_else(|| {
            JobError::Retry("The homeserver of the account that was invited is not connected yet.".to_owned())
        })?;
        if account::accepts(&row, &self.parts().permissions, &event.sender) {
            intent.join(room).await.or_else(gone_is_fine)?;
        } else {
            let why = "Whoever invites this bot needs the right to it; see the host's `permissions`.";
            intent.leave_because(room, why).await.or_else(gone_is_fine)?;
        }
        Ok(())
    }

    /// Refuses invitations of users of ours that are nobody's account.
    async fn refuse_stray(&self, room: &RoomId, event: &Event) -> Result<(), JobError> {
        let invited = event.state_key.as_deref().filter(|_| event.text("membership") == "invite");
        let Some(user_id) = invited.filter(|user_id| self.parts().app.owns(user_id)) else { return Ok(()) };
        let Ok(user_id) = <&UserId>::try_from(user_id) else { return Ok(()) };
        let intent = self.parts().app.intent(user_id);
        intent.leave_because(room, "No bot uses this account.").await.or_else(gone_is_fine)?;
        Ok(())
    }
}

/// An invitation may have been taken back meanwhile, or the room may be gone: nobody waits for an answer.
fn gone_is_fine(error: bridge_core::matrix::MatrixError) -> Result<(), JobError> {
    match error.status() {
        Some(403 | 404) => Ok(()),
        _ => Err(error.into()),
    }
}

pub(super) fn later(error: StoreError) -> JobError {
    JobError::Retry(error.0)
}

fn payload(job: &Job, event: &Event) -> Result<String, JobError> {
    let told = Told { order: job.id, accepted_at: job.accepted_at, event: Some(event.clone()), timer: None };
    serde_json::to_string(&told)
        .map_err(|error| JobError::Park(format!("An event could not be written: {error}.")))
}

/// A job for an instance.
pub(super) fn told(instance_id: &str, room_id: &str, dedup: String, payload: String) -> NewJob {
    NewJob {
        lane: lane::of_instance(instance_id, room_id),
        source: Source::Matrix,
        login_id: None,
        dedup: DedupKey::new(dedup),
        payload,
    }
}
