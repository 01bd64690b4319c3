//! People and bots as the core describes them.

use bridge_core::network::{UserInfo, UserStatus};

use crate::api::reply::{Bot, Profile, User};
use crate::convert::emoji;
use crate::convert::mrkdwn_read::unescape;

/// A person, without the name of their workspace.
pub(super) fn user(user: User) -> UserInfo {
    let profile = user.profile;
    let mut info = UserInfo::default();
    info.status = status(&profile);
    info.title = said(profile.title.as_deref());
    info.real_name = first([profile.real_name.clone(), user.real_name.clone()]);
    info.handle = first([user.name.clone()]);
    info.name = first([profile.display_name, profile.real_name, user.real_name, user.name]);
    info.avatar_url = first([profile.image_512, profile.image_192, profile.image_original, profile.image_72]);
    info.time_zone = first([user.tz]);
    info.is_bot = user.is_bot;
    info.is_deactivated = user.deleted;
    info.is_partial = user.is_stranger;
    info
}

/// A bot that has no user.
pub(super) fn bot(bot: Bot) -> UserInfo {
    let mut info = UserInfo::default();
    info.name = first([bot.name]);
    info.avatar_url = first([bot.icons.image_72, bot.icons.image_48, bot.icons.image_36]);
    info.is_bot = true;
    info
}

fn status(profile: &Profile) -> Option<UserStatus> {
    let text = said(profile.status_text.as_deref()).unwrap_or_default();
    let emoji = profile.status_emoji.as_deref().and_then(emoji::read);
    if text.is_empty() && emoji.is_none() {
        return None;
    }
    let until = profile.status_expiration.filter(|seconds| *seconds > 0);
    let until = until.map(|seconds| seconds.saturating_mul(1_000));
    Some(UserStatus { text, emoji, until })
}

/// The first text that says something.
fn first<const N: usize>(texts: [Option<String>; N]) -> Option<String> {
    texts.into_iter().flatten().find(|text| !text.trim().is_empty())
}

/// A text that Slack escapes like a message.
fn said(text: Option<&str>) -> Option<String> {
    text.map(|text| unescape(text.trim())).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

    use bridge_core::content::Emoji;

    use super::*;

    fn read(text: &str) -> UserInfo {
        user(serde_json::from_str(text).unwrap())
    }

    #[test]
    fn the_name_people_chose_comes_first() {
        let full =
            r#"{"name":"alice","real_name":"Alice Archer","profile":{"display_name":"ali","image_72":"u"}}"#;
        assert_eq!(read(full).name.as_deref(), Some("ali"));
        assert_eq!(read(full).avatar_url.as_deref(), Some("u"));
        let unnamed = r#"{"name":"alice","real_name":"Alice Archer","profile":{"display_name":" "}}"#;
        let unnamed = read(unnamed);
        assert_eq!(unnamed.name.as_deref(), Some("Alice Archer"));
        assert_eq!(unnamed.real_name.as_deref(), Some("Alice Archer"));
        assert_eq!(unnamed.handle.as_deref(), Some("alice"));
        assert_eq!(read("{}"), UserInfo::default());
    }

    #[test]
    fn what_people_say_of_themselves_is_read() {
        let info = read(
            r#"{"tz":"Europe/Berlin","deleted":true,"is_stranger":true,"profile":{"title":" R &amp; D ",
               "status_text":"at &lt;home&gt;","status_emoji":":house:","status_expiration":1700000000}}"#,
        );
        assert_eq!(
            (info.title.as_deref(), info.time_zone.as_deref()),
            (Some("R & D"), Some("Europe/Berlin"))
        );
        assert!(info.is_deactivated && info.is_partial);
        let status = info.status.unwrap();
        assert_eq!((status.text.as_str(), status.until), ("at <home>", Some(1_700_000_000_000)));
        assert_eq!(status.emoji, Some(Emoji::Unicode("🏠".to_owned())));
    }

    #[test]
    fn a_status_without_words_is_one_and_one_without_anything_is_none() {
        let of = |profile: &str| read(&format!(r#"{{"profile":{profile}}}"#)).status;
        let parrot =
            of(r#"{"status_text":"","status_emoji":":party_parrot:","status_expiration":0}"#).unwrap();
        assert_eq!(parrot.emoji, Some(Emoji::Custom { name: "party_parrot".to_owned(), url: None }));
        assert_eq!(parrot.until, None);
        assert_eq!(of(r#"{"status_text":" ","status_emoji":"","status_expiration":0}"#), None);
        assert_eq!(of(r#"{"status_text":7,"status_emoji":null,"status_expiration":"soon"}"#), None);
        let text = of(r#"{"status_text":"busy","status_expiration":1e99}"#).unwrap();
        assert_eq!((text.text.as_str(), text.emoji, text.until), ("busy", None, None));
    }
}
