//! What the Slack app may do and hears of: the manifest we ship, made from the scopes and events in use.

/// A permission of the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// Its name on Slack.
    pub name: &'static str,
    /// What stops working without it, as the end of "Needed to …".
    pub needed_for: &'static str,
}

/// An event that the app subscribes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Its name on Slack.
    pub name: &'static str,
    /// What stops working without it, as the end of "Needed to …".
    pub needed_for: &'static str,
}

const fn scope(name: &'static str, needed_for: &'static str) -> Scope {
    Scope { name, needed_for }
}

const fn event(name: &'static str, needed_for: &'static str) -> Event {
    Event { name, needed_for }
}

/// The bot token's scopes.
pub const SCOPES: &[Scope] = &[
    scope("channels:read", "list public channels and read their names and topics"),
    scope("channels:history", "receive messages of public channels and find what was sent already"),
    scope("channels:join", "join a public channel when it is bridged"),
    scope("channels:write.topic", "carry a room's topic to a public channel"),
    scope("groups:read", "list private channels and read their names and topics"),
    scope("groups:history", "receive messages of private channels and find what was sent already"),
    scope("groups:write.topic", "carry a room's topic to a private channel"),
    scope("im:read", "list direct messages with the app"),
    scope("im:history", "receive direct messages to the app"),
    scope("im:write", "open a direct message with a person"),
    scope("mpim:read", "list group messages the app is in"),
    scope("mpim:history", "receive group messages the app is in"),
    scope("mpim:write", "open a group message with people"),
    scope("chat:write", "send messages"),
    scope("chat:write.customize", "show a Matrix user's name and picture on their messages"),
    scope("emoji:read", "show the workspace's own emoji"),
    scope("files:read", "bring files to Matrix"),
    scope("files:write", "send files"),
    scope("pins:read", "bring pinned messages to Matrix"),
    scope("pins:write", "pin messages"),
    scope("reactions:read", "bring reactions to Matrix"),
    scope("reactions:write", "send reactions"),
    scope("team:read", "read the workspace's name and picture"),
    scope("usergroups:read", "name mentioned user groups"),
    scope("users:read", "name people and show their pictures"),
    scope("users.profile:read", "follow people's profiles"),
];

/// The scopes of the app-level token, which opens the socket. They are chosen where the token is made, not in the
/// manifest.
pub const APP_TOKEN_SCOPES: &[Scope] = &[scope("connections:write", "receive events over the socket")];

/// The bot's event subscriptions.
pub const EVENTS: &[Event] = &[
    event("message.channels", "receive messages of public channels"),
    event("message.groups", "receive messages of private channels"),
    event("message.im", "receive direct messages"),
    event("message.mpim", "receive group messages"),
    event("reaction_added", "bring reactions to Matrix"),
    event("reaction_removed", "take reactions back on Matrix"),
    event("member_joined_channel", "notice that the app was added to a channel"),
    event("member_left_channel", "notice that people left a channel"),
    event("channel_created", "know new channels"),
    event("channel_rename", "follow a public channel's name"),
    event("channel_archive", "notice that a public channel was archived"),
    event("channel_unarchive", "notice that a public channel was opened again"),
    event("channel_deleted", "notice that a public channel was deleted"),
    event("channel_left", "notice that the app was removed from a public channel"),
    event("channel_shared", "notice that a channel is shared with another workspace"),
    event("channel_unshared", "notice that a channel is no longer shared"),
    event("channel_id_changed", "keep a room with a channel that got another id"),
    event("group_rename", "follow a private channel's name"),
    event("group_archive", "notice that a private channel was archived"),
    event("group_unarchive", "notice that a private channel was opened again"),
    event("group_deleted", "notice that a private channel was deleted"),
    event("group_left", "notice that the app was removed from a private channel"),
    event("pin_added", "bring pinned messages to Matrix"),
    event("pin_removed", "take pins back on Matrix"),
    event("emoji_changed", "know the workspace's new emoji"),
    event("user_change", "follow people's names and pictures"),
    event("team_join", "know new people"),
    event("team_rename", "follow the workspace's name"),
    event("subteam_created", "know new user groups"),
    event("subteam_updated", "follow user groups' names"),
    event("file_change", "follow changed files"),
    event("file_deleted", "remove deleted files"),
    event("app_uninstalled", "tell the owner that the app was removed"),
    event("tokens_revoked", "tell the owner that the token no longer works"),
];

