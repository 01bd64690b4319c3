//! The admin listener: pages and APIs for operators, apart from what the homeserver calls.

pub(crate) mod api;
pub(crate) mod failure;
mod link;
mod maubot;
mod pages;
pub(crate) mod password;
mod rate;
mod same_site;
mod serve;
pub(crate) mod sessions;
pub(crate) mod signed;
pub(crate) mod users;
mod web;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use bridge_core::task;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

use crate::config::admin::Admin;
use crate::host::Host;
use failure::Failure;
use rate::Rate;
use sessions::Sessions;
use users::Users;

/// How long a body may be, in bytes, where a route says nothing else.
const BODY_LIMIT: usize = 1024 * 1024;

/// What all routes share.
#[derive(Debug, Clone)]
pub(crate) struct Shared(Arc<Parts>);

/// The parts.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) host: Host,
    pub(crate) users: Users,
    pub(crate) sessions: Sessions,
    pub(crate) rate: Rate,
    pub(crate) config: Admin,
    /// Where this program serves its own health document.
    pub(crate) own: SocketAddr,
    /// Cancelled when the program stops: what streams has to end then.
    pub(crate) stop: CancellationToken,
}

impl std::ops::Deref for Shared {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// What to do where somebody has the pages' address.
pub(crate) const WHERE_TAKEN: &str = "If maubot or another host runs there, stop it, or choose another port; `listen: null` has no admin pages.";

/// Takes the port, if there is to be one. An address that the config file does not name is gone without if somebody has it:
/// then there is none from here on. The error is a sentence with the key.
pub(crate) async fn listen(config: &mut Admin) -> Result<Option<TcpListener>, String> {
    let Some(address) = config.listen.address else { return Ok(None) };
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if config.listen.is_written => {
            Err(format!("bots.admin.listen: {address} cannot be listened on ({error}). {WHERE_TAKEN}"))
        }
        Err(error) => {
            tracing::warn!(
                %address,
                %error,
                "there are no pages for operators: the address cannot be listened on. Name another one in bots.admin.listen, or \
                 null to have none"
            );
            config.listen.address = None;
            Ok(None)
        }
    }
}

/// Serves pages and APIs until the program stops. Beside the section stands where the program serves its health document.
pub(crate) fn spawn(
    listener: TcpListener,
    host: Host,
    users: Users,
    section: (Admin, SocketAddr),
    stop: CancellationToken,
) {
    let (config, own) = section;
    let sessions = Sessions::new(host.store().clone());
    let parts = Parts { host, users, sessions, rate: Rate::default(), config, own, stop: stop.clone() };
    let router = router(Shared(Arc::new(parts)));
    task::spawn("admin listener", async move {
        if let Err(error) = serve::serve(listener, router, stop).await {
            tracing::error!(%error, "the admin listener ended");
        }
    });
}

fn router(shared: Shared) -> Router {
    Router::new()
        .merge(api::router())
        .merge(maubot::router())
        .merge(pages::router())
        .fallback(async || Failure::no_such_path())
        .method_not_allowed_fallback(async || Failure::no_such_method())
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(shared.clone(), same_site::expect))
        // Plugins' own paths are for other sites, too, and never see who is signed in.
        .merge(web::router())
        .layer(CatchPanicLayer::custom(failure::panicked))
        .layer(middleware::from_fn(pages::fault::for_people))
        .with_state(shared)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use super::*;
    use crate::config::admin::Listen;

    #[tokio::test]
    async fn only_an_address_that_is_written_has_to_be_free() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = Some(taken.local_addr().unwrap());
        let mut config = Admin { listen: Listen { address, is_written: true }, ..Admin::default() };
        let why = listen(&mut config).await.unwrap_err();
        assert!(why.starts_with("bots.admin.listen: "), "{why}");
        let mut config = Admin { listen: Listen { address, is_written: false }, ..Admin::default() };
        assert!(listen(&mut config).await.unwrap().is_none());
        assert_eq!((config.listen.address, config.address()), (None, None), "no links lead there");
    }

    #[test]
    fn what_the_file_says_is_written() {
        let admin = |text: &str| serde_yaml::from_str::<Admin>(text).unwrap().listen;
        assert!(!admin("users: {}").is_written && admin("users: {}").address.is_some());
        assert!(admin("listen: 127.0.0.1:5").is_written);
        assert_eq!(admin("listen: null").address, None);
    }
}
