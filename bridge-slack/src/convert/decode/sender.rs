//! Who did something: a person, a bot under one of its names, or our own app.

use bridge_core::content::Emoji;
use bridge_core::event::Sender;
use bridge_core::event::remote::ShownAs;

use super::super::emoji;
use super::super::scope::Place;
use super::super::wire::{Event, Icons};
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
        let icons = event.icons.as_ref();
        let shown_as = ShownAs {
            name: Some(name.to_owned()),
            avatar_url: icons.and_then(picture),
            avatar_emoji: icons.and_then(own_emoji),
            is_guess: false,
        };
        return Sender::User { user_id, shown_as: Some(shown_as) };
    }
    let account = accounts.into_iter().find_map(|id| id::user_id(&place.team_id, id));
    account.map_or(Sender::Network, |user_id| Sender::User { user_id, shown_as: guess(event) })
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

/// What the message says of its sender, in case that Slack tells nothing else: of strangers, and of bots of other
/// workspaces.
fn guess(event: &Event) -> Option<ShownAs> {
    let said = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let of_bot = event.bot_profile.as_ref().filter(|_| !event.bot_id.is_empty());
    let (name, avatar_url) = if let Some(bot) = of_bot {
        let mut pictures = [&bot.icons, &event.icons].into_iter().flatten();
        (said(&bot.name), pictures.find_map(picture))
    } else {
        let profile = event.user_profile.as_ref()?;
        let names = [&profile.display_name, &profile.real_name, &profile.name];
        (names.into_iter().find_map(|name| said(name)), said(&profile.image_72))
    };
    name.as_ref()?;
    Some(ShownAs { name, avatar_url, avatar_emoji: None, is_guess: true })
}

/// The picture of a bot, or that it posted under.
fn picture(icons: &Icons) -> Option<String> {
    let sizes = [&icons.image_72, &icons.image_64, &icons.image_48, &icons.image_36];
    sizes.into_iter().find(|url| !url.is_empty()).cloned()
}

/// The workspace's own emoji that a bot posted under; all others are no pictures.
fn own_emoji(icons: &Icons) -> Option<String> {
    match emoji::read(&icons.emoji)? {
        Emoji::Custom { name, .. } => Some(name),
        _ => None,
    }
}
