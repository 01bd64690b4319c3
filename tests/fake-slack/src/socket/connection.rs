//! One socket: the upgrade, the writing half, the reading half.
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::response::Response;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use http::{HeaderMap, StatusCode, header};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_util::sync::CancellationToken;

use super::{Admission, DisconnectReason, Order, frame};
use crate::server::{Generation, spawn};
use crate::workspace::Workspace;

type Stream = WebSocketStream<TokioIo<Upgraded>>;

/// `GET /socket/<ticket>`: becomes a socket, or 403 when the ticket is no good.
pub(crate) async fn upgrade(
    State(workspace): State<Arc<Workspace>>,
    Path(ticket): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
    mut request: Request,
) -> Response {
    let key = accept_key(request.headers());
    let generation = request.extensions().get::<Generation>().cloned();
    let (Some(key), Some(generation)) = (key, generation) else {
        return plain(StatusCode::UPGRADE_REQUIRED);
    };
    let Some(app_id) = workspace.sockets.redeem_ticket(&ticket) else {
        return plain(StatusCode::FORBIDDEN);
    };
    let debug_reconnects = query.iter().any(|(name, value)| name == "debug_reconnects" && value == "true");
    let upgrade = hyper::upgrade::on(&mut request);
    let cut = generation.0.child_token();
    spawn(serve(workspace, upgrade, app_id, debug_reconnects, cut));
    let mut response = plain(StatusCode::SWITCHING_PROTOCOLS);
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, header::HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, header::HeaderValue::from_static("websocket"));
    if let Ok(key) = key.parse() {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, key);
    }
    response
}

fn accept_key(headers: &HeaderMap) -> Option<String> {
    let asked = headers.get(header::UPGRADE)?.to_str().ok()?;
    let key = headers.get(header::SEC_WEBSOCKET_KEY)?;
    asked.eq_ignore_ascii_case("websocket").then(|| derive_accept_key(key.as_bytes()))
}

fn plain(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

async fn serve(
    workspace: Arc<Workspace>,
    upgrade: OnUpgrade,
    app_id: String,
    debug_reconnects: bool,
    cut: CancellationToken,
) {
    let Ok(upgraded) = upgrade.await else { return };
    let mut stream = Stream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
    let admission = workspace.sockets.admit(&app_id, debug_reconnects, cut.clone());
    let Admission::In { socket_id, orders, silent } = admission else {
        let frame = frame::disconnect(DisconnectReason::TooManyWebsockets, &app_id);
        let goodbye = async {
            stream.send(Message::Text(frame)).await?;
            stream.close(None).await
        };
        // The app may be gone already; nobody waits for this goodbye.
        let _ = timeout(Duration::from_secs(1), goodbye).await;
        return;
    };
    let (sink, source) = stream.split();
    let writer = write(sink, orders, silent.clone(), workspace.options.ping_interval);
    tokio::select! {
        () = cut.cancelled() => {}
        () = writer => {}
        () = read(&workspace, socket_id, source, silent) => {}
    }
    workspace.sockets.dismiss(socket_id);
}

/// Writes what it is told and pings; says nothing while silent. Ends when the connection does.
async fn write(
    mut sink: SplitSink<Stream, Message>,
    mut orders: mpsc::UnboundedReceiver<Order>,
    mut silent: watch::Receiver<bool>,
    ping_interval: Duration,
) {
    let mut pings = tokio::time::interval(ping_interval.max(Duration::from_millis(1)));
    pings.tick().await;
    loop {
        let mut next = tokio::select! {
            order = orders.recv() => match order {
                Some(order) => Some(order),
                None => return,
            },
            _ = pings.tick() => None,
        };
        if silent.wait_for(|silent| !silent).await.is_err() {
            return;
        }
        if next.is_none() && sink.feed(Message::Ping("Ping from applink-fake-0001".into())).await.is_err() {
            return;
        }
        while let Some(order) = next {
            let message = match order {
                Order::Frame(text) => Message::Text(text),
                Order::Close => Message::Close(None),
            };
            if sink.feed(message).await.is_err() {
                return;
            }
            next = orders.try_recv().ok();
        }
        if sink.flush().await.is_err() {
            return;
        }
    }
}

/// Reads acknowledgements; deaf while silent, so that no pong goes out either. Ends when the app is gone.
async fn read(
    workspace: &Workspace,
    socket_id: u64,
    mut source: SplitStream<Stream>,
    mut silent: watch::Receiver<bool>,
) {
    loop {
        if silent.wait_for(|silent| !silent).await.is_err() {
            return;
        }
        let message = tokio::select! {
            message = source.next() => message,
            changed = silent.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
        };
        match message {
            Some(Ok(Message::Text(text))) => {
                if let Ok(answer) = serde_json::from_str::<Value>(&text) {
                    workspace.acknowledge(&answer);
                }
            }
            Some(Ok(Message::Ping(_))) => workspace.sockets.pinged(socket_id),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return,
        }
    }
}
