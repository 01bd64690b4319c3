//! What `reminder` does.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::time::Duration;

use super::Reminder;
use crate::testing::TestBot;

async fn bot() -> TestBot {
    TestBot::start::<Reminder>("").await.unwrap()
}

#[tokio::test]
async fn reminds_once_and_to_the_second() {
    let mut bot = bot().await;
    bot.says("@a:hs.test", "!remind 10m tea time").await.unwrap();
    bot.repeats_last().await.unwrap();
    assert!(bot.said()[0].starts_with("I will remind you at 2027-01-15 08:10:00 UTC ("), "{:?}", bot.said());
    bot.advance(Duration::from_secs(599)).await.unwrap();
    assert_eq!(bot.said().len(), 1);
    bot.advance(Duration::from_secs(1)).await.unwrap();
    bot.repeats_last().await.unwrap();
    bot.advance(Duration::from_hours(24)).await.unwrap();
    assert_eq!(bot.said()[1..], ["⏰ @a:hs.test: tea time"]);
    let last = bot.did().pop().unwrap();
    let content = last.content().unwrap();
    assert_eq!(content["m.mentions"]["user_ids"][0], "@a:hs.test");
    assert_eq!(content["m.relates_to"]["m.in_reply_to"]["event_id"], "$event1:hs.test");
}

#[tokio::test]
async fn counts_from_when_it_was_written() {
    let mut bot = bot().await;
    bot.says_late("@a:hs.test", "!remind 10m x", Duration::from_mins(8)).await.unwrap();
    bot.advance(Duration::from_mins(2)).await.unwrap();
    assert_eq!(bot.said().len(), 2);
}

#[tokio::test]
async fn everybody_lists_and_cancels_their_own() {
    let mut bot = bot().await;
    bot.says("@a:hs.test", "!remind 2h second").await.unwrap();
    bot.says("@a:hs.test", "!remind 1h first").await.unwrap();
    bot.says("@b:hs.test", "!remind 3h of another").await.unwrap();
    bot.says("@a:hs.test", "!remind list").await.unwrap();
    let list = bot.said().pop().unwrap();
    let lines: Vec<&str> = list.lines().collect();
    assert!(lines.len() == 2 && lines[0].ends_with(": first") && lines[1].ends_with(": second"), "{list}");
    let id = lines[0].split(' ').next().unwrap();
    bot.says("@b:hs.test", &format!("!remind cancel {id}")).await.unwrap();
    assert!(bot.said().pop().unwrap().contains("no such reminder"));
    bot.says("@a:hs.test", &format!("!remind cancel {id}")).await.unwrap();
    assert_eq!(bot.said().pop().unwrap(), format!("The reminder {id} is cancelled."));
    bot.says_in("!other:hs.test", "@a:hs.test", "!remind list").await.unwrap();
    assert_eq!(bot.said().pop().unwrap(), "You have no reminders here.");
    bot.advance(Duration::from_hours(4)).await.unwrap();
    let rung: Vec<_> = bot.said().into_iter().filter(|text| text.starts_with('⏰')).collect();
    assert_eq!(rung, ["⏰ @a:hs.test: second", "⏰ @b:hs.test: of another"]);
}

#[tokio::test]
async fn what_cannot_be_is_told() {
    let mut bot = TestBot::start::<Reminder>("most_per_room: 1").await.unwrap();
    for (text, part) in [
        ("!remind", "from a second"),
        ("!remind soon tea", "could not be read"),
        ("!remind 10m", "1 to 1000 characters"),
        ("!remind 400d x", "from a second to 366 days"),
        ("!remind 1m one", "I will remind you"),
        ("!remind 1m two", "Too many"),
        ("!remind cancel", "no such reminder"),
    ] {
        bot.says("@a:hs.test", text).await.unwrap();
        assert!(bot.said().pop().unwrap().contains(part), "{text}: {:?}", bot.said());
    }
    assert!(TestBot::start::<Reminder>("most_per_room: 0").await.is_err());
}
