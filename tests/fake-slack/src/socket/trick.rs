//! What goes wrong with sockets on request: disconnects, cuts, silence, doubled events, odd frames.
use tokio::time::Instant;

use serde_json::Value;

use super::{Due, Inner, Item, Order, Sockets, frame};
use crate::options::Options;

/// Why Slack tells a socket to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisconnectReason {
    /// The socket will be closed in some seconds; a refresh follows.
    Warning,
    /// The socket is being recycled.
    RefreshRequested,
    /// Socket Mode was switched off for the app.
    LinkDisabled,
    /// The app has more than ten sockets.
    TooManyWebsockets,
}

impl DisconnectReason {
    /// Slack's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::RefreshRequested => "refresh_requested",
            Self::LinkDisabled => "link_disabled",
            Self::TooManyWebsockets => "too_many_websockets",
        }
    }

    /// From Slack's word.
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [Self::Warning, Self::RefreshRequested, Self::LinkDisabled, Self::TooManyWebsockets];
        all.into_iter().find(|reason| reason.as_str() == word)
    }
}

/// What is to go wrong next.
#[derive(Debug, Default)]
pub(super) struct Tricks {
    /// How many of the next events are sent twice.
    pub(super) duplicate: u32,
    /// Events held back.
    pub(super) held: Option<Vec<Item>>,
    /// How many of the next sockets get no hello.
    pub(super) withhold_hello: u32,
    /// How many of the next sockets are refused.
    pub(super) refuse: u32,
    /// No socket says anything.
    pub(super) silent: bool,
}

impl Sockets {
    /// Tells one socket, or all, to disconnect.
    pub(crate) fn disconnect(&self, reason: DisconnectReason, only: Option<u64>) {
        let mut inner = self.lock();
        let ids: Vec<u64> =
            inner.open.keys().copied().filter(|id| only.is_none_or(|only| only == *id)).collect();
        for id in ids {
            inner.tell_to_go(id, reason, &self.options);
        }
        drop(inner);
        self.changed();
    }

    /// Cuts all connections without a close frame.
    pub(crate) fn drop_all(&self) {
        for socket in self.lock().open.values() {
            socket.cut.cancel();
        }
    }

    /// Stops or resumes all frames on all sockets, pongs included, present and future.
    pub(crate) fn silence(&self, silent: bool) {
        let mut inner = self.lock();
        inner.tricks.silent = silent;
        for socket in inner.open.values() {
            socket.silent.send_replace(silent);
        }
    }

    /// The next sockets get no hello and no events.
    pub(crate) fn withhold_hello(&self, times: u32) {
        self.lock().tricks.withhold_hello = times;
    }

    /// The next sockets are refused at the upgrade.
    pub(crate) fn refuse(&self, times: u32) {
        self.lock().tricks.refuse = times;
    }

    /// The next events are sent twice, on two sockets where two are open.
    pub(crate) fn duplicate(&self, events: u32) {
        self.lock().tricks.duplicate = events;
    }

    /// Sends a frame as it is to one socket in turn; `false` if none is open.
    pub(crate) fn send_raw(&self, app_id: &str, raw: &Value) -> bool {
        let mut inner = self.lock();
        let text = raw.as_str().map_or_else(|| raw.to_string(), str::to_owned);
        let socket = inner.next_socket(app_id, None);
        let socket = socket.and_then(|id| inner.open.get(&id));
        socket.is_some_and(|socket| socket.orders.send(Order::Frame(text.into())).is_ok())
    }
}

impl Inner {
    /// Sends the disconnect frame and plans the closing.
    pub(super) fn tell_to_go(&mut self, socket_id: u64, reason: DisconnectReason, options: &Options) {
        let Some(socket) = self.open.get_mut(&socket_id) else { return };
        // A socket that is already gone needs no telling.
        let _ = socket.orders.send(Order::Frame(frame::disconnect(reason, &socket.app_id)));
        if reason == DisconnectReason::Warning {
            let refresh = Due::Disconnect(socket_id, DisconnectReason::RefreshRequested);
            self.plan(Instant::now() + options.warning_grace, refresh);
        } else {
            socket.closing = true;
            self.plan(Instant::now() + options.close_grace, Due::Close(socket_id));
        }
    }
}
