//! A fake workspace, a logged-in session, and the queue's end in the test's hands.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bridge_core::clock::Clock;
use bridge_core::content::{Message, RichText};
use bridge_core::error::NetworkError;
use bridge_core::event::{MatrixEvent, MatrixKind, Sent, Speaker};
use bridge_core::id::{ChatId, ChatKey, DedupKey, RemoteMessageId, RemoteUserId};
use bridge_core::network::{
    Answers, ConnectionState, Context, LoggedIn, LoginError, Network, SentPart, Session,
};
use bridge_core::queue::{Delivered, Delivery, Inbox, InboxError};
use bridge_core::secret::Secret;
use bridge_slack::Slack;
use bridge_slack::config::{Config, RateLimits};
use bridge_slack::login::Credentials;
use bridge_slack::session::SlackSession;
use fake_slack::{FakeSlack, Options};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Everything that is waited for comes within this time, or the test fails.
pub(crate) const SOON: Duration = Duration::from_secs(20);
/// What is in every file of Matrix.
pub(crate) const CONTENT: &[u8] = b"a picture of a cat";

/// A workspace with the bridge logged in.
pub(crate) struct World {
    pub(crate) slack: FakeSlack,
    pub(crate) network: Slack,
    pub(crate) context: Context,
    pub(crate) session: Arc<SlackSession>,
    listening: JoinSet<Result<(), NetworkError>>,
}

/// Slack's own times, but for a long patience with acknowledgements.
pub(crate) fn patient() -> Options {
    Options { ack_window: Duration::from_mins(2), ..Options::default() }
}

pub(crate) fn network(slack: &FakeSlack) -> Slack {
    network_with(slack, Config { rate_limits: RateLimits::Off, ..Config::default() })
}

fn network_with(slack: &FakeSlack, config: Config) -> Slack {
    Slack::new(Config { api_url: slack.api_url(), ..config }).unwrap()
}

pub(crate) async fn log_in(
    slack: &FakeSlack,
    bot_token: &str,
    app_token: &str,
) -> Result<LoggedIn<Credentials>, LoginError> {
    let mut answers = Answers::default();
    answers.put("bot_token", Secret::new(bot_token));
    answers.put("app_token", Secret::new(app_token));
    network(slack).log_in("app", answers).await
}

