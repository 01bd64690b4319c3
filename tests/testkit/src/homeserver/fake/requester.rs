//! Who makes a call: a person with a session, or an appservice acting as one of its users.
use super::call::{Call, Failure};
use super::state::{Hosted, State};
use crate::homeserver::registration::Registration;

/// The user that a call acts as.
#[derive(Debug, Clone)]
pub(crate) struct Requester {
    pub(crate) user_id: String,
    pub(crate) device_id: Option<String>,
    /// Set when an appservice token was used.
    pub(crate) appservice_id: Option<String>,
}

impl Requester {
    /// `?ts=`, which only appservices may use.
    pub(crate) fn timestamp(&self, call: &Call) -> Option<u64> {
        self.appservice_id.as_ref()?;
        call.query("ts")?.parse().ok()
    }
}

impl State {
    /// The appservice with this id.
    pub(crate) fn hosted(&mut self, appservice_id: &str) -> Option<&mut Hosted> {
        self.appservices.iter_mut().find(|hosted| hosted.registration.id == appservice_id)
    }

    /// The appservice that has this user to itself.
    pub(crate) fn owner_of(&self, user_id: &str) -> Option<&Registration> {
        let registrations = self.appservices.iter().map(|hosted| &hosted.registration);
        registrations.into_iter().find(|registration| registration.owns_user(user_id, &self.server_name))
    }

    /// The appservice whose token the call carries.
    pub(crate) fn appservice_of_token(&self, call: &Call) -> Result<&Registration, Failure> {
        let token = call.token.as_deref().ok_or_else(|| self.no_token())?;
        let registrations = self.appservices.iter().map(|hosted| &hosted.registration);
        registrations
            .into_iter()
            .find(|registration| registration.as_token == token)
            .ok_or_else(unknown_token)
    }

    /// Checks the token and the masquerade.
    pub(crate) fn requester(&self, call: &Call) -> Result<Requester, Failure> {
        let token = call.token.as_deref().ok_or_else(|| self.no_token())?;
        if let Some(session) = self.tokens.get(token) {
            let (user_id, device_id) = (session.user_id.clone(), Some(session.device_id.clone()));
            return Ok(Requester { user_id, device_id, appservice_id: None });
        }
        let registration = self.appservice_of_token(call)?;
        let user_id = self.masqueraded_user(call, registration)?;
        let device_id = self.masqueraded_device(call, &user_id)?;
        Ok(Requester { user_id, device_id, appservice_id: Some(registration.id.clone()) })
    }

    fn masqueraded_user(&self, call: &Call, registration: &Registration) -> Result<String, Failure> {
        let sender = registration.sender(&self.server_name);
        let Some(user_id) = call.query("user_id") else { return Ok(sender) };
        if !registration.has_user(user_id, &self.server_name) {
            return Err(if self.profile.foreign_user_is_exclusive_error {
                Failure::new(400, "M_EXCLUSIVE", "User is not in namespace.")
            } else {
                Failure::forbidden(format!("Application service cannot masquerade as this user ({user_id})."))
            });
        }
        let may_act = user_id == sender || self.profile.acts_for_unregistered;
        if !self.accounts.contains_key(user_id) && !may_act {
            let error = format!("Application service has not registered this user ({user_id})");
            return Err(Failure::forbidden(error));
        }
        Ok(user_id.to_owned())
    }

    fn masqueraded_device(&self, call: &Call, user_id: &str) -> Result<Option<String>, Failure> {
        let old = call.query("org.matrix.msc3202.device_id").filter(|_| self.profile.old_device_parameter);
        let Some(device_id) = call.query("device_id").or(old) else { return Ok(None) };
        if call.query("user_id").is_none() && self.profile.device_without_user_fails {
            return Err(Failure::new(500, "M_UNKNOWN", "Internal server error"));
        }
        let known = self.accounts.get(user_id).is_some_and(|account| account.devices.contains_key(device_id));
        match (known, self.profile.unknown_device_is_forbidden) {
            (true, _) => Ok(Some(device_id.to_owned())),
            (false, true) => Err(Failure::forbidden("Device does not exist for this user.")),
            (false, false) => {
                let error =
                    format!("Application service trying to use a device that doesn't exist ('{device_id}')");
                Err(Failure::new(400, "M_UNKNOWN_DEVICE", error))
            }
        }
    }

    fn no_token(&self) -> Failure {
        Failure::new(401, self.profile.missing_token_errcode, "Missing access token")
    }
}

fn unknown_token() -> Failure {
    Failure::new(401, "M_UNKNOWN_TOKEN", "Invalid access token passed.")
}
