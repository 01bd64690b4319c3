//! What `react` does with messages.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::time::Duration;

use super::React;
use crate::testing::TestBot;

const RULES: &str = r#"
rules:
  cookie: { matches: ["^twim\\b"], react: "🍪" }
  hint:
    matches: ["helpdesk", "support"]
    not_matches: ["no support"]
    not_rooms: ["!quiet:hs.test"]
    reply: "Ask in #support."
"#;

#[tokio::test]
async fn the_first_rule_that_fits_counts() {
    let mut bot = TestBot::start::<React>(RULES).await.unwrap();
    for text in ["TWIM: news of support", "who does Support?", "no support needed", "nothing"] {
        bot.says("@a:hs.test", text).await.unwrap();
    }
    assert_eq!(bot.reactions(), ["🍪"]);
    assert_eq!(bot.said(), ["Ask in #support."]);
    bot.says_in("!quiet:hs.test", "@a:hs.test", "support").await.unwrap();
    assert_eq!(bot.said().len(), 1, "not in this room");
}

#[tokio::test]
async fn floods_are_answered_up_to_the_limit() {
    let limits = "antispam: { room: { max: 3, delay: 10 }, user: { max: 2, delay: 10 } }";
    let mut bot = TestBot::start::<React>(&format!("{limits}\n{RULES}")).await.unwrap();
    for sender in ["@a:hs.test", "@a:hs.test", "@a:hs.test", "@b:hs.test", "@b:hs.test"] {
        bot.says(sender, "twim").await.unwrap();
    }
    assert_eq!(bot.reactions().len(), 3, "two for the one, and one more for the room");
    bot.repeats_last().await.unwrap();
    assert_eq!(bot.reactions().len(), 3);
    bot.advance(Duration::from_secs(11)).await.unwrap();
    bot.says("@a:hs.test", "twim").await.unwrap();
    assert_eq!(bot.reactions().len(), 4);
}

#[tokio::test]
async fn mistakes_name_the_field() {
    for (config, field) in [
        ("rules: { a: { matches: [x] } }", "rules.a: does nothing"),
        ("rules: { a: { react: x } }", "rules.a.matches: is empty"),
        ("rules: { a: { matches: [x, '('], react: x } }", "rules.a.matches[1]: is no pattern"),
        ("rules: { a: { matches: ['(?=x)'], react: x } }", "rules.a.matches[0]: is no pattern"),
        ("default_flags: [loud]", "default_flags[0]: "),
        ("antispam: { room: { max: -1, delay: 1 } }", "antispam.room.max: "),
        ("antispam: { room: { max: 1 } }", "antispam.room: the key `delay` is missing"),
    ] {
        let error = TestBot::start::<React>(config).await.unwrap_err().to_string();
        assert!(error.contains(field), "{config}: {error}");
    }
}
