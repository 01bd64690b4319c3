//! The bridge's bot has lost the power level that it needs in a room: that is noticed, and told once.

use ruma::RoomId;
use serde_json::Value;

use super::Bridge;
use super::room_state::levels::{BOT, CLOSED};
use crate::error::JobError;
use crate::matrix::power;
use crate::network::Network;

/// From this room version on those who made a room need no level.
const CREATORS_NEED_NONE: u32 = 12;

fn fact(room: &RoomId) -> String {
    format!("powerless/{room}")
}

impl<N: Network> Bridge<N> {
    /// The bot was refused something in a room. The first time that is told in the room, or where the bot may not even
    /// speak to the login's owner.
    pub(super) async fn note_powerless(&self, room: &RoomId, owner: &str) -> Result<(), JobError> {
        let (is_known, times) = self.powerless(room).await?;
        if is_known {
            return Ok(());
        }
        let times = times + 1;
        let bot = self.app.client().bot();
        let text = format!(
            "The power level of the bridge's bot {bot} in this room is too low: it can no longer keep the room's name, \
             topic and rights as they are on {}, nor let everybody in who speaks there. Messages of those who are in are \
             carried over as far as the room lets them. Give the bot the level {BOT} again.",
            N::INFO.name
        );
        let key = format!("powerless/{room}/{times}");
        match self.say(room, &text, &key).await {
            Err(error) if error.is_tried_again() => return Err(error),
            Err(_) => {
                let text = format!("{text} This is about the room {}.", self.address_of(room));
                if let Err(error) = self.tell(owner, &text, &key).await {
                    tracing::warn!(%room, %error, "nobody could be told that the bot lacks its power level");
                }
            }
            Ok(()) => {}
        }
        Ok(self.store.put_fact(&fact(room), &format!("lost {times}")).await?)
    }

    /// Whether the bot is known to lack its level in a room, and how often that has happened.
    async fn powerless(&self, room: &RoomId) -> Result<(bool, u32), JobError> {
        let known = self.store.fact(&fact(room)).await?.unwrap_or_default();
        let (state, times) = known.split_once(' ').unwrap_or_default();
        Ok((state == "lost", times.parse().unwrap_or(0)))
    }

    /// Somebody changed a room's levels: whether the bot has what it needs. `true` if it had not and has again.
    pub(super) async fn check_power(
        &self,
        room: &RoomId,
        levels: &Value,
        owner: &str,
    ) -> Result<bool, JobError> {
        let bot = self.app.bot();
        let needed = [
            power::to_send(levels, "m.room.power_levels", true),
            power::to_send(levels, "m.room.name", true),
            power::to_send(levels, "m.room.message", false),
            power::to_do(levels, "invite"),
            power::to_do(levels, "kick"),
            CLOSED,
        ];
        let needed = needed.into_iter().max().unwrap_or(BOT);
        if power::of_user(levels, bot.user_id().as_str()) >= needed || self.is_above_levels(room).await? {
            let (was_lost, times) = self.powerless(room).await?;
            if was_lost {
                self.store.put_fact(&fact(room), &format!("had {times}")).await?;
            }
            return Ok(was_lost);
        }
        self.note_powerless(room, owner).await?;
        Ok(false)
    }

    async fn is_above_levels(&self, room: &RoomId) -> Result<bool, JobError> {
        let bot = self.app.bot();
        let creation = bot.state_event(room, "m.room.create", "").await?.unwrap_or_default();
        Ok(made_by(&creation, bot.user_id().as_str()))
    }
}

