//! Messages as people see them.
use serde_json::Value;

use crate::state::State;
use crate::text;
use crate::workspace::Workspace;

impl Workspace {
    /// A message's text as people read it: people and channels named, links by their labels, known emoji as signs.
    pub fn shown_text(&self, message: &Value) -> String {
        shown_text(&self.state(), message)
    }

    /// Who a message is from, as people see it.
    pub fn shown_author(&self, message: &Value) -> String {
        shown_author(&self.state(), message)
    }

    /// What people call a user, given by id.
    pub fn shown_name(&self, user_id: &str) -> String {
        name_of(&self.state(), user_id).unwrap_or_else(|| user_id.to_owned())
    }

    /// A reaction as people see it, by its name: the sign of a known emoji, else the name.
    pub fn shown_reaction(&self, name: &Value) -> String {
        text::reaction(name)
    }
}

pub(crate) fn shown_text(state: &State, message: &Value) -> String {
    let named = |id: &str| name_of(state, id).or_else(|| Some(state.channels.get(id)?.name.clone()));
    text::shown(message["text"].as_str().unwrap_or_default(), &named)
}

pub(crate) fn shown_author(state: &State, message: &Value) -> String {
    let posted_as = message["username"].as_str().map(str::to_owned);
    let name = posted_as.or_else(|| name_of(state, message["user"].as_str()?));
    name.unwrap_or_else(|| "somebody".to_owned())
}

/// The name that a person chose, else the full one; a bot has only that.
fn name_of(state: &State, user_id: &str) -> Option<String> {
    let user = state.users.get(user_id)?;
    let chosen = Some(&user.display_name).filter(|name| !name.is_empty() && !user.is_bot);
    Some(chosen.unwrap_or(&user.real_name).clone())
}
