//! Socket Mode: which sockets are open, which envelopes wait for their acknowledgement.
pub(crate) mod connection;
mod delivery;
mod frame;
mod meter;
mod record;
mod trick;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use serde::Serialize;
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_util::sync::CancellationToken;

pub(crate) use delivery::{Envelope, Item};
pub(crate) use meter::Meter;
pub use record::{Attempt, Delivery, DeliveryState};
pub use trick::DisconnectReason;

use crate::clock::{Clock, now_micros};
use crate::options::Options;
use crate::text;

/// What the writing half of a socket is told.
#[derive(Debug)]
pub(crate) enum Order {
    Frame(Utf8Bytes),
    Close,
}

/// An open socket, as the dispatcher sees it.
#[derive(Debug)]
struct Socket {
    app_id: String,
    orders: mpsc::UnboundedSender<Order>,
    silent: watch::Sender<bool>,
    cut: CancellationToken,
    /// Said hello, so events may be sent to it.
    greeted: bool,
    /// Told to go; takes events only when no other socket is open.
    closing: bool,
    opened_at: u64,
    pings: u64,
}

/// An open socket, as observers see it.
#[derive(Debug, Clone, Serialize)]
pub struct OpenSocket {
    /// Counts up from 1 over the life of the workspace.
    pub socket_id: u64,
    /// The app it belongs to.
    pub app_id: String,
    /// Microseconds since 1970.
    pub opened_at: u64,
    /// Whether it was told to disconnect.
    pub closing: bool,
    /// How often the app has pinged it.
    pub pings: u64,
}

/// What the agenda holds for later.
#[derive(Debug)]
enum Due {
    /// The window of an envelope ends.
    AckWindow(String),
    /// An event is to be delivered again.
    Redeliver(Item, &'static str),
    /// A socket gets a disconnect frame.
    Disconnect(u64, DisconnectReason),
    /// A socket is closed with a close frame.
    Close(u64),
    /// A socket that did not close is cut.
    Cut(u64),
}

/// An envelope under way.
#[derive(Debug)]
struct Pending {
    item: Item,
    sent_at: Instant,
    agenda_key: (Instant, u64),
}

#[derive(Debug, Default)]
struct Inner {
    clock: Clock,
    tickets: HashMap<String, String>,
    open: BTreeMap<u64, Socket>,
    last_socket_id: u64,
    turn: usize,
    pending: HashMap<String, Pending>,
    agenda: BTreeMap<(Instant, u64), Due>,
    agenda_count: u64,
    records: record::Records,
    tricks: trick::Tricks,
}

/// All sockets of the workspace.
#[derive(Debug)]
pub(crate) struct Sockets {
    options: Options,
    changes: Arc<watch::Sender<u64>>,
    inner: Mutex<Inner>,
}

/// What a new connection got.
pub(crate) enum Admission {
    /// It is in: its number, its orders, its silence.
    In { socket_id: u64, orders: mpsc::UnboundedReceiver<Order>, silent: watch::Receiver<bool> },
    /// The app has too many already.
    TooMany,
}

impl Sockets {
    pub(crate) fn new(options: &Options, changes: Arc<watch::Sender<u64>>) -> Self {
        let inner = Inner { records: record::Records::new(options.remembered), ..Inner::default() };
        Self { options: options.clone(), changes, inner: Mutex::new(inner) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// Makes a ticket that opens one socket for an app.
    pub(crate) fn issue_ticket(&self, app_id: &str) -> String {
        let mut inner = self.lock();
        let ticket = text::uuid(inner.clock.tick());
        inner.tickets.insert(ticket.clone(), app_id.to_owned());
        ticket
    }

    /// Takes a ticket back; it is good once. `None` if it is unknown or sockets are refused just now.
    pub(crate) fn redeem_ticket(&self, ticket: &str) -> Option<String> {
        let mut inner = self.lock();
        if inner.tricks.refuse > 0 {
            inner.tricks.refuse -= 1;
            return None;
        }
        inner.tickets.remove(ticket)
    }

    /// Lets a connection in and greets it.
    pub(crate) fn admit(&self, app_id: &str, debug_reconnects: bool, cut: CancellationToken) -> Admission {
        let mut inner = self.lock();
        let already = inner.open.values().filter(|socket| socket.app_id == app_id).count();
        if already >= self.options.max_sockets {
            return Admission::TooMany;
        }
        inner.last_socket_id += 1;
        let socket_id = inner.last_socket_id;
        let (sender, orders) = mpsc::unbounded_channel();
        let (silent_sender, silent) = watch::channel(inner.tricks.silent);
        let greeted = inner.tricks.withhold_hello == 0;
        if greeted {
            let lifetime = if debug_reconnects { 360 } else { self.options.socket_lifetime.as_secs() };
            // The receiver stands right there, so this cannot fail.
            let _ = sender.send(Order::Frame(frame::hello(app_id, already + 1, lifetime)));
        } else {
            inner.tricks.withhold_hello -= 1;
        }
        let socket = Socket {
            app_id: app_id.to_owned(),
            orders: sender,
            silent: silent_sender,
            cut,
            greeted,
            closing: false,
            opened_at: now_micros(),
            pings: 0,
        };
        inner.open.insert(socket_id, socket);
        if debug_reconnects {
            let warn_at = Instant::now() + Duration::from_secs(350);
            inner.plan(warn_at, Due::Disconnect(socket_id, DisconnectReason::Warning));
        }
        drop(inner);
        self.changed();
        Admission::In { socket_id, orders, silent }
    }

    /// The app pings a socket.
    pub(crate) fn pinged(&self, socket_id: u64) {
        if let Some(socket) = self.lock().open.get_mut(&socket_id) {
            socket.pings += 1;
        }
    }

    /// A connection is gone.
    pub(crate) fn dismiss(&self, socket_id: u64) {
        self.lock().open.remove(&socket_id);
        self.changed();
    }

    /// The sockets that are open now.
    pub(crate) fn open(&self) -> Vec<OpenSocket> {
        let inner = self.lock();
        let describe = |(&socket_id, socket): (&u64, &Socket)| OpenSocket {
            socket_id,
            app_id: socket.app_id.clone(),
            opened_at: socket.opened_at,
            closing: socket.closing,
            pings: socket.pings,
        };
        inner.open.iter().map(describe).collect()
    }
}

impl Inner {
    /// Puts something on the agenda; the key takes it off again.
    fn plan(&mut self, at: Instant, due: Due) -> (Instant, u64) {
        self.agenda_count += 1;
        let key = (at, self.agenda_count);
        self.agenda.insert(key, due);
        key
    }

    /// The socket whose turn it is: greeted ones in turn, those told to go only if there is no other.
    fn next_socket(&mut self, app_id: &str, except: Option<u64>) -> Option<u64> {
        let fits =
            |entry: &(&u64, &Socket)| entry.1.app_id == app_id && entry.1.greeted && except != Some(*entry.0);
        let staying: Vec<u64> =
            self.open.iter().filter(fits).filter(|(_, s)| !s.closing).map(|(&id, _)| id).collect();
        let choice = if staying.is_empty() {
            self.open.iter().filter(fits).map(|(&id, _)| id).collect()
        } else {
            staying
        };
        self.turn = self.turn.wrapping_add(1);
        choice.get(self.turn % choice.len().max(1)).copied()
    }
}
