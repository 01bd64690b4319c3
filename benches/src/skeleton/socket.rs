//! The socket: frames in, acknowledged once they are kept.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::{Context, Result, bail};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::{Shared, fatal};
use crate::http_client;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Most acknowledgements in one write.
const BATCH: usize = 256;

#[derive(Deserialize)]
struct Opened {
    url: String,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(default, rename = "envelope_id")]
    id: Option<String>,
    #[serde(default, borrow)]
    payload: Option<Payload<'a>>,
}

#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow)]
    event: Event<'a>,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(default)]
    bot_id: Option<&'a str>,
    #[serde(default)]
    channel: Option<serde_json::Value>,
    #[serde(default)]
    user: Option<serde_json::Value>,
    #[serde(default, borrow)]
    text: Cow<'a, str>,
}

/// Opens one socket and serves it until it closes, which is an error.
pub(super) async fn run(shared: &Arc<Shared>) -> Result<()> {
    let options = &shared.options;
    let request = shared.http.post(format!("{}apps.connections.open", options.slack_api));
    let answer = http_client::send(request.bearer_auth(&options.app_token)).await?;
    let opened: Opened = serde_json::from_slice(&answer).context("No socket was given.")?;
    let (socket, _) = tokio_tungstenite::connect_async(opened.url).await?;
    let (sink, mut stream) = socket.split();
    let (acks, kept) = unbounded_channel();
    tokio::spawn(async move { fatal(acknowledge(sink, kept).await) });
    read(shared, &mut stream, &acks).await
}

async fn read(
    shared: &Arc<Shared>,
    stream: &mut SplitStream<Socket>,
    acks: &UnboundedSender<String>,
) -> Result<()> {
    while let Some(frame) = stream.next().await {
        if let Message::Text(text) = frame? {
            take(shared, &text, acks)?;
        }
    }
    bail!("The socket was closed.")
}

fn take(shared: &Arc<Shared>, text: &Utf8Bytes, acks: &UnboundedSender<String>) -> Result<()> {
    let envelope: Envelope<'_> = serde_json::from_str(text).context("A frame has an unexpected form.")?;
    if envelope.kind == "hello" {
        shared.connected.store(true, Ordering::Relaxed);
    }
    let Some(envelope_id) = envelope.id else { return Ok(()) };
    let event = envelope.payload.map(|payload| payload.event);
    // What we posted ourselves is acknowledged and kept like everything else, and goes nowhere.
    let said = event.filter(|event| event.kind == "message" && event.bot_id.is_none()).and_then(|event| {
        let channel = event.channel?.as_str()?.to_owned();
        Some((channel, event.user?.as_str()?.to_owned(), event.text.into_owned()))
    });
    let (acks, shared_then) = (acks.clone(), Arc::clone(shared));
    let runtime = tokio::runtime::Handle::current();
    shared.commits.keep(text.as_str().to_owned(), move || {
        // Fails only when the socket is gone, which ends the program.
        let _ = acks.send(envelope_id);
        let Some((channel, user, text)) = said else { return };
        let (shared, lane) = (Arc::clone(&shared_then), channel.clone());
        let work = async move { fatal(shared.put(&channel, &user, &text).await) };
        shared_then.to_matrix.add(&runtime, &lane, Box::pin(work));
    });
    Ok(())
}

async fn acknowledge(
    mut sink: SplitSink<Socket, Message>,
    mut kept: UnboundedReceiver<String>,
) -> Result<()> {
    let mut batch = Vec::with_capacity(BATCH);
    while kept.recv_many(&mut batch, BATCH).await > 0 {
        for envelope_id in batch.drain(..) {
            let text = format!(r#"{{"envelope_id":"{envelope_id}"}}"#);
            sink.feed(Message::Text(text.into())).await?;
        }
        sink.flush().await?;
    }
    Ok(())
}
