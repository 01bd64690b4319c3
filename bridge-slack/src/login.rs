//! The login `app`: two tokens, proven against Slack before anything is stored.

mod answer;
mod proof;

use std::time::Duration;

use bridge_core::id::{LoginId, RemoteUserId};
use bridge_core::network::{Answers, Field, LoggedIn, LoginError, LoginFlow};
use bridge_core::secret::{Secret, expose_for_sealing};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

pub(crate) use self::answer::check as check_answer;
use crate::api::Api;
use crate::convert::Own;
use crate::id;
use crate::manifest;

/// How long the whole proof may take, waits that Slack asks for included.
const PROOF_TIMEOUT: Duration = Duration::from_mins(2);
const NO_ANSWER: &str = "Slack did not answer all questions in two minutes; try again later.";
const FLOW: &str = "app";
const BOT_TOKEN: &str = "bot_token";
const APP_TOKEN: &str = "app_token";

/// What a login needs to connect. It is sealed into the database as a whole.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Credentials {
    /// The Bot User OAuth Token, for the Web API.
    #[serde(serialize_with = "expose_for_sealing")]
    pub bot_token: Secret,
    /// The app-level token, which opens sockets.
    #[serde(serialize_with = "expose_for_sealing")]
    pub app_token: Secret,
    /// The workspace, in Slack's spelling.
    pub team_id: String,
    /// The workspace's name at the time of the login.
    pub team_name: String,
    /// The bot's user.
    pub user_id: String,
    /// The bot.
    pub bot_id: String,
    /// The app.
    pub app_id: String,
    /// The workspace's own address, with a slash at its end (`https://acme.slack.com/`); empty if not known.
    #[serde(default)]
    pub url: String,
}

impl Credentials {
    /// By what our own messages are recognized.
    pub(crate) fn own(&self) -> Own {
        Own { user_id: self.user_id.clone(), bot_id: self.bot_id.clone(), app_id: self.app_id.clone() }
    }
}

/// The form.
pub(crate) fn flow() -> LoginFlow {
    let field = |id, question| Field { id, question, secret: true };
    LoginFlow {
        id: FLOW,
        summary: "Connect a Slack workspace through a Slack app of your own.",
        preface: Some(preface()),
        fields: vec![
            field(
                BOT_TOKEN,
                "Send the Bot User OAuth Token from the app's page, under OAuth & Permissions; it starts with xoxb-.",
            ),
            field(
                APP_TOKEN,
                "Send the app-level token from the app's page, under Basic Information → App-Level Tokens; it \
                 starts with xapp-.",
            ),
        ],
    }
}

fn preface() -> String {
    format!(
        "The bridge speaks through a Slack app that belongs to your workspace. To make one:\n\n\
         1. Open https://api.slack.com/apps, choose **Create New App**, then **From a manifest**, and choose your \
         workspace.\n\
         2. Choose **YAML**, paste the manifest below, and create the app.\n\
         3. Under **Basic Information → App-Level Tokens** choose **Generate Token and Scopes**, add the scope \
         `connections:write`, and keep the token (`xapp-…`).\n\
         4. Under **Install App** install it to the workspace, and keep the **Bot User OAuth Token** (`xoxb-…`).\n\
         5. In Slack, invite the app into each channel that is to be bridged: `/invite @name-of-the-app`.\n\n\
         ```yaml\n{}\n```\n",
        manifest::manifest_yaml().trim_end()
    )
}

/// Proves the answers.
pub(crate) async fn log_in(
    api: &Api,
    flow: &str,
    answers: &Answers,
) -> Result<LoggedIn<Credentials>, LoginError> {
    if flow != FLOW {
        return Err(LoginError::new(format!("There is no login called {flow}; use: login {FLOW}.")));
    }
    let (bot_token, app_token) =
        (answer::clean(&answers.answer(BOT_TOKEN)), answer::clean(&answers.answer(APP_TOKEN)));
    answer::check(BOT_TOKEN, &bot_token).map_err(LoginError::new)?;
    answer::check(APP_TOKEN, &app_token).map_err(LoginError::new)?;
    let proof = timeout(PROOF_TIMEOUT, proof::prove(api, &bot_token, &app_token)).await;
    let proven = proof.map_err(|_| LoginError::new(NO_ANSWER))?.map_err(LoginError::new)?;
    let own_user_id: Option<RemoteUserId> = id::user_id(&proven.team_id, &proven.user_id);
    let own_user_id = own_user_id
        .ok_or_else(|| LoginError::new("Slack's answer to auth.test names no user; try again later."))?;
    Ok(LoggedIn {
        // One app per workspace: a second login of the same workspace takes the place of the first.
        login_id: LoginId::new(proven.team_id.to_ascii_lowercase()),
        name: format!("{} (app {})", proven.team_name, proven.app_name),
        own_user_id,
        // The app speaks for everybody, so each message carries its writer's name.
        personal: false,
        note: proven.note,
        credentials: Credentials {
            bot_token,
            app_token,
            team_id: proven.team_id,
            team_name: proven.team_name,
            user_id: proven.user_id,
            bot_id: proven.bot_id,
            app_id: proven.app_id,
            url: proven.url,
        },
    })
}
