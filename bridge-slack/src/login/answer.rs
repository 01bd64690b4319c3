//! What can be seen of a token without asking Slack: its kind.

use bridge_core::secret::Secret;

use super::{APP_TOKEN, BOT_TOKEN};

const BOT_TOKEN_PLACE: &str =
    "The Bot User OAuth Token is on the app's page under OAuth & Permissions; it starts with xoxb-.";
const APP_TOKEN_PLACE: &str = "The app-level token is on the app's page under Basic Information → App-Level Tokens; it starts with xapp-.";

/// The token without what copying leaves around it.
pub(super) fn clean(answer: &Secret) -> Secret {
    let marks = |c: char| c.is_whitespace() || matches!(c, '`' | '"' | '\'' | '<' | '>');
    Secret::new(answer.expose().trim_matches(marks))
}

/// Looks at one answer. The error says what was given instead, and where the right one is.
pub(crate) fn check(field: &str, answer: &Secret) -> Result<(), String> {
    let answer = clean(answer);
    let token = answer.expose();
    let (prefix, place) = match field {
        BOT_TOKEN => ("xoxb-", BOT_TOKEN_PLACE),
        APP_TOKEN => ("xapp-", APP_TOKEN_PLACE),
        _ => return Err(format!("There is no question called {field}.")),
    };
    let is_plain = |byte: u8| byte.is_ascii_graphic();
    if token.starts_with(prefix) && token.len() > prefix.len() && token.bytes().all(is_plain) {
        return Ok(());
    }
    let given = match token.split_once('-').map(|(kind, _)| kind) {
        Some("xapp") if field == BOT_TOKEN => {
            "This is the app-level token; it is asked for next, after the bot token."
        }
        Some("xoxb") if field == APP_TOKEN => {
            "This is the Bot User OAuth Token again; now the app-level token is needed."
        }
        Some("xoxp") => {
            "This is a User OAuth Token, which speaks as a person; the bridge needs the bot's, from the same page."
        }
        Some("xoxc" | "xoxd" | "xoxs") => {
            "This comes out of a browser session, which the bridge does not use; it needs a Slack app's token."
        }
        Some("xoxe" | "xoxe.xoxb" | "xoxe.xoxp") => {
            "This token expires, because token rotation is on; make an app from the bridge's manifest, which has \
             it off."
        }
        Some("xoxa" | "xoxr") => "This is a kind of token that Slack no longer gives out.",
        Some("xwfp") => "This is a workflow's token, which is good for minutes only.",
        _ if token.is_empty() => "Nothing was given.",
        _ if token.starts_with(prefix) => "The token is not complete, or something else was copied with it.",
        _ => "This is not a Slack token; client secret, signing secret and verification token are others.",
    };
    Err(format!("{given} {place}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

    use super::*;

    // Put together here so that no scanner takes this file for a leak.
    fn token(kind: &str) -> Secret {
        Secret::new(format!("{kind}-1-not-a-token"))
    }

    #[test]
    fn right_tokens_pass_even_in_quotes() {
        assert_eq!(check(BOT_TOKEN, &token("xoxb")), Ok(()));
        assert_eq!(check(APP_TOKEN, &token("xapp")), Ok(()));
        assert_eq!(check(APP_TOKEN, &Secret::new(" `xapp-1-a` \n")), Ok(()));
    }

    #[test]
    fn wrong_tokens_are_named_with_the_place_of_the_right_one() {
        for (field, kind, said, place) in [
            (BOT_TOKEN, "xapp", "asked for next", "OAuth & Permissions"),
            (APP_TOKEN, "xoxb", "Bot User OAuth Token again", "App-Level Tokens"),
            (BOT_TOKEN, "xoxp", "speaks as a person", "OAuth & Permissions"),
            (BOT_TOKEN, "xoxc", "browser", "OAuth & Permissions"),
            (BOT_TOKEN, "xoxe.xoxb", "rotation", "OAuth & Permissions"),
            (APP_TOKEN, "hello", "not a Slack token", "App-Level Tokens"),
        ] {
            let sentence = check(field, &token(kind)).unwrap_err();
            assert!(sentence.contains(said) && sentence.contains(place), "{kind}: {sentence}");
            assert!(!sentence.contains("not-a-token"), "{sentence}");
        }
        assert!(check(BOT_TOKEN, &Secret::new("")).unwrap_err().starts_with("Nothing was given."));
        assert!(check(BOT_TOKEN, &Secret::new("xoxb-")).unwrap_err().contains("not complete"));
        assert!(check(BOT_TOKEN, &Secret::new("xoxb-1 2")).unwrap_err().contains("not complete"));
    }
}
