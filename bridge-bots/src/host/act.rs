//! An operator has an instance do one of the things that its plugin lists.

use super::Host;
use super::limited::limited;
use crate::error::HostError;
use crate::plugin::{PluginError, Problem, Severity, Takes};
use crate::store::member;

impl Host {
    /// Has an instance do something, within the time that it has for an event. Gives what it says. It has to run.
    pub(crate) async fn act(&self, name: &str, action: &str, input: &str) -> Result<String, HostError> {
        let instance = self.found(name)?;
        let known = instance.descriptor.actions.iter().find(|one| one.name == action);
        let takes = known.map(|one| one.takes).ok_or_else(|| {
            HostError::NotFound(format!(
                "The plugin of {name} has no action {action}. `ctl plugins` lists those it has."
            ))
        })?;
        self.expect_input(&instance.row().user_id, takes, input).await?;
        let started = instance.worker().ok_or_else(|| {
            HostError::Conflict(format!("{name} does not run, so it can do nothing. Start it first."))
        })?;
        let context = self.context(&instance, &started, format!("action {action} {}", self.now()));
        let acting = async { started.worker.act(action, input, &context).await };
        let told = limited(self.event_limit(), acting).await;
        told.unwrap_or_else(|cut| Err(PluginError::Fault(cut.to_string()))).map_err(|error| {
            let why = format!("The action {action} did not work: {error}");
            instance.log.write(self.now(), Severity::Warn, why.clone());
            HostError::Failed(why)
        })
    }

    /// The rooms that an account is in, by their ids.
    pub(crate) async fn rooms(&self, user_id: &str) -> Result<Vec<String>, HostError> {
        Ok(member::of_user(self.store(), user_id).await?)
    }

    async fn expect_input(&self, user_id: &str, takes: Takes, input: &str) -> Result<(), HostError> {
        let problem = match takes {
            Takes::Nothing if !input.is_empty() => "has to be left out: the action takes nothing.",
            Takes::Text if input.trim().is_empty() => "is empty. Say what the action is to work on.",
            Takes::Room if !self.rooms(user_id).await?.iter().any(|room| room == input) => {
                "is no room that the account is in. Invite it first, and give the room's id (!…)."
            }
            _ => return Ok(()),
        };
        Err(HostError::Invalid(vec![Problem::new("input", problem)]))
    }
}
