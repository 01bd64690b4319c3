//! What the bot says, without a homeserver.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use bridge_bots::testing::TestBot;

use super::Hello;

#[tokio::test]
async fn says_hello_once_to_each_who_asks() {
    let mut bot = TestBot::start::<Hello>("").await.unwrap();
    bot.says("@ann:hs.test", "!hello").await.unwrap();
    // As after a crash: the same message comes again, and is not answered again.
    bot.repeats_last().await.unwrap();
    bot.says("@bob:hs.test", "hello").await.unwrap();
    bot.says("@bob:hs.test", "!hello").await.unwrap();
    assert_eq!(bot.said(), ["Hello, ann!", "Hello, bob!"]);
}

#[tokio::test]
async fn the_greeting_is_set_and_a_wrong_one_is_refused_by_its_name() {
    let mut bot = TestBot::start::<Hello>("greeting: Hi {name}").await.unwrap();
    bot.says("@ann:hs.test", "!hello").await.unwrap();
    assert_eq!(bot.said(), ["Hi ann"]);
    for (config, problem) in [("greeting: ''", "greeting: is empty"), ("greting: Hi", "no key `greting`")] {
        let refused = TestBot::start::<Hello>(config).await.unwrap_err().to_string();
        assert!(refused.contains(problem), "{refused}");
    }
}
