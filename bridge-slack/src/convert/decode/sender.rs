//! Who did something: a person, a bot under one of its names, or our own app.

use bridge_core::event::Sender;
use bridge_core::event::remote::ShownAs;

use super::super::scope::Place;
use super::super::wire::Event;
use super::{METADATA_TYPE, Own};
use crate::id;

/// The sender of an event, or of the message within it.
pub(super) fn read(event: &Event, place: &Place, own: &Own) -> Sender {
    let is = |own: &str, id: &str| !own.is_empty() && own == id;
    let ours = own.is_user(&event.user.0) || is(&own.bot_id, &event.bot_id) || is(&own.app_id, &event.app_id);
    if ours && let Some(user_id) = id::user_id(&place.team_id, &own.user_id) {
        return Sender::Own { user_id, marker: marker(event) };
    }
    let accounts = [&event.user.0, &event.bot_id];
    if let Some(name) = other_name(event)
        && let Some(user_id) =
            accounts.into_iter().rev().find_map(|id| id::named_bot_id(&place.team_id, id, name))
    {
        let shown_as = ShownAs { name: Some(name.to_owned()), avatar_url: picture(event) };
        return Sender::User { user_id, shown_as: Some(shown_as) };
    }
    let account = accounts.into_iter().find_map(|id| id::user_id(&place.team_id, id));
    account.map_or(Sender::Network, Sender::user)
}

fn marker(event: &Event) -> Option<String> {
    let metadata = event.metadata.as_ref().filter(|metadata| metadata.event_type == METADATA_TYPE)?;
    let marker = &metadata.event_payload.as_ref()?.marker;
    (!marker.is_empty()).then(|| marker.clone())
}

/// The name that a bot posted under, if it is not its own. People cannot choose any.
fn other_name(event: &Event) -> Option<&str> {
    let is_bot = !event.bot_id.is_empty() || event.subtype == "bot_message";
    let own = event.bot_profile.as_ref().map_or("", |bot| bot.name.trim());
    Some(event.username.trim()).filter(|name| is_bot && !name.is_empty() && *name != own)
}

/// The picture that a bot posted under.
fn picture(event: &Event) -> Option<String> {
    let icons = event.icons.as_ref()?;
    let sizes = [&icons.image_72, &icons.image_64, &icons.image_48, &icons.image_36];
    sizes.into_iter().find(|url| !url.is_empty()).cloned()
}
