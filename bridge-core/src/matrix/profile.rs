//! A user's global name and picture.

use ruma::api::client::profile::{delete_profile_field, get_profile, set_profile_field};
use ruma::profile::{ProfileFieldName, ProfileFieldValue};
use ruma::{OwnedMxcUri, UserId};
use serde_json::Value;

use super::error::MatrixError;
use super::intent::Intent;

/// What others see of a user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// The display name.
    pub displayname: Option<String>,
    /// The picture's `mxc://` address.
    pub avatar_url: Option<String>,
}

impl Intent {
    /// A user's profile; empty for a user without one and for an unknown user.
    pub async fn profile(&self, user_id: &UserId) -> Result<Profile, MatrixError> {
        let request = get_profile::v3::Request::new(user_id.to_owned());
        let answer = match self.call("profile", request).await {
            Err(error) if error.status() == Some(404) => return Ok(Profile::default()),
            answer => answer?,
        };
        let text = |field: &str| answer.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
        Ok(Profile {
            displayname: text("displayname").map(str::to_owned),
            avatar_url: text("avatar_url").map(str::to_owned),
        })
    }

    /// Sets the user's display name. Costs a member event in each of the user's rooms, so compare before.
    pub async fn set_displayname(&self, name: &str) -> Result<(), MatrixError> {
        self.set_field("set_displayname", ProfileFieldValue::DisplayName(name.to_owned())).await
    }

    /// Sets the user's picture to an `mxc://` address, or takes it away. Costs a member event in each room.
    pub async fn set_avatar_url(&self, mxc: Option<&str>) -> Result<(), MatrixError> {
        // An empty address is how all homeservers understand "none"; a missing one is refused by some.
        let value = OwnedMxcUri::from(mxc.unwrap_or_default());
        self.set_field("set_avatar_url", ProfileFieldValue::AvatarUrl(value)).await
    }

    /// Sets any field of the user's profile (MSC4133), where the homeserver has and allows it. Costs nothing in rooms.
    pub async fn set_profile_field(&self, field: &str, value: Value) -> Result<(), MatrixError> {
        let value = ProfileFieldValue::new(ProfileFieldName::from(field).as_str(), value)
            .map_err(|_| MatrixError::Malformed("a profile field has a value it cannot have".to_owned()))?;
        self.set_field("set_profile_field", value).await
    }

    /// Takes a field of the user's profile away (MSC4133). One that is not there is fine.
    pub async fn delete_profile_field(&self, field: &str) -> Result<(), MatrixError> {
        let field = ProfileFieldName::from(field);
        let request = delete_profile_field::v3::Request::new(self.user_id().to_owned(), field);
        match self.call("delete_profile_field", request).await {
            Err(error) if error.is_not_found() => Ok(()),
            answer => answer.map(drop),
        }
    }

    async fn set_field(&self, call: &'static str, value: ProfileFieldValue) -> Result<(), MatrixError> {
        let request = set_profile_field::v3::Request::new(self.user_id().to_owned(), value);
        self.call(call, request).await?;
        Ok(())
    }
}
