//! A line server in the test's own process, with the mishaps a bridge has to survive.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use testkit::{Port, Result, eventually};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines, split};
use tokio::io::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

const LIMIT: Duration = Duration::from_secs(20);

/// One line that was said.
#[derive(Debug, Clone)]
struct Said {
    room: String,
    user: String,
    at: u128,
    marker: String,
    text: String,
}

#[derive(Debug, Default)]
struct State {
    rooms: Vec<String>,
    /// A line's id is its index.
    said: Vec<Said>,
    acknowledged: HashMap<String, HashSet<usize>>,
    /// How often each line was handed to each listener.
    handed_out: HashMap<(String, usize), usize>,
    listeners: usize,
    ignore_acks: bool,
    withhold_answers: bool,
    banned: HashSet<String>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, room: &str, user: &str, marker: &str, text: &str) -> (usize, u128) {
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let [room, user, marker, text] = [room, user, marker, text].map(str::to_owned);
        let mut state = self.lock();
        state.said.push(Said { room, user, at, marker, text });
        let id = state.said.len() - 1;
        drop(state);
        self.changed.send_replace(());
        (id, at)
    }
}

/// The server; its memory outlives its outages.
#[derive(Debug)]
pub(crate) struct LineServer {
    port: Port,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

impl LineServer {
    pub(crate) fn start(rooms: &[&str]) -> Result<Self> {
        let rooms = rooms.iter().map(|&room| room.to_owned()).collect();
        let state = Mutex::new(State { rooms, ..State::default() });
        let shared = Arc::new(Shared { state, changed: watch::Sender::new(()) });
        let mut server = Self { port: Port::reserve()?, shared, accepting: None };
        server.start_again()?;
        Ok(server)
    }

    pub(crate) fn start_again(&mut self) -> Result<()> {
        let (listener, shared) = (self.port.listen()?, Arc::clone(&self.shared));
        self.accepting = Some(tokio::spawn(accept(listener, shared)));
        Ok(())
    }

    /// Closes the port and breaks all connections.
    pub(crate) async fn stop(&mut self) {
        if let Some(accepting) = self.accepting.take() {
            accepting.abort();
            let _ = accepting.await;
        }
        self.shared.lock().listeners = 0;
    }

    pub(crate) fn address(&self) -> String {
        self.port.address()
    }

    /// Somebody says something; answers the line's id.
    pub(crate) fn say(&self, room: &str, user: &str, text: &str) -> usize {
        self.shared.say(room, user, "", text).0
    }

    /// While `true`, acknowledgements are lost on their way.
    pub(crate) fn ignore_acks(&self, ignore: bool) {
        self.shared.lock().ignore_acks = ignore;
    }

    /// While `true`, what is asked is done and never answered.
    pub(crate) fn withhold_answers(&self, withhold: bool) {
        self.shared.lock().withhold_answers = withhold;
    }

    /// Refuses a name from its next request on.
    pub(crate) fn ban(&self, name: &str) {
        self.shared.lock().banned.insert(name.to_owned());
    }

    /// All that was said in a room, as `user: text`, in order.
    pub(crate) fn said(&self, room: &str) -> Vec<String> {
        let state = self.shared.lock();
        let said = state.said.iter().filter(|said| said.room == room);
        said.map(|said| format!("{}: {}", said.user, said.text)).collect()
    }

    pub(crate) async fn wait_until_said(&self, room: &str, expected: &[&str]) -> Result<()> {
        eventually(LIMIT, format!("{expected:?} in {room}"), async || {
            let said = self.said(room);
            if said == expected { Ok(()) } else { Err(format!("{said:?}")) }
        })
        .await
    }

    pub(crate) async fn wait_until_acknowledged(&self, name: &str, id: usize) -> Result<()> {
        eventually(LIMIT, format!("{name}'s acknowledgement of line {id}"), async || {
            let state = self.shared.lock();
            let acknowledged = state.acknowledged.get(name);
            if acknowledged.is_some_and(|ids| ids.contains(&id)) {
                Ok(())
            } else {
                Err(format!("{acknowledged:?}"))
            }
        })
        .await
    }

    pub(crate) async fn wait_until_handed_out(&self, name: &str, id: usize, times: usize) -> Result<()> {
        eventually(LIMIT, format!("line {id} to be handed to {name} {times} times"), async || {
            let count = self.shared.lock().handed_out.get(&(name.to_owned(), id)).copied().unwrap_or(0);
            if count >= times { Ok(()) } else { Err(format!("{count} times so far")) }
        })
        .await
    }

