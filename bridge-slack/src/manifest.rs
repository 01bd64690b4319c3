//! What the Slack app may do and hears of: the manifest we ship, made from the scopes and events in use.

/// A permission of the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// Its name on Slack.
    pub name: &'static str,
    /// The feature that is missing without it, if text is carried all the same. Such a scope is asked for, so that an app
    /// need not be installed anew for each feature, and not demanded. None: a login without it is refused.
    pub feature: Option<&'static str>,
    /// What it is for, as the end of "Needed to …".
    pub needed_for: &'static str,
}

/// An event that the app subscribes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Its name on Slack.
    pub name: &'static str,
    /// The feature that it is for, if text is carried without it.
    pub feature: Option<&'static str>,
    /// What it is for, as the end of "Needed to …".
    pub needed_for: &'static str,
}

const fn scope(name: &'static str, needed_for: &'static str) -> Scope {
    Scope { name, feature: None, needed_for }
}

const fn scope_for(feature: &'static str, name: &'static str, needed_for: &'static str) -> Scope {
    Scope { name, feature: Some(feature), needed_for }
}

const fn event(name: &'static str, needed_for: &'static str) -> Event {
    Event { name, feature: None, needed_for }
}

const fn event_for(feature: &'static str, name: &'static str, needed_for: &'static str) -> Event {
    Event { name, feature: Some(feature), needed_for }
}

const BOOKMARKS: &str = "bookmarks";
const EMOJI: &str = "custom emoji";
const FILES: &str = "files";
const GROUPS: &str = "user groups";
const INVITES: &str = "people invited on Matrix";
const MEMBERS: &str = "lists of members";
const NEW_CHATS: &str = "direct messages begun on Matrix";
const PINS: &str = "pins";
const PROFILES: &str = "people's status";
const REACTIONS: &str = "reactions";
const SLASH: &str = "the command /matrix on Slack";
const STATE: &str = "channels that are archived, shared or removed";
const TOPICS: &str = "topics set on Matrix";
const WORKSPACE: &str = "the workspace's name and picture";

/// The bot token's scopes: first what text needs, then what further features need.
///
/// Not among them: `channels:join` and `chat:write.public`, with which the app could enter or write where nobody invited
/// it; `channels:manage` and `groups:write`, with which it could make, rename and archive channels, and remove people.
pub const SCOPES: &[Scope] = &[
    scope("channels:read", "list public channels and read their names and topics"),
    scope("channels:history", "receive messages of public channels and find what was sent already"),
    scope("groups:read", "list private channels and read their names and topics"),
    scope("groups:history", "receive messages of private channels and find what was sent already"),
    scope("im:read", "list direct messages with the app"),
    scope("im:history", "receive direct messages to the app and find what was sent already"),
    scope("mpim:read", "list group messages the app is in"),
    scope("mpim:history", "receive group messages the app is in and find what was sent already"),
    scope("chat:write", "send messages"),
    scope("chat:write.customize", "show a Matrix user's name and picture on their messages"),
    scope("users:read", "name people and bots and show their pictures"),
    scope_for(FILES, "files:read", "bring files to Matrix"),
    scope_for(FILES, "files:write", "send files"),
    scope_for(REACTIONS, "reactions:read", "bring reactions to Matrix"),
    scope_for(REACTIONS, "reactions:write", "send reactions"),
    scope_for(PINS, "pins:read", "bring pinned messages to Matrix"),
    scope_for(PINS, "pins:write", "pin messages"),
    scope_for(BOOKMARKS, "bookmarks:read", "show a channel's bookmarks"),
    scope_for(TOPICS, "channels:write.topic", "carry a room's topic to a public channel"),
    scope_for(TOPICS, "groups:write.topic", "carry a room's topic to a private channel"),
    scope_for(
        INVITES,
        "channels:write.invites",
        "take people into public channels who are invited on Matrix",
    ),
    scope_for(INVITES, "groups:write.invites", "take people into private channels who are invited on Matrix"),
    scope_for(NEW_CHATS, "im:write", "open a direct message with a person"),
    scope_for(NEW_CHATS, "mpim:write", "open a group message with people"),
    scope_for(EMOJI, "emoji:read", "show the workspace's own emoji as pictures"),
    scope_for(GROUPS, "usergroups:read", "name mentioned user groups"),
    scope_for(PROFILES, "users.profile:read", "read people's status and further fields"),
    scope_for(WORKSPACE, "team:read", "read the workspace's name and picture"),
    scope_for(SLASH, "commands", "answer the command"),
];

/// The scopes of the app-level token, which opens the socket. They are chosen where the token is made, not in the
/// manifest.
pub const APP_TOKEN_SCOPES: &[Scope] = &[scope("connections:write", "receive events over the socket")];

