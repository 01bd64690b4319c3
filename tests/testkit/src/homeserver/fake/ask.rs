//! What the homeserver asks an appservice outside of transactions: users, aliases, third parties, ping.
use std::sync::Arc;
use std::time::{Duration, Instant};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::call::{Answer, Call, Failure, Outcome, text};
use super::routes::{Handler, Later, Route};
use super::server::Server;
use super::state::State;
use crate::homeserver::registration::{Registration, matches};

const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const ESCAPED_BUT_COLON: &AsciiSet = &ESCAPED.remove(b':');

pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/_matrix/client/v1/appservice/{id}/ping", Handler::Later(ping)),
    Route::new(
        "POST",
        "/_matrix/client/unstable/fi.mau.msc2659/appservice/{id}/ping",
        Handler::Later(unstable_ping),
    ),
    Route::new("GET", "/_matrix/client/v3/thirdparty/protocols", Handler::Later(protocols)),
    Route::new(
        "GET",
        "/_matrix/client/v3/thirdparty/protocol/{protocol}",
        Handler::Later(third_party_protocol),
    ),
    Route::new("GET", "/_matrix/client/v3/thirdparty/{kind}/{protocol}", Handler::Later(third_party)),
];

fn ping(server: Arc<Server>, call: Call) -> Later {
    Box::pin(async move { server.ping(&call).await })
}

fn unstable_ping(server: Arc<Server>, call: Call) -> Later {
    Box::pin(async move {
        let exists = server.lock().profile.unstable_ping;
        if exists { server.ping(&call).await } else { Err(Failure::unrecognized()) }
    })
}

fn protocols(server: Arc<Server>, call: Call) -> Later {
    Box::pin(async move {
        let registrations = {
            let state = server.lock();
            state.requester(&call)?;
            if state.profile.forwards_thirdparty { state.registrations() } else { vec![] }
        };
        let mut all = json!({});
        for registration in registrations {
            for protocol in &registration.protocols {
                if let Some(found) = server.ask(&registration, "thirdparty/protocol", protocol, true).await {
                    all[protocol] = found;
                }
            }
        }
        Answer::ok(all)
    })
}

fn third_party_protocol(server: Arc<Server>, call: Call) -> Later {
    let protocol = call.param("protocol").to_owned();
    Box::pin(async move { server.forward_third_party(&call, "thirdparty/protocol", &protocol).await })
}

fn third_party(server: Arc<Server>, call: Call) -> Later {
    let (kind, protocol) = (call.param("kind").to_owned(), call.param("protocol").to_owned());
    Box::pin(async move { server.forward_third_party(&call, &format!("thirdparty/{kind}"), &protocol).await })
}

/// Without an error code, as Synapse answers it.
fn unknown_protocol() -> Failure {
    Failure { status: 404, body: json!({ "error": "Unknown protocol" }) }
}

impl State {
    fn registrations(&self) -> Vec<Registration> {
        self.appservices.iter().map(|hosted| hosted.registration.clone()).collect()
    }
}

impl Server {
    async fn forward_third_party(&self, call: &Call, kind: &str, protocol: &str) -> Outcome {
        let owner = {
            let state = self.lock();
            if !state.profile.forwards_thirdparty {
                return Err(Failure::unrecognized());
            }
            state.requester(call)?;
            let owners = state.registrations();
            owners
                .into_iter()
                .find(|registration| registration.protocols.iter().any(|offered| offered == protocol))
        };
        let owner = owner.ok_or_else(unknown_protocol)?;
        let answer = self.ask(&owner, kind, protocol, true).await;
        answer.map_or_else(|| Err(unknown_protocol()), Answer::ok)
    }

