//! Proves a login: who the bot is, what it may do, and that a socket of the same app comes up.

use bridge_core::secret::Secret;

use crate::api::{Api, CallError, Caller, Identity, error};
use crate::manifest;
use crate::session::people::bot_info;
use crate::socket::connection::{self, OpenError};

/// What Slack told about the two tokens.
#[derive(Debug)]
pub(super) struct Proven {
    pub(super) team_id: String,
    pub(super) team_name: String,
    pub(super) user_id: String,
    pub(super) bot_id: String,
    pub(super) app_id: String,
    pub(super) app_name: String,
    /// The workspace's own address.
    pub(super) url: String,
    /// What will be missing, in a sentence for the person.
    pub(super) note: Option<String>,
}

/// Asks Slack. Errors are sentences that say what to change and where.
pub(super) async fn prove(api: &Api, bot_token: &Secret, app_token: &Secret) -> Result<Proven, String> {
    let bot = api.caller(bot_token, "");
    let identity = bot.identity().await.map_err(|error| of_call(&error, "auth.test"))?;
    let bot_id = identity.bot_id.clone().ok_or(
        "The first token belongs to a person, not to an app's bot. Send the Bot User OAuth Token, which is under \
         OAuth & Permissions and starts with xoxb-.",
    )?;
    let note = check_scopes(&identity)?;
    let bot_profile = bot_info(&bot, &bot_id).await.map_err(|error| of_call(&error, "bots.info"))?;
    let app_id = bot_profile.app_id.unwrap_or_default();
    let app_name = bot_profile.name.filter(|name| !name.is_empty()).unwrap_or_else(|| app_id.clone());
    check_socket(api, app_token, &app_id, &app_name).await?;
    Ok(Proven {
        team_id: identity.team_id,
        team_name: identity.team,
        user_id: identity.user_id,
        bot_id,
        app_id,
        app_name,
        url: identity.url,
        note,
    })
}

/// Refuses a token that cannot carry text. One that lacks only what further features need is told so.
fn check_scopes(identity: &Identity) -> Result<Option<String>, String> {
    let granted: Vec<&str> = identity.scopes.iter().map(String::as_str).collect();
    let missing: Vec<&str> = manifest::missing(&granted).iter().map(|scope| scope.name).collect();
    match missing.as_slice() {
        [] => Ok(missing_features(&granted)),
        [one] => Err(error::missing_scope(one)),
        several => Err(format!(
            "The Slack app lacks {} scopes: {}. Add them on the app's page under OAuth & Permissions → Scopes → Bot \
             Token Scopes, then choose Reinstall.",
            several.len(),
            several.join(", ")
        )),
    }
}

fn missing_features(granted: &[&str]) -> Option<String> {
    let missing = manifest::missing_features(granted);
    if missing.is_empty() {
        return None;
    }
    let features: Vec<String> =
        missing.iter().map(|(feature, scopes)| format!("{feature} ({})", scopes.join(", "))).collect();
    Some(format!(
        "Text is carried, but the Slack app lacks the scopes for {}; to have what the bridge can do of that, add them on the \
         app's page under OAuth & Permissions → Scopes → Bot Token Scopes, choose Reinstall, and log in again.",
        features.join(", ")
    ))
}

/// Opens a socket and closes it again. An event that Slack sends on it meanwhile is not acknowledged and comes
/// again.
async fn check_socket(api: &Api, app_token: &Secret, app_id: &str, app_name: &str) -> Result<(), String> {
    let caller: Caller = api.caller(app_token, "");
    let connection = connection::open(&caller, api.connector()).await.map_err(|error| match error {
        OpenError::Refused { sentence, .. } => sentence.replace("then log in again", "then try again"),
        OpenError::TooMany => {
            "Slack allows the app no further connection (10 at most). Stop the other programs that \
            use the same app-level token, or make a new Slack app for the bridge."
                .to_owned()
        }
        OpenError::Failed(why) => format!("{why} Both tokens were accepted so far; try again in a minute."),
    })?;
    let socket_app = connection.hello.app_id.clone();
    connection.close().await;
    match socket_app {
        Some(other) if !app_id.is_empty() && other != app_id => Err(format!(
            "The two tokens belong to different apps: the bot token to {app_name} ({app_id}), the app-level token to \
             {other}. Take both from the page of one app."
        )),
        _ => Ok(()),
    }
}

fn of_call(error: &CallError, method: &str) -> String {
    match error {
        CallError::Refused { code, needed } => match error::refused_credentials(code) {
            Some(_) if code == "invalid_auth" || code == "not_authed" => {
                "Slack does not know the bot token. Copy the Bot User OAuth Token anew from the app's page, under \
                 OAuth & Permissions; it starts with xoxb-."
                    .to_owned()
            }
            Some(why) => why.to_owned(),
            None if code == "missing_scope" => error::missing_scope(needed.as_deref().unwrap_or("users:read")),
            None => error.sentence(method),
        },
        _ => format!("{} Try again in a minute.", error.sentence(method)),
    }
}
