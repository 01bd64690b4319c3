//! The table of routes and how a path finds its entry.
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::call::{Call, Failure, Outcome};
use super::server::Server;
use super::state::State;
use super::{
    account, account_data, ask, create_room, directory, ephemeral, info, media, membership, messages, read,
    send, sync, user_profile,
};

/// An answer that takes a while.
pub(crate) type Later = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// What answers a route.
#[derive(Clone, Copy)]
pub(crate) enum Handler {
    /// At once, under the lock.
    Now(fn(&mut State, &Call) -> Outcome),
    /// With waiting in between.
    Later(fn(Arc<Server>, Call) -> Later),
}

/// One route: method, path with `{names}`, handler.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) handler: Handler,
}

impl Route {
    pub(crate) const fn new(method: &'static str, path: &'static str, handler: Handler) -> Self {
        Self { method, path, handler }
    }

    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    fn match_path(&self, segments: &[String]) -> Option<Vec<(&'static str, String)>> {
        let mut params = vec![];
        let mut given = segments.iter();
        for wanted in self.path[1..].split('/') {
            let segment = given.next()?;
            match wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                Some(name) => params.push((name, segment.clone())),
                None if wanted == segment => {}
                None => return None,
            }
        }
        given.next().is_none().then_some(params)
    }
}

const TABLE: [&[Route]; 14] = [
    account::ROUTES,
    account_data::ROUTES,
    ask::ROUTES,
    create_room::ROUTES,
    directory::ROUTES,
    ephemeral::ROUTES,
    info::ROUTES,
    media::ROUTES,
    membership::ROUTES,
    messages::ROUTES,
    read::ROUTES,
    send::ROUTES,
    sync::ROUTES,
    user_profile::ROUTES,
];

/// Finds the route and fills in the call's parameters.
pub(crate) fn find(call: &mut Call) -> Result<Route, Failure> {
    let mut path_exists = false;
    for route in TABLE.iter().copied().flatten() {
        let Some(params) = route.match_path(&call.segments) else { continue };
        path_exists = true;
        if route.method == call.method {
            call.params = params;
            return Ok(*route);
        }
    }
    Err(if path_exists {
        Failure::new(405, "M_UNRECOGNIZED", "Unrecognized request")
    } else {
        Failure::unrecognized()
    })
}
