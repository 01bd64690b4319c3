//! A bridge to a network that does what a test says, on a leased slot of a fake homeserver.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use testkit::{Homeserver, Kind, Slot};

use super::Bridge;
use super::bridge::Setup;
use crate::clock::Clock;
use crate::config::{Level, Members, NameTemplate, Permissions};
use crate::content::{File, Message, RichText};
use crate::error::{JobError, NetworkError};
use crate::event::{
    ChatInfo, ChatKind, MatrixEvent, MatrixKind, RemoteEvent, RemoteKind, Scope, Sender, UserInfo,
};
use crate::id::{ChatKey, DedupKey, LoginId, PartId, RemoteMessageId, RemoteUserId};
use crate::matrix::CreateRoom;
use crate::matrix::testing::app_of;
use crate::network::login::{Answers, LoggedIn, LoginError, LoginFlow};
use crate::network::{
    Capabilities, Context, FileBytes, Network, NetworkInfo, Past, PastMessage, SentPart, Session, Stretch,
    Unreadable,
};
use crate::queue::{Closing, Delivered, Delivery, Handler, Inbox, Job, Lane, Source};
use crate::secret::Secret;
use crate::store::Store;
use crate::store::login::LoginRow;
use crate::store::portal::PortalRow;
use crate::store::seal::Seal;

type Listening = dyn Fn(Context, Inbox) -> BoxFuture<'static, Result<(), NetworkError>> + Send + Sync;

/// What was sent to the network.
pub(crate) type Sent = Arc<Mutex<Vec<MatrixEvent>>>;

/// What the network answers about people; of all others it knows nothing.
pub(crate) type Told = Arc<Mutex<HashMap<RemoteUserId, Result<UserInfo, NetworkError>>>>;

/// The sources of files.
pub(crate) type Opened = Arc<Mutex<Vec<String>>>;

/// What was said in the chat, for networks that tell of it.
#[derive(Default)]
pub(crate) struct Said {
    /// Outside of threads, the oldest first.
    pub(crate) in_chat: Vec<PastMessage>,
    /// The answers of threads.
    pub(crate) in_threads: HashMap<RemoteMessageId, Vec<PastMessage>>,
    /// What is given with the first page and cannot be read.
    pub(crate) unreadable: Vec<Unreadable>,
    /// What the call of this number fails with, counted from 0.
    pub(crate) failures: HashMap<usize, NetworkError>,
    /// The pages that were asked for: of which thread, which.
    pub(crate) asked: Vec<(Option<RemoteMessageId>, Option<String>)>,
}

impl Said {
    const PER_PAGE: usize = 2;

    fn page(&mut self, stretch: &Stretch<'_>, page: Option<&str>) -> Result<Past, NetworkError> {
        let number = self.asked.len();
        self.asked.push((stretch.thread.cloned(), page.map(str::to_owned)));
        if let Some(error) = self.failures.remove(&number) {
            return Err(error);
        }
        if let Some(root) = stretch.thread {
            let answers = self.in_threads.get(root).into_iter().flatten();
            let messages = answers.filter(|answer| answer.event.at >= stretch.since).cloned().collect();
            return Ok(Past { messages, ..Past::default() });
        }
        let end = page.map_or(self.in_chat.len(), |page| page.parse().unwrap());
        let from = end.saturating_sub(Self::PER_PAGE);
        let unreadable = if page.is_none() { self.unreadable.clone() } else { Vec::new() };
        let next = (from > 0).then(|| from.to_string());
        Ok(Past { messages: self.in_chat[from..end].to_vec(), unreadable, next })
    }

    fn message(&self, id: &RemoteMessageId) -> Option<RemoteEvent> {
        let all = self.in_chat.iter().chain(self.in_threads.values().flatten());
        let is_it = |event: &&RemoteEvent| matches!(&event.kind, RemoteKind::Message { id: known, .. } if known == id);
        all.map(|past| &past.event).find(is_it).cloned()
    }
}

/// The same, for the test and the session.
pub(crate) type History = Arc<Mutex<Option<Said>>>;

