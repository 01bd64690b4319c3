//! What is pinned in a portal's room: on Matrix now, and as both sides had it last.

use ruma::RoomId;
use serde_json::{Value, json};

use super::Bridge;
use crate::error::JobError;
use crate::matrix::MatrixError;
use crate::network::Network;

const STATE: &str = "m.room.pinned_events";

/// The events in the content of the room's list.
pub(crate) fn listed(content: &Value) -> Vec<String> {
    let pinned = content.get("pinned").and_then(Value::as_array).into_iter().flatten();
    pinned.filter_map(Value::as_str).map(str::to_owned).collect()
}

impl<N: Network> Bridge<N> {
    /// What is pinned in the room now.
    pub(crate) async fn pinned_now(&self, room: &RoomId) -> Result<Vec<String>, JobError> {
        Ok(self.app.bot().state(room, STATE, "").await?.as_ref().map(listed).unwrap_or_default())
    }

    /// Pins these events, in this order. `false`: the bot may not, and all stays as it is.
    pub(crate) async fn pin(&self, room: &RoomId, pinned: &[String]) -> Result<bool, JobError> {
        let content = json!({ "pinned": pinned });
        match self.app.bot().send_state(room, STATE, "", &content).await {
            Err(error @ MatrixError::Refused { status: 403, .. }) => {
                tracing::debug!(%error, "the bot may not pin anything in this room");
                Ok(false)
            }
            done => Ok(done.map(|_| true)?),
        }
    }

    /// Takes events that are shown no more off the list: over there the pin went with the message, and nothing tells of it.
    /// Called before their pairs go; does nothing the second time.
    pub(crate) async fn unpin_gone(&self, room: &RoomId, gone: &[String]) -> Result<(), JobError> {
        let mut now = self.pinned_now(room).await?;
        let before = now.len();
        now.retain(|event_id| !gone.contains(event_id));
        if now.len() < before {
            self.pin(room, &now).await?;
        }
        if let Some(mut on_both) = self.pinned_on_both(room).await?
            && on_both.iter().any(|event_id| gone.contains(event_id))
        {
            on_both.retain(|event_id| !gone.contains(event_id));
            self.note_pinned(room, &on_both).await?;
        }
        Ok(())
    }

