//! What a bot's author writes: a type that implements [`Plugin`].

pub mod act;
pub mod config;
pub mod context;
pub mod database;
pub mod descriptor;
pub mod event;
pub mod web;

use std::future::Future;
use std::time::Duration;

use bridge_core::matrix::{ErrorClass, MatrixError};
use bridge_core::store::StoreError;

pub use act::Act;
pub use config::{NoConfig, PluginConfig, Problem};
pub use context::{PluginContext, Severity};
pub use descriptor::{Action, Command, Descriptor, Field, Kind, Takes};
pub use event::{Event, Timer};
pub use web::{WebRequest, WebResponse};

/// A bot's behaviour. One value per instance, made when that starts and dropped when it stops.
///
/// Everything may be called again for the same event: after a crash of the program, or after an error. What is done through
/// the [`PluginContext`] then happens once nevertheless, as long as the same event leads to the same calls in the same order
/// (or under the same names, see [`PluginContext::under`]).
///
/// Events of one room come one after the other, those of different rooms side by side. A call that takes longer than the
/// host's limit for events (`bots.event_limit`, 30 seconds) is cut off. It must not block its thread.
pub trait Plugin: Send + Sync + Sized + 'static {
    /// What an instance's config text is read into.
    type Config: PluginConfig;

    /// What the plugin is and what it wants to hear of.
    fn descriptor() -> Descriptor;

    /// Makes an instance. Called at the start, after a restart, and with each new config. An error is shown, and the start is
    /// tried again with back-off.
    fn start(
        config: Self::Config,
        context: &PluginContext,
    ) -> impl Future<Output = Result<Self, PluginError>> + Send;

    /// Something was said or happened in a room that the account is in. Only what the descriptor wants is told, and nothing
    /// that the account did itself.
    fn on_event(
        &self,
        event: &Event,
        context: &PluginContext,
    ) -> impl Future<Output = Result<(), PluginError>> + Send;

    /// A timer is due that was set by [`PluginContext::set_timer`]. Called in the order of the timer's room.
    fn on_timer(
        &self,
        timer: &Timer,
        context: &PluginContext,
    ) -> impl Future<Output = Result<(), PluginError>> + Send {
        let _ = (timer, context);
        async { Ok(()) }
    }

    /// An operator has the instance do something that the descriptor lists, with what they said to it. Called beside events, in
    /// no order. Gives what they are told, in sentences.
    fn on_action(
        &self,
        name: &str,
        input: &str,
        context: &PluginContext,
    ) -> impl Future<Output = Result<String, PluginError>> + Send {
        let _ = (input, context);
        let why = format!("The plugin lists the action {name} and does not carry it out.");
        async { Err(PluginError::Refused(why)) }
    }

    /// Somebody calls the instance's web path, if the descriptor says that it has one. Called beside events, in no order; a
    /// call that fails is not repeated by the host. Whoever may call is to be told apart by the plugin: the path is open.
    fn on_request(
        &self,
        request: WebRequest,
        context: &PluginContext,
    ) -> impl Future<Output = Result<WebResponse, PluginError>> + Send {
        let _ = (request, context);
        async { Ok(web::text(http::StatusCode::NOT_FOUND, "There is nothing here.")) }
    }
}

/// Why a plugin could not do what it should. The texts are logged and shown: no token and no message text in them.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum PluginError {
    /// The homeserver or the database is away: the event is tried again with back-off, and nobody is to blame.
    #[error("{0}")]
    Later(String),
    /// Told to wait: the event is tried again after this time.
    #[error("told to wait {} ms", .0.as_millis())]
    Wait(Duration),
    /// The homeserver will not do it, whatever is tried, such as sending to a room in which the account may not. It is noted
    /// with the instance, and the event is done.
    #[error("{0}")]
    Refused(String),
    /// A fault of the plugin's own: the instance is restarted with back-off, and the event tried again. At its third fault it
    /// becomes a dead letter.
    #[error("{0}")]
    Fault(String),
}

impl From<MatrixError> for PluginError {
    fn from(error: MatrixError) -> Self {
        match error.class() {
            // A send that is repeated has the same transaction id, so nothing need be looked for.
            ErrorClass::Retry | ErrorClass::Uncertain => Self::Later(error.to_string()),
            ErrorClass::RetryAfter(wait) => Self::Wait(wait),
            ErrorClass::Permanent => Self::Refused(error.to_string()),
        }
    }
}

impl From<StoreError> for PluginError {
    fn from(error: StoreError) -> Self {
        Self::Later(error.0)
    }
}