/// Whether somebody is among the makers of a room, by its `m.room.create`, and levels therefore don't count for them.
/// People make rooms, too, and only ask the bot in.
fn made_by(creation: &Value, who: &str) -> bool {
    let is_who = |value: &Value| value.as_str() == Some(who);
    let version = creation.pointer("/content/room_version").and_then(Value::as_str).unwrap_or("1");
    let others = creation.pointer("/content/additional_creators").and_then(Value::as_array);
    version.parse::<u32>().is_ok_and(|version| version >= CREATORS_NEED_NONE)
        && (creation.get("sender").is_some_and(is_who)
            || others.is_some_and(|others| others.iter().any(is_who)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use serde_json::json;
    use testkit::Kind;

    use super::super::bridge::room_id;
    use super::super::testing::{Paper, Stage};
    use crate::event::{ChatInfo, ChatKind};
    use crate::matrix::CreateRoom;
    use crate::store::portal::PortalRow;

    /// A portal of an older room version, in which the bot has only the level that it is given.
    async fn stage() -> (Stage, String) {
        let stage = Stage::new(Kind::FakeSynapse, Paper::silent()).await;
        let bot = stage.bridge.app.bot();
        bot.ensure_registered().await.unwrap();
        let made = CreateRoom { version: Some("11".to_owned()), ..CreateRoom::default() };
        let room = bot.create_room(made).await.unwrap().to_string();
        let row = PortalRow {
            chat: Stage::chat(),
            room_id: Some(room.clone()),
            login_id: stage.login().login_id,
            info: ChatInfo::named(Stage::chat(), ChatKind::Channel, "general"),
            avatar_mxc: None,
            created_at: 0,
        };
        stage.bridge.store.put_portal(&row).await.unwrap();
        stage.bridge.start_login(stage.login()).unwrap();
        (stage, room)
    }

    #[test]
    fn only_makers_are_above_levels() {
        let made = |version: &str, sender: &str, others: &[&str]| {
            let content = json!({ "room_version": version, "additional_creators": others });
            super::made_by(&json!({ "sender": sender, "content": content }), "@bot:hs.test")
        };
        assert!(made("12", "@bot:hs.test", &[]));
        assert!(made("12", "@ada:hs.test", &["@bot:hs.test"]));
        assert!(!made("12", "@ada:hs.test", &["@eve:hs.test"]));
        assert!(!made("11", "@bot:hs.test", &[]));
        assert!(!super::made_by(&json!({}), "@bot:hs.test"));
    }

    fn bodies(events: &[serde_json::Value]) -> Vec<String> {
        let text =
            |event: &serde_json::Value| event["content"]["body"].as_str().unwrap_or_default().to_owned();
        events.iter().map(text).collect()
    }

    #[tokio::test]
    async fn a_bot_without_its_level_is_noticed_once_and_catches_up() {
        let (stage, room) = stage().await;
        let bot = stage.bridge.app.bot();
        let name = bot.user_id().to_string();
        let changed = |id: &str, level: i64| {
            let levels =
                json!({ "users": { name.as_str(): level, "@ada:hs.test": 100 }, "events_default": 0 });
            Stage::matrix_job(&json!({
                "event_id": id, "room_id": room, "sender": "@ada:hs.test", "type": "m.room.power_levels",
                "state_key": "", "content": levels, "origin_server_ts": 5,
            }))
        };
        stage.carry(&changed("$1", 100)).await;
        assert!(stage.timeline(&room).await.is_empty(), "nothing is wrong");
        stage.carry(&changed("$2", 20)).await;
        stage.carry(&changed("$3", 10)).await;
        let told = bodies(&stage.timeline(&room).await);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("is too low"), "{told:?}");
        stage.carry(&changed("$4", 100)).await;
        let named = bot.state(room_id(&room).unwrap(), "m.room.name", "").await.unwrap();
        assert_eq!(named.unwrap()["name"], "general", "what was missed is made up for");
        stage.carry(&changed("$5", 0)).await;
        assert_eq!(stage.timeline(&room).await.len(), 2, "a second time is told again");
    }

    #[tokio::test]
    async fn a_ghost_is_raised_where_a_level_is_needed_to_speak() {
        let (stage, room) = stage().await;
        let bot = stage.bridge.app.bot();
        let (name, id) = (bot.user_id().to_string(), room_id(&room).unwrap());
        let levels = json!({ "users": { name.as_str(): 100 }, "events_default": 75, "invite": 0 });
        bot.put_state(id, "m.room.power_levels", "", &levels, None).await.unwrap();
        for text in ["one", "two"] {
            stage.carry(&stage.remote_job(text, 0)).await;
        }
        assert_eq!(bodies(&stage.timeline(&room).await), ["one", "two"]);
        let now = bot.state(id, "m.room.power_levels", "").await.unwrap().unwrap();
        assert_eq!(now["users"].as_object().unwrap().values().filter(|level| **level == 75).count(), 1);
    }

    #[tokio::test]
    async fn a_room_that_lets_the_bot_do_nothing_stops_nothing() {
        let (stage, room) = stage().await;
        let bot = stage.bridge.app.bot();
        let id = room_id(&room).unwrap();
        stage.carry(&stage.remote_job("before", 0)).await;
        let levels = json!({ "users": { "@ada:hs.test": 100 }, "users_default": 0, "state_default": 50 });
        bot.put_state(id, "m.room.power_levels", "", &levels, None).await.unwrap();
        let live = stage.bridge.logins.live(&stage.login().login_id).unwrap();
        let portal = stage.bridge.store.portal(&Stage::chat()).await.unwrap().unwrap();
        let mut info = portal.info.clone();
        info.name = Some("renamed".to_owned());
        stage.bridge.update_portal(&live, &portal, info, "1").await.unwrap();
        stage.carry(&stage.remote_job("after", 0)).await;
        let told = bodies(&stage.timeline(&room).await);
        assert_eq!((told[0].as_str(), told[2].as_str()), ("before", "after"));
        assert!(told[1].contains("is too low"), "{told:?}");
    }
}
