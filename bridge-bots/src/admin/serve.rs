//! Serves the routes until the program stops, and tells them where a call comes from.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How long calls that are under way may go on when the program stops.
const FAREWELL: Duration = Duration::from_secs(3);

/// Serves until it is told to stop, then lets calls end, for three seconds at most. The error is that of the listener.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(stop.clone().cancelled_owned());
    tokio::select! {
        result = server => result,
        () = async { stop.cancelled().await; tokio::time::sleep(FAREWELL).await } => Ok(()),
    }
}

/// The address of the machine that calls. A proxy on this machine is believed what it says of its caller (the last entry of
/// `X-Forwarded-For`); what others say there is not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) Option<IpAddr>);

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let info = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = info.map(|ConnectInfo(address)| address.ip());
        if !peer.is_some_and(|peer| peer.is_loopback()) {
            return Ok(Self(peer));
        }
        let told = parts.headers.get_all("x-forwarded-for").iter().next_back();
        let told = told.and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
        Ok(Self(told.or(peer)))
    }
}
