//! A bridge to a network that does what a test says, on a leased slot of a fake homeserver.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use testkit::{Homeserver, Kind, Slot};

use super::Bridge;
use super::bridge::Setup;
use crate::clock::Clock;
use crate::config::{Level, Permissions};
use crate::content::{Message, RichText};
use crate::error::{JobError, NetworkError};
use crate::event::{ChatInfo, ChatKind, MatrixEvent, RemoteEvent, RemoteKind, Scope, Sender, UserInfo};
use crate::id::{ChatKey, DedupKey, LoginId, RemoteMessageId, RemoteUserId};
use crate::matrix::{AppService, CreateRoom, Settings};
use crate::network::login::{Answers, LoggedIn, LoginError, LoginFlow};
use crate::network::{Context, Network, NetworkInfo, SentPart, Session};
use crate::queue::{Closing, Delivery, Handler, Inbox, Job, Lane, Source};
use crate::secret::Secret;
use crate::store::Store;
use crate::store::login::LoginRow;
use crate::store::portal::PortalRow;
use crate::store::seal::Seal;

type Listening = dyn Fn(Context, Inbox) -> BoxFuture<'static, Result<(), NetworkError>> + Send + Sync;

/// A network whose sessions listen as the test says, and that takes whatever is sent.
pub(crate) struct Paper(Arc<Listening>);

impl Paper {
    pub(crate) fn new<F>(listening: impl Fn(Context, Inbox) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), NetworkError>> + Send + 'static,
    {
        Self(Arc::new(move |context, inbox| listening(context, inbox).boxed()))
    }

    /// Nothing ever comes in.
    pub(crate) fn silent() -> Self {
        Self::new(|_, _| std::future::pending())
    }
}

/// The section of the config, which has no keys.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Section {}

pub(crate) struct PaperSession {
    listening: Arc<Listening>,
    context: Context,
}

impl Network for Paper {
    const INFO: NetworkInfo = NetworkInfo {
        id: "paper",
        name: "Paper",
        url: "https://paper.example",
        default_bot: "paperbot",
        default_port: 29_499,
        quiet: &[],
    };
    type Config = Section;
    type Credentials = String;
    type Session = PaperSession;

    fn new(_config: Section) -> Result<Self, String> {
        Ok(Self::silent())
    }

    fn login_flows(&self) -> Vec<LoginFlow> {
        Vec::new()
    }

    async fn log_in(&self, _flow: &str, _answers: Answers) -> Result<LoggedIn<String>, LoginError> {
        std::future::pending().await
    }

    fn connect(&self, _credentials: String, context: Context) -> Result<PaperSession, NetworkError> {
        Ok(PaperSession { listening: Arc::clone(&self.0), context })
    }

    /// The payload is what somebody says in the chat, and the message's id.
    fn decode(&self, _login: &LoginId, payload: &str) -> Result<RemoteEvent, NetworkError> {
        let (id, message) = (RemoteMessageId::new(payload), Message::text(RichText::plain(payload)));
        let sender = Sender::user(RemoteUserId::new("U2"));
        let kind = RemoteKind::Message { id, message };
        Ok(RemoteEvent::new(Scope::Chat(Stage::chat()), sender, 1, DedupKey::new(payload), kind))
    }
}

impl Session for PaperSession {
    async fn listen(&self, inbox: Inbox) -> Result<(), NetworkError> {
        (self.listening)(self.context.clone(), inbox).await
    }

    async fn send(&self, _event: &MatrixEvent, done: Vec<SentPart>) -> Result<Vec<SentPart>, NetworkError> {
        Ok(done)
    }

    async fn find_sent(&self, _event: &MatrixEvent) -> Result<Vec<SentPart>, NetworkError> {
        Ok(Vec::new())
    }

    async fn chat_info(&self, chat: &ChatKey) -> Result<ChatInfo, NetworkError> {
        Ok(ChatInfo::new(chat.clone(), ChatKind::Channel))
    }

