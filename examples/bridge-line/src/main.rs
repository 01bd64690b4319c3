//! A whole bridge in one file, to copy from; `docs/writing-a-bridge.md` walks through it and has the protocol.

use std::{io, time::Duration};

use bridge_core::content::{Message, RichText};
use bridge_core::error::NetworkError;
use bridge_core::event::{MatrixEvent, MatrixKind, RemoteEvent, RemoteKind, Scope, Sender, Speaker};
use bridge_core::id::{ChatKey, DedupKey, LoginId, PartId, RemoteMessageId, RemoteUserId};
use bridge_core::network::{Answers, Context, Field, LoggedIn, LoginError, LoginFlow, NetworkInfo, SentPart};
use bridge_core::network::{ChatInfo, ChatKind, ConnectionState, Network, Session, UserInfo};
use bridge_core::queue::Inbox;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// How long the server may be silent. While nobody speaks it says `PING`, more often than this.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest line, in bytes: the longest text that the core lets through, and some more.
const MAX_LINE: u64 = 256 * 1024;

fn main() -> std::process::ExitCode {
    bridge_core::service::main::<Line>()
}

/// The network, and at the same time its section of the config file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Line {
    server: String,
}

impl Default for Line {
    fn default() -> Self {
        Self { server: "127.0.0.1:7000".to_owned() }
    }
}

impl Network for Line {
    const INFO: NetworkInfo = NetworkInfo {
        id: "line",
        name: "Line",
        url: "https://example.org/line",
        default_bot: "linebot",
        default_port: 29_402,
        quiet: &[],
    };
    type Config = Self;
    type Credentials = String;
    type Session = LineSession;

    fn new(config: Self) -> Result<Self, String> {
        let is_address = config.server.contains(':');
        is_address.then_some(config).ok_or_else(|| "server: write it like 127.0.0.1:7000.".to_owned())
    }

    fn login_flows() -> Vec<LoginFlow> {
        let name =
            Field { id: "name", question: "Send the name you go by on the line server.", secret: false };
        vec![LoginFlow { id: "line", summary: "Connect under a name.", preface: None, fields: vec![name] }]
    }

    async fn log_in(&self, _flow: &str, answers: Answers) -> Result<LoggedIn<String>, LoginError> {
        let name = answers.answer("name").expose().to_owned();
        Wire::open(&self.server, &name, &["ROOMS"]).await?.read().await?;
        let (login_id, own_user_id) = (LoginId::new(&name), RemoteUserId::new(&name));
        let credentials = name.clone();
        Ok(LoggedIn { login_id, name, own_user_id, personal: true, note: None, credentials })
    }

    fn connect(&self, name: String, context: Context) -> Result<LineSession, NetworkError> {
        Ok(LineSession { server: self.server.clone(), name, context })
    }

    fn decode(&self, login: &LoginId, payload: &str) -> Result<RemoteEvent, NetworkError> {
        let [room, user, id, at, marker, text] = read_msg(payload).ok_or_else(malformed)?;
        let (scope, user_id) = (Scope::Chat(ChatKey::shared(room.into())), RemoteUserId::new(user));
        let marker = Some(marker.to_owned()).filter(|marker| !marker.is_empty());
        let is_own = user == login.as_str();
        let sender = if is_own { Sender::Own { user_id, marker } } else { Sender::user(user_id) };
        let message = Message::text(RichText::plain(text));
        let kind = RemoteKind::Message { id: RemoteMessageId::new(id), message };
        Ok(RemoteEvent::new(scope, sender, at.parse().map_err(|_| malformed())?, DedupKey::new(id), kind))
    }
}

/// One user, while connected. Each question takes a connection of its own; only listening keeps one.
struct LineSession {
    server: String,
    name: String,
    context: Context,
}

impl LineSession {
    async fn ask(&self, question: &[&str]) -> Result<String, NetworkError> {
        Wire::open(&self.server, &self.name, question).await?.read().await
    }
}

impl Session for LineSession {
    async fn listen(&self, inbox: Inbox) -> Result<(), NetworkError> {
        let mut wire = Wire::open(&self.server, &self.name, &["LISTEN"]).await?;
        while let Some(line) = self.context.stop().run_until_cancelled(wire.read()).await {
            let line = line?;
            self.context.report(ConnectionState::Connected);
            if let Some([room, _, id, ..]) = read_msg(&line) {
                let scope = Scope::Chat(ChatKey::shared(room.into()));
                inbox.deliver(&scope, DedupKey::new(id), line.clone()).await?;
                wire.write(&["ACK", id]).await?;
            }
        }
        Ok(())
    }

