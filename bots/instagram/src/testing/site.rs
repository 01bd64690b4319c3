//! The stand-in: three servers on this machine that answer as they are told, and note what they were asked.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::config::{AskedBy, Config, Endpoints, Question};

/// A server of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The pages.
    Web,
    /// The documented interface.
    Graph,
    /// The files.
    Cdn,
}

/// How a request is answered.
#[derive(Debug, Clone)]
pub enum Reply {
    /// With these bytes, head and all, then the connection ends.
    Raw(Vec<u8>),
    /// With these bytes again and again, after a head that announces no end.
    Endless(Vec<u8>),
    /// Not at all; the connection stays open.
    Never,
}

impl Reply {
    /// Success with a page or document.
    pub fn text(body: impl AsRef<[u8]>) -> Self {
        Self::status(200, "text/html; charset=utf-8", body)
    }

    /// Success with a file.
    pub fn file(kind: &str, body: impl AsRef<[u8]>) -> Self {
        Self::status(200, kind, body)
    }

    /// Any status.
    pub fn status(status: u16, kind: &str, body: impl AsRef<[u8]>) -> Self {
        Self::with(status, &[("content-type", kind)], body)
    }

    /// Any status and headers.
    pub fn with(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let mut head =
            format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        head.push_str("\r\n");
        Self::Raw([head.as_bytes(), body].concat())
    }

    /// A body that is announced longer or shorter than it is.
    pub fn lying(announced: usize, kind: &str, body: &[u8]) -> Self {
        let head = format!(
            "HTTP/1.1 200 X\r\nconnection: close\r\ncontent-type: {kind}\r\ncontent-length: {announced}\r\n\r\n"
        );
        Self::Raw([head.as_bytes(), body].concat())
    }

    /// Success with a packed body.
    pub fn gzip(body: &[u8]) -> Self {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(body).expect("packed");
        Self::with(200, &[("content-encoding", "gzip")], encoder.finish().expect("packed"))
    }

    /// A redirect.
    pub fn redirect(to: &str) -> Self {
        Self::with(302, &[("location", to)], "")
    }
}

/// A request that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Which server it came to.
    pub part: Part,
    /// Path and query.
    pub path: String,
    /// The head, in lower case.
    pub head: String,
    /// The body.
    pub body: String,
}

#[derive(Debug)]
struct Rule {
    part: Part,
    path: String,
    body: String,
    reply: Reply,
    left: Option<usize>,
}

/// The stand-in. What is not told is answered by 404.
#[derive(Debug)]
pub struct Site {
    state: Arc<Mutex<State>>,
    ports: [u16; 3],
    servers: Vec<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct State {
    rules: Vec<Rule>,
    asked: Vec<Asked>,
}

const PARTS: [Part; 3] = [Part::Web, Part::Graph, Part::Cdn];

impl Site {
    /// Starts the servers.
    pub async fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let mut site = Self { state, ports: [0; 3], servers: Vec::new() };
        for (index, part) in PARTS.into_iter().enumerate() {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
            site.ports[index] = listener.local_addr().expect("an address").port();
            let state = Arc::clone(&site.state);
            site.servers.push(bridge_core::task::spawn("stand-in", serve(listener, part, state)));
        }
        site
    }

    /// Settings that lead here.
    pub fn config(&self) -> Config {
        let question = |doc_id: &str, by| Question {
            doc_id: doc_id.to_owned(),
            by,
            path: "graphql/query".to_owned(),
            name: "Question".to_owned(),
        };
        let mut config = Config {
            endpoints: Endpoints {
                web: self.url(Part::Web, "/"),
                graph: self.url(Part::Graph, "/v26.0/"),
                media_hosts: vec![format!("127.0.0.1:{}", self.ports[2])],
                test_loopback: true,
            },
            ..Config::default()
        };
        config.graphql.questions = vec![question("1", AskedBy::Shortcode), question("2", AskedBy::MediaId)];
        // Generous, because the machine may be busy; what is about time sets its own.
        config.limits.source_ms = 20_000;
        config.limits.total_ms = 60_000;
        config
    }

    /// An address at one of the servers.
    pub fn url(&self, part: Part, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.ports[part as usize])
    }

    /// Answers requests whose path begins like this; what is told last goes first.
    pub fn on(&self, part: Part, path: &str, reply: Reply) {
        self.rule(part, path, "", reply, None);
    }

    /// The same, for so many requests.
    pub fn on_times(&self, times: usize, part: Part, path: &str, reply: Reply) {
        self.rule(part, path, "", reply, Some(times));
    }

    /// The same, for requests whose body holds this.
    pub fn on_body(&self, part: Part, path: &str, body: &str, reply: Reply) {
        self.rule(part, path, body, reply, None);
    }

    fn rule(&self, part: Part, path: &str, body: &str, reply: Reply, left: Option<usize>) {
        let rule = Rule { part, path: path.to_owned(), body: body.to_owned(), reply, left };
        lock(&self.state).rules.push(rule);
    }

    /// What was asked, in order.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.state).asked.clone()
    }

    /// How often was asked for paths that begin like this.
    pub fn count(&self, part: Part, path: &str) -> usize {
        let state = lock(&self.state);
        state.asked.iter().filter(|asked| asked.part == part && asked.path.starts_with(path)).count()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        for server in &self.servers {
            server.abort();
        }
    }
}

async fn serve(listener: TcpListener, part: Part, state: Arc<Mutex<State>>) {
    while let Ok((stream, _)) = listener.accept().await {
        // An error is the caller hanging up, which is theirs to do.
        let state = Arc::clone(&state);
        bridge_core::task::spawn("stand-in connection", async move {
            let _ = answer(stream, part, &state).await;
        });
    }
}

async fn answer(mut stream: TcpStream, part: Part, state: &Mutex<State>) -> std::io::Result<()> {
    let asked = read(&mut stream, part).await?;
    let reply = reply(&mut lock(state), asked);
    match reply {
        Reply::Raw(bytes) => {
            stream.write_all(&bytes).await?;
            stream.shutdown().await
        }
        Reply::Endless(piece) => {
            stream
                .write_all(b"HTTP/1.1 200 X\r\nconnection: close\r\ncontent-type: text/html\r\n\r\n")
                .await?;
            loop {
                stream.write_all(&piece).await?;
            }
        }
        Reply::Never => {
            // Until the caller hangs up.
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.map(|_| ())
        }
    }
}

fn reply(state: &mut State, asked: Asked) -> Reply {
    let fits = |rule: &&mut Rule| {
        rule.part == asked.part
            && asked.path.starts_with(&rule.path)
            && asked.body.contains(&rule.body)
            && rule.left != Some(0)
    };
    let found = state.rules.iter_mut().rev().find(fits).map(|rule| {
        rule.left = rule.left.map(|left| left - 1);
        rule.reply.clone()
    });
    state.asked.push(asked);
    found.unwrap_or_else(|| Reply::status(404, "text/html", "<html>Not Found</html>"))
}

async fn read(stream: &mut TcpStream, part: Part) -> std::io::Result<Asked> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let lower = head.to_ascii_lowercase();
    let length =
        lower.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next()?.parse().ok());
    while bytes.len() < end + length.unwrap_or(0_usize) {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(Asked {
        part,
        path: head.split(' ').nth(1).unwrap_or_default().to_owned(),
        head: lower,
        body: String::from_utf8_lossy(&bytes[end..]).into_owned(),
    })
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
