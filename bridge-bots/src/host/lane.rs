//! The lanes of instances: one per instance and room, so that none waits for another.

use bridge_core::queue::Lane;

const PREFIX: &str = "bot:";
const OF_ACCOUNT: &str = "account:";

/// The lane of what an account elsewhere hears from a room.
pub(super) fn of_account(user_id: &str, room_id: &str) -> Lane {
    Lane::stored(format!("{OF_ACCOUNT}{user_id} {room_id}"))
}

/// The account of such a lane.
pub(super) fn account_of(lane: &Lane) -> Option<&str> {
    let (user_id, _) = lane.as_str().strip_prefix(OF_ACCOUNT)?.split_once(' ')?;
    Some(user_id)
}

/// The lane of what an instance hears from a room; the room is empty for timers without one.
pub(super) fn of_instance(instance_id: &str, room_id: &str) -> Lane {
    Lane::stored(format!("{PREFIX}{instance_id}:{room_id}"))
}

/// The instance of such a lane.
pub(super) fn instance_of(lane: &Lane) -> Option<&str> {
    instance_named(lane.as_str())
}

/// The room of such a lane.
pub(super) fn room_of(lane: &Lane) -> &str {
    room_named(lane.as_str())
}

/// The instance of such a lane by its name.
pub(crate) fn instance_named(lane: &str) -> Option<&str> {
    let (instance_id, _) = lane.strip_prefix(PREFIX)?.split_once(':')?;
    Some(instance_id)
}

/// The room of such a lane by its name.
pub(crate) fn room_named(lane: &str) -> &str {
    let rest = lane.strip_prefix(PREFIX).and_then(|rest| rest.split_once(':'));
    rest.map_or("", |(_, room_id)| room_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_tells_instance_and_room() {
        let lane = of_instance("hello-team", "!a:hs.test:8448");
        assert_eq!((instance_of(&lane), room_of(&lane)), (Some("hello-team"), "!a:hs.test:8448"));
        assert_eq!(instance_of(&Lane::of_room("!bot:x:y")), None);
        let lane = of_account("@a:hs.test:8448", "!a:hs.test");
        assert_eq!((account_of(&lane), instance_of(&lane)), (Some("@a:hs.test:8448"), None));
        assert_eq!(account_of(&Lane::of_room("!account:x y")), None);
    }
}
