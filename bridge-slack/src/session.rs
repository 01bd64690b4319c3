//! A connected Slack app: events in over its sockets, posts and questions out over the Web API.

mod chats;
mod desk;
mod edits;
pub(crate) mod emoji;
mod files;
pub(crate) mod groups;
pub(crate) mod intake;
mod messages;
mod past;
pub(crate) mod people;
mod posts;
mod reactions;
mod rooms;
mod search;
mod standing;
mod uploads;
mod workspace;

use std::sync::Arc;

use bridge_core::content::{File, RichText};
use bridge_core::error::NetworkError;
use bridge_core::event::{MatrixEvent, RemoteEvent};
use bridge_core::id::{ChatKey, RemoteMessageId, RemoteUserId};
use bridge_core::network::{
    Capabilities, ChatInfo, Context, FEW_MEMBERS, FileBytes, Format, Formatting, Past, Person, SentPart,
    Session, Stretch, Support, UserInfo,
};
use bridge_core::queue::Inbox;
use serde_json::json;

use self::chats::{Found, Viewer};
use self::desk::Desk;
use self::emoji::Emojis;
use self::groups::Groups;
use self::intake::Intake;
use self::people::People;
use self::workspace::Home;
use crate::api::{Api, Caller};
use crate::convert::{Options, Own, blocks_write, mrkdwn_write, permalink};
use crate::id;
use crate::login::Credentials;
use crate::socket;
use crate::transcode::Transcoder;

/// The longest text in one Slack message, in characters: beyond, Slack splits on its own terms.
const MAX_TEXT: usize = 4_000;
/// The longest text that is carried at all: 15 posts, at one per second.
const MAX_TEXT_TOTAL: usize = 60_000;
/// The largest file that Slack takes.
const MAX_FILE_BYTES: u64 = 1_000_000_000;

/// One app in one workspace, while connected.
#[derive(Debug)]
pub struct SlackSession {
    api: Api,
    /// The bot as it is asked while a job is at work: it waits a moment at most.
    bot: Caller,
    /// The bot as it is asked for a person's command, or for the login as a whole: it waits as long as Slack says.
    patient_bot: Caller,
    app: Caller,
    team_id: String,
    desk: Desk,
    people: People,
    emojis: Emojis,
    groups: Groups,
    /// The workspace's own address.
    workspace_url: String,
    home: Home,
    context: Context,
}

impl SlackSession {
    fn viewer(&self) -> Viewer<'_> {
        Viewer { team_id: &self.team_id, user_id: &self.desk.own.user_id }
    }

    pub(crate) fn new(
        api: &Api,
        options: Options,
        transcoder: Transcoder,
        credentials: &Credentials,
        own: Arc<Own>,
        context: Context,
    ) -> Self {
        let patient_bot = api.caller(&credentials.bot_token, &credentials.team_id).within(&context);
        let bot = patient_bot.for_jobs();
        let (team_id, clock) = (credentials.team_id.clone(), context.clock().clone());
        let people = People::new(&credentials.team_id, &credentials.team_name, clock.clone());
        let desk = Desk {
            bot: bot.clone(),
            team_id,
            own,
            options,
            transcoder,
            clock,
            context: context.clone(),
            people: people.clone(),
        };
        Self {
            desk,
            bot,
            patient_bot,
            app: api.caller(&credentials.app_token, &credentials.team_id).within(&context),
            api: api.clone(),
            team_id: credentials.team_id.clone(),
            people,
            emojis: Emojis::new(),
            groups: Groups::new(),
            workspace_url: credentials.url.clone(),
            home: Home::new(&credentials.team_id, &credentials.team_name, &credentials.url),
            context,
        }
    }
}

impl Session for SlackSession {
    async fn listen(&self, inbox: Inbox) -> Result<(), NetworkError> {
        let listener = socket::Listener {
            caller: self.app.clone(),
            connector: self.api.connector(),
            intake: Intake::new(
                inbox,
                self.context.clone(),
                self.people.clone(),
                self.emojis.clone(),
                self.groups.clone(),
                self.home.clone(),
            ),
            context: self.context.clone(),
        };
        socket::listen(listener).await
    }

    async fn check(&self) -> Result<(), NetworkError> {
        self.bot.identity().await.map(drop).map_err(|error| error.of_read("auth.test"))
    }

