//! The bot `echo`: `!ping` says how long the message took, `!echo` repeats it.

use serde_json::json;

use crate::plugin::{Descriptor, Event, NoConfig, Plugin, PluginContext, PluginError};

/// How much of what stands behind `!ping` is repeated, in characters.
const SHOWN: usize = 20;

/// The bot.
#[derive(Debug)]
pub struct Echo;

impl Plugin for Echo {
    type Config = NoConfig;

    fn descriptor() -> Descriptor {
        Descriptor::new("echo", "1.0.0", "Says how long messages take, and repeats them.")
            .command("ping", "[text]", "Says how long your message took to arrive.")
            .command("echo", "text", "Repeats the text.")
    }

    async fn start(_config: NoConfig, _context: &PluginContext) -> Result<Self, PluginError> {
        Ok(Self)
    }

    async fn on_event(&self, event: &Event, context: &PluginContext) -> Result<(), PluginError> {
        if let Some(words) = event.asks("ping") {
            pong(event, words, context).await
        } else if let Some(words) = event.asks("echo").filter(|words| !words.is_empty()) {
            context.reply(event, words).await.map(drop)
        } else {
            Ok(())
        }
    }
}

/// Answers in the form of maubot's echo bot, which programs read that measure the time between homeservers.
async fn pong(event: &Event, words: &str, context: &PluginContext) -> Result<(), PluginError> {
    // When it was accepted, not when it is worked on: a repeat says the same.
    let ms = event.accepted_at.saturating_sub(event.origin_server_ts);
    let from = event.sender.split_once(':').map_or("", |(_, server)| server);
    let (sender, took) = (&event.sender, duration(ms));
    let shown: String = words.chars().take(SHOWN).collect();
    let (quoted, quoted_html) = if shown.is_empty() {
        (String::new(), String::new())
    } else {
        (format!("\"{shown}\" "), format!("\"<q>{}</q>\" ", escaped(&shown)))
    };
    let to = |id: &str| format!("https://matrix.to/#/{}", escaped(id));
    let (person, message) = (to(sender), to(&format!("{}/{}", event.room_id, event.id)));
    let answer = json!({
        "msgtype": "m.notice",
        "body": format!("{sender}: Pong! (ping {quoted}took {took} to arrive)"),
        "format": "org.matrix.custom.html",
        "formatted_body": format!(
            "<a href='{person}'>{}</a>: Pong! (<a href='{message}'>ping</a> {quoted_html}took {took} to arrive)",
            escaped(sender),
        ),
        "m.mentions": { "user_ids": [sender] },
        "m.relates_to": { "rel_type": "xyz.maubot.pong", "event_id": event.id, "from": from, "ms": ms },
        "pong": { "ms": ms, "from": from, "ping": event.id },
    });
    context.send(&event.room_id, "m.room.message", answer).await.map(drop)
}

/// A time in words; clocks of homeservers may differ, so it may be below zero.
fn duration(ms: i64) -> String {
    let size = ms.unsigned_abs();
    let sign = if ms < 0 { "-" } else { "" };
    let counted = |count: u64, unit: &str| format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
    if size < 10_000 {
        return format!("{ms} ms");
    }
    if size < 60_000 {
        return format!("{sign}{}.{} seconds", size / 1_000, size % 1_000 / 100);
    }
    let seconds = size / 1_000;
    let parts = [
        (seconds / 86_400, "day"),
        (seconds / 3_600 % 24, "hour"),
        (seconds / 60 % 60, "minute"),
        (seconds % 60, "second"),
    ];
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| counted(*count, unit)).collect();
    match parts.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{sign}{} and {last}", rest.join(", ")),
        _ => format!("{sign}{}", parts.concat()),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use std::time::Duration;

    use super::*;
    use crate::testing::TestBot;

    #[test]
    fn times_are_said_in_words() {
        for (ms, said) in [
            (0, "0 ms"),
            (-250, "-250 ms"),
            (9_999, "9999 ms"),
            (12_345, "12.3 seconds"),
            (61_000, "1 minute and 1 second"),
            (3_600_000, "1 hour"),
            (-90_061_000, "-1 day, 1 hour, 1 minute and 1 second"),
        ] {
            assert_eq!(duration(ms), said);
        }
        assert!(duration(i64::MIN).starts_with('-'));
    }

    #[tokio::test]
    async fn a_ping_is_answered_with_its_time() {
        let mut bot = TestBot::start::<Echo>("").await.unwrap();
        bot.says_late("@a:far.test", "!ping <b>'x'</b>", Duration::from_millis(120)).await.unwrap();
        let acts = bot.did();
        let content = acts[0].content().unwrap();
        assert_eq!(content["body"], "@a:far.test: Pong! (ping \"<b>'x'</b>\" took 120 ms to arrive)");
        assert!(
            content["formatted_body"].as_str().unwrap().contains("\"<q>&lt;b&gt;&#39;x&#39;&lt;/b&gt;</q>\"")
        );
        assert_eq!(content["m.relates_to"]["rel_type"], "xyz.maubot.pong");
        assert_eq!((&content["pong"]["ms"], &content["pong"]["from"]), (&json!(120), &json!("far.test")));
    }

    #[tokio::test]
    async fn an_echo_repeats_and_an_empty_one_says_nothing() {
        let mut bot = TestBot::start::<Echo>("").await.unwrap();
        for text in ["!echo  so it\nsays ", "!echo", "!other x", "echo x"] {
            bot.says("@a:hs.test", text).await.unwrap();
        }
        assert_eq!(bot.said(), ["so it\nsays"]);
    }
}
