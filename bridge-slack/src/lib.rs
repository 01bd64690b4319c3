//! Slack bridge on bridge-core, over Socket Mode.
//!
//! [`Slack`] is what the core asks for: the ways to log in, and a [`SlackSession`] per login. Underneath, `socket`
//! receives, `api` calls, and [`convert`] knows Slack's formats.

mod api;
pub mod config;
pub mod convert;
pub mod id;
pub mod login;
pub mod manifest;
pub mod metrics;
pub mod session;
mod socket;
mod transcode;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bridge_core::error::NetworkError;
use bridge_core::event::RemoteEvent;
use bridge_core::id::LoginId;
use bridge_core::metrics::Described;
use bridge_core::network::{
    Answers, Context, Document, LoggedIn, LoginError, LoginFlow, Network, NetworkInfo,
};
use bridge_core::secret::Secret;

use crate::api::Api;
use crate::convert::Own;
use crate::login::Credentials;
use crate::session::SlackSession;
use crate::transcode::Transcoder;

/// The network Slack.
#[derive(Debug)]
pub struct Slack {
    api: Api,
    options: convert::Options,
    transcoder: Transcoder,
    /// Who each login is, for the decoding, which knows a login only by its id.
    own: Mutex<HashMap<LoginId, Arc<Own>>>,
}

impl Network for Slack {
    const INFO: NetworkInfo = NetworkInfo {
        id: "slack",
        name: "Slack",
        url: "https://slack.com",
        default_bot: "slackbot",
        default_port: 29400,
        quiet: &["slack_morphism", "tungstenite", "tokio_tungstenite"],
    };
    type Config = config::Config;
    type Credentials = Credentials;
    type Session = SlackSession;

    fn config_notes() -> &'static [(&'static str, &'static str)] {
        config::NOTES
    }

    fn new(config: config::Config) -> Result<Self, String> {
        let transcoder = Transcoder::find(&config.ffmpeg)?;
        Ok(Self { api: Api::new(&config)?, options: config.options(), transcoder, own: Mutex::default() })
    }

    fn login_flows() -> Vec<LoginFlow> {
        vec![login::flow()]
    }

    fn documents() -> Vec<Document> {
        vec![Document {
            name: "manifest",
            about: "The manifest of the Slack app, to paste at api.slack.com/apps",
            text: manifest::manifest_yaml(),
        }]
    }

    fn metrics() -> &'static [Described] {
        metrics::METRICS
    }

    fn check_answer(&self, _flow: &str, field: &str, answer: &Secret) -> Result<(), String> {
        login::check_answer(field, answer)
    }

    async fn log_in(&self, flow: &str, answers: Answers) -> Result<LoggedIn<Credentials>, LoginError> {
        login::log_in(&self.api, flow, &answers).await
    }

    async fn try_credentials(&self, credentials: &Credentials) -> Result<(), NetworkError> {
        let caller = self.api.caller(&credentials.bot_token, &credentials.team_id);
        caller.identity().await.map(drop).map_err(|error| error.of_read("auth.test"))
    }

    fn connect(&self, credentials: Credentials, context: Context) -> Result<SlackSession, NetworkError> {
        let own = Arc::new(credentials.own());
        let mut known = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(context.login_id().clone(), Arc::clone(&own));
        drop(known);
        let transcoder = self.transcoder.clone();
        Ok(SlackSession::new(&self.api, self.options, transcoder, &credentials, own, context))
    }

    fn decode(&self, login: &LoginId, payload: &str) -> Result<RemoteEvent, NetworkError> {
        let known = self.own.lock().unwrap_or_else(PoisonError::into_inner).get(login).cloned();
        // A login that is gone may have left events behind; they still name the app they were sent to.
        let own = known.unwrap_or_else(|| Arc::new(own_of_payload(payload)));
        convert::decode(payload, &own)
    }
}

/// Our identity as the payload tells it: the app it was sent to, and the bot user it was sent for.
fn own_of_payload(payload: &str) -> Own {
    #[derive(Default, serde::Deserialize)]
    #[serde(default)]
    struct Addressed {
        api_app_id: String,
        authorizations: Vec<Authorization>,
    }
    #[derive(Default, serde::Deserialize)]
    #[serde(default)]
    struct Authorization {
        user_id: String,
    }
    let addressed: Addressed = serde_json::from_str(payload).unwrap_or_default();
    let user_id = addressed.authorizations.into_iter().next().unwrap_or_default().user_id;
    Own { user_id, app_id: addressed.api_app_id, ..Own::default() }
}