/// The bot's event subscriptions, in the same order.
pub const EVENTS: &[Event] = &[
    event("message.channels", "receive messages of public channels"),
    event("message.groups", "receive messages of private channels"),
    event("message.im", "receive direct messages"),
    event("message.mpim", "receive group messages"),
    event("member_joined_channel", "notice that the app was added to a channel"),
    event("channel_rename", "follow a public channel's name"),
    event("group_rename", "follow a private channel's name"),
    event("user_change", "follow people's names and pictures"),
    event("app_uninstalled", "tell the owner that the app was removed"),
    event("tokens_revoked", "tell the owner that the token no longer works"),
    event_for(FILES, "file_change", "follow changed files"),
    event_for(FILES, "file_deleted", "remove deleted files"),
    event_for(REACTIONS, "reaction_added", "bring reactions to Matrix"),
    event_for(REACTIONS, "reaction_removed", "take reactions back on Matrix"),
    event_for(PINS, "pin_added", "bring pinned messages to Matrix"),
    event_for(PINS, "pin_removed", "take pins back on Matrix"),
    event_for(EMOJI, "emoji_changed", "know the workspace's new emoji"),
    event_for(MEMBERS, "member_left_channel", "notice that people left a channel"),
    event_for(MEMBERS, "team_join", "know new people"),
    event_for(GROUPS, "subteam_created", "know new user groups"),
    event_for(GROUPS, "subteam_updated", "follow user groups' names"),
    event_for(GROUPS, "subteam_members_changed", "follow who is in a user group"),
    event_for(STATE, "channel_archive", "notice that a public channel was archived"),
    event_for(STATE, "channel_unarchive", "notice that a public channel was opened again"),
    event_for(STATE, "channel_deleted", "notice that a public channel was deleted"),
    event_for(STATE, "channel_left", "notice that the app was removed from a public channel"),
    event_for(STATE, "channel_shared", "notice that a channel is shared with another workspace"),
    event_for(STATE, "channel_unshared", "notice that a channel is no longer shared"),
    event_for(STATE, "channel_id_changed", "keep a room with a channel that got another id"),
    event_for(STATE, "group_archive", "notice that a private channel was archived"),
    event_for(STATE, "group_unarchive", "notice that a private channel was opened again"),
    event_for(STATE, "group_deleted", "notice that a private channel was deleted"),
    event_for(STATE, "group_left", "notice that the app was removed from a private channel"),
    event_for(WORKSPACE, "team_rename", "follow the workspace's name"),
];

/// What people on Slack type to ask the bridge about the Matrix room of their channel.
const COMMAND: &str = "/matrix";
const COMMAND_DESCRIPTION: &str = "Asks the bridge about the Matrix room of this channel";
const COMMAND_HINT: &str = "who | link | invite @name:server";

/// The scopes that a token lacks and no login goes without, in the table's order. `granted` is what Slack says the token
/// has.
pub fn missing(granted: &[&str]) -> Vec<&'static Scope> {
    SCOPES.iter().filter(|scope| scope.feature.is_none() && !granted.contains(&scope.name)).collect()
}

/// The features that a token has not all scopes for, each with those it lacks, in the table's order.
pub fn missing_features(granted: &[&str]) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut features: Vec<(&str, Vec<&str>)> = Vec::new();
    for Scope { name, feature, .. } in SCOPES.iter().filter(|scope| !granted.contains(&scope.name)) {
        let Some(feature) = feature else { continue };
        match features.iter_mut().find(|(known, _)| known == feature) {
            Some((_, scopes)) => scopes.push(name),
            None => features.push((feature, vec![name])),
        }
    }
    features
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
        "features": {
            "bot_user": { "display_name": "matrix-bridge", "always_online": true },
            "slash_commands": [{
                "command": COMMAND,
                "description": COMMAND_DESCRIPTION,
                "usage_hint": COMMAND_HINT,
                "should_escape": false,
            }],
        },
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
    let row = |name: &str, feature: Option<&str>, needed_for: &str| {
        let feature = feature.map(|feature| format!("for {feature}: ")).unwrap_or_default();
        format!("      - {name} # {feature}to {needed_for}\n")
    };
    let scopes: String = SCOPES.iter().map(|it| row(it.name, it.feature, it.needed_for)).collect();
    let events: String = EVENTS.iter().map(|it| row(it.name, it.feature, it.needed_for)).collect();
    format!(
        "\
display_information:
  name: Matrix Bridge
  description: Carries messages between Slack channels and Matrix rooms.
features:
  bot_user:
    display_name: matrix-bridge
    always_online: true
  slash_commands:
    - command: {COMMAND}
      description: {COMMAND_DESCRIPTION}
      usage_hint: \"{COMMAND_HINT}\"
      should_escape: false
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

    use super::{EVENTS, SCOPES, manifest_json, manifest_yaml, missing, missing_features};

    #[test]
    fn names_are_unique() {
        assert_eq!(SCOPES.iter().map(|s| s.name).collect::<HashSet<_>>().len(), SCOPES.len());
        assert_eq!(EVENTS.iter().map(|e| e.name).collect::<HashSet<_>>().len(), EVENTS.len());
    }

    #[test]
    fn only_what_text_needs_is_demanded() {
        let demanded: Vec<_> = missing(&[]).iter().map(|scope| scope.name).collect();
        let text = "channels:read channels:history groups:read groups:history im:read im:history mpim:read \
                    mpim:history chat:write chat:write.customize users:read";
        assert_eq!(demanded, text.split_whitespace().collect::<Vec<_>>());
        assert!(missing(&demanded).is_empty());
        let lacking = missing_features(&demanded);
        let scopes: usize = lacking.iter().map(|(_, scopes)| scopes.len()).sum();
        assert_eq!(scopes + demanded.len(), SCOPES.len(), "a scope is neither demanded nor of a feature");
        assert_eq!(lacking[0], ("files", vec!["files:read", "files:write"]));
        let most: Vec<_> = SCOPES.iter().map(|s| s.name).filter(|name| *name != "pins:write").collect();
        assert_eq!(missing_features(&most), [("pins", vec!["pins:write"])]);
    }

    #[test]
    fn missing_scopes_are_named_with_their_reason() {
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
        for name in ["Matrix Bridge", "matrix-bridge", super::COMMAND, super::COMMAND_HINT] {
            assert!(yaml.contains(name) && json.to_string().contains(name));
        }
    }
}
