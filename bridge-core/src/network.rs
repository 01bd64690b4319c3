//! What a remote network has to bring to be bridged.
//!
//! A bridge author implements [`Network`] once per program and [`Session`] once per connected login. All other
//! work (queue, rooms, ghosts, permissions, commands, storage, retries) is done by the core.

pub mod context;
mod decrypt;
pub mod file;
pub mod formatting;
pub mod info;
pub mod login;
pub mod past;
mod tries;

use std::future::Future;

use crate::content::{File, RichText};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use crate::event::{Bookmark, ChatInfo, ChatKind, Posting, UserInfo, UserStatus, Workspace};
pub use context::{ConnectionState, Context};
pub use file::{FileBytes, FileStream};
pub use formatting::{Format, Formatting, Support};
pub use info::{Capabilities, NetworkInfo};
pub use login::{Answers, Field, LoggedIn, LoginError, LoginFlow};
pub use past::{Past, PastEdit, PastMessage, Stretch, Unreadable};

use crate::error::NetworkError;
use crate::event::{MatrixEvent, RemoteEvent};
use crate::id::{ChatKey, LoginId, PartId, RemoteMessageId, RemoteUserId};
use crate::metrics::Described;
use crate::queue::Inbox;

/// So many members of a chat at most are asked for to see whether somebody is one of them: more than are in a group.
pub const FEW_MEMBERS: usize = 50;

/// A remote network: one value per program.
pub trait Network: Send + Sync + Sized + 'static {
    /// Its name and habits.
    const INFO: NetworkInfo;
    /// Its section in the config file, under the key [`NetworkInfo::id`]. `Default` gives the values of a file
    /// without the section; the generated example is made from it.
    type Config: DeserializeOwned + Serialize + Default + Send;
    /// What a login needs to connect, and what is sealed into the database.
    type Credentials: DeserializeOwned + Serialize + Send + Sync;
    /// A login while connected.
    type Session: Session;

    /// What the keys of its section mean, for the example config file: each key with its comment, whose lines are cut as
    /// they are to stand in the file.
    fn config_notes() -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// Called once at start, before anything else. The error is one sentence that begins with the key (relative to the
    /// section) and a colon, and names the remedy; the program then ends with exit code 1 and nothing is changed.
    fn new(config: Self::Config) -> Result<Self, String>;

    /// The ways to log in, the usual one first. Called for `login` and `help`; must not block.
    fn login_flows() -> Vec<LoginFlow>;

    /// Texts that the program can print, each a verb of its command line (`manifest`).
    fn documents() -> Vec<Document> {
        Vec::new()
    }

    /// The network's own metrics, for the list of all.
    fn metrics() -> &'static [Described] {
        &[]
    }

    /// Looks at one answer as soon as it is given, before the next question is asked. The error is a sentence for
    /// the person. Must not block.
    fn check_answer(&self, flow: &str, field: &str, answer: &crate::secret::Secret) -> Result<(), String> {
        let _ = (flow, field, answer);
        Ok(())
    }

    /// Proves the answers against the network. Called in a task of its own, may take as long as the network needs
    /// but has to bound its own calls. Nothing is stored when it fails.
    fn log_in(
        &self,
        flow: &str,
        answers: Answers,
    ) -> impl Future<Output = Result<LoggedIn<Self::Credentials>, LoginError>> + Send;

    /// Asks the network whether it still takes these credentials, and changes nothing by that. Called for `doctor`, perhaps
    /// beside the running program; has to bound its own calls. [`NetworkError::BadCredentials`] if it does not; unless said
    /// otherwise they are not tried.
    fn try_credentials(
        &self,
        credentials: &Self::Credentials,
    ) -> impl Future<Output = Result<(), NetworkError>> + Send {
        let _ = credentials;
        async { Err(NetworkError::Unsupported("Trying a login")) }
    }

    /// Makes a session. Called at start for each stored login and after each successful `log_in`. Does no IO: the
    /// connection is made by [`Session::listen`], so that a network that is down delays nothing.
    fn connect(
        &self,
        credentials: Self::Credentials,
        context: Context,
    ) -> Result<Self::Session, NetworkError>;

    /// Reads a payload that [`Session::listen`] delivered earlier. Pure; called in the lane, possibly again after a
    /// restart. An event that is not known is [`RemoteKind::Other`](crate::event::RemoteKind::Other); an error
    /// parks the payload as a dead letter.
    fn decode(&self, login: &LoginId, payload: &str) -> Result<RemoteEvent, NetworkError>;
}

