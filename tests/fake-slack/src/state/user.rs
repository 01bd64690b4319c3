//! People and bots, and the user object Slack answers for them.
use serde_json::{Value, json};

use super::State;
use crate::clock;
use crate::error::ApiError;
use crate::event::Outbox;

/// A person or a bot.
#[allow(clippy::struct_excessive_bools, reason = "each is a field of Slack's, read by name")]
#[derive(Debug, Clone, Default)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) real_name: String,
    pub(crate) display_name: String,
    pub(crate) title: String,
    pub(crate) email: String,
    pub(crate) tz: String,
    pub(crate) tz_label: String,
    pub(crate) tz_offset: i64,
    pub(crate) is_admin: bool,
    pub(crate) is_bot: bool,
    pub(crate) deleted: bool,
    pub(crate) avatar_hash: String,
    pub(crate) status_text: String,
    pub(crate) status_emoji: String,
    /// In seconds since 1970; 0 for one that does not end by itself.
    pub(crate) status_expiration: u64,
    pub(crate) presence: String,
    pub(crate) updated: u64,
    pub(crate) bot_id: Option<String>,
    pub(crate) app_id: Option<String>,
    /// The other workspace that they belong to, if they are here through a shared channel only.
    pub(crate) foreign_team_id: Option<String>,
    /// Whether apps are told nothing about them.
    pub(crate) hidden: bool,
}

impl User {
    /// The address of this user's picture at one size.
    fn image(&self, base_url: &str, size: u32) -> String {
        format!("{base_url}/avatars/{}-{}-{size}.png", self.id, self.avatar_hash)
    }

    /// The `profile` object. The address of mail shows only with the scope `users:read.email`.
    pub(crate) fn profile(&self, team_id: &str, base_url: &str, with_email: bool) -> Value {
        let mut profile = json!({
            "title": escape(&self.title),
            "phone": "",
            "skype": "",
            "real_name": self.real_name,
            "real_name_normalized": self.real_name,
            "display_name": self.display_name,
            "display_name_normalized": self.display_name,
            "fields": null,
            "status_text": escape(&self.status_text),
            "status_emoji": self.status_emoji,
            "status_emoji_display_info": [],
            "status_expiration": self.status_expiration,
            "avatar_hash": self.avatar_hash,
            "image_original": self.image(base_url, 512),
            "is_custom_image": true,
            "first_name": self.real_name.split(' ').next().unwrap_or_default(),
            "last_name": self.real_name.split_once(' ').map_or("", |(_, last)| last),
            "team": team_id,
            "always_active": self.is_bot,
        });
        for size in [24, 32, 48, 72, 192, 512, 1024] {
            profile[format!("image_{size}")] = self.image(base_url, size).into();
        }
        if with_email && !self.is_bot {
            profile["email"] = self.email.clone().into();
        }
        if let (Some(bot_id), Some(app_id)) = (&self.bot_id, &self.app_id) {
            profile["bot_id"] = bot_id.clone().into();
            profile["api_app_id"] = app_id.clone().into();
        }
        profile
    }

    /// What a stranger's messages tell of them, and `users.info` of their profile.
    pub(crate) fn stranger_profile(&self, base_url: &str) -> Value {
        json!({
            "avatar_hash": self.avatar_hash, "image_72": self.image(base_url, 72),
            "first_name": self.real_name.split(' ').next().unwrap_or_default(), "real_name": self.real_name,
            "display_name": self.display_name, "team": self.foreign_team_id, "name": self.name,
            "is_restricted": false, "is_ultra_restricted": false,
        })
    }

    /// The user object of somebody from another workspace, of whom little is told.
    fn stranger_json(&self, base_url: &str) -> Value {
        json!({
            "id": self.id, "team_id": self.foreign_team_id, "name": self.name, "deleted": self.deleted,
            "real_name": self.real_name, "is_stranger": true, "is_bot": self.is_bot, "is_app_user": false,
            "updated": self.updated, "profile": self.stranger_profile(base_url),
        })
    }

    /// The whole user object.
    pub(crate) fn to_json(&self, team_id: &str, base_url: &str, with_email: bool) -> Value {
        if self.foreign_team_id.is_some() {
            return self.stranger_json(base_url);
        }
        let mut user = json!({
            "id": self.id,
            "team_id": team_id,
            "name": self.name,
            "deleted": self.deleted,
            "profile": self.profile(team_id, base_url, with_email),
            "is_bot": self.is_bot,
            "is_app_user": false,
            "updated": self.updated,
        });
        // Slack leaves these out for people who have gone.
        if !self.deleted {
            let more = json!({
                "color": "9f69e7", "real_name": self.real_name, "tz": self.tz, "tz_label": self.tz_label,
                "tz_offset": self.tz_offset, "is_admin": self.is_admin, "is_owner": false,
                "is_primary_owner": false, "is_restricted": false, "is_ultra_restricted": false,
                "is_email_confirmed": !self.is_bot, "has_2fa": false, "who_can_share_contact_card": "EVERYONE",
            });
            if let (Value::Object(user), Value::Object(more)) = (&mut user, more) {
                user.extend(more);
            }
        }
        user
    }

