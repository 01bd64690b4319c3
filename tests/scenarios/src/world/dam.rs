//! A dam on the way to a server: lets everything through until it is closed, then holds what is asked, or until it is cut,
//! then lets no connection live.
use std::sync::Arc;

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::LIMIT;
use crate::Result;

/// Stands before a homeserver of any kind, at an address of its own. It is gone when it is dropped.
#[derive(Debug)]
pub struct Dam {
    url: String,
    state: Arc<watch::Sender<State>>,
    _flowing: JoinSet<()>,
}

#[derive(Debug, Default)]
struct State {
    is_closed: bool,
    /// Whether every connection breaks.
    is_cut: bool,
    /// What came while it was closed.
    held: Vec<u8>,
}

impl Dam {
    /// A dam before the homeserver with this address, open.
    pub async fn before(homeserver_url: &str) -> Result<Self> {
        let target =
            homeserver_url.strip_prefix("http://").context("homeservers of tests speak plain HTTP")?;
        Self::before_address(target.trim_end_matches('/')).await
    }

    /// A dam before whatever listens at this address (`host:port`), open.
    pub async fn before_address(target: &str) -> Result<Self> {
        let target = target.to_owned();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let state = Arc::new(watch::Sender::new(State::default()));
        let mut flowing = JoinSet::new();
        let shared = Arc::clone(&state);
        flowing.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let (target, state) = (target.clone(), Arc::clone(&shared));
                // A connection that breaks on one side breaks on the other, and that is all there is to it.
                connections.spawn(async move { drop(flow(client, &target, &state).await) });
            }
        });
        Ok(Self { url, state, _flowing: flowing })
    }

    /// Its own address, as `host:port`.
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Its own address, as a URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Holds back what is asked from now on. It is never passed on: whoever asked has to ask again.
    pub fn close(&self) {
        self.state.send_modify(|state| state.is_closed = true);
    }

    /// Breaks every connection, those that are there and those that come.
    pub fn cut(&self) {
        self.state.send_modify(|state| state.is_cut = true);
    }

    /// Lets through what is asked from now on.
    pub fn open(&self) {
        self.state.send_modify(|state| *state = State::default());
    }

    /// Waits until a call is held whose head has this in it.
    pub async fn wait_for_held(&self, words: &str) -> Result<()> {
        let is_held = |state: &State| state.held.windows(words.len()).any(|part| part == words.as_bytes());
        let mut changes = self.state.subscribe();
        tokio::time::timeout(LIMIT, changes.wait_for(is_held))
            .await
            .with_context(|| format!("no call with {words:?} was held back"))??;
        Ok(())
    }
}

async fn flow(client: TcpStream, target: &str, state: &watch::Sender<State>) -> std::io::Result<()> {
    let mut changes = state.subscribe();
    if changes.borrow().is_cut {
        return Ok(());
    }
    let server = TcpStream::connect(target).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let asking = async {
        let mut buffer = vec![0; 16 << 10];
        loop {
            let length = from_client.read(&mut buffer).await?;
            if length == 0 {
                return Ok(());
            }
            let is_held = state.send_if_modified(|state| {
                if state.is_closed {
                    state.held.extend_from_slice(&buffer[..length]);
                }
                state.is_closed
            });
            if !is_held {
                to_server.write_all(&buffer[..length]).await?;
            }
        }
    };
    tokio::select! {
        asked = asking => asked,
        _ = changes.wait_for(|state| state.is_cut) => Ok(()),
        answered = tokio::io::copy(&mut from_server, &mut to_client) => answered.map(|_| ()),
    }
}
