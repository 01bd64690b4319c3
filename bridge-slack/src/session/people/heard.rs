//! What events tell of people: all that asking would, so that nobody has to be asked about them again.

use std::sync::Arc;

use bridge_core::id::RemoteUserId;
use serde::Deserialize;
use tokio::sync::OnceCell;

use super::{Known, People, described};
use crate::api::reply::User;
use crate::id;

/// An event that is older, in seconds, may tell less than is known by now. Slack repeats what was not acknowledged.
const FRESH: i64 = 60;

#[derive(Deserialize)]
struct Payload {
    event: Event,
    event_time: i64,
}

#[derive(Deserialize)]
struct Event {
    user: User,
}

impl People {
    /// An event said that a person changed. What it tells of them is known from now on; where that is not to be relied on,
    /// they are asked about when they are next heard of.
    pub(crate) fn hear(&self, user_id: &RemoteUserId, payload: &str) {
        let Some(user) = self.told(user_id, payload) else { return self.kept.remove(user_id) };
        let known = self.kept.get(user_id).and_then(|known| known.get().map(|known| known.updated));
        if known.is_some_and(|updated| updated > user.updated) {
            // Two events overtook each other.
            return;
        }
        let updated = user.updated;
        let mut info = described::user(user);
        info.team = self.teams.own_name();
        self.kept.insert(user_id.clone(), Arc::new(OnceCell::new_with(Some(Known { info, updated }))));
    }

    /// The person in a fresh event, of our own workspace: of others Slack tells less in events.
    fn told(&self, user_id: &RemoteUserId, payload: &str) -> Option<User> {
        let Payload { event: Event { user }, event_time } = serde_json::from_str(payload).ok()?;
        let slack = id::parse_user_id(user_id)?;
        let is_theirs = user.id == slack.id && user.team_id.as_deref() == Some(self.teams.own_id());
        let age = (self.clock.now_ms() / 1_000).abs_diff(event_time);
        (is_theirs && user.updated > 0 && age <= FRESH.unsigned_abs() && !user.is_stranger).then_some(user)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use bridge_core::clock::Clock;
    use serde_json::{Value, json};

    use super::*;

    const NOW: i64 = 1_700_000_000;

    fn payload(name: &str, updated: i64, change: impl Fn(&mut Value)) -> String {
        let user = json!({ "id": "U1", "team_id": "T1", "name": name, "updated": updated, "profile": {} });
        let mut payload = json!({ "event_time": NOW - 5, "event": { "type": "user_change", "user": user } });
        change(&mut payload);
        payload.to_string()
    }

    #[test]
    fn what_a_fresh_event_tells_is_known_and_nothing_else() {
        let people = People::new("T1", "Acme", Clock::manual(NOW * 1_000));
        let user = RemoteUserId::new("t1-u1");
        let known = || people.kept.get(&user).map(|known| known.get().unwrap().info.handle.clone().unwrap());
        let same = |_: &mut Value| {};
        people.hear(&user, &payload("ada", 100, same));
        assert_eq!(known().as_deref(), Some("ada"));
        assert_eq!(people.kept.get(&user).unwrap().get().unwrap().info.team.as_deref(), Some("Acme"));
        people.hear(&user, &payload("overtaken", 99, same));
        assert_eq!(known().as_deref(), Some("ada"));
        people.hear(&user, &payload("lovelace", 100, same));
        assert_eq!(known().as_deref(), Some("lovelace"));
        let doubtful: [fn(&mut Value); 6] = [
            |it| it["event_time"] = (NOW - 300).into(),
            |it| it["event"]["user"] = "U1".into(),
            |it| it["event"]["user"]["id"] = "U2".into(),
            |it| it["event"]["user"]["team_id"] = "T2".into(),
            |it| it["event"]["user"]["updated"] = 0.into(),
            |it| it["event"]["user"]["is_stranger"] = true.into(),
        ];
        for change in doubtful {
            people.hear(&user, &payload("ada", 101, same));
            people.hear(&user, &payload("doubtful", 102, change));
            assert_eq!(known(), None, "{}", payload("doubtful", 102, change));
        }
    }
}