    async fn user_info(&self, _user: &RemoteUserId) -> Result<UserInfo, NetworkError> {
        Ok(UserInfo::default())
    }

    async fn chats(&self) -> Result<Vec<ChatInfo>, NetworkError> {
        Ok(Vec::new())
    }
}

/// A bridge, without a queue: tests hand it jobs.
pub(crate) struct Stage {
    pub(crate) slot: Slot,
    pub(crate) bridge: Arc<Bridge<Paper>>,
    /// Keeps the inbox open.
    _deliveries: tokio::sync::mpsc::Receiver<Delivery>,
}

impl Stage {
    pub(crate) async fn new(kind: Kind, network: Paper) -> Self {
        let slot = Homeserver::lease(kind).await.unwrap();
        let own = &slot.appservice;
        let app = AppService::new(Settings {
            id: own.id.clone(),
            homeserver_url: slot.homeserver.base_url().to_owned(),
            server_name: own.server_name.clone(),
            bot: own.bot.clone(),
            user_prefix: own.user_prefix.clone(),
            as_token: Secret::new(own.as_token.clone()),
        })
        .unwrap();
        let (inbox, deliveries) = Inbox::channel(16);
        let bridge = Bridge::new(Setup {
            network,
            app,
            store: Store::open("sqlite::memory:", Seal::none(), Clock::system()).await.unwrap(),
            inbox,
            permissions: Permissions::check([("*".to_owned(), Level::Admin)].into(), &mut Vec::new()),
            ghost_name: "{name}".to_owned(),
            command_prefix: "!paper".to_owned(),
            pictures: None,
        });
        Self { slot, bridge, _deliveries: deliveries }
    }

    /// Hands a job to the bridge, as its lane would.
    pub(crate) fn handle<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Closing, JobError>> {
        self.bridge.handle(job).boxed()
    }

    /// A stored login.
    pub(crate) fn login(&self) -> LoginRow {
        LoginRow {
            login_id: LoginId::new("L1"),
            owner: format!("@owner:{}", self.slot.appservice.server_name),
            name: "desk".to_owned(),
            own_user_id: RemoteUserId::new("U1"),
            personal: false,
            credentials: Secret::new(r#""none""#),
            created_at: 0,
        }
    }

    /// The chat that is bridged.
    pub(crate) fn chat() -> ChatKey {
        ChatKey::shared("C1".into())
    }

    /// Ties the chat to a room of the bot's, and gives its id.
    pub(crate) async fn portal(&self) -> String {
        let bot = self.bridge.app.bot();
        bot.ensure_registered().await.unwrap();
        let room = bot.create_room(CreateRoom::default()).await.unwrap().to_string();
        let row = PortalRow {
            chat: Self::chat(),
            room_id: Some(room.clone()),
            login_id: self.login().login_id,
            info: ChatInfo::new(Self::chat(), ChatKind::Channel),
            avatar_mxc: None,
            created_at: 0,
        };
        self.bridge.store.put_portal(&row).await.unwrap();
        room
    }

    /// An event of the homeserver's as the queue hands it out.
    pub(crate) fn matrix_job(event: &Value) -> Job {
        Job {
            id: 1,
            lane: Lane::of_room("r"),
            source: Source::Matrix,
            login_id: None,
            dedup: DedupKey::new("$1"),
            payload: event.to_string(),
            accepted_at: 0,
            attempts: 0,
            maybe_sent: false,
        }
    }

    /// Something that was said on the network, tried this many times before.
    pub(crate) fn remote_job(&self, text: &str, attempts: u32) -> Job {
        Job {
            source: Source::Remote,
            login_id: Some(self.login().login_id),
            dedup: DedupKey::new(text),
            payload: text.to_owned(),
            attempts,
            ..Self::matrix_job(&Value::Null)
        }
    }
}