/// The scopes that a token lacks, in the table's order. `granted` is what Slack says the token has.
pub fn missing(granted: &[&str]) -> Vec<&'static Scope> {
    SCOPES.iter().filter(|scope| !granted.contains(&scope.name)).collect()
}

/// The manifest as JSON.
pub fn manifest_json() -> serde_json::Value {
    let scopes: Vec<_> = SCOPES.iter().map(|scope| scope.name).collect();
    let events: Vec<_> = EVENTS.iter().map(|event| event.name).collect();
    serde_json::json!({
        "display_information": {
            "name": "Matrix Bridge",
            "description": "Carries messages between Slack channels and Matrix rooms.",
        },
        "features": { "bot_user": { "display_name": "matrix-bridge", "always_online": true } },
        "oauth_config": { "scopes": { "bot": scopes } },
        "settings": {
            "event_subscriptions": { "bot_events": events },
            "interactivity": { "is_enabled": false },
            "org_deploy_enabled": false,
            "socket_mode_enabled": true,
            "token_rotation_enabled": false,
        },
    })
}

/// The manifest as YAML, with what each scope and event is needed for beside it.
pub fn manifest_yaml() -> String {
    let list = |rows: &mut dyn Iterator<Item = (&str, &str)>, indent: &str| {
        rows.map(|(name, why)| format!("{indent}- {name} # to {why}\n")).collect::<Vec<_>>().concat()
    };
    let scopes = list(&mut SCOPES.iter().map(|scope| (scope.name, scope.needed_for)), "      ");
    let events = list(&mut EVENTS.iter().map(|event| (event.name, event.needed_for)), "      ");
    format!(
        "\
display_information:
  name: Matrix Bridge
  description: Carries messages between Slack channels and Matrix rooms.
features:
  bot_user:
    display_name: matrix-bridge
    always_online: true
oauth_config:
  scopes:
    bot:
{scopes}settings:
  event_subscriptions:
    bot_events:
{events}  interactivity:
    is_enabled: false
  org_deploy_enabled: false
  socket_mode_enabled: true
  token_rotation_enabled: false
"
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

    use std::collections::HashSet;

    use super::{EVENTS, SCOPES, manifest_json, manifest_yaml, missing};

    #[test]
    fn names_are_unique() {
        assert_eq!(SCOPES.iter().map(|s| s.name).collect::<HashSet<_>>().len(), 26);
        assert_eq!(EVENTS.iter().map(|e| e.name).collect::<HashSet<_>>().len(), 34);
    }

    #[test]
    fn missing_scopes_are_named_with_their_reason() {
        assert_eq!(missing(&[]).len(), SCOPES.len());
        let all: Vec<_> = SCOPES.iter().map(|s| s.name).collect();
        assert!(missing(&all).is_empty());
        let most: Vec<_> = all.iter().copied().filter(|name| *name != "chat:write").chain(["x:y"]).collect();
        let lacking = missing(&most);
        assert_eq!(
            (lacking.len(), lacking[0].name, lacking[0].needed_for),
            (1, "chat:write", "send messages")
        );
    }

    #[test]
    fn both_forms_say_the_same() {
        let json = manifest_json();
        // A reader for just this shape: nested keys, lists of words, no quoting.
        let yaml = manifest_yaml();
        for (key, value) in
            [("socket_mode_enabled", true), ("org_deploy_enabled", false), ("token_rotation_enabled", false)]
        {
            assert_eq!(json["settings"][key], value);
            assert!(yaml.contains(&format!("\n  {key}: {value}\n")));
        }
        let items: Vec<_> =
            yaml.lines().filter_map(|line| line.strip_prefix("      - ")?.split(" # ").next()).collect();
        let expected: Vec<_> = json["oauth_config"]["scopes"]["bot"]
            .as_array()
            .unwrap()
            .iter()
            .chain(json["settings"]["event_subscriptions"]["bot_events"].as_array().unwrap())
            .map(|name| name.as_str().unwrap())
            .collect();
        assert_eq!(items, expected);
        for name in ["Matrix Bridge", "matrix-bridge"] {
            assert!(yaml.contains(name) && json.to_string().contains(name));
        }
    }
}