/// A text that the program can print.
#[derive(Debug, Clone)]
pub struct Document {
    /// The verb.
    pub name: &'static str,
    /// What it is, for the help.
    pub about: &'static str,
    /// The text.
    pub text: String,
}

/// A login while connected. All methods but `listen` may be called at any time after `connect`, from many tasks
/// at once.
///
/// Most are called while a job is at work, and the jobs at work are counted: a wait of more than about a second that the
/// network asks for belongs into [`NetworkError::RateLimited`], not into the call. The job's lane waits, and others go
/// on. [`Session::listen`], [`Session::chats`], [`Session::find_chat`], [`Session::members`], [`Session::user_infos`] and
/// [`Network::log_in`] have nobody behind them, and wait as long as they are told.
pub trait Session: Send + Sync + 'static {
    /// Receives events until it is cancelled or the credentials are refused. Called once, in a task of its own;
    /// when it ends with a transient error it is called again with back-off. When [`Context::stop`] is cancelled it
    /// should end by itself, after it has acknowledged what is stored; it is dropped four seconds later. Every event goes
    /// to the inbox as received; the network is told "received" only after [`Inbox::deliver`] returned.
    fn listen(&self, inbox: Inbox) -> impl Future<Output = Result<(), NetworkError>> + Send;

    /// Proves the credentials once more; [`NetworkError::BadCredentials`] puts the login into that state and has its owner
    /// told. Called in a lane, for [`RemoteKind::Credentials`](crate::event::RemoteKind::Credentials) only.
    fn check(&self) -> impl Future<Output = Result<(), NetworkError>> + Send {
        async { Ok(()) }
    }

    /// What the chat allows and how big things may be. Asked before each [`Session::send`]; must not block. Unless said
    /// otherwise, [`Capabilities::default`].
    fn capabilities(&self, chat: &ChatKey) -> Capabilities {
        let _ = chat;
        Capabilities::default()
    }

    /// Carries out a Matrix event. Called in the chat's lane, so never twice at once for one chat. Each remote message
    /// gets its [`MatrixEvent::part_marker`]. `done` holds the parts that [`Session::find_sent`] found: they are not sent
    /// again, and stand in the answer too; if the rest is rejected, the person is told how many there are. An error
    /// after a message that may have gone out has to be [`NetworkError::Uncertain`], or the next try sends it a second
    /// time, and a refusal of a later part too: what is there is found then, and the refusal comes again by itself; a wait that is asked for between two remote messages is [`NetworkError::Interrupted`].
    fn send(
        &self,
        event: &MatrixEvent,
        done: Vec<SentPart>,
    ) -> impl Future<Output = Result<Vec<SentPart>, NetworkError>> + Send;

    /// Looks for the parts of an event whose fate is unknown, by its marker. Called before a repeated
    /// [`Session::send`]. A part that is missing in the answer was certainly not sent, or is one of which it is known that
    /// it is over and not to be sent again: `send` then gives the [`NetworkError::Rejected`] that the person reads. The same
    /// error from here means that the network does not let the session look; the event is kept as a dead letter.
    fn find_sent(
        &self,
        event: &MatrixEvent,
    ) -> impl Future<Output = Result<Vec<SentPart>, NetworkError>> + Send;

    /// All that is to be known of a chat. Called when its portal is made or has to be brought up to date. What cannot be
    /// had beside the chat itself is left out.
    fn chat_info(&self, chat: &ChatKey) -> impl Future<Output = Result<ChatInfo, NetworkError>> + Send;

    /// What the network tells of a person. Called when their ghost is made or has to be brought up to date. Somebody of
    /// whom it tells nothing is a [`NetworkError::Rejected`]: they are shown by what the message says of them.
    fn user_info(&self, user: &RemoteUserId) -> impl Future<Output = Result<UserInfo, NetworkError>> + Send;

    /// The same of many people, as far as that costs much less than asking for each: others may be missing in the answer,
    /// and are asked for one by one. Called when all members of a chat are to be shown; waits where the network asks to.
    fn user_infos(
        &self,
        users: &[RemoteUserId],
    ) -> impl Future<Output = Result<Vec<(RemoteUserId, UserInfo)>, NetworkError>> + Send {
        let _ = users;
        async { Ok(Vec::new()) }
    }

    /// Fetches a small file such as an avatar, `limit` bytes at most; a longer one is a
    /// [`NetworkError::Rejected`].
    fn download(
        &self,
        url: &str,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<u8>, NetworkError>> + Send {
        let _ = (url, limit);
        async { Err(NetworkError::Unsupported("A file")) }
    }

    /// Opens a file of the network for reading. Called in the chat's lane, when a message with the file is shown. A file
    /// that is gone, or that may not be read, is a [`NetworkError::Rejected`], whose sentence is shown in its place.
    fn open_file(&self, file: &File) -> impl Future<Output = Result<FileBytes, NetworkError>> + Send {
        let _ = file;
        async { Err(NetworkError::Unsupported("A file")) }
    }

    /// Where the picture of one of the network's own emoji is; none for one it does not have. Called when somebody uses
    /// it for the first time.
    fn emoji_url(&self, name: &str) -> impl Future<Output = Result<Option<String>, NetworkError>> + Send {
        let _ = name;
        async { Ok(None) }
    }

    /// What one of the network's own groups of people is called, with the sign that stands before it (`@designers`); none
    /// for one it does not have. Called when somebody mentions it.
    fn group_name(&self, group: &str) -> impl Future<Output = Result<Option<String>, NetworkError>> + Send {
        let _ = group;
        async { Ok(None) }
    }

    /// The address under which people of the network find a message, which may stand in the thread that begins with
    /// `thread_root`. Called for a link on Matrix to an event that shows the message; none where there is no such address.
    /// Must not block.
    fn message_link(
        &self,
        message: &RemoteMessageId,
        thread_root: Option<&RemoteMessageId>,
    ) -> Option<String> {
        let _ = (message, thread_root);
        None
    }

    /// When a message was said, in milliseconds since 1970, where its id tells that, and is of one chat alone. Called for an edit
    /// of a message that is not known, to see whether it is older than what is known; and for a new message, which is not
    /// looked for among the shown ones if all of its chat are older. Must not block.
    fn said_at(&self, message: &RemoteMessageId) -> Option<i64> {
        let _ = message;
        None
    }

    /// One message as an event of kind [`RemoteKind::Message`](crate::event::RemoteKind::Message), with its reactions, or none
    /// if it is not there any more. Called when somebody answers in a thread whose beginning was never shown, and to see
    /// whether what comes late still holds.
    fn message(
        &self,
        chat: &ChatKey,
        id: &RemoteMessageId,
    ) -> impl Future<Output = Result<Option<RemoteEvent>, NetworkError>> + Send {
        let _ = (chat, id);
        async { Ok(None) }
    }

    /// A page of what was said in a chat while the login did not listen, and enough of what stands before that to see what
    /// of it was changed, answered or taken back meanwhile. `page` is none for the first page, else what the page before
    /// gave as [`Past::next`]. The pages of a chat come newest first, those of a thread oldest first. Called in the chat's
    /// lane after the login was cut off, until a page reaches back beyond [`Stretch::since`]. A network without it catches
    /// nothing up; one that has it needs [`Session::message`], too. A [`NetworkError::Rejected`] means that the chat cannot be
    /// read; it is passed over.
    fn past(
        &self,
        stretch: &Stretch<'_>,
        page: Option<&str>,
    ) -> impl Future<Output = Result<Past, NetworkError>> + Send {
        let _ = (stretch, page);
        async { Err(NetworkError::Unsupported("Reading what was said before")) }
    }

    /// The messages that are pinned in a chat. Called after an event of kind
    /// [`RemoteKind::Pins`](crate::event::RemoteKind::Pins).
    fn pins(
        &self,
        chat: &ChatKey,
    ) -> impl Future<Output = Result<Vec<RemoteMessageId>, NetworkError>> + Send {
        let _ = chat;
        async { Ok(Vec::new()) }
    }

    /// The people in a chat, `at_most` of them. Called when all members of a chat are to be shown in its room, or those who
    /// left are to leave it, in a task of its own; waits where the network asks to. For [`FEW_MEMBERS`] or less it is called
    /// inside a job, and does not wait: the job's lane would.
    fn members(
        &self,
        chat: &ChatKey,
        at_most: usize,
    ) -> impl Future<Output = Result<Vec<RemoteUserId>, NetworkError>> + Send {
        let _ = (chat, at_most);
        async { Err(NetworkError::Unsupported("A list of members")) }
    }

    /// The people that somebody means by an id, a handle or a name: several where that is not clear, none where there is
    /// nobody. Called by `start-chat`; waits where the network asks to.
    fn find_people(&self, name: &str) -> impl Future<Output = Result<Vec<Person>, NetworkError>> + Send {
        let _ = name;
        async { Err(NetworkError::Unsupported("Looking for people by name")) }
    }

    /// Opens the direct chat with one person, or the group of several. Called by `start-chat`, and when a ghost is invited
    /// into a direct room; may be called again for a chat that is open.
    fn open_chat(
        &self,
        people: &[RemoteUserId],
    ) -> impl Future<Output = Result<ChatInfo, NetworkError>> + Send {
        let _ = people;
        async { Err(NetworkError::Unsupported("Opening a chat")) }
    }

    /// Whether the login is in a chat, so that it hears what is said there. Called when somebody asks the bridge in a chat
    /// that has no room.
    fn is_in_chat(&self, chat: &ChatKey) -> impl Future<Output = Result<bool, NetworkError>> + Send {
        let _ = chat;
        async { Ok(true) }
    }

    /// Answers somebody's [`RemoteKind::Command`](crate::event::RemoteKind::Command); nobody else sees it.
    fn answer(
        &self,
        answer_to: &str,
        text: &RichText,
    ) -> impl Future<Output = Result<(), NetworkError>> + Send {
        let _ = (answer_to, text);
        async { Err(NetworkError::Unsupported("Answering a command")) }
    }

    /// The chats this login is in, for `sync` and after a login. Waits where the network asks to.
    fn chats(&self) -> impl Future<Output = Result<Vec<ChatInfo>, NetworkError>> + Send;

    /// Finds the chat that a person named in a command (`bridge #general`). Unless written otherwise, the one of
    /// [`Session::chats`] with exactly this name or id. One that is there but cannot be bridged is a
    /// [`NetworkError::Rejected`], whose sentence the person reads. Waits where the network asks to.
    fn find_chat(&self, name: &str) -> impl Future<Output = Result<Option<ChatInfo>, NetworkError>> + Send {
        async move {
            let is_meant =
                |info: &ChatInfo| info.name.as_deref() == Some(name) || info.key.chat_id.as_str() == name;
            Ok(self.chats().await?.into_iter().find(is_meant))
        }
    }

    /// Ends the login on the network's side, if there is something to end. The stored login is removed either way.
    fn log_out(&self) -> impl Future<Output = Result<(), NetworkError>> + Send {
        async { Ok(()) }
    }
}

/// Somebody on the remote network, as found by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub user_id: RemoteUserId,
    /// What they are called.
    pub name: String,
    /// What tells them from others of that name, as it may be typed again: a handle, or an id.
    pub handle: String,
}

/// One remote message that a Matrix event became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentPart {
    /// Which part of the event.
    pub part: PartId,
    /// The message.
    pub id: RemoteMessageId,
    /// When, in milliseconds since 1970, by the network's clock.
    pub at: i64,
}
