//! Looks at the homeserver: whether one answers, whether it knows us, and whether its clock agrees with ours.

use bridge_registration::Registration;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::finding::Finding;
use super::web::{Answer, ask, shown};
use crate::appservice::PingError;
use crate::config::Config;
use crate::matrix::MatrixError;
use crate::service::Ground;

const PART: &str = "homeserver";
/// How far two clocks may be apart, in seconds.
const APART: i64 = 60;

/// Whether a homeserver answers at all, and the clocks; true if it does.
pub(super) async fn answers<S>(config: &Config<S>, now_ms: i64) -> (Vec<Finding>, bool) {
    let url = &config.homeserver.url;
    let versions = format!("{}/_matrix/client/versions", url.as_str().trim_end_matches('/'));
    match ask(&versions, None).await {
        Err(why) => {
            let what = format!(
                "homeserver.url: no homeserver answers at {}: {}.",
                shown(url),
                why.trim_end_matches('.')
            );
            (vec![Finding::bad(PART, what, "Start the homeserver, or correct the address.")], false)
        }
        Ok(answer) if !is_homeserver(&answer) => {
            let what = format!(
                "homeserver.url: {} answers, but not like a homeserver (status {}).",
                shown(url),
                answer.status
            );
            let remedy = "Correct the address: it is the one that clients have, without a path. If a proxy stands before the \
                          homeserver, look whether the homeserver itself runs.";
            (vec![Finding::bad(PART, what, remedy)], false)
        }
        Ok(answer) => (clocks(answer.date.as_deref(), now_ms).into_iter().collect(), true),
    }
}

fn is_homeserver(answer: &Answer) -> bool {
    answer.status == 200 && answer.json.as_ref().is_some_and(|json| json["versions"].is_array())
}

/// Compares the clocks by the homeserver's `Date`, as RFC 9110 has it (section 6.6.1).
fn clocks(date: Option<&str>, now_ms: i64) -> Option<Finding> {
    const PART: &str = "clock";
    let theirs = jiff::fmt::rfc2822::parse(date?).ok()?.timestamp().as_second();
    let apart = now_ms / 1000 - theirs;
    Some(if apart.abs() <= APART {
        Finding::fine(PART, "It agrees with the homeserver's.")
    } else {
        let way = if apart > 0 { "ahead of" } else { "behind" };
        Finding::look(
            PART,
            format!("This machine's clock is {} s {way} the homeserver's.", apart.abs()),
            "Set both by NTP: `timedatectl set-ntp true` on either machine, then `timedatectl` to look.",
        )
    })
}

/// Whether the homeserver knows our token and lets us act as the bot. Nothing but the finding is good: there is no use in
/// asking it for more.
pub(super) async fn knows_us<S: DeserializeOwned + Default>(
    ground: &Ground<S>,
    registration: &Registration,
) -> Finding {
    let config = &ground.config;
    let Err(error) = ground.app.bot().whoami().await else {
        let server = match ground.app.probe().await {
            Ok(features) => [features.server.as_deref(), features.server_version.as_deref()],
            Err(_) => [None, None],
        };
        let name = server.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let name = if name.is_empty() { "The homeserver".to_owned() } else { name };
        return Finding::fine(PART, format!("{name} at {} knows our token.", shown(&config.homeserver.url)));
    };
    if error.is_forbidden() && !is_token(&error) {
        let url = format!(
            "{}/_matrix/client/v3/account/whoami",
            config.homeserver.url.as_str().trim_end_matches('/')
        );
        let known_as = ask(&url, Some(registration.as_token.expose())).await.ok();
        let known_as = known_as.and_then(|answer| answer.json?["user_id"].as_str().map(str::to_owned));
        return another_user(&config.homeserver.name, &config.appservice.bot, known_as.as_deref(), &error);
    }
    if is_token(&error) {
        return Finding::bad(
            PART,
            format!(
                "The homeserver does not know the as_token in {}.",
                config.appservice.registration.display()
            ),
            "Give the homeserver this registration (`registration` prints it in every form) and, with Synapse, restart it. If \
             it was given: it has an older one, or was not restarted since.",
        );
    }
    let what = format!("The homeserver answers, but does not tell who we are. {error}");
    Finding::bad(PART, what, "Look at the homeserver's log; ask again in a minute.")
}

fn is_token(error: &MatrixError) -> bool {
    error.status() == Some(401)
        || matches!(error.errcode(), Some("M_UNKNOWN_TOKEN" | "M_MISSING_TOKEN" | "M_UNAUTHORIZED"))
}

/// The homeserver knows the token, but not as the bot that the config names.
fn another_user(server: &str, bot: &str, known_as: Option<&str>, error: &MatrixError) -> Finding {
    let bot = format!("@{bot}:{server}");
    match known_as.and_then(|user| Some((user, user.split_once(':')?.1))) {
        Some((_, theirs)) if theirs != server => Finding::bad(
            PART,
            format!("homeserver.name: the config says {server}, and the homeserver is {theirs}."),
            "Correct homeserver.name; or homeserver.url, if another homeserver is meant.",
        ),
        Some((user, _)) if user != bot => Finding::bad(
            PART,
            format!("appservice.bot: the homeserver knows our token as {user}, and the config names {bot}."),
            "Run the verb `registration`, give the file to the homeserver again, and restart that.",
        ),
        _ => Finding::bad(
            PART,
            format!("The homeserver does not let us act as {bot} ({error})."),
            "Give the homeserver the registration again and restart it: its own is of another bot or another server.",
        ),
    }
}

/// What the round trip from us over the homeserver back to us showed.
pub(super) fn way_back(result: Result<std::time::Duration, PingError>, url: Option<&str>) -> Finding {
    const PART: &str = "way back";
    let url = url.unwrap_or("none");
    match result {
        Ok(took) => Finding::fine(PART, format!("The homeserver reaches us ({} ms).", took.as_millis())),
        Err(PingError::NoConnection) => Finding::bad(
            PART,
            format!("The homeserver finds nobody at the url in its registration (in our file it is {url})."),
            "Write into appservice.url by which address the homeserver's machine or container reaches appservice.listen, run \
             `registration`, give it to the homeserver again, and restart that. Look for a firewall between them.",
        ),
        Err(PingError::Refused) => Finding::bad(
            PART,
            "Whoever answers at the url in the homeserver's registration refuses it: most often the homeserver has an older \
             hs_token.",
            "Give the homeserver the registration again and restart it.",
        ),
        Err(PingError::NoUrl) => Finding::bad(
            PART,
            "The homeserver's registration of us has no url, so it sends no events.",
            "Give the homeserver the registration again and restart it.",
        ),
        Err(PingError::SomebodyElse) => Finding::bad(
            PART,
            format!(
                "Another program answers at the url in the homeserver's registration (in our file it is {url})."
            ),
            "Stop that program; or correct appservice.url, run `registration`, and give it to the homeserver again.",
        ),
        Err(PingError::Unsupported) => Finding::look(
            PART,
            "This homeserver knows no pings, so the way back was not tried.",
            "Write a message to the bot: if it answers, all is well.",
        ),
        Err(PingError::Homeserver(error)) => Finding::bad(
            PART,
            format!("The homeserver could not be asked to call us. {error}"),
            "Look at the homeserver's log; ask again in a minute.",
        ),
    }
}

/// What the homeserver's own words may be shown as: a short sentence.
pub(super) fn words(value: &Value) -> Option<String> {
    const MOST: usize = 300;
    value.as_str().map(|words| words.chars().take(MOST).collect())
}

#[cfg(test)]
mod tests;