    /// Asks `GET /_matrix/app/v1/{kind}/{id}`; the body of a 200, else `None`.
    pub(crate) async fn ask(
        &self,
        registration: &Registration,
        kind: &str,
        id: &str,
        escape_colon: bool,
    ) -> Option<Value> {
        let set = if escape_colon { ESCAPED } else { ESCAPED_BUT_COLON };
        let url =
            format!("{}/_matrix/app/v1/{kind}/{}", registration.push_url()?, utf8_percent_encode(id, set));
        let (push_down, in_query) = {
            let state = self.lock();
            (state.push_down, state.profile.token_in_query)
        };
        if push_down {
            return None;
        }
        let mut request =
            self.http.get(url).bearer_auth(&registration.hs_token).timeout(Duration::from_secs(30));
        if in_query {
            request = request.query(&[("access_token", &registration.hs_token)]);
        }
        let answer = request.send().await.ok().filter(|answer| answer.status() == 200)?;
        Some(answer.json().await.unwrap_or(json!({})))
    }

    /// The room of an alias; asks the appservice that owns the alias when nobody knows it.
    pub(crate) async fn find_alias(&self, alias: &str) -> Option<String> {
        let (owners, escape) = {
            let state = self.lock();
            if let Some(room_id) = state.aliases.get(alias) {
                return Some(room_id.clone());
            }
            let owners = state.registrations().into_iter();
            let owners = owners.filter(|registration| matches(&registration.namespaces.aliases, alias));
            (owners.collect::<Vec<_>>(), state.profile.escapes_alias_colon)
        };
        for owner in owners {
            if self.ask(&owner, "rooms", alias, escape).await.is_some() {
                return self.lock().aliases.get(alias).cloned();
            }
        }
        None
    }

    async fn ping(&self, call: &Call) -> Outcome {
        let (registration, flushes, push_down, busy) = {
            let mut state = self.lock();
            if state.requester(call).is_ok_and(|requester| requester.appservice_id.is_none()) {
                return Err(Failure::forbidden(
                    "Only application services can use the /appservice/ping endpoint",
                ));
            }
            let registration = state.appservice_of_token(call)?.clone();
            let (flushes, push_down) = (state.profile.ping_flushes, state.push_down);
            let queue = state.hosted(&registration.id).map(|hosted| &hosted.queue);
            let busy = queue.is_some_and(|queue| queue.is_attempting && queue.is_down);
            (registration, flushes, push_down, busy)
        };
        if registration.id != call.param("id") {
            return Err(Failure::forbidden("Wrong application service ID in path"));
        }
        let Some(url) = registration.push_url() else {
            return Err(Failure::new(
                400,
                "M_URL_NOT_SET",
                "The application service does not have a URL set",
            ));
        };
        let unreachable =
            || Failure::new(502, "M_CONNECTION_FAILED", "Failed to connect to the application service");
        if flushes && busy {
            return Err(unreachable());
        }
        let started = Instant::now();
        let body = json!({ "transaction_id": text(&call.json()?, "transaction_id") });
        let mut request =
            self.http.post(format!("{url}/_matrix/app/v1/ping")).bearer_auth(&registration.hs_token);
        if self.lock().profile.token_in_query {
            request = request.query(&[("access_token", &registration.hs_token)]);
        }
        if push_down {
            return Err(unreachable());
        }
        let answer = request.json(&body).timeout(Duration::from_secs(30)).send().await.map_err(|error| {
            if error.is_timeout() {
                Failure::new(504, "M_CONNECTION_TIMEOUT", "The application service did not answer in time")
            } else {
                unreachable()
            }
        })?;
        let status = answer.status().as_u16();
        if status != 200 {
            let mut failure =
                Failure::new(502, "M_BAD_STATUS", format!("The application service answered {status}"));
            failure.body["status"] = json!(status);
            failure.body["body"] = json!(answer.text().await.unwrap_or_default());
            return Err(failure);
        }
        if flushes && let Some(hosted) = self.lock().hosted(&registration.id) {
            hosted.queue.force.notify_one();
        }
        Answer::ok(json!({ "duration_ms": u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX) }))
    }
}