    /// Takes over those of the fields that callers may change.
    fn patch(&mut self, change: &Value) {
        let texts = [
            ("name", &mut self.name),
            ("real_name", &mut self.real_name),
            ("display_name", &mut self.display_name),
            ("title", &mut self.title),
            ("email", &mut self.email),
            ("tz", &mut self.tz),
            ("avatar_hash", &mut self.avatar_hash),
            ("status_text", &mut self.status_text),
            ("status_emoji", &mut self.status_emoji),
            ("presence", &mut self.presence),
        ];
        for (field, place) in texts {
            if let Some(text) = change[field].as_str() {
                text.clone_into(place);
            }
        }
        if let Some(seconds) = change["status_expiration"].as_u64() {
            self.status_expiration = seconds;
        }
        for (field, place) in
            [("hidden", &mut self.hidden), ("deleted", &mut self.deleted), ("is_admin", &mut self.is_admin)]
        {
            if let Some(flag) = change[field].as_bool() {
                *place = flag;
            }
        }
    }
}

impl State {
    /// The user object of an existing user.
    pub(crate) fn user_json(&self, user: &User, with_email: bool) -> Value {
        user.to_json(&self.team.id, &self.base_url, with_email)
    }

    /// A new person joins the workspace.
    pub(crate) fn add_user(&mut self, name: &str, real_name: &str, out: &mut Outbox) -> String {
        let id = self.clock.id("U");
        let user = person(&id, name, real_name);
        out.tell_team(json!({
            "type": "team_join", "user": self.user_json(&user, false),
            "cache_ts": user.updated, "event_ts": clock::write_ts(self.clock.tick()),
        }));
        self.users.insert(id.clone(), user);
        id
    }

    /// Somebody of another workspace, who is here through a shared channel and whom apps are told little of; nothing if
    /// `hidden`. No event tells of them.
    pub(crate) fn add_stranger(
        &mut self,
        name: &str,
        real_name: &str,
        team_id: &str,
        hidden: bool,
    ) -> String {
        let id = self.clock.id("U");
        let foreign_team_id = Some(team_id.to_owned());
        self.users.insert(id.clone(), User { foreign_team_id, hidden, ..person(&id, name, real_name) });
        id
    }

    /// So many new people, all in one channel, without an event. Answers their ids.
    pub(crate) fn add_crowd(&mut self, channel_id: &str, count: usize) -> Result<Vec<String>, ApiError> {
        let ids: Vec<String> = (0..count).map(|_| self.clock.id("U")).collect();
        self.channel_mut(channel_id)?.members.extend(ids.iter().cloned());
        for (number, id) in ids.iter().enumerate() {
            let user = person(id, &format!("crowd-{number}"), &format!("Crowd {number}"));
            self.users.insert(id.clone(), user);
        }
        Ok(ids)
    }

    /// Changes a user's fields and tells the apps.
    pub(crate) fn change_user(&mut self, id: &str, change: &Value, out: &mut Outbox) -> Result<(), ApiError> {
        let user = self.users.get_mut(id).ok_or("user_not_found")?;
        user.patch(change);
        user.updated = clock::now_seconds();
        let user = user.clone();
        out.tell_team(json!({
            "type": "user_change", "user": self.user_json(&user, false),
            "cache_ts": user.updated, "event_ts": clock::write_ts(self.clock.tick()),
        }));
        Ok(())
    }
}

/// As Slack writes what people say of themselves.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A person with everything filled in that the caller did not say.
pub(super) fn person(id: &str, name: &str, real_name: &str) -> User {
    User {
        id: id.to_owned(),
        name: name.to_owned(),
        real_name: real_name.to_owned(),
        display_name: name.to_owned(),
        email: format!("{name}@fake.example"),
        tz: "Europe/Berlin".to_owned(),
        tz_label: "Central European Time".to_owned(),
        tz_offset: 3600,
        avatar_hash: "0a1b2c3d4e5f".to_owned(),
        presence: "active".to_owned(),
        updated: clock::now_seconds(),
        ..User::default()
    }
}