    async fn send(&self, event: &MatrixEvent, done: Vec<SentPart>) -> Result<Vec<SentPart>, NetworkError> {
        let MatrixKind::Message(message) = &event.kind else { return Err(NetworkError::Unsupported("This")) };
        if !done.is_empty() {
            return Ok(done);
        }
        let text = match &event.speaker {
            Speaker::Relayed { name, .. } => format!("{name}: {}", message.plain()),
            _ => message.plain(),
        };
        let say = ["SAY", event.chat.chat_id.as_str(), &event.part_marker(0), &text];
        // Whatever broke, the line may have been said.
        read_sent(&self.ask(&say).await.map_err(NetworkError::or_uncertain)?)
    }

    async fn find_sent(&self, event: &MatrixEvent) -> Result<Vec<SentPart>, NetworkError> {
        read_sent(&self.ask(&["FIND", &event.part_marker(0)]).await?)
    }

    async fn chat_info(&self, chat: &ChatKey) -> Result<ChatInfo, NetworkError> {
        Ok(ChatInfo::named(chat.clone(), ChatKind::Channel, chat.chat_id.as_str()))
    }

    async fn user_info(&self, user: &RemoteUserId) -> Result<UserInfo, NetworkError> {
        Ok(UserInfo::named(user.as_str()))
    }

    async fn chats(&self) -> Result<Vec<ChatInfo>, NetworkError> {
        let answer = self.ask(&["ROOMS"]).await?;
        let rooms = answer.split('\t').skip(1);
        Ok(rooms.map(|room| ChatInfo::named(ChatKey::shared(room.into()), ChatKind::Channel, room)).collect())
    }
}

/// A connection on which we have said who we are.
struct Wire(BufReader<TcpStream>);

impl Wire {
    async fn open(server: &str, name: &str, request: &[&str]) -> Result<Self, NetworkError> {
        let mut wire = Self(BufReader::new(in_time(TcpStream::connect(server)).await?));
        wire.write(&["HELLO", name]).await?;
        wire.write(request).await?;
        Ok(wire)
    }

    async fn write(&mut self, fields: &[&str]) -> Result<(), NetworkError> {
        let line = fields.join("\t").replace('\n', "\u{2028}") + "\n";
        in_time(self.0.write_all(line.as_bytes())).await
    }

    async fn read(&mut self) -> Result<String, NetworkError> {
        let mut line = String::new();
        in_time((&mut self.0).take(MAX_LINE).read_line(&mut line)).await?;
        let hung_up = || NetworkError::Transient("The line server hung up.".to_owned());
        let line = line.strip_suffix('\n').ok_or_else(hung_up)?.replace('\u{2028}', "\n");
        match line.split_once('\t') {
            Some(("NO", why)) => Err(NetworkError::Rejected(why.to_owned())),
            Some(("BYE", why)) => Err(NetworkError::BadCredentials(why.to_owned())),
            _ => Ok(line),
        }
    }
}

async fn in_time<T>(io: impl Future<Output = io::Result<T>>) -> Result<T, NetworkError> {
    let done = tokio::time::timeout(PATIENCE, io).await.map_err(io::Error::from).flatten();
    done.map_err(|error| NetworkError::Transient(format!("The line server does not answer: {error}.")))
}

/// What a `MSG` says: room, user, id, time, marker, text.
fn read_msg(line: &str) -> Option<[&str; 6]> {
    line.strip_prefix("MSG\t")?.splitn(6, '\t').collect::<Vec<_>>().try_into().ok()
}

/// What a `SENT` says, or a `NONE`.
fn read_sent(line: &str) -> Result<Vec<SentPart>, NetworkError> {
    let (id, at) = match line.split('\t').collect::<Vec<_>>()[..] {
        ["NONE"] => return Ok(Vec::new()),
        ["SENT", id, at] => (RemoteMessageId::new(id), at.parse().map_err(|_| malformed())?),
        _ => return Err(malformed()),
    };
    Ok(vec![SentPart { part: PartId::first(), id, at }])
}

fn malformed() -> NetworkError {
    NetworkError::Malformed("The line server said something that cannot be read.".to_owned())
}
