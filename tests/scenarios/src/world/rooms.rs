//! Portals: how they come to be, and who is in them.
use anyhow::Context as _;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Appservice, User, eventually};

use super::{LIMIT, World};
use crate::Result;

impl World {
    /// The alias of a channel's portal; the channel by name or id.
    pub fn alias(&self, channel: &str) -> Result<String> {
        let channel = self.slack.channel(channel, "alice")?;
        let id = channel["id"].as_str().context("a channel without an id")?.to_lowercase();
        let (prefix, team) = (&self.appservice.user_prefix, self.slack.team_id().to_lowercase());
        Ok(format!("#{prefix}{team}-{id}:{}", self.appservice.server_name))
    }

    /// The room behind an alias; none if there is none.
    pub async fn resolve(&self, alias: &str) -> Result<Option<String>> {
        let path =
            format!("/_matrix/client/v3/directory/room/{}", utf8_percent_encode(alias, NON_ALPHANUMERIC));
        match self.admin.request(Method::GET, &path, None).await {
            Ok(answer) => Ok(answer["room_id"].as_str().map(str::to_owned)),
            Err(error)
                if error.downcast_ref::<testkit::user::ApiError>().is_some_and(|e| e.status == 404) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Makes a channel's portal by a first message of alice, and takes the admin into it; answers the room's id.
    pub async fn portal(&self, channel: &str) -> Result<String> {
        let opening = format!("opening words of alice in {channel}");
        self.slack_says("alice", channel, &opening)?;
        let room = self.portal_room(channel).await?;
        self.admin.wait_for_invite(|invite| invite.room_id == room).await?;
        self.admin.join(&room).await?;
        // Who joins later sees what was said before, so this also waits for the ghost.
        self.wait_for_texts(&self.admin, &room, &[&opening]).await?;
        Ok(room)
    }

    /// Waits until a channel has a portal; answers the room's id.
    pub async fn portal_room(&self, channel: &str) -> Result<String> {
        let alias = self.alias(channel)?;
        eventually(LIMIT, format!("the portal {alias}"), async || {
            self.resolve(&alias).await?.context("nobody has that alias yet")
        })
        .await
    }

    /// Takes another person into a portal, invited by the bridge's admin through the room's rights or by the bot's.
    pub async fn take_in(&self, room: &str, person: &User) -> Result<()> {
        self.invite_as_bot(room, person.user_id()).await?;
        person.wait_for_invite(|invite| invite.room_id == room).await?;
        person.join(room).await?;
        Ok(())
    }

    /// The rooms that the bot is in.
    pub async fn bot_rooms(&self) -> Result<Vec<String>> {
        let url = format!("{}/_matrix/client/v3/joined_rooms", self.homeserver.base_url());
        let request = reqwest::Client::new().get(url).query(&[("user_id", self.bot_id())]);
        let answer = request.bearer_auth(&self.appservice.as_token).send().await?;
        let answer: serde_json::Value = answer.error_for_status()?.json().await?;
        let rooms = answer["joined_rooms"].as_array().into_iter().flatten();
        Ok(rooms.filter_map(serde_json::Value::as_str).map(str::to_owned).collect())
    }

    /// Gives somebody a power level in a portal, as the bot.
    pub async fn give_power(&self, room: &str, user_id: &str, level: i64) -> Result<()> {
        let path = format!("rooms/{}/state/m.room.power_levels/", escaped(room));
        let mut levels = self.as_bot(Method::GET, &path, None).await?;
        levels["users"][user_id] = level.into();
        self.as_bot(Method::PUT, &path, Some(&levels)).await.map(drop)
    }

    /// Gives a room one more alias, as the bot, within the bridge's own names; answers it.
    pub async fn add_alias(&self, room: &str) -> Result<String> {
        let Appservice { user_prefix, server_name, .. } = &self.appservice;
        let alias = format!("#{user_prefix}second{:08x}:{server_name}", rand::random::<u32>());
        let path = format!("directory/room/{}", escaped(&alias));
        self.as_bot(Method::PUT, &path, Some(&json!({ "room_id": room }))).await?;
        Ok(alias)
    }

    /// Has one of the bridge's own aliases lead to another room, as the bot.
    pub async fn lead_alias(&self, alias: &str, room: &str) -> Result<()> {
        let path = format!("directory/room/{}", escaped(alias));
        self.as_bot(Method::DELETE, &path, None).await?;
        self.as_bot(Method::PUT, &path, Some(&json!({ "room_id": room }))).await.map(drop)
    }

    /// Invites somebody as the bot, which alone has the power for it in a portal.
    async fn invite_as_bot(&self, room: &str, user_id: &str) -> Result<()> {
        let path = format!("rooms/{}/invite", escaped(room));
        self.as_bot(Method::POST, &path, Some(&json!({ "user_id": user_id }))).await.map(drop)
    }

    /// Shuts somebody out of a room, or lets them in again, as the bot: the bridge takes nothing back that it does itself.
    pub async fn shut_out(&self, room: &str, user_id: &str, is_out: bool) -> Result<()> {
        let path = format!("rooms/{}/{}", escaped(room), if is_out { "ban" } else { "unban" });
        self.as_bot(Method::POST, &path, Some(&json!({ "user_id": user_id }))).await.map(drop)
    }

    async fn as_bot(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let url = format!("{}/_matrix/client/v3/{path}", self.homeserver.base_url());
        let request = reqwest::Client::new().request(method, url).query(&[("user_id", self.bot_id())]);
        let mut request = request.bearer_auth(&self.appservice.as_token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        let status = answer.status();
        anyhow::ensure!(status == 200, "the bot was answered {status}: {}", answer.text().await?);
        Ok(answer.json().await?)
    }
}

fn escaped(id: &str) -> String {
    utf8_percent_encode(id, NON_ALPHANUMERIC).to_string()
}