impl World {
    /// Slack waits long for acknowledgements: on a busy machine, too, nothing comes a second time that was not meant to.
    pub(crate) async fn new() -> Self {
        Self::with(patient()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        Self::with_limits(options, RateLimits::Off).await
    }

    pub(crate) async fn with_limits(options: Options, rate_limits: RateLimits) -> Self {
        Self::configured(options, Config { rate_limits, ..Config::default() }).await
    }

    pub(crate) async fn configured(options: Options, config: Config) -> Self {
        Self::timed(options, config, Clock::system()).await
    }

    pub(crate) async fn timed(options: Options, config: Config, clock: Clock) -> Self {
        let slack = FakeSlack::start(options).unwrap();
        let app = slack.app();
        let login = log_in(&slack, &app.bot_token, &app.app_token).await.unwrap();
        // The socket that proved the login is gone before the test counts sockets.
        let gone = slack.wait_until(SOON, |slack| slack.sockets().is_empty().then_some(())).await;
        gone.expect("the proving socket closes");
        slack.clear_calls();
        let context = Context::new(login.login_id, clock, CancellationToken::new());
        let context = context.with_content(CONTENT);
        let network = network_with(&slack, config);
        let session = Arc::new(network.connect(login.credentials, context.clone()).unwrap());
        Self { slack, network, context, session, listening: JoinSet::new() }
    }

    /// Listens; what comes in is for the test to answer.
    pub(crate) async fn listen(&mut self) -> mpsc::Receiver<Delivery> {
        let (inbox, deliveries) = Inbox::channel(64);
        self.listen_into(inbox);
        assert!(self.slack.wait_for_sockets(1, SOON).await, "no socket came up");
        self.wait_for_state(|state| *state == ConnectionState::Connected).await;
        deliveries
    }

    pub(crate) fn listen_into(&mut self, inbox: Inbox) {
        let session = Arc::clone(&self.session);
        self.listening.spawn(async move { session.listen(inbox).await });
    }

    /// How listening ended.
    pub(crate) async fn listening_ended(&mut self) -> Result<(), NetworkError> {
        let ended = timeout(SOON, self.listening.join_next()).await;
        ended.expect("listening ends").expect("it was begun").expect("it does not panic")
    }

    /// Something that Mary, who has no login, does on Matrix in #general.
    pub(crate) fn mary(&self, kind: MatrixKind) -> MatrixEvent {
        let mary = Speaker::Relayed { name: "Mary".to_owned(), avatar_url: None };
        self.does(mary, "c0general1", kind)
    }

    /// Something that somebody does on Matrix.
    pub(crate) fn does(&self, speaker: Speaker, channel: &str, kind: MatrixKind) -> MatrixEvent {
        static COUNT: AtomicI64 = AtomicI64::new(0);
        let marker = DedupKey::new(format!("$event-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
        MatrixEvent::new(self.chat(channel), speaker, Clock::system().now_ms(), marker, kind)
    }

    pub(crate) fn chat(&self, id: &str) -> ChatKey {
        ChatKey::shared(ChatId::new(format!("{}-{id}", self.slack.team_id()).to_lowercase()))
    }

    pub(crate) fn user(&self, id: &str) -> RemoteUserId {
        RemoteUserId::new(format!("{}-{id}", self.slack.team_id()).to_lowercase())
    }

    /// A message of #general.
    pub(crate) fn id_of(&self, ts: &str) -> RemoteMessageId {
        RemoteMessageId::new(format!("{}-{ts}", self.chat("c0general1").chat_id))
    }

    /// The texts in #general, replies too.
    pub(crate) fn texts(&self) -> Vec<String> {
        let messages = self.slack.messages("general");
        messages.iter().map(|message| message["text"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// A session of a program that was started anew, and remembers nothing.
    pub(crate) async fn restarted(&self) -> SlackSession {
        let app = self.slack.app();
        let login = log_in(&self.slack, &app.bot_token, &app.app_token).await.unwrap();
        self.network.connect(login.credentials, self.context.clone()).unwrap()
    }

    /// Carries an event out for the first time.
    pub(crate) async fn send(&self, event: &MatrixEvent) -> Result<Vec<SentPart>, NetworkError> {
        self.session.send(event, Vec::new()).await
    }

    /// Carries an event out that may have been carried out before.
    pub(crate) async fn send_again(&self, event: &MatrixEvent) -> Result<Vec<SentPart>, NetworkError> {
        let done = self.session.find_sent(event).await?;
        self.session.send(event, done).await
    }

    pub(crate) async fn wait_for_state(
        &self,
        wanted: impl FnMut(&ConnectionState) -> bool,
    ) -> ConnectionState {
        let mut states = self.context.watch();
        let state = timeout(SOON, states.wait_for(wanted)).await;
        state.expect("the state comes").expect("the context lives").clone()
    }
}

/// Lets a lane's wait pass.
pub(crate) async fn pass(wait: Duration) {
    tokio::time::pause();
    tokio::time::advance(wait).await;
    tokio::time::resume();
}

/// What a message became, as an edit of it names it.
pub(crate) fn sent(parts: &[SentPart]) -> Vec<Sent> {
    parts.iter().map(|part| Sent { part: part.part.clone(), id: part.id.clone() }).collect()
}

/// A text of three posts.
pub(crate) fn long_text() -> String {
    let words: Vec<String> = (0..1_500).map(|n| format!("w{n:05}")).collect();
    words.join(" ")
}

/// A text as a message.
pub(crate) fn says(text: &str) -> MatrixKind {
    MatrixKind::Message(Message::text(RichText::plain(text)))
}

/// The sentence of a refusal.
pub(crate) fn refusal<T: std::fmt::Debug>(answer: Result<T, NetworkError>) -> String {
    match answer.unwrap_err() {
        NetworkError::Rejected(why) => why,
        other => panic!("{other:?}"),
    }
}

/// The next delivery.
pub(crate) async fn next(deliveries: &mut mpsc::Receiver<Delivery>) -> Delivery {
    timeout(SOON, deliveries.recv()).await.expect("an event comes").expect("the session listens")
}

/// Says that a delivery is committed. Answers the texts of its messages.
pub(crate) fn commit(delivery: Delivery) -> Vec<String> {
    let texts = delivery.jobs.iter().map(|job| text(&job.payload)).collect();
    let answers = delivery.jobs.iter().map(|_| Delivered::New).collect();
    delivery.answer.send(Ok(answers)).expect("the session waits for it");
    texts
}

/// Says that nothing of a delivery could be stored.
pub(crate) fn refuse(delivery: Delivery) {
    let failure = Err(InboxError("the disk is full".to_owned()));
    delivery.answer.send(failure).expect("the session waits for it");
}

/// Commits until that many messages came in, and answers their texts in order.
pub(crate) async fn commit_all(deliveries: &mut mpsc::Receiver<Delivery>, count: usize) -> Vec<String> {
    let mut texts = Vec::new();
    while texts.len() < count {
        texts.extend(commit(next(deliveries).await));
    }
    texts
}

pub(crate) fn text(payload: &str) -> String {
    let payload: serde_json::Value = serde_json::from_str(payload).unwrap();
    payload["event"]["text"].as_str().unwrap_or_default().to_owned()
}
