//! The config, and what `!ig` changes and says.

use bot_instagram::config::Config;

use super::{ANN, LINK, bot_of, bot_with, site};
use crate::plugins::instagram::InstagramBot;
use crate::testing::{ROOM, TestBot};

const BOB: &str = "@bob:hs.test";

#[tokio::test]
async fn the_config_that_people_have_is_accepted_and_mistakes_name_the_field() {
    let theirs = r#"{"enabled": true, "max_file_size": 50000000, "room_subscriptions": []}"#;
    TestBot::start::<InstagramBot>(theirs).await.unwrap();
    TestBot::start::<InstagramBot>("").await.unwrap();
    for (config, field) in [
        ("room_subscriptions: ['#room:hs.test']", "room_subscriptions[0]: is no room's id"),
        ("room_subscriptions: ['!a:hs.test', cats]", "room_subscriptions[1]: is no room's id"),
        ("max_file_size: -1", "max_file_size: "),
        ("max_file_size: 0", "max_file_size: is 0"),
        ("max_file_sise: 1", "there is no key `max_file_sise`"),
        ("endpoints: { web: 'http://10.0.0.1/' }", "endpoints.web: has to begin with https://"),
    ] {
        let error = TestBot::start::<InstagramBot>(config).await.unwrap_err().to_string();
        assert!(error.contains(field), "{config}: {error}");
    }
}

#[tokio::test]
async fn people_with_the_power_switch_a_room_on_and_off() {
    let site = site().await;
    let mut bot = bot_with(site.config()).await;
    bot.make_moderator(ANN);
    for (sender, text, part) in [
        (BOB, "!ig on", "Only people who may change this room's settings"),
        (BOB, "!ig status", "Only people who may change this room's settings"),
        (ANN, "!ig status", "are not answered in this room"),
        (ANN, "!ig", "Write `!ig on`"),
        (ANN, "!ig on", "are answered in this room"),
        (ANN, "!IG Status", "are answered in this room"),
    ] {
        bot.says(sender, text).await.unwrap();
        bot.repeats_last().await.unwrap();
        assert!(bot.said().pop().unwrap().contains(part), "{text}: {:?}", bot.said());
    }
    assert_eq!(bot.said().len(), 6);
    assert!(site.asked().is_empty());
    bot.says(BOB, LINK).await.unwrap();
    assert_eq!(bot.said().len(), 9);
    bot.says_in("!other:hs.test", BOB, LINK).await.unwrap();
    assert_eq!(bot.said().len(), 9, "only in this room");
    bot.says(ANN, "!ig off").await.unwrap();
    bot.says(BOB, LINK).await.unwrap();
    assert_eq!(bot.said().len(), 10);
}

#[tokio::test]
async fn a_room_of_the_list_can_be_switched_off() {
    let site = site().await;
    let mut bot = bot_of(&site).await;
    bot.make_moderator(ANN);
    bot.says(ANN, "!ig off").await.unwrap();
    bot.says(ANN, LINK).await.unwrap();
    assert_eq!(bot.said().len(), 1);
    assert!(site.asked().is_empty());
}

#[tokio::test]
async fn a_bot_that_is_switched_off_answers_nothing_and_says_so() {
    let site = site().await;
    let room_subscriptions = vec![ROOM.to_owned()];
    let mut bot = bot_with(Config { enabled: false, room_subscriptions, ..site.config() }).await;
    bot.make_moderator(ANN);
    bot.says(ANN, LINK).await.unwrap();
    assert!(bot.did().is_empty() && site.asked().is_empty());
    bot.says(ANN, "!ig on").await.unwrap();
    assert!(bot.said()[0].contains("switches all answers off"), "{:?}", bot.said());
}

#[tokio::test]
async fn a_probe_is_for_admins_and_answers_no_link() {
    let site = site().await;
    let mut bot = bot_of(&site).await;
    bot.make_moderator(ANN);
    bot.make_admin(BOB);
    bot.says(ANN, &format!("!ig probe {LINK}")).await.unwrap();
    bot.says(BOB, "!ig probe https://example.org/").await.unwrap();
    assert!(site.asked().is_empty());
    assert!(bot.said()[0].contains("Only the admins"), "{:?}", bot.said());
    assert!(bot.said()[1].contains("no link to a post"), "{:?}", bot.said());
    bot.says(BOB, &format!("!ig probe <{LINK}?igsh=x>")).await.unwrap();
    let said = bot.said();
    let lines: Vec<&str> = said[2].lines().collect();
    assert_eq!((said.len(), lines[0]), (3, LINK), "{said:?}");
    assert!(lines[1].starts_with("embed: the whole post, 2 files, caption ("), "{lines:?}");
    assert!(lines[2].starts_with("graphql: "), "{lines:?}");
}

#[tokio::test]
async fn operators_switch_rooms_and_probe_without_being_there() {
    let site = site().await;
    let mut bot = bot_with(site.config()).await;
    assert!(bot.acts("status", ROOM).await.unwrap().contains("are not answered"));
    assert!(bot.acts("on", ROOM).await.unwrap().contains("are answered in this room"));
    bot.says(BOB, LINK).await.unwrap();
    assert!(!bot.said().is_empty());
    let said = bot.said().len();
    assert!(bot.acts("off", ROOM).await.unwrap().contains("are not answered"));
    bot.says(BOB, LINK).await.unwrap();
    assert_eq!(bot.said().len(), said);
    assert!(bot.acts("probe", "no link").await.unwrap().contains("no link to a post"));
    assert!(bot.acts("probe", LINK).await.unwrap().contains("embed"));
}
