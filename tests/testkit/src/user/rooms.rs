//! Rooms: making, entering, leaving, and their state.
use anyhow::Context as _;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Event, User};
use crate::Result;

impl User {
    /// Makes a private room with a name and no invitations; answers its id.
    pub async fn create_room(&self, name: &str) -> Result<String> {
        self.create_room_with(json!({ "name": name, "preset": "private_chat" })).await
    }

    /// Makes a direct chat with one user, as clients do: everybody trusted, marked direct.
    pub async fn create_dm(&self, user_id: &str) -> Result<String> {
        self.create_room_with(
            json!({ "preset": "trusted_private_chat", "is_direct": true, "invite": [user_id] }),
        )
        .await
    }

    /// Makes a room from a body for `/createRoom`; answers its id.
    pub async fn create_room_with(&self, body: Value) -> Result<String> {
        let answer = self.client_call(Method::POST, &["createRoom"], Some(&body)).await?;
        Ok(answer["room_id"].as_str().context("createRoom answered no room_id")?.to_owned())
    }

    /// Invites somebody.
    pub async fn invite(&self, room_id: &str, user_id: &str) -> Result<()> {
        self.to_member(room_id, "invite", user_id).await
    }

    /// Removes somebody, who may come back.
    pub async fn kick(&self, room_id: &str, user_id: &str) -> Result<()> {
        self.to_member(room_id, "kick", user_id).await
    }

    /// Removes somebody for good.
    pub async fn ban(&self, room_id: &str, user_id: &str) -> Result<()> {
        self.to_member(room_id, "ban", user_id).await
    }

    /// Joins by room id or alias; answers the room's id.
    pub async fn join(&self, room_id_or_alias: &str) -> Result<String> {
        let answer = self.client_call(Method::POST, &["join", room_id_or_alias], Some(&json!({}))).await?;
        Ok(answer["room_id"].as_str().context("join answered no room_id")?.to_owned())
    }

    /// Leaves, or refuses an invitation.
    pub async fn leave(&self, room_id: &str) -> Result<()> {
        self.client_call(Method::POST, &["rooms", room_id, "leave"], Some(&json!({}))).await.map(drop)
    }

    /// Ids of the rooms this user is in.
    pub async fn rooms(&self) -> Result<Vec<String>> {
        let answer = self.client_call(Method::GET, &["joined_rooms"], None).await?;
        let rooms = answer["joined_rooms"].as_array().into_iter().flatten();
        Ok(rooms.filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// Ids of the members that are in, sorted.
    pub async fn members(&self, room_id: &str) -> Result<Vec<String>> {
        let answer = self.client_call(Method::GET, &["rooms", room_id, "joined_members"], None).await?;
        let mut members: Vec<String> =
            answer["joined"].as_object().into_iter().flatten().map(|(id, _)| id.clone()).collect();
        members.sort();
        Ok(members)
    }

    /// The content of one state event; an error with 404 `M_NOT_FOUND` if there is none.
    pub async fn state(&self, room_id: &str, kind: &str, state_key: &str) -> Result<Value> {
        self.client_call(Method::GET, &["rooms", room_id, "state", kind, state_key], None).await
    }

    /// All current state events.
    pub async fn all_state(&self, room_id: &str) -> Result<Vec<Event>> {
        let answer = self.client_call(Method::GET, &["rooms", room_id, "state"], None).await?;
        Ok(answer.as_array().into_iter().flatten().map(|event| Event::read(room_id, event)).collect())
    }

    /// Sets a state event; answers its id.
    pub async fn set_state(
        &self,
        room_id: &str,
        kind: &str,
        state_key: &str,
        content: &Value,
    ) -> Result<String> {
        let path = ["rooms", room_id, "state", kind, state_key];
        let answer = self.client_call(Method::PUT, &path, Some(content)).await?;
        Ok(answer["event_id"].as_str().context("the state route answered no event_id")?.to_owned())
    }

    /// Somebody's global profile.
    pub async fn profile(&self, user_id: &str) -> Result<Value> {
        self.client_call(Method::GET, &["profile", user_id], None).await
    }

    /// Sets the own display name.
    pub async fn set_display_name(&self, name: &str) -> Result<()> {
        let path = ["profile", self.user_id(), "displayname"];
        self.client_call(Method::PUT, &path, Some(&json!({ "displayname": name }))).await.map(drop)
    }

    /// Sets the own picture.
    pub async fn set_avatar(&self, mxc: &str) -> Result<()> {
        let path = ["profile", self.user_id(), "avatar_url"];
        self.client_call(Method::PUT, &path, Some(&json!({ "avatar_url": mxc }))).await.map(drop)
    }

    async fn to_member(&self, room_id: &str, act: &str, user_id: &str) -> Result<()> {
        let body = json!({ "user_id": user_id });
        self.client_call(Method::POST, &["rooms", room_id, act], Some(&body)).await.map(drop)
    }
}
