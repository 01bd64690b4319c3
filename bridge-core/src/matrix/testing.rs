//! The appservice of a leased slot of a homeserver, for tests.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use testkit::Slot;

use super::AppService;
use super::app_service::Settings;
use crate::secret::Secret;

pub(crate) fn app_of(slot: &Slot) -> AppService {
    let own = &slot.appservice;
    AppService::new(Settings {
        id: own.id.clone(),
        homeserver_url: slot.homeserver.base_url().to_owned(),
        server_name: own.server_name.clone(),
        bot: own.bot.clone(),
        user_prefix: own.user_prefix.clone(),
        as_token: Secret::new(own.as_token.clone()),
    })
    .unwrap()
}
