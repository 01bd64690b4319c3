//! Every method in one table: its tier, the token and scope it wants, and where it is written.
use super::call::{CallContext, Outcome};
use super::{
    apps, auth, bots, chat, conversations, emoji, files, history, membership, pins, post, reactions, team,
    users,
};
use crate::limits::Tier::{self, Four, One, Special, Three, Two};

/// Which kind of token a method takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenRule {
    /// No token at all.
    None,
    /// A bot's.
    Bot,
    /// An app-level one.
    App,
    /// Any.
    Any,
}

/// One method.
pub(super) struct Method {
    pub(super) name: &'static str,
    pub(super) tier: Tier,
    pub(super) token: TokenRule,
    /// The scope it wants; methods whose scope depends on the channel ask for it themselves.
    pub(super) scope: Option<&'static str>,
    pub(super) run: fn(&mut CallContext<'_>) -> Outcome,
}

/// A row of the table: a bot's method.
const fn bot(
    name: &'static str,
    tier: Tier,
    scope: &'static str,
    run: fn(&mut CallContext<'_>) -> Outcome,
) -> Method {
    let scope = if scope.is_empty() { None } else { Some(scope) };
    Method { name, tier, token: TokenRule::Bot, scope, run }
}

/// A row of the table: a method for other tokens.
const fn other(
    name: &'static str,
    tier: Tier,
    token: TokenRule,
    run: fn(&mut CallContext<'_>) -> Outcome,
) -> Method {
    Method { name, tier, token, scope: None, run }
}

/// All methods.
static METHODS: &[Method] = &[
    other("api.test", Four, TokenRule::None, auth::test),
    other("apps.connections.open", One, TokenRule::App, apps::connections_open),
    other("auth.test", Special, TokenRule::Any, auth::test),
    bot("bookmarks.list", Three, "bookmarks:read", files::bookmarks),
    bot("bots.info", Three, "users:read", bots::info),
    bot("chat.delete", Three, "chat:write", chat::delete),
    bot("chat.getPermalink", Special, "", chat::permalink),
    bot("chat.postEphemeral", Four, "chat:write", post::ephemeral),
    bot("chat.postMessage", Special, "chat:write", post::message),
    bot("chat.update", Three, "chat:write", chat::update),
    bot("conversations.archive", Two, "", membership::archive),
    bot("conversations.create", Two, "", conversations::create),
    bot("conversations.history", Three, "", history::history),
    bot("conversations.info", Three, "", conversations::info),
    bot("conversations.invite", Three, "", membership::invite),
    bot("conversations.join", Three, "channels:join", membership::join),
    bot("conversations.kick", Three, "", membership::kick),
    bot("conversations.leave", Three, "", membership::leave),
    bot("conversations.list", Two, "", conversations::list),
    bot("conversations.mark", Three, "", conversations::mark),
    bot("conversations.members", Four, "", conversations::members),
    bot("conversations.open", Three, "", conversations::open),
    bot("conversations.rename", Two, "", membership::rename),
    bot("conversations.replies", Three, "", history::replies),
    bot("conversations.setPurpose", Two, "", membership::set_purpose),
    bot("conversations.setTopic", Two, "", membership::set_topic),
    bot("conversations.unarchive", Two, "", membership::unarchive),
    bot("emoji.list", Two, "emoji:read", emoji::list),
    bot("files.completeUploadExternal", Four, "files:write", files::complete),
    bot("files.delete", Three, "files:write", files::delete),
    bot("files.getUploadURLExternal", Four, "files:write", files::upload_url),
    bot("files.info", Four, "files:read", files::info),
    bot("pins.add", Two, "pins:write", pins::add),
    bot("pins.list", Two, "pins:read", pins::list),
    bot("pins.remove", Two, "pins:write", pins::remove),
    bot("reactions.add", Three, "reactions:write", reactions::add),
    bot("reactions.get", Three, "reactions:read", reactions::list),
    bot("reactions.remove", Two, "reactions:write", reactions::remove),
    bot("team.info", Three, "team:read", team::info),
    bot("usergroups.list", Two, "usergroups:read", team::usergroups),
    bot("users.conversations", Two, "", conversations::of_user),
    bot("users.getPresence", Three, "users:read", users::presence),
    bot("users.info", Four, "users:read", users::info),
    bot("users.list", Two, "users:read", users::list),
    bot("users.lookupByEmail", Three, "users:read.email", users::lookup_by_email),
    bot("users.profile.get", Four, "users.profile:read", users::profile),
];

/// A method by its name.
pub(super) fn find(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name == name)
}

/// Whether a method reads its arguments from query and form only.
pub(super) fn takes_no_json(name: &str) -> bool {
    name == "files.getUploadURLExternal"
}