    /// What was pinned on both sides when a change was last carried over, as events. People's changes that are still in
    /// the queue are not in it. None of a room from before this was noted.
    pub(crate) async fn pinned_on_both(&self, room: &RoomId) -> Result<Option<Vec<String>>, JobError> {
        let stored = self.store.fact(&fact(room)).await?;
        Ok(stored.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Notes what is pinned on both sides.
    pub(crate) async fn note_pinned(&self, room: &RoomId, pinned: &[String]) -> Result<(), JobError> {
        Ok(self.store.put_fact(&fact(room), &json!(pinned).to_string()).await?)
    }
}

fn fact(room: &RoomId) -> String {
    format!("pinned/{room}")
}

/// What is to be pinned in a room after a look at the remote network, and what is pinned on both sides then.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Merged {
    pub(crate) in_room: Vec<String>,
    pub(crate) on_both: Vec<String>,
}

/// Brings the remote list into the room's. What was never carried over stays; what people on Matrix did meanwhile, which is
/// not in `on_both` yet, is neither undone nor overlooked.
///
/// `now`: pinned in the room, each with whether it is carried over at all. `remote`: for each message that is pinned on the
/// remote network its events, the first one first.
pub(crate) fn merged(now: &[(String, bool)], on_both: &[String], remote: &[Vec<String>]) -> Merged {
    let is_pinned = |event: &String| now.iter().any(|(pinned, _)| pinned == event);
    let stands_for = |events: &Vec<String>| {
        let known = events.iter().find(|event| is_pinned(event));
        known.or_else(|| events.iter().find(|event| on_both.contains(event))).or(events.first()).cloned()
    };
    let wanted: Vec<String> = remote.iter().filter_map(stands_for).collect();
    let stays = |(event, is_carried): &&(String, bool)| {
        !is_carried || wanted.contains(event) || !on_both.contains(event)
    };
    let mut in_room: Vec<String> = now.iter().filter(stays).map(|(event, _)| event.clone()).collect();
    let is_new = |event: &&String| !is_pinned(event) && !on_both.contains(event);
    in_room.extend(wanted.iter().filter(is_new).cloned());
    Merged { in_room, on_both: wanted }
}

/// What is on both sides where the room did not take the list that was merged. What it does not have of that is not on both,
/// or else the next change in the room would take it off over there.
pub(crate) fn refused(now: &[(String, bool)], on_both: Vec<String>, merged: Vec<String>) -> Vec<String> {
    let is_new = |event: &String| !on_both.contains(event) && now.iter().any(|(pinned, _)| pinned == event);
    let new: Vec<String> = merged.into_iter().filter(is_new).collect();
    on_both.into_iter().chain(new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    /// A list of the room, `-` before what was never carried over.
    fn now(names: &[&str]) -> Vec<(String, bool)> {
        names.iter().map(|name| (name.trim_start_matches('-').to_owned(), !name.starts_with('-'))).collect()
    }

    fn check(room: &[&str], on_both: &[&str], remote: &[&[&str]], in_room: &[&str], then: &[&str]) {
        let remote: Vec<Vec<String>> = remote.iter().map(|names| events(names)).collect();
        let expected = Merged { in_room: events(in_room), on_both: events(then) };
        assert_eq!(merged(&now(room), &events(on_both), &remote), expected);
    }

    #[test]
    fn what_is_pinned_and_taken_off_remotely_follows() {
        check(&[], &[], &[&["a"]], &["a"], &["a"]);
        check(&["a"], &["a"], &[&["a"], &["b"]], &["a", "b"], &["a", "b"]);
        check(&["a", "b"], &["a", "b"], &[&["b"]], &["b"], &["b"]);
    }

    #[test]
    fn what_was_never_carried_over_stays() {
        check(&["-x", "a"], &["a"], &[], &["-x"].map(|x| x.trim_start_matches('-')), &[]);
        check(&["-x"], &[], &[&["a"]], &["x", "a"], &["a"]);
    }

    #[test]
    fn what_people_did_meanwhile_is_neither_undone_nor_overlooked() {
        // Pinned on Matrix a moment ago: not known remotely yet.
        check(&["a", "p"], &["a"], &[&["a"]], &["a", "p"], &["a"]);
        // Taken off on Matrix a moment ago: still known remotely.
        check(&[], &["a"], &[&["a"], &["b"]], &["b"], &["a", "b"]);
    }

    #[test]
    fn what_the_room_does_not_take_is_not_on_both() {
        let check = |room: &[&str], on_both: &[&str], merged: &[&str], then: &[&str]| {
            assert_eq!(refused(&now(room), events(on_both), events(merged)), events(then));
        };
        check(&[], &[], &["a"], &[]);
        check(&["p", "a"], &["p"], &["p", "a", "b"], &["p", "a"]);
        // Taken off over there, and still in the room: nobody in the room pinned it anew.
        check(&["a"], &["a"], &[], &["a"]);
        // Taken off in the room a moment ago: that is still to be carried over.
        check(&[], &["a"], &["a", "b"], &["a"]);
    }

    #[test]
    fn of_a_message_of_several_events_the_pinned_one_counts() {
        check(&["a2"], &[], &[&["a1", "a2"]], &["a2"], &["a2"]);
        check(&[], &[], &[&["a1", "a2"], &[]], &["a1"], &["a1"]);
    }

    #[test]
    fn a_list_of_anything_is_read_as_far_as_it_can_be() {
        assert_eq!(listed(&json!({ "pinned": ["$1", 7, null, "$2"] })), ["$1", "$2"]);
        assert!(listed(&json!({ "pinned": "$1" })).is_empty() && listed(&json!(null)).is_empty());
    }
}
