//! A job of an instance's lane: its plugin works on it, within limits.

use std::sync::PoisonError;
use std::time::Duration;

use bridge_core::error::JobError;
use bridge_core::failpoint;
use bridge_core::queue::Job;

use super::fan_out::{Told, later};
use super::limited::{Cut, limited};
use super::{Host, lane};
use crate::instance::status::Phase;
use crate::instance::{Instance, Started};
use crate::plugin::{PluginError, Severity, Timer};
use crate::runtime::Task;
use crate::store::kept::KeptRow;
use crate::store::timer;

/// How often an event is given to its plugin before it becomes a dead letter.
const TRIES: u32 = 3;
/// How often a lane looks whether its instance runs again.
const LOOKED_EVERY: Duration = Duration::from_secs(1);
/// How often it looks for a place while the instance is at work in many rooms.
const PLACE_EVERY: Duration = Duration::from_millis(50);

impl Host {
    /// Has an instance work on a job of its lane.
    pub(super) async fn carry(&self, job: &Job, instance_id: &str) -> Result<(), JobError> {
        // What is left of an instance that was deleted concerns nobody.
        let Some(instance) = self.instance(instance_id) else { return Ok(()) };
        let mut told: Told = serde_json::from_str(&job.payload)
            .map_err(|_| JobError::Park("What was stored for an instance could not be read.".to_owned()))?;
        if let Some(event) = &mut told.event {
            event.accepted_at = told.accepted_at;
        }
        if instance.status().phase == Phase::Stopped {
            return self.set_aside(job, &instance, &told).await;
        }
        let Some(started) = instance.worker() else { return Err(until_it_runs(&instance)) };
        let Some(_place) = instance.place() else { return Err(JobError::RetryAfter(PLACE_EVERY)) };
        let timer = told.timer;
        if let Some(due) = &timer
            && !self.is_wanted(instance_id, due).await?
        {
            return Ok(());
        }
        let (task, origin) = match (told.event, timer.clone()) {
            (Some(event), _) => {
                // An event without an id is known by what the queue knows it by.
                let origin =
                    if event.id.is_empty() { job.dedup.as_str().to_owned() } else { event.id.clone() };
                (Task::Event(event), origin)
            }
            (None, Some(due)) => {
                let origin = format!("timer {} {}", due.due_at, due.name);
                (Task::Timer(due), origin)
            }
            (None, None) => return Ok(()),
        };
        self.work(job, &instance, &started, &task, origin).await?;
        if let Some(due) = timer {
            timer::remove(&self.parts().store, instance_id, &due.name).await.map_err(later)?;
        }
        Ok(())
    }

    /// Whether a timer is still what the plugin wants: it may have been taken back or set anew.
    async fn is_wanted(&self, instance_id: &str, due: &Timer) -> Result<bool, JobError> {
        let found = timer::find(&self.parts().store, instance_id, &due.name).await.map_err(later)?;
        Ok(found.is_some_and(|row| row.due_at == due.due_at))
    }

    /// Of a stopped instance: what it wants to keep waits until it is started, and so do timers.
    async fn set_aside(&self, job: &Job, instance: &Instance, told: &Told) -> Result<(), JobError> {
        if !instance.descriptor.keeps && told.timer.is_none() {
            return Ok(());
        }
        // Whoever starts it has taken what was kept before this, or does after it.
        let _gate = instance.gate.read().await;
        if instance.status().phase != Phase::Stopped {
            return Err(JobError::RetryAfter(PLACE_EVERY));
        }
        // Under another key: this one has been accepted already.
        let dedup = format!("{}+", job.dedup.as_str());
        let room_id = lane::room_of(&job.lane).to_owned();
        let row = KeptRow { dedup, room_id, order_id: told.order, payload: job.payload.clone() };
        self.keep(instance, &row).await
    }

    async fn work(
        &self,
        job: &Job,
        instance: &Instance,
        started: &Started,
        task: &Task,
        origin: String,
    ) -> Result<(), JobError> {
        let now = self.now();
        instance.note(|status| status.last_event_at = Some(now));
        let context = self.context(instance, started, origin);
        let working = async { started.worker.work(task, &context).await };
        let outcome = limited(self.event_limit(), working).await.unwrap_or_else(|cut| {
            Err(PluginError::Fault(match cut {
                Cut::Late(limit) => {
                    format!("The plugin worked on an event for {} s and was cut off.", limit.as_secs())
                }
                Cut::Panicked => "The plugin panicked while working on an event.".to_owned(),
            }))
        });
        failpoint::pass("bot.worked");
        crate::metrics::worked(&instance.row().instance_id, &outcome);
        match outcome {
            Ok(()) => {
                self.forget_faults(job.id);
                let now = self.now();
                instance.note(|status| (status.last_ok_at, status.faults) = (Some(now), 0));
                Ok(())
            }
            Err(PluginError::Later(why)) => Err(JobError::Retry(why)),
            Err(PluginError::Wait(wait)) => Err(JobError::RetryAfter(wait)),
            Err(PluginError::Refused(why)) => {
                instance.log.write(self.now(), Severity::Warn, format!("an event was passed over: {why}"));
                instance.note(|status| status.last_error = Some(why));
                Ok(())
            }
            Err(PluginError::Fault(why)) => Err(self.fault(job, instance, started.generation, why)),
        }
    }

    /// Restarts the instance, and says what becomes of the event.
    fn fault(&self, job: &Job, instance: &Instance, generation: u64, why: String) -> JobError {
        instance.log.write(self.now(), Severity::Error, why.clone());
        if let Some(wait) = instance.fail(Some(generation), &why, self.now()) {
            self.revive_later(instance.row().instance_id, wait);
        }
        if self.count_fault(job.id) >= TRIES {
            return JobError::Park(why);
        }
        until_it_runs(instance)
    }

    fn count_fault(&self, job_id: i64) -> u32 {
        let mut faults = self.0.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let count = faults.entry(job_id).or_default();
        *count += 1;
        *count
    }

    pub(super) fn forget_faults(&self, job_id: i64) {
        self.0.faults.lock().unwrap_or_else(PoisonError::into_inner).remove(&job_id);
    }
}

/// The lane waits until its instance is started again, and looks now and then: somebody may start it sooner.
fn until_it_runs(instance: &Instance) -> JobError {
    let status = instance.status();
    let left = status.restart_at.map(|at| at.saturating_duration_since(tokio::time::Instant::now()));
    JobError::RetryAfter(left.unwrap_or(PLACE_EVERY).clamp(PLACE_EVERY, LOOKED_EVERY))
}
