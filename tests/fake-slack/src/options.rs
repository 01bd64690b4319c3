//! How a workspace is started: its port, its patience and its limits.
use std::time::Duration;

/// Whether the workspace enforces Slack's rate limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Every call is served. The default, so that tests run at full speed.
    #[default]
    Unbounded,
    /// Calls are limited per method and team as Slack documents its tiers, and posts to one per second and
    /// channel with a burst of three.
    Quota,
}

/// How a workspace is started. `Options::default()` is an unbounded workspace on a free port with Slack's own
/// times.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Whether rate limits are enforced.
    pub mode: Mode,
    /// How long a socket has to acknowledge an envelope. Slack: 3 s.
    pub ack_window: Duration,
    /// The waits before each repeated delivery, counted from the moment the attempt before it failed. Slack:
    /// at once, 1 minute, 5 minutes. After the last one the event is lost.
    pub retry_delays: Vec<Duration>,
    /// How long a socket stays open after `disconnect: warning`. Slack: about 10 s.
    pub warning_grace: Duration,
    /// How long a socket stays open after the other disconnect reasons.
    pub close_grace: Duration,
    /// How often the server pings each socket.
    pub ping_interval: Duration,
    /// How long a socket lives, as its hello announces. Slack: about five hours.
    pub socket_lifetime: Duration,
    /// How many sockets one app may hold. Slack: 10.
    pub max_sockets: usize,
    /// Waited before each Web API answer, to stand for the network.
    pub latency: Duration,
    /// How many calls and deliveries are remembered for observers; older ones are forgotten.
    pub remembered: usize,
    /// Serve `conversations.history` and `.replies` as to apps that are sold outside the marketplace: at most
    /// 15 messages per call, and in quota mode one call per minute.
    pub throttled_history: bool,
    /// After every reply in a thread also send `message_replied` about the thread, without its subtype, as
    /// Slack's documentation says it comes.
    pub reply_noise: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            mode: Mode::Unbounded,
            ack_window: Duration::from_secs(3),
            retry_delays: vec![Duration::ZERO, Duration::from_mins(1), Duration::from_mins(5)],
            warning_grace: Duration::from_secs(10),
            close_grace: Duration::from_millis(500),
            ping_interval: Duration::from_secs(10),
            socket_lifetime: Duration::from_mins(301),
            max_sockets: 10,
            latency: Duration::ZERO,
            remembered: 200_000,
            throttled_history: false,
            reply_noise: true,
        }
    }
}
