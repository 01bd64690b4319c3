//! Make before break: when a socket is told to go, the next one is up before it closes.

use std::time::Duration;

use bridge_core::error::NetworkError;
use bridge_core::network::{ConnectionState, Context};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::Connector;
use tokio_util::sync::CancellationToken;

use super::backoff::Backoff;
use super::connection::{self, Connection, OpenError};
use super::envelope::Goodbye;
use super::reader::{self, News};
use crate::api::Caller;
use crate::metrics;
use crate::session::intake::Intake;

/// The most sockets at once: the current one, and two that are on their way out.
const MOST_SOCKETS: usize = 3;
/// How long sockets may take to acknowledge what is stored, at a stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

const CROWDED: &str = "Slack allows the app no further connection (10 at most). Another program uses the same \
    app-level token; stop it, or give each its own Slack app.";

/// What it takes to listen.
pub(crate) struct Listener {
    /// The Web API with the app-level token.
    pub(crate) caller: Caller,
    /// TLS.
    pub(crate) connector: Connector,
    /// Where events go.
    pub(crate) intake: Intake,
    /// Where the state is told, and who stops it.
    pub(crate) context: Context,
}

/// Keeps a socket open until it is stopped. Ends with an error only when Slack refuses the credentials; a network
/// that is down is waited for.
pub(crate) async fn listen(listener: Listener) -> Result<(), NetworkError> {
    let stop = listener.context.stop().clone();
    let (news_sender, news) = mpsc::unbounded_channel();
    let mut conductor = Conductor {
        // Sockets stop together, also when this future is merely dropped.
        stop_sockets: stop.child_token(),
        listener,
        news_sender,
        sockets: JoinSet::new(),
        handles: Vec::new(),
        current: None,
        backoff: Backoff::default(),
        wait: Duration::ZERO,
    };
    let ended = conductor.conduct(&stop, news).await;
    conductor.stop_sockets.cancel();
    let all = async { while conductor.sockets.join_next().await.is_some() {} };
    let _ = timeout(STOP_TIMEOUT, all).await;
    ended
}

type Opening = BoxFuture<'static, Result<Connection, OpenError>>;

struct Conductor {
    listener: Listener,
    news_sender: mpsc::UnboundedSender<News>,
    sockets: JoinSet<Duration>,
    /// The open sockets, the oldest first.
    handles: Vec<(AbortHandle, Instant)>,
    /// The socket that nobody has told to go.
    current: Option<Id>,
    backoff: Backoff,
    /// How long to wait before the next one is opened.
    wait: Duration,
    stop_sockets: CancellationToken,
}

impl Conductor {
    async fn conduct(
        &mut self,
        stop: &CancellationToken,
        mut news: mpsc::UnboundedReceiver<News>,
    ) -> Result<(), NetworkError> {
        let mut opening: Option<Opening> = None;
        loop {
            if self.current.is_none() && opening.is_none() {
                opening = Some(self.open());
            }
            let opened = async {
                match &mut opening {
                    Some(opening) => opening.await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                Some(heard) = news.recv() => self.hear(&heard)?,
                Some(ended) = self.sockets.join_next_with_id() => self.ended(ended),
                result = opened => {
                    opening = None;
                    self.opened(result)?;
                }
            }
        }
    }

    fn open(&mut self) -> Opening {
        let wait = std::mem::take(&mut self.wait);
        let (caller, connector) = (self.listener.caller.clone(), self.listener.connector.clone());
        async move {
            sleep(wait).await;
            connection::open(&caller, connector).await
        }
        .boxed()
    }

    fn opened(&mut self, result: Result<Connection, OpenError>) -> Result<(), NetworkError> {
        if result.is_err() {
            metrics::socket_failed();
        }
        match result {
            Ok(connection) => {
                let (intake, news) = (self.listener.intake.clone(), self.news_sender.clone());
                let opened_at = connection.opened_at;
                if connection.hello.connections > self.handles.len() + 1 {
                    self.listener.context.not_alone();
                }
                // Before its first event is read: who handles that has to know that the connection is back.
                self.report(ConnectionState::Connected);
                let served = reader::serve(connection, intake, news, self.stop_sockets.clone());
                let handle = self.sockets.spawn(served);
                self.current = Some(handle.id());
                self.handles.push((handle, opened_at));
                if self.handles.len() > MOST_SOCKETS {
                    self.handles.remove(0).0.abort();
                }
                metrics::socket_opened();
                return Ok(());
            }
            Err(OpenError::Refused { sentence, .. }) => return self.refused(sentence),
            Err(OpenError::TooMany) => self.crowded(),
            Err(OpenError::Failed(why)) => {
                tracing::info!(login = %self.listener.context.login_id(), %why, "no socket to Slack yet");
                self.backoff.failed();
                self.report_if_alone();
            }
        }
        self.wait = self.backoff.wait();
        Ok(())
    }

    fn hear(&mut self, news: &News) -> Result<(), NetworkError> {
        match news.goodbye {
            Goodbye::LinkDisabled => match connection::link_disabled() {
                OpenError::Refused { sentence, .. } => self.refused(sentence),
                OpenError::TooMany | OpenError::Failed(_) => Ok(()),
            },
            Goodbye::TooMany if self.current == Some(news.socket) => {
                self.current = None;
                self.crowded();
                self.wait = self.backoff.wait();
                Ok(())
            }
            Goodbye::TooMany | Goodbye::Refresh => {
                self.replace(news.socket);
                Ok(())
            }
        }
    }

    fn ended(&mut self, ended: Result<(Id, Duration), JoinError>) {
        let socket = match ended {
            Ok((socket, _)) => socket,
            Err(error) => {
                if error.is_panic() {
                    tracing::error!("reading a socket failed in an unforeseen way; another one is opened");
                }
                error.id()
            }
        };
        let is_unforeseen = self.current == Some(socket);
        self.replace(socket);
        self.handles.retain(|(handle, _)| handle.id() != socket);
        if is_unforeseen && !self.handles.is_empty() {
            // Slack sends what it had on its way there once more over another one, behind what is newer.
            self.listener.context.missed();
        }
        if self.handles.is_empty() && !self.stop_sockets.is_cancelled() {
            metrics::socket_lost();
        }
        self.report_if_alone();
    }

    /// If this socket is the current one, another has to take its place.
    fn replace(&mut self, socket: Id) {
        if self.current == Some(socket) {
            self.current = None;
            let age = self.handles.iter().find(|(handle, _)| handle.id() == socket);
            let age = age.map_or(Duration::ZERO, |(_, opened_at)| opened_at.elapsed());
            self.wait = self.backoff.after_connection(age);
        }
    }

    fn crowded(&mut self) {
        self.backoff.crowded();
        self.report(ConnectionState::Degraded(CROWDED.to_owned()));
    }

    fn refused(&self, sentence: String) -> Result<(), NetworkError> {
        self.report(ConnectionState::BadCredentials(sentence.clone()));
        Err(NetworkError::BadCredentials(sentence))
    }

    fn report_if_alone(&self) {
        let crowded = matches!(self.listener.context.state(), ConnectionState::Degraded(_));
        if self.handles.is_empty() && !crowded {
            self.report(ConnectionState::Connecting);
        }
    }

    fn report(&self, state: ConnectionState) {
        self.listener.context.report(state);
    }
}
