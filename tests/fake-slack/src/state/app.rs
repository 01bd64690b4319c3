//! Apps installed in the workspace, and the tokens they were given.
use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::user::person;
use super::{State, User};
use crate::clock;

/// The scopes of the shipped app's bot.
const BOT_SCOPES: &str = "channels:read,channels:history,groups:read,groups:history,im:read,im:history,mpim:read,\
mpim:history,chat:write,chat:write.customize,users:read,files:read,files:write,reactions:read,reactions:write,\
pins:read,pins:write,bookmarks:read,channels:write.topic,groups:write.topic,\
channels:write.invites,groups:write.invites,im:write,mpim:write,emoji:read,\
usergroups:read,users.profile:read,team:read,commands";

/// The events the shipped app subscribes to.
const BOT_EVENTS: &str = "message.channels,message.groups,message.im,message.mpim,member_joined_channel,\
channel_rename,group_rename,user_change,app_uninstalled,tokens_revoked,file_change,file_deleted,reaction_added,\
reaction_removed,pin_added,pin_removed,emoji_changed,member_left_channel,team_join,subteam_created,subteam_updated,\
subteam_members_changed,channel_archive,channel_unarchive,channel_deleted,channel_left,channel_shared,\
channel_unshared,channel_id_changed,group_archive,group_unarchive,group_deleted,group_left,team_rename";

/// An app with its bot.
#[derive(Debug, Clone)]
#[allow(clippy::struct_field_names, reason = "the token is called an app token")]
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) bot_user_id: String,
    pub(crate) bot_id: String,
    pub(crate) bot_token: String,
    pub(crate) app_token: String,
    pub(crate) verification_token: String,
    pub(crate) socket_mode_enabled: bool,
    pub(crate) installed: bool,
    pub(crate) subscriptions: Arc<BTreeSet<String>>,
    /// Its slash commands, with the slash.
    pub(crate) commands: BTreeSet<String>,
    pub(crate) updated: u64,
}

impl App {
    /// The `bot_profile` on messages.
    pub(crate) fn bot_profile(&self, team_id: &str, base_url: &str) -> Value {
        let mut profile = self.bot_json(base_url);
        profile["team_id"] = team_id.into();
        if let Some(profile) = profile.as_object_mut() {
            profile.remove("user_id");
        }
        profile
    }

    /// The `bot` object of `bots.info`.
    pub(crate) fn bot_json(&self, base_url: &str) -> Value {
        let icon = |size: u32| format!("{base_url}/avatars/{}-{size}.png", self.bot_id);
        json!({
            "id": self.bot_id, "deleted": !self.installed, "name": self.name, "updated": self.updated,
            "app_id": self.id, "user_id": self.bot_user_id,
            "icons": { "image_36": icon(36), "image_48": icon(48), "image_72": icon(72) },
        })
    }
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// `xoxb-`, acts as the app's bot.
    Bot,
    /// `xapp-`, opens sockets.
    AppLevel,
}

/// What a token allows.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) kind: TokenKind,
    pub(crate) app_id: String,
    /// The user it acts as.
    pub(crate) user_id: String,
    pub(crate) scopes: Arc<BTreeSet<String>>,
    pub(crate) revoked: bool,
}

/// A list written with commas.
fn words(list: &str) -> Arc<BTreeSet<String>> {
    Arc::new(list.split(',').map(str::to_owned).collect())
}

impl State {
    /// Installs one more app.
    pub(crate) fn install_next_app(&mut self, name: &str) -> String {
        let number = u32::try_from(self.apps.len()).unwrap_or(u32::MAX).saturating_add(1);
        self.install_app(number, name)
    }

    /// Installs an app with a bot that has the shipped manifest's scopes and subscriptions.
    ///
    /// The tokens follow from `number`, so that saved ones stay good when the workspace is started anew.
    pub(super) fn install_app(&mut self, number: u32, name: &str) -> String {
        let app = App {
            id: format!("A0FAKE{number:05}"),
            name: name.to_owned(),
            bot_user_id: format!("U0BOT{number:06}"),
            bot_id: format!("B0FAKE{number:05}"),
            // Put together here so that no scanner takes this file for a leak.
            bot_token: format!(
                "xox{}-10000{number:08}-20000{number:08}-{:0>24}",
                'b',
                format!("fake{number}")
            ),
            app_token: format!("xap{}-1-A0FAKE{number:05}-30000{number:08}-{:0>64}", 'p', number),
            verification_token: format!("{number:024}"),
            socket_mode_enabled: true,
            installed: true,
            subscriptions: words(BOT_EVENTS),
            // The shipped app's; others get one of their own, as two cannot answer to the same.
            commands: BTreeSet::from([if number == 1 {
                "/matrix".to_owned()
            } else {
                format!("/app{number}")
            }]),
            updated: clock::now_seconds(),
        };
        let bot = User {
            is_bot: true,
            bot_id: Some(app.bot_id.clone()),
            app_id: Some(app.id.clone()),
            ..person(&app.bot_user_id, &name.to_lowercase().replace(' ', "-"), name)
        };
        self.users.insert(bot.id.clone(), bot);
        let grant = |kind, scopes: &str| Grant {
            kind,
            app_id: app.id.clone(),
            user_id: app.bot_user_id.clone(),
            scopes: words(scopes),
            revoked: false,
        };
        self.grants.insert(app.bot_token.clone(), grant(TokenKind::Bot, BOT_SCOPES));
        let app_scopes = "connections:write,authorizations:read";
        self.grants.insert(app.app_token.clone(), grant(TokenKind::AppLevel, app_scopes));
        let id = app.id.clone();
        self.apps.insert(id.clone(), app);
        id
    }
}
