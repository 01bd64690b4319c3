//! The listener: accepts, serves HTTP, can be shut and opened again on the same port.
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::{any, get, post};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::workspace::Workspace;
use crate::{api, avatar, control, files, page, slash, socket};

/// Cancelled when the server goes down; every request carries the one of its connection.
#[derive(Debug, Clone)]
pub(crate) struct Generation(pub(crate) CancellationToken);

/// Put on a response, it closes the connection in its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Severed;

/// Starts a task that nobody waits for.
#[allow(clippy::disallowed_methods, reason = "every task here ends with its connection or with the server")]
pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(task);
}

/// A socket that holds the port but does not listen, so that connections are refused and nobody takes it.
fn reserve(port: u16) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    Ok(socket)
}

/// Takes the port.
pub(crate) fn bind(port: u16) -> io::Result<TcpListener> {
    reserve(port)?.listen(1024)
}

/// Serves until cancelled, following the workspace's power switch.
pub(crate) async fn run(workspace: Arc<Workspace>, listener: TcpListener, stop: CancellationToken) {
    let router = routes(&workspace);
    let mut power = workspace.power.subscribe();
    let mut listener = Some(listener);
    while let Some(open) = listener.take() {
        let generation = stop.child_token();
        workspace.is_up.send_replace(true);
        tokio::select! {
            () = stop.cancelled() => return,
            () = accept(&open, &router, &generation) => {}
            // The sender lives in the workspace we hold, so this ends only when it is switched off.
            _ = power.wait_for(|on| !on) => {}
        }
        drop(open);
        generation.cancel();
        let Ok(reserved) = reserve(workspace.address.port()) else { return };
        workspace.is_up.send_replace(false);
        tokio::select! {
            () = stop.cancelled() => return,
            _ = power.wait_for(|on| *on) => {}
        }
        listener = reserved.listen(1024).ok();
    }
}

/// Drives the sockets' agenda until cancelled.
pub(crate) async fn keep_agenda(workspace: Arc<Workspace>, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    while !stop.is_cancelled() {
        ticks.tick().await;
        workspace.sockets.tick();
    }
}

fn routes(workspace: &Arc<Workspace>) -> Router {
    Router::new()
        .route("/", get(page::show))
        .route("/messages", get(page::messages))
        .route("/say", post(page::say))
        .route("/act", post(page::act))
        .route("/share", post(page::share))
        .route("/avatars/{name}", get(avatar::serve))
        .route("/api/{method}", any(api::serve))
        .route("/socket/{ticket}", get(socket::connection::upgrade))
        .route("/upload/v1/{ticket}", post(files::receive))
        .route("/files-pri/{*path}", get(files::private))
        .route("/files-tmb/{*path}", get(files::thumbnail))
        .route("/files-cdn/{*path}", get(files::ticketed))
        .route("/files-web/{*path}", get(files::for_people))
        .route("/commands/{team_id}/{id}", post(slash::respond))
        .route("/control/{verb}", any(control::serve))
        .with_state(Arc::clone(workspace))
}

async fn accept(listener: &TcpListener, router: &Router, generation: &CancellationToken) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => spawn(serve(stream, router.clone(), generation.clone())),
            // Out of file descriptors, most likely; the next connection may fare better.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn serve(stream: TcpStream, router: Router, generation: CancellationToken) {
    // Without this small answers wait for the peer; a socket that cannot do it still works.
    let _ = stream.set_nodelay(true);
    let for_requests = Generation(generation.clone());
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(for_requests.clone());
        let router = TowerToHyperService::new(router.clone());
        async move { answer(router, request).await }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades();
    tokio::select! {
        () = generation.cancelled() => {}
        // Errors here are the peer's: it went away.
        _ = connection => {}
    }
}

async fn answer(
    router: TowerToHyperService<Router>,
    request: Request<Incoming>,
) -> io::Result<Response<Body>> {
    let response: Result<Response<Body>, Infallible> = hyper::service::Service::call(&router, request).await;
    let Ok(response) = response;
    if response.extensions().get::<Severed>().is_some() {
        return Err(io::Error::other("a fault closes this connection"));
    }
    Ok(response)
}