    fn capabilities(&self, _chat: &ChatKey) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.max_text = MAX_TEXT;
        capabilities.max_text_total = MAX_TEXT_TOTAL;
        capabilities.max_file_bytes = MAX_FILE_BYTES;
        capabilities.edits = true;
        capabilities.deletes = true;
        capabilities.reactions = true;
        capabilities.threads = true;
        capabilities.pins = true;
        capabilities.replies = Support::Partial;
        capabilities.captions = true;
        capabilities.custom_emoji = true;
        capabilities.formatting = formatting();
        // Typing, read marks and presence stay off: Slack has no call by which an app's token could set or learn them.
        // What there was of it ended with its older real-time API.
        capabilities
    }

    async fn send(&self, event: &MatrixEvent, done: Vec<SentPart>) -> Result<Vec<SentPart>, NetworkError> {
        self.desk.send(event, done).await
    }

    async fn find_sent(&self, event: &MatrixEvent) -> Result<Vec<SentPart>, NetworkError> {
        self.desk.find(event).await
    }

    async fn chat_info(&self, chat: &ChatKey) -> Result<ChatInfo, NetworkError> {
        let channel = chats::slack_id(&chat.chat_id)?;
        chats::info(&self.bot, self.viewer(), &self.home, &channel).await
    }

    async fn user_info(&self, user: &RemoteUserId) -> Result<UserInfo, NetworkError> {
        self.people.info(&self.bot, user).await
    }

    async fn user_infos(
        &self,
        users: &[RemoteUserId],
    ) -> Result<Vec<(RemoteUserId, UserInfo)>, NetworkError> {
        self.people.infos(&self.patient_bot, users).await
    }

    async fn download(&self, url: &str, limit: usize) -> Result<Vec<u8>, NetworkError> {
        self.bot.download(url, limit).await
    }

    async fn open_file(&self, file: &File) -> Result<FileBytes, NetworkError> {
        files::open(&self.bot, file).await
    }

    async fn emoji_url(&self, name: &str) -> Result<Option<String>, NetworkError> {
        self.emojis.url(&self.bot, name).await
    }

    async fn group_name(&self, group: &str) -> Result<Option<String>, NetworkError> {
        self.groups.handle(&self.bot, group).await
    }

    fn message_link(
        &self,
        message: &RemoteMessageId,
        thread_root: Option<&RemoteMessageId>,
    ) -> Option<String> {
        let message = id::parse_message_id(message).filter(|message| message.team_id == self.team_id)?;
        let root = thread_root.and_then(id::parse_message_id);
        Some(permalink::write(&message, root.as_ref().map(|root| root.ts.as_str()), &self.workspace_url))
    }

    fn said_at(&self, message: &RemoteMessageId) -> Option<i64> {
        id::ts_ms(&id::parse_message_id(message)?.ts)
    }

    async fn message(
        &self,
        _chat: &ChatKey,
        id: &RemoteMessageId,
    ) -> Result<Option<RemoteEvent>, NetworkError> {
        messages::message(&self.desk, id).await
    }

    async fn past(&self, stretch: &Stretch<'_>, page: Option<&str>) -> Result<Past, NetworkError> {
        past::page(&self.desk, stretch, page).await
    }

    async fn pins(&self, chat: &ChatKey) -> Result<Vec<RemoteMessageId>, NetworkError> {
        messages::pins(&self.bot, &self.team_id, chat).await
    }

    async fn members(&self, chat: &ChatKey, at_most: usize) -> Result<Vec<RemoteUserId>, NetworkError> {
        let caller = if at_most <= FEW_MEMBERS { &self.bot } else { &self.patient_bot };
        messages::members(caller, &self.team_id, &self.desk.own, chat, at_most).await
    }

    async fn find_people(&self, name: &str) -> Result<Vec<Person>, NetworkError> {
        search::people(&self.patient_bot, &self.team_id, &self.desk.own, name).await
    }

    async fn is_in_chat(&self, chat: &ChatKey) -> Result<bool, NetworkError> {
        chats::is_in(&self.bot, &chats::slack_id(&chat.chat_id)?).await
    }

    async fn open_chat(&self, people: &[RemoteUserId]) -> Result<ChatInfo, NetworkError> {
        let channel = messages::open(&self.bot, &self.team_id, people).await?;
        chats::info(&self.bot, self.viewer(), &self.home, &channel).await
    }

    async fn answer(&self, answer_to: &str, text: &RichText) -> Result<(), NetworkError> {
        let answer = json!({
            "response_type": "ephemeral",
            "text": mrkdwn_write::write(text, false),
            "blocks": blocks_write::write(text, false),
        });
        self.bot.respond(answer_to, &answer).await
    }

    async fn chats(&self) -> Result<Vec<ChatInfo>, NetworkError> {
        chats::all(&self.patient_bot, self.viewer()).await
    }

    async fn find_chat(&self, name: &str) -> Result<Option<ChatInfo>, NetworkError> {
        match chats::find(&self.patient_bot, self.viewer(), name).await? {
            None => Ok(None),
            Some(Found::Joined(info)) => Ok(Some(*info)),
            Some(Found::Outside(channel)) => {
                let app = id::user_id(&self.team_id, &self.desk.own.user_id);
                let app = match app {
                    Some(app) => self.people.info(&self.patient_bot, &app).await.ok(),
                    None => None,
                };
                let app = app.and_then(|app| app.name);
                Err(NetworkError::Rejected(chats::outside(&channel, app.as_deref())))
            }
        }
    }
}

/// How the kinds of formatting arrive; `convert/blocks_write.rs` is what does it.
fn formatting() -> Formatting {
    use Format::{
        Bold, BulletList, ChatMention, Code, CodeBlock, CustomEmoji, Everyone, Heading, Italic, Link,
        ListStart, MessageLink, NumberedList, Quote, Rule, Spoiler, Strike, Table, Underline, UserMention,
    };
    let full = [
        Bold,
        Italic,
        Underline,
        Strike,
        Code,
        CodeBlock,
        Quote,
        Link,
        UserMention,
        ChatMention,
        BulletList,
        NumberedList,
        ListStart,
    ];
    let partial = [MessageLink, Everyone, CustomEmoji, Spoiler, Rule, Heading, Table];
    Formatting::default().with(Support::Full, &full).with(Support::Partial, &partial)
}