    pub(crate) async fn wait_for_listener(&self) -> Result<()> {
        eventually(LIMIT, "a listener", async || {
            if self.shared.lock().listeners > 0 { Ok(()) } else { Err("nobody listens") }
        })
        .await
    }
}

impl Drop for LineServer {
    fn drop(&mut self) {
        if let Some(accepting) = &self.accepting {
            accepting.abort();
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // Dropped with this task, and its connections with it.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(Connection::serve(stream, Arc::clone(&shared)));
    }
}

struct Connection {
    shared: Arc<Shared>,
    name: String,
    lines: Lines<BufReader<ReadHalf<TcpStream>>>,
    writer: WriteHalf<TcpStream>,
}

impl Connection {
    async fn serve(stream: TcpStream, shared: Arc<Shared>) {
        let (reader, writer) = split(stream);
        let mut lines = BufReader::new(reader).lines();
        let Ok(Some(hello)) = lines.next_line().await else { return };
        let Some(name) = hello.strip_prefix("HELLO\t").map(str::to_owned) else { return };
        let Ok(Some(request)) = lines.next_line().await else { return };
        let mut connection = Self { shared, name, lines, writer };
        if connection.shared.lock().banned.contains(&connection.name) {
            connection.write("BYE\tThat name is not welcome.").await;
        } else if request == "LISTEN" {
            connection.listen().await;
        } else {
            let answer = connection.answer(&request);
            if connection.shared.lock().withhold_answers {
                std::future::pending::<()>().await;
            }
            connection.write(&answer).await;
        }
    }

    fn answer(&self, request: &str) -> String {
        match request.splitn(4, '\t').collect::<Vec<_>>()[..] {
            ["ROOMS"] => format!("ROOMS\t{}", self.shared.lock().rooms.join("\t")),
            ["FIND", marker] => {
                let state = self.shared.lock();
                let is_it = |said: &Said| said.user == self.name && said.marker == marker;
                let found = state.said.iter().position(is_it);
                found.map_or("NONE".to_owned(), |id| format!("SENT\t{id}\t{}", state.said[id].at))
            }
            ["SAY", room, marker, text] if self.shared.lock().rooms.iter().any(|known| known == room) => {
                let (id, at) = self.shared.say(room, &self.name, marker, text);
                format!("SENT\t{id}\t{at}")
            }
            ["SAY", ..] => "NO\tThere is no such room.".to_owned(),
            _ => "NO\tThat is no request.".to_owned(),
        }
    }

    async fn listen(&mut self) {
        let mut changed = self.shared.changed.subscribe();
        let mut next = 0;
        self.write("PING").await;
        self.shared.lock().listeners += 1;
        loop {
            for line in self.new_lines(&mut next) {
                self.write(&line).await;
            }
            tokio::select! {
                _ = changed.changed() => {}
                read = self.lines.next_line() => match read {
                    Ok(Some(line)) => self.acknowledge(&line),
                    _ => return,
                },
            }
        }
    }

    /// What this listener has not acknowledged, from line `next` on.
    fn new_lines(&self, next: &mut usize) -> Vec<String> {
        let mut state = self.shared.lock();
        let State { said, acknowledged, handed_out, .. } = &mut *state;
        let known = acknowledged.entry(self.name.clone()).or_default();
        let from = std::mem::replace(next, said.len());
        let lines = said.iter().enumerate().skip(from).filter(|(id, _)| !known.contains(id));
        lines
            .map(|(id, Said { room, user, at, marker, text })| {
                *handed_out.entry((self.name.clone(), id)).or_default() += 1;
                let marker = if *user == self.name { marker } else { "" };
                format!("MSG\t{room}\t{user}\t{id}\t{at}\t{marker}\t{text}")
            })
            .collect()
    }

    fn acknowledge(&self, line: &str) {
        let mut state = self.shared.lock();
        if let Some(id) = line.strip_prefix("ACK\t").and_then(|id| id.parse().ok())
            && !state.ignore_acks
        {
            state.acknowledged.entry(self.name.clone()).or_default().insert(id);
        }
    }

    async fn write(&mut self, line: &str) {
        let _ = self.writer.write_all(format!("{line}\n").as_bytes()).await;
    }
}
