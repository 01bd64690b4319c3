//! What a method sees of its call: who calls, with which arguments, on which state.
use serde_json::Value;

use crate::arguments::Arguments;
use crate::error::ApiError;
use crate::event::Outbox;
use crate::state::{App, Channel, Grant, State, User};
use crate::workspace::Workspace;

/// What a method answers: the fields beside `ok`, or a refusal.
pub(super) type Outcome = Result<Value, ApiError>;

/// One call at work.
pub(super) struct CallContext<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) state: &'a mut State,
    pub(super) out: &'a mut Outbox,
    pub(super) grant: &'a Grant,
    pub(super) app: App,
    pub(super) arguments: &'a Arguments,
}

impl CallContext<'_> {
    /// Whether the token has a scope.
    pub(super) fn has(&self, scope: &str) -> bool {
        self.grant.scopes.contains(scope)
    }

    /// Refuses unless the token has a scope.
    pub(super) fn need(&self, scope: &str) -> Result<(), ApiError> {
        if self.has(scope) {
            return Ok(());
        }
        let provided = self.grant.scopes.iter().cloned().collect::<Vec<_>>().join(",");
        Err(ApiError::new("missing_scope").with("needed", scope).with("provided", provided))
    }

    /// The user the token acts as.
    pub(super) fn user_id(&self) -> String {
        self.grant.user_id.clone()
    }

    /// The user object of the one the token acts as.
    pub(super) fn user(&self) -> Result<User, ApiError> {
        self.state.user(&self.grant.user_id).cloned()
    }

    /// The id of the channel in the argument `channel`, if the caller can see it and has the scope
    /// `<kind>:<right>` for its kind.
    pub(super) fn channel_id(&self, right: &str) -> Result<String, ApiError> {
        let name = self.arguments.required("channel", "channel_not_found")?;
        let channel = self.state.channel(name)?;
        if !channel.visible_to(&self.grant.user_id) {
            return Err("channel_not_found".into());
        }
        self.need(&format!("{}:{right}", channel.kind.scope_family()))?;
        Ok(channel.id.clone())
    }

    /// The conversation object as the caller sees it.
    pub(super) fn channel_json(&self, channel: &Channel) -> Value {
        channel.to_json(&self.grant.user_id, &self.state.team.id)
    }

    /// The ids of the users in an argument, all of them existing.
    pub(super) fn user_ids(&self, name: &str) -> Result<Vec<String>, ApiError> {
        let ids = self.arguments.list(name);
        for id in &ids {
            self.state.user(id)?;
        }
        Ok(ids)
    }
}
