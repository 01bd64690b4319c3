//! The connection of an account elsewhere, as it is shown.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use bridge_core::matrix::AppService;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::signals::Signals;

/// How a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// It has not been answered yet.
    Connecting,
    /// It hears what happens.
    Connected,
    /// The homeserver does not answer, and is asked again and again.
    Away,
    /// The homeserver does not take the token: somebody has to sign the account in again.
    SignedOut,
}

impl State {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Connecting, Self::Connected, Self::Away, Self::SignedOut];

    /// As shown to people.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Away => "away",
            Self::SignedOut => "signed out",
        }
    }
}

/// What is shown of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Connection)]
pub(crate) struct Shown {
    /// How it is.
    pub(crate) state: State,
    /// Since when, in milliseconds since 1970.
    pub(crate) since: i64,
    /// What went wrong last and what to do, in sentences; none while all is well.
    pub(crate) error: Option<String>,
}

/// One account's.
#[derive(Debug)]
pub(crate) struct Connection {
    app: RwLock<Option<AppService>>,
    shown: Mutex<Shown>,
    stop: CancellationToken,
    signals: Arc<Signals>,
}

impl Connection {
    pub(super) fn new(now: i64, signals: Arc<Signals>) -> Self {
        let shown = Shown { state: State::Connecting, since: now, error: None };
        Self { app: RwLock::default(), shown: Mutex::new(shown), stop: CancellationToken::new(), signals }
    }

    /// Ends another one and speaks as it did, until it has been answered itself.
    pub(super) fn take_over(&self, old: &Self) {
        old.stop.cancel();
        if let Some(app) = old.app() {
            self.speak_by(app);
        }
    }

    /// Cancelled when nobody is to listen any more.
    pub(super) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// By what it speaks; none before it was answered for the first time.
    pub(super) fn app(&self) -> Option<AppService> {
        self.app.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn speak_by(&self, app: AppService) {
        *self.app.write().unwrap_or_else(PoisonError::into_inner) = Some(app);
    }

    pub(super) fn shown(&self) -> Shown {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes note of how it is. Says whether that is another state than before.
    pub(super) fn note(&self, state: State, error: Option<String>, now: i64) -> bool {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let is_other = shown.state != state;
        if is_other {
            shown.since = now;
        }
        let is_news = is_other || shown.error != error;
        (shown.state, shown.error) = (state, error);
        drop(shown);
        if is_news {
            self.signals.state_changed();
        }
        is_other
    }
}
