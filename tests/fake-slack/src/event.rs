//! Events on their way out: what happened, who may see it, and the body Slack wraps around it.
use serde_json::{Value, json};

use crate::clock;
use crate::state::{App, State};

/// Who may see an event.
#[derive(Debug, Clone)]
pub(crate) enum Audience {
    /// Apps whose bot is a member of this channel.
    Channel(String),
    /// Every installed app.
    Team,
    /// One app.
    App(String),
}

/// One thing that happened.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) audience: Audience,
    pub(crate) body: Value,
}

/// Events collected while the state changes, in order.
#[derive(Debug, Default)]
pub(crate) struct Outbox(Vec<Event>);

impl Outbox {
    /// Adds an event for the members of a channel.
    pub(crate) fn tell_channel(&mut self, channel_id: &str, body: Value) {
        self.0.push(Event { audience: Audience::Channel(channel_id.to_owned()), body });
    }

    /// Adds an event for everybody.
    pub(crate) fn tell_team(&mut self, body: Value) {
        self.0.push(Event { audience: Audience::Team, body });
    }

    /// Adds an event for one app.
    pub(crate) fn tell_app(&mut self, app_id: &str, body: Value) {
        self.0.push(Event { audience: Audience::App(app_id.to_owned()), body });
    }

    /// The events in the order they happened.
    pub(crate) fn into_events(self) -> Vec<Event> {
        self.0
    }
}

/// The name under which an app subscribes to an event.
fn subscription(body: &Value) -> String {
    let kind = body["type"].as_str().unwrap_or_default();
    if kind != "message" {
        return kind.to_owned();
    }
    let family = match body["channel_type"].as_str() {
        Some("group") => "groups",
        Some("im") => "im",
        Some("mpim") => "mpim",
        _ => "channels",
    };
    format!("message.{family}")
}

/// The installed apps that are to hear of an event.
pub(crate) fn hearers<'a>(state: &'a State, event: &Event) -> Vec<&'a App> {
    let name = subscription(&event.body);
    let sees = |app: &App| match &event.audience {
        Audience::Channel(id) => state.channels.get(id).is_some_and(|c| c.members.contains(&app.bot_user_id)),
        Audience::Team => true,
        Audience::App(id) => *id == app.id,
    };
    state
        .apps
        .values()
        .filter(|app| app.installed && app.subscriptions.contains(&name) && sees(app))
        .collect()
}

/// The `payload` of an `events_api` envelope.
pub(crate) fn payload(state: &State, app: &App, event_id: &str, body: &Value) -> Value {
    json!({
        "token": app.verification_token,
        "team_id": state.team.id,
        "context_team_id": state.team.id,
        "context_enterprise_id": null,
        "api_app_id": app.id,
        "event": body,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": clock::now_seconds(),
        "authorizations": [{
            "enterprise_id": null,
            "team_id": state.team.id,
            "user_id": app.bot_user_id,
            "is_bot": true,
            "is_enterprise_install": false,
        }],
        "is_ext_shared_channel": false,
        "event_context": format!("4-{event_id}-{}", app.id),
    })
}
