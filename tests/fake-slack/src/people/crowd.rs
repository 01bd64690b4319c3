//! People who come in other ways than by joining: strangers of other workspaces, and crowds.
use crate::error::ApiError;
use crate::workspace::Workspace;

impl Workspace {
    /// Somebody of another workspace comes into a channel that is shared with it. Apps are told little of them, and nothing
    /// if `hidden` (`user_not_visible`). No event tells that they came. Answers the id.
    pub fn add_stranger(
        &self,
        name: &str,
        real_name: &str,
        team: (&str, &str),
        channel: &str,
        hidden: bool,
    ) -> Result<String, ApiError> {
        let (team_id, team_name) = team;
        self.change(|state, _| {
            let channel_id = state.channel_id(channel)?;
            state.foreign_teams.insert(team_id.to_owned(), team_name.to_owned());
            let id = state.add_stranger(name, real_name, team_id, hidden);
            state.channel_mut(&channel_id)?.members.insert(id.clone());
            Ok(id)
        })
    }

    /// So many new people are in a channel, called `crowd-0`, `crowd-1` and so on. No event tells of them. Answers their
    /// ids.
    pub fn add_crowd(&self, channel: &str, count: usize) -> Result<Vec<String>, ApiError> {
        self.change(|state, _| {
            let channel_id = state.channel_id(channel)?;
            state.add_crowd(&channel_id, count)
        })
    }

    /// A user is in a channel no more, and the event of it is lost.
    pub fn leave_unseen(&self, user: &str, channel: &str) -> Result<(), ApiError> {
        self.change(|state, _| {
            let (user_id, channel_id) = (state.user_id(user)?, state.channel_id(channel)?);
            let was_in = state.channel_mut(&channel_id)?.members.remove(&user_id);
            if was_in { Ok(()) } else { Err("not_in_channel".into()) }
        })
    }
}