/// A network whose sessions listen as the test says, and that takes whatever is sent.
pub(crate) struct Paper {
    listening: Arc<Listening>,
    /// What was sent, in order.
    pub(crate) sent: Sent,
    /// What is told of people.
    pub(crate) told: Told,
    /// The files that were opened, in order.
    pub(crate) opened: Opened,
    /// What was said in the chat; none where the network tells nothing of that.
    pub(crate) said: History,
}

impl Paper {
    pub(crate) fn new<F>(listening: impl Fn(Context, Inbox) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), NetworkError>> + Send + 'static,
    {
        let listening = Arc::new(move |context, inbox| listening(context, inbox).boxed());
        Self {
            listening,
            sent: Sent::default(),
            told: Told::default(),
            opened: Opened::default(),
            said: History::default(),
        }
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
    sent: Sent,
    told: Told,
    opened: Opened,
    said: History,
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

    fn login_flows() -> Vec<LoginFlow> {
        Vec::new()
    }

    async fn log_in(&self, _flow: &str, _answers: Answers) -> Result<LoggedIn<String>, LoginError> {
        std::future::pending().await
    }

    fn connect(&self, _credentials: String, context: Context) -> Result<PaperSession, NetworkError> {
        let (listening, sent, told, opened) = (&self.listening, &self.sent, &self.told, &self.opened);
        Ok(PaperSession {
            listening: Arc::clone(listening),
            sent: Arc::clone(sent),
            told: Arc::clone(told),
            opened: Arc::clone(opened),
            said: Arc::clone(&self.said),
            context,
        })
    }

    /// The payload is an event as JSON, or else what somebody says in the chat, and the message's id.
    fn decode(&self, _login: &LoginId, payload: &str) -> Result<RemoteEvent, NetworkError> {
        if let Ok(event) = serde_json::from_str(payload) {
            return Ok(event);
        }
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

    /// Every message becomes one, named after the event's marker; an edit leaves one; reactions of several people get a
    /// note. A topic is refused.
    async fn send(&self, event: &MatrixEvent, _done: Vec<SentPart>) -> Result<Vec<SentPart>, NetworkError> {
        self.sent.lock().unwrap().push(event.clone());
        let part = |id: &str| SentPart { part: PartId::first(), id: RemoteMessageId::new(id), at: event.at };
        Ok(match &event.kind {
            MatrixKind::Message(_) => vec![part(event.marker.as_str())],
            MatrixKind::Edit { sent, .. } => vec![part(sent[0].id.as_str())],
            MatrixKind::React(reaction) if !reaction.relayed.is_empty() => vec![part("note")],
            MatrixKind::Topic(_) => return Err(NetworkError::Rejected("Topics are fixed.".to_owned())),
            _ => Vec::new(),
        })
    }

    fn capabilities(&self, _chat: &ChatKey) -> Capabilities {
        let able = Capabilities { edits: true, deletes: true, reactions: true, ..Capabilities::default() };
        Capabilities { threads: true, max_file_bytes: 1_000, ..able }
    }

    fn said_at(&self, message: &RemoteMessageId) -> Option<i64> {
        message.as_str().strip_prefix("at ")?.parse().ok()
    }

    async fn past(&self, stretch: &Stretch<'_>, page: Option<&str>) -> Result<Past, NetworkError> {
        let mut said = self.said.lock().unwrap();
        said.as_mut().ok_or(NetworkError::Unsupported("The past"))?.page(stretch, page)
    }

    /// The beginning of every thread says `root`, unless it is known what was said.
    async fn message(
        &self,
        chat: &ChatKey,
        id: &RemoteMessageId,
    ) -> Result<Option<RemoteEvent>, NetworkError> {
        if let Some(said) = &*self.said.lock().unwrap() {
            return Ok(said.message(id));
        }
        let kind = RemoteKind::Message { id: id.clone(), message: Message::text(RichText::plain("root")) };
        let (scope, sender) = (Scope::Chat(chat.clone()), Sender::user(RemoteUserId::new("U3")));
        Ok(Some(RemoteEvent::new(scope, sender, 1, DedupKey::new("root"), kind)))
    }

    /// A file's content is its own source; `gone` is none, `broken` never comes.
    async fn open_file(&self, file: &File) -> Result<FileBytes, NetworkError> {
        let content = file.source.as_str().to_owned();
        self.opened.lock().unwrap().push(content.clone());
        if content == "gone" {
            return Err(NetworkError::Rejected("it was deleted.".to_owned()));
        }
        if content == "broken" {
            return Err(NetworkError::Transient("the connection was lost".to_owned()));
        }
        Ok(FileBytes::of_bytes(content.into()))
    }

    async fn pins(&self, _chat: &ChatKey) -> Result<Vec<RemoteMessageId>, NetworkError> {
        Ok(vec![RemoteMessageId::new("one"), RemoteMessageId::new("never seen")])
    }

    async fn find_sent(&self, _event: &MatrixEvent) -> Result<Vec<SentPart>, NetworkError> {
        Ok(Vec::new())
    }

    async fn chat_info(&self, chat: &ChatKey) -> Result<ChatInfo, NetworkError> {
        Ok(ChatInfo::new(chat.clone(), ChatKind::Channel))
    }

    async fn user_info(&self, user: &RemoteUserId) -> Result<UserInfo, NetworkError> {
        self.told.lock().unwrap().get(user).cloned().unwrap_or_else(|| Ok(UserInfo::default()))
    }

    async fn chats(&self) -> Result<Vec<ChatInfo>, NetworkError> {
        Ok(Vec::new())
    }
}

/// A bridge, without a queue: tests hand it jobs.
pub(crate) struct Stage {
    pub(crate) slot: Slot,
    pub(crate) bridge: Arc<Bridge<Paper>>,
    /// What the bridge has accepted for itself.
    deliveries: tokio::sync::Mutex<tokio::sync::mpsc::Receiver<Delivery>>,
}

impl Stage {
    pub(crate) async fn new(kind: Kind, network: Paper) -> Self {
        let slot = Homeserver::lease(kind).await.unwrap();
        let app = app_of(&slot);
        let (inbox, deliveries) = Inbox::channel(16);
        let bridge = Bridge::new(Setup {
            network,
            app,
            store: Store::open("sqlite::memory:", Seal::none(), Clock::system()).await.unwrap(),
            inbox,
            permissions: Permissions::check([("*".to_owned(), Level::Admin)].into(), &mut Vec::new()),
            ghost_name: NameTemplate::default(),
            members: Members::default(),
            command_prefix: "!paper".to_owned(),
            delivery_events: crate::config::DeliveryEvents::default(),
            public_media: None,
        });
        Self { slot, bridge, deliveries: deliveries.into() }
    }

    /// Says that the next delivery is committed; gives the payloads of its jobs.
    pub(crate) async fn commit_next(&self) -> Vec<String> {
        let Delivery { jobs, answer } = self.deliveries.lock().await.recv().await.unwrap();
        answer.send(Ok(vec![Delivered::New; jobs.len()])).unwrap();
        jobs.into_iter().map(|job| job.payload).collect()
    }

    /// Hands a job to the bridge, as its lane would.
    pub(crate) fn handle<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Closing, JobError>> {
        self.bridge.handle(job).boxed()
    }

    /// Hands a job to the bridge and keeps what it leaves, as the queue would.
    pub(crate) async fn carry(&self, job: &Job) -> Closing {
        let closing = self.handle(job).await.unwrap();
        self.bridge.store.put_pairs(&closing.pairs).await.unwrap();
        let mut tx = self.bridge.store.begin().await.unwrap();
        crate::store::message::forget(&mut tx, &closing.gone.iter().collect::<Vec<_>>()).await.unwrap();
        tx.commit().await.unwrap();
        closing
    }

    /// What the room shows, the oldest first: messages, reactions and redactions.
    pub(crate) async fn timeline(&self, room: &str) -> Vec<Value> {
        let room = super::bridge::room_id(room).unwrap();
        let page = self.bridge.app.bot().messages(room, ruma::api::Direction::Backward, None, 100).await;
        let events = page.unwrap().events.into_iter().rev();
        let events = events.map(|event| serde_json::from_str::<Value>(event.get()).unwrap());
        events
            .filter(|event| {
                let shown = ["m.room.message", "m.reaction", "m.room.redaction"];
                shown.iter().any(|kind| event["type"] == *kind)
            })
            .collect()
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
            letter_id: None,
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
