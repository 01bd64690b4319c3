//! Whether somebody deleted what is tried again, while nobody could carry the deletion over.

use super::super::Bridge;
use super::super::bridge::room_id;
use super::Incoming;
use crate::error::JobError;
use crate::matrix::ErrorClass;
use crate::network::Network;
use crate::queue::Job;

impl<N: Network> Bridge<N> {
    /// Whether an event that was a dead letter is redacted by now. Where the homeserver does not tell, it is not.
    pub(super) async fn is_taken_back(&self, job: &Job, event: &Incoming) -> Result<bool, JobError> {
        if job.letter_id.is_none() {
            return Ok(false);
        }
        let Ok(event_id) = ruma::EventId::parse(&event.event_id) else { return Ok(false) };
        match self.app.bot().event(room_id(&event.room_id)?, &event_id).await {
            Ok(Some(now)) => Ok(Incoming::read(now.get()).is_ok_and(|now| now.is_redacted)),
            Ok(None) => Ok(false),
            Err(error) if error.class() == ErrorClass::Permanent => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
