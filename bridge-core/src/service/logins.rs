//! A bridge's own part of the health document: its logins, and chats that lack their room.

use serde_json::{Value, json};

use super::health::{Count, HealthPart, Own, Trouble};
use crate::engine::Bridge;
use crate::engine::catch_up::is_catching_up;
use crate::network::{ConnectionState, Context, Network};

/// How long a login may take to connect, in milliseconds.
const CONNECTING_MS: i64 = 60 * 1000;
/// The gauge of logins by state, with all states.
const GAUGE: &str = "bridge_logins";
const STATES: [&str; 5] = ["connected", "connecting", "degraded", "bad_credentials", "not_started"];

/// What is told of a bridge's logins.
pub(super) fn own<N: Network>(bridge: &Bridge<N>) -> Own {
    let (logins, failed) = (bridge.logins.all(), bridge.logins.failed());
    let now = bridge.store.clock().now_ms();
    let mut listed: Vec<Value> = Vec::new();
    let mut parts = Vec::new();
    let mut states = Vec::new();
    for live in &logins {
        let (login, connection) = (&live.row.login_id, live.context.state());
        states.push(name(&connection));
        parts.push(part(&live.context, &connection, now));
        listed.push(json!({ "login": login, "connection": connection, "catching_up": is_catching_up(live) }));
    }
    for (login, why) in failed {
        let connection = json!({ "state": "not_started", "reason": why });
        listed.push(json!({ "login": login, "connection": connection }));
        states.push("not_started");
        let part = HealthPart::fine(format!("login {login}"), json!({ "connection": "not_started" }));
        parts.push(part.with(Some(refused(&why))));
    }
    let counts = STATES.iter().map(|state| Count {
        metric: GAUGE,
        state,
        number: states.iter().filter(|counted| *counted == state).count(),
    });
    Own {
        document: json!({ "logins": listed, "rooms": bridge.missing_rooms.document() }),
        parts,
        counts: counts.collect(),
    }
}

fn name(connection: &ConnectionState) -> &'static str {
    match connection {
        ConnectionState::Connecting => "connecting",
        ConnectionState::Connected => "connected",
        ConnectionState::Degraded(_) => "degraded",
        ConnectionState::BadCredentials(_) => "bad_credentials",
    }
}

fn part(context: &Context, connection: &ConnectionState, now: i64) -> HealthPart {
    let (since, (came_at, went_at)) = (context.state_since(), context.last_events());
    let facts = json!({
        "connection": name(connection),
        "last_from_network_at": came_at,
        "last_to_network_at": went_at,
    });
    let part = HealthPart::fine(format!("login {}", context.login_id()), facts).since(since);
    HealthPart {
        last_message_at: came_at.max(went_at),
        ..part.with(trouble(connection, now.saturating_sub(since)))
    }
}

/// What is not fine about a connection that has been so for this time, in milliseconds.
fn trouble(connection: &ConnectionState, waited: i64) -> Option<Trouble> {
    match connection {
        ConnectionState::Connecting if waited > CONNECTING_MS => Some(Trouble::degraded(
            "login_waiting",
            "It has not been connected for more than a minute, so nothing comes from there.",
            "Look whether this machine reaches the network and whether that has an outage; it is tried again by itself.",
        )),
        ConnectionState::Connecting | ConnectionState::Connected => None,
        ConnectionState::Degraded(why) => Some(Trouble::degraded(
            "login_impaired",
            why.clone(),
            "Do what the reason says; until then some of it may not come.",
        )),
        ConnectionState::BadCredentials(why) => Some(refused(why)),
    }
}

fn refused(why: &str) -> Trouble {
    Trouble::degraded(
        "login_refused",
        why,
        "Its person has to log in again: `login` in the direct chat with the bot.",
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use super::*;

    #[test]
    fn a_login_that_connects_for_long_and_one_that_was_refused_are_told() {
        assert_eq!(trouble(&ConnectionState::Connecting, CONNECTING_MS), None);
        assert_eq!(trouble(&ConnectionState::Connected, 10 * CONNECTING_MS), None);
        let code = |connection: &ConnectionState, waited| trouble(connection, waited).unwrap().code;
        assert_eq!(code(&ConnectionState::Connecting, CONNECTING_MS + 1), "login_waiting");
        assert_eq!(code(&ConnectionState::Degraded("It is crowded.".to_owned()), 0), "login_impaired");
        assert_eq!(code(&ConnectionState::BadCredentials("It was revoked.".to_owned()), 0), "login_refused");
    }
}
