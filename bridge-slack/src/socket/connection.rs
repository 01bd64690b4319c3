//! Opens one socket: within a time limit, with a hello at its start.

use std::time::Duration;

use futures_util::StreamExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};

use super::envelope::{self, Frame, Goodbye, Hello};
use crate::api::{CONNECT_TIMEOUT, CallError, Caller, error};
use crate::config::is_allowed;

/// How long Slack may take from the connection to the first frame.
const HELLO_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest frame that is read, in bytes.
const LONGEST_FRAME: usize = 16 << 20;

pub(super) type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A socket that has said hello.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(super) stream: Stream,
    /// What it said.
    pub(crate) hello: Hello,
    pub(super) opened_at: Instant,
}

/// Why no socket came up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OpenError {
    /// Slack refused the app-level token or the app; trying again does not help. The code is Slack's.
    Refused {
        /// `apps.connections.open`'s error code, or `link_disabled`.
        code: String,
        /// What it means and what to do, in sentences.
        sentence: String,
    },
    /// The app has as many sockets as Slack allows.
    TooMany,
    /// Anything that may be over soon, in a sentence.
    Failed(String),
}

/// Asks for an address and connects to it.
pub(crate) async fn open(caller: &Caller, connector: Connector) -> Result<Connection, OpenError> {
    // The address holds a ticket, so no error may hold the address.
    let url = caller.open_connection().await.map_err(|error| refused(&error))?;
    if !is_allowed(&url, "wss", "ws") {
        return Err(failed("Slack named a socket address that is not encrypted."));
    }
    let config =
        WebSocketConfig::default().max_frame_size(Some(LONGEST_FRAME)).max_message_size(Some(LONGEST_FRAME));
    let connecting = connect_async_tls_with_config(url.as_str(), Some(config), true, Some(connector));
    let (mut stream, _) = timeout(CONNECT_TIMEOUT, connecting)
        .await
        .map_err(|_| failed("Slack's socket did not connect in time."))?
        .map_err(|error| failed(&format!("Slack's socket could not be opened ({}).", cause(&error))))?;
    let hello = timeout(HELLO_TIMEOUT, hello(&mut stream))
        .await
        .map_err(|_| failed("Slack's socket connected, but said no hello in time."))??;
    Ok(Connection { stream, hello, opened_at: Instant::now() })
}

impl Connection {
    /// Ends a connection that was opened only to see whether it comes up.
    pub(crate) async fn close(mut self) {
        // Whether Slack hears the goodbye matters to nobody.
        let _ = timeout(HELLO_TIMEOUT, self.stream.close(None)).await;
    }
}

async fn hello(stream: &mut Stream) -> Result<Hello, OpenError> {
    while let Some(message) = stream.next().await {
        let message =
            message.map_err(|error| failed(&format!("Slack's socket broke at once ({}).", cause(&error))))?;
        let Message::Text(text) = message else { continue };
        match envelope::decode(&text) {
            Some(Frame::Hello(hello)) => return Ok(hello),
            Some(Frame::Disconnect(Goodbye::TooMany)) => return Err(OpenError::TooMany),
            Some(Frame::Disconnect(Goodbye::LinkDisabled)) => return Err(link_disabled()),
            Some(Frame::Disconnect(Goodbye::Refresh)) => {
                return Err(failed("Slack's socket said goodbye before it said hello."));
            }
            // An event before the hello stays without acknowledgement, so it comes again.
            Some(Frame::Envelope(_) | Frame::Other) | None => {}
        }
    }
    Err(failed("Slack closed the socket before it said hello."))
}

fn failed(sentence: &str) -> OpenError {
    OpenError::Failed(sentence.to_owned())
}

/// Socket Mode is off.
pub(super) fn link_disabled() -> OpenError {
    OpenError::Refused { code: "link_disabled".to_owned(), sentence: SOCKET_MODE_OFF.to_owned() }
}

const SOCKET_MODE_OFF: &str = "Socket Mode is switched off for the Slack app, so it gets no events. Switch it on on \
    the app's page under Settings → Socket Mode, then log in again.";

fn refused(error: &CallError) -> OpenError {
    let sentence = match (error, error.code()) {
        (CallError::Refused { needed, .. }, Some("missing_scope")) => format!(
            "The app-level token lacks the scope {}. Make a new token with it on the app's page under Basic \
             Information → App-Level Tokens, then log in again with that.",
            needed.as_deref().unwrap_or("connections:write")
        ),
        (_, Some("access_denied" | "link_disabled" | "socket_mode_disabled" | "forbidden_team")) => {
            SOCKET_MODE_OFF.to_owned()
        }
        (_, Some("invalid_auth" | "not_authed" | "token_revoked" | "token_expired")) => {
            "Slack does not know the app-level token; it may have been revoked. Make a new one on the app's page \
             under Basic Information → App-Level Tokens, then log in again with that."
                .to_owned()
        }
        (_, Some("not_allowed_token_type")) => {
            "Slack opens sockets only for an app-level token (xapp-); log in again with the one from the app's \
             page under Basic Information → App-Level Tokens."
                .to_owned()
        }
        (_, Some(code)) => match error::refused_credentials(code) {
            Some(why) => why.to_owned(),
            None => return OpenError::Failed(error.sentence("apps.connections.open")),
        },
        (_, None) => return OpenError::Failed(error.sentence("apps.connections.open")),
    };
    OpenError::Refused { code: error.code().unwrap_or_default().to_owned(), sentence }
}

/// What broke, without the address that some errors hold.
pub(super) fn cause(error: &Error) -> String {
    match error {
        Error::Io(error) => error.kind().to_string(),
        Error::Http(response) => format!("HTTP status {}", response.status().as_u16()),
        Error::Tls(_) => "TLS failed".to_owned(),
        Error::Capacity(_) => "a frame was too long".to_owned(),
        Error::ConnectionClosed | Error::AlreadyClosed => "closed".to_owned(),
        _ => "not a WebSocket".to_owned(),
    }
}
