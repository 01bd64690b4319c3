//! A stub homeserver: answers what a bridge asks with as little work as possible, stamps every event it is sent, and
//! pushes transactions as Synapse does.

mod answer;
mod ledger;
mod media;
mod push;

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Result, ensure};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::Instant;

pub(crate) use ledger::Sent;
pub(crate) use push::Contact;

use crate::figures::Samples;
use crate::http_client;
use ledger::Ledger;
use push::Outgoing;

/// Its server name.
pub(crate) const SERVER_NAME: &str = "bench.test";

/// A running homeserver; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Homeserver {
    shared: Arc<Shared>,
    url: String,
    tasks: Vec<JoinHandle<()>>,
}

/// What its connections share.
#[derive(Debug, Default)]
struct Shared {
    /// How long every answer is held back, in microseconds.
    delay: AtomicU64,
    ids: AtomicU64,
    ledger: Mutex<Ledger>,
    account_data: Mutex<HashMap<String, Bytes>>,
    /// A room that takes no events before that time.
    held: Mutex<Option<(String, Instant)>>,
    /// Paths that nobody thought of, by how often they were called.
    unknown: Mutex<HashMap<String, u32>>,
    /// The lengths of the files it was given, in order.
    files: Mutex<Vec<u64>>,
    outgoing: Outgoing,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Until when a call is held back because of its room.
    fn held_until(&self, path: &str) -> Option<Instant> {
        let held = lock(&self.held);
        let (_, until) = held.as_ref().filter(|(room, _)| path.contains(room.as_str()))?;
        Some(*until)
    }

    fn next_id(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }
}

impl Homeserver {
    /// Serves on a free port.
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared::default());
        let serving = tokio::spawn(serve(listener, Arc::clone(&shared)));
        let pushing = tokio::spawn(push::run(Arc::clone(&shared), http_client::http_client()?));
        Ok(Self { shared, url, tasks: vec![serving, pushing] })
    }

    /// Its address.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Holds every answer back from now on.
    pub(crate) fn set_delay(&self, delay: Duration) {
        self.shared.delay.store(delay.as_micros() as u64, Ordering::Relaxed);
    }

    /// Answers no send into this room for a while.
    pub(crate) fn hold(&self, room: &str, time: Duration) {
        *lock(&self.shared.held) = Some((room.to_owned(), Instant::now() + time));
    }

    /// Pushes to this appservice from now on; what waited for another is dropped.
    pub(crate) fn serve_appservice(&self, contact: Contact) {
        self.shared.outgoing.serve(contact);
    }

    /// Puts an event into the next transaction.
    pub(crate) fn push(&self, event: String) {
        self.shared.outgoing.add(event);
    }

    /// The lengths of the files it was given so far, in order.
    pub(crate) fn files(&self) -> Vec<u64> {
        lock(&self.shared.files).clone()
    }

    /// Forgets all events it was sent.
    pub(crate) fn forget_sent(&self) {
        lock(&self.shared.ledger).clear();
    }

    /// Waits until this many different messages of a workload were sent, and gives all of them in the order of their
    /// arrival. What has not come within the limit is missing in the answer.
    pub(crate) async fn sent(&self, workload: u32, count: usize, limit: Duration) -> Vec<Sent> {
        let deadline = Instant::now() + limit;
        while lock(&self.shared.ledger).count(workload) < count && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        lock(&self.shared.ledger).of(workload)
    }

    /// The room in which each channel's messages of a workload appeared, by the channel's number.
    pub(crate) fn rooms(&self, workload: u32, channels: usize) -> Result<Vec<String>> {
        let mut rooms = vec![None; channels];
        for sent in lock(&self.shared.ledger).of(workload) {
            let known = rooms[sent.number % channels].get_or_insert_with(|| sent.room.clone());
            ensure!(*known == sent.room, "One channel's messages appeared in {known} and in {}.", sent.room);
        }
        let found: Vec<String> = rooms.into_iter().flatten().collect();
        ensure!(found.len() == channels, "Only {} of {channels} channels have a room.", found.len());
        Ok(found)
    }

    /// Calls it had no answer for.
    pub(crate) fn unknown_calls(&self) -> Vec<String> {
        lock(&self.shared.unknown).iter().map(|(path, times)| format!("{path} ({times} times)")).collect()
    }

    /// How long it takes itself to take an event, in milliseconds.
    pub(crate) async fn answer_times(&self, count: usize) -> Result<Samples> {
        let http = http_client::http_client()?;
        let mut samples = Samples::default();
        for number in 0..count {
            let path =
                format!("/_matrix/client/v3/rooms/!probe:{SERVER_NAME}/send/m.room.message/probe{number}");
            let begun = Instant::now();
            http_client::send(http.put(format!("{}{path}", self.url)).body(r#"{"body":"probe"}"#)).await?;
            samples.push(begun.elapsed().as_secs_f64() * 1000.0);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(samples)
    }
}

impl Drop for Homeserver {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        // Answers are small; waiting to fill a packet would delay each.
        let _ = stream.set_nodelay(true);
        tokio::spawn(serve_connection(stream, Arc::clone(&shared)));
    }
}

async fn serve_connection(stream: TcpStream, shared: Arc<Shared>) {
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(handle(&shared, request).await) }
    });
    // An error is a client that went away.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn handle(shared: &Shared, request: Request<Incoming>) -> Response<media::Body> {
    let (parts, body) = request.into_parts();
    if let Some(file) = media::download(&parts.method, parts.uri.path()) {
        return file;
    }
    if media::is_upload(&parts.method, parts.uri.path()) {
        let length = media::count(body).await;
        lock(&shared.files).extend(length);
        return answer::answer(shared, &parts.method, &parts.uri, &Bytes::new())
            .await
            .map(BodyExt::boxed_unsync);
    }
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    if let Some(until) = shared.held_until(parts.uri.path()) {
        tokio::time::sleep_until(until).await;
    }
    let answer = answer::answer(shared, &parts.method, &parts.uri, &body).await;
    let delay = shared.delay.load(Ordering::Relaxed);
    if delay > 0 {
        tokio::time::sleep(Duration::from_micros(delay)).await;
    }
    answer.map(BodyExt::boxed_unsync)
}
