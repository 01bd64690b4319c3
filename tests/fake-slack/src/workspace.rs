//! The workspace as a whole: its state, its sockets, its faults, its memory of calls.
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::calls::CallLog;
use crate::event::{self, Outbox};
use crate::faults::Faults;
use crate::files::{DownloadFaults, Downloads};
use crate::limits::Limits;
use crate::options::{Mode, Options};
use crate::socket::{Envelope, Item, Sockets};
use crate::state::State;

/// A Slack workspace. [`FakeSlack`](crate::FakeSlack) owns one and gives access to everything in here.
///
/// Channels are named by id or by name (`general`, `#general`), people by id or by handle (`alice`).
#[derive(Debug)]
pub struct Workspace {
    pub(crate) options: Options,
    pub(crate) address: SocketAddr,
    pub(crate) sockets: Sockets,
    pub(crate) calls: CallLog,
    state: Mutex<State>,
    faults: Mutex<Faults>,
    pub(crate) download_faults: DownloadFaults,
    pub(crate) thumbnail_faults: DownloadFaults,
    pub(crate) downloads: Downloads,
    limits: Mutex<Limits>,
    /// Counts everything that happens; observers wait on it.
    pub(crate) changes: Arc<watch::Sender<u64>>,
    /// Whether the server is up.
    pub(crate) power: watch::Sender<bool>,
    /// Set by the server when it has followed `power`.
    pub(crate) is_up: watch::Sender<bool>,
}

/// An app's identity and tokens, as its developer sees them.
#[derive(Debug, Clone, serde::Serialize)]
pub struct AppInfo {
    /// `A…`
    pub app_id: String,
    /// The bot's user, `U…`.
    pub bot_user_id: String,
    /// `B…`
    pub bot_id: String,
    /// `xoxb-…`, for the Web API.
    pub bot_token: String,
    /// `xapp-…`, for Socket Mode.
    pub app_token: String,
}

impl Workspace {
    pub(crate) fn new(options: Options, address: SocketAddr) -> Self {
        let changes = Arc::new(watch::Sender::new(0));
        Self {
            address,
            sockets: Sockets::new(&options, Arc::clone(&changes)),
            calls: CallLog::new(options.remembered),
            state: Mutex::new(State {
                reply_noise: options.reply_noise,
                ..State::seeded(&format!("http://{address}"))
            }),
            faults: Mutex::new(Faults::default()),
            download_faults: DownloadFaults::default(),
            thumbnail_faults: DownloadFaults::default(),
            downloads: Downloads::default(),
            limits: Mutex::new(Limits::new(options.mode, options.throttled_history)),
            changes,
            power: watch::Sender::new(true),
            is_up: watch::Sender::new(true),
            options,
        }
    }

    /// Where the Web API is, with a slash at the end: what an app uses in place of `https://slack.com/api/`.
    pub fn api_url(&self) -> String {
        format!("http://{}/api/", self.address)
    }

    /// Where the page for people is.
    pub fn web_url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The team's id.
    pub fn team_id(&self) -> String {
        self.state().team.id.clone()
    }

    /// The team's address, which permalinks begin with; a slash at its end.
    pub fn team_url(&self) -> String {
        self.state().team.url()
    }

    /// The app every workspace starts with.
    pub fn app(&self) -> AppInfo {
        self.apps().swap_remove(0)
    }

    /// All apps, the first one first.
    pub fn apps(&self) -> Vec<AppInfo> {
        let info = |app: &crate::state::App| AppInfo {
            app_id: app.id.clone(),
            bot_user_id: app.bot_user_id.clone(),
            bot_id: app.bot_id.clone(),
            bot_token: app.bot_token.clone(),
            app_token: app.app_token.clone(),
        };
        self.state().apps.values().map(info).collect()
    }

    /// Enforces rate limits from now on, or stops doing so.
    pub fn set_mode(&self, mode: Mode) {
        *self.limits() = Limits::new(mode, self.options.throttled_history);
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn limits(&self) -> MutexGuard<'_, Limits> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one way to change the state: what happened goes to the apps in the order it happened.
    pub(crate) fn change<R>(&self, act: impl FnOnce(&mut State, &mut Outbox) -> R) -> R {
        let mut state = self.state();
        let mut out = Outbox::default();
        let result = act(&mut state, &mut out);
        let mut items = Vec::new();
        for event in out.into_events() {
            for app in event::hearers(&state, &event) {
                let event_id = self.sockets.event_id();
                let payload = event::payload(&state, app, &event_id, &event.body);
                let item = Item::new(Envelope::Event, event_id, &app.id, &payload);
                items.push((item, event.body["type"].as_str().unwrap_or_default().to_owned()));
            }
        }
        // Still under the lock, so that two changes cannot swap their events.
        if !items.is_empty() {
            self.sockets.dispatch(items);
        }
        drop(state);
        self.changes.send_modify(|count| *count += 1);
        result
    }
}
