//! What `sna.instagram` does with messages, against the stand-in of the site.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod failures;
mod settings;

use std::time::Duration;

use bot_instagram::config::Config;
use bot_instagram::post::Post;
use bot_instagram::testing::{Part, Reply, Site, files, shapes};
use serde_json::{Value, json};

use super::InstagramBot;
use crate::plugin::{Act, Event};
use crate::testing::{ROOM, TestBot};

const ANN: &str = "@ann:hs.test";
const ID: &str = "DAbcdefghij";
const LINK: &str = "https://www.instagram.com/p/DAbcdefghij/";
const EMBED: &str = "/p/DAbcdefghij/embed/captioned/";
const CAPTION: &str = "@some.user_1 · A cat & a \"dog\" <b>\n#cats 🐈";

/// A site with one post of a picture and a video.
async fn site() -> Site {
    let site = Site::start().await;
    let video = shapes::video(&site.url(Part::Cdn, "/a.mp4"), &site.url(Part::Cdn, "/a.jpg"));
    shows(&site, &shapes::post(ID, vec![shapes::image(&site.url(Part::Cdn, "/b.png")), video]));
    site.on(Part::Cdn, "/b.png", Reply::file("image/png", files::png(64, 48)));
    site.on(Part::Cdn, "/a.mp4", Reply::file("video/mp4", files::mp4(320, 568, 1_500, true)));
    site.on(Part::Cdn, "/a.jpg", Reply::file("image/jpeg", files::jpeg(320, 568)));
    site
}

fn shows(site: &Site, post: &Post) {
    let page = shapes::embed("xdt_shortcode_media", &shapes::older(post, false));
    site.on(Part::Web, EMBED, Reply::text(page));
}

/// A bot that answers in the usual room.
async fn bot_of(site: &Site) -> TestBot {
    bot_with(Config { room_subscriptions: vec![ROOM.to_owned()], ..site.config() }).await
}

async fn bot_with(config: Config) -> TestBot {
    TestBot::start::<InstagramBot>(&serde_json::to_string(&config).unwrap()).await.unwrap()
}

/// The contents of the messages that were sent.
fn sent(bot: &TestBot) -> Vec<Value> {
    bot.did().iter().filter_map(Act::content).cloned().collect()
}

/// How many files were uploaded.
fn uploads(bot: &TestBot) -> usize {
    bot.did().iter().filter(|act| matches!(act, Act::UploadFile { .. })).count()
}

fn redacted(bot: &TestBot) -> Vec<String> {
    let acts = bot.did().into_iter().filter_map(|act| match act {
        Act::Redact { event_id, .. } => Some(event_id),
        _ => None,
    });
    acts.collect()
}

/// Ann takes a message back, as older rooms say it or newer ones.
fn redaction(bot: &mut TestBot, room_id: &str, target: &str, is_new: bool) -> Event {
    let mut event = bot.message(room_id, ANN, "");
    "m.room.redaction".clone_into(&mut event.event_type);
    event.content = if is_new { json!({ "redacts": target }) } else { json!({}) };
    event.redacts = (!is_new).then(|| target.to_owned());
    event
}

#[tokio::test]
async fn a_link_is_answered_with_caption_picture_and_video() {
    let site = site().await;
    let mut bot = bot_of(&site).await;
    bot.says(ANN, &format!("look: {LINK}?igsh=abc")).await.unwrap();
    let sent = sent(&bot);
    assert_eq!(bot.said(), [CAPTION, "DAbcdefghij-1.png", "DAbcdefghij-2.mp4"]);
    for content in &sent {
        assert_eq!(content["m.relates_to"], json!({ "m.in_reply_to": { "event_id": "$event1:hs.test" } }));
        assert_eq!(content["m.mentions"], json!({}));
    }
    assert_eq!(sent[0]["msgtype"], "m.notice");
    assert_eq!(
        sent[0]["formatted_body"],
        "@some.user_1 · A cat &amp; a &quot;dog&quot; &lt;b&gt;<br>#cats 🐈"
    );
    assert_eq!(sent[1]["msgtype"], "m.image");
    let picture = files::png(64, 48).len();
    assert_eq!(sent[1]["info"], json!({ "mimetype": "image/png", "size": picture, "w": 64, "h": 48 }));
    assert_eq!(sent[2]["msgtype"], "m.video");
    let info = &sent[2]["info"];
    let video = files::mp4(320, 568, 1_500, true).len();
    assert_eq!((&info["mimetype"], &info["size"]), (&json!("video/mp4"), &json!(video)));
    assert_eq!((&info["w"], &info["h"], &info["duration"]), (&json!(320), &json!(568), &json!(1_500)));
    assert_eq!((&info["thumbnail_info"]["w"], &info["thumbnail_info"]["h"]), (&json!(320), &json!(568)));
    for url in [&sent[1]["url"], &sent[2]["url"], &info["thumbnail_url"]] {
        assert!(url.as_str().unwrap().starts_with("mxc://"), "{url}");
    }
}

#[tokio::test]
async fn an_answer_stays_in_the_thread() {
    let site = site().await;
    let mut bot = bot_of(&site).await;
    let mut event = bot.message(ROOM, ANN, LINK);
    event.content["m.relates_to"] = json!({ "rel_type": "m.thread", "event_id": "$root:hs.test" });
    bot.hears(event).await.unwrap();
    let sent = sent(&bot);
    assert_eq!(sent.len(), 3);
    for content in sent {
        let relation = &content["m.relates_to"];
        assert_eq!(
            (&relation["rel_type"], &relation["event_id"]),
            (&json!("m.thread"), &json!("$root:hs.test"))
        );
    }
}

#[tokio::test]
async fn rooms_that_did_not_ask_see_nothing_and_cause_no_request() {
    let site = site().await;
    let mut bot = bot_of(&site).await;
    bot.says_in("!other:hs.test", ANN, LINK).await.unwrap();
    bot.says_in("!other:hs.test", ANN, "https://www.instagram.com/share/p/BAtoken456").await.unwrap();
    assert!(bot.did().is_empty() && site.asked().is_empty(), "{bot:?} {:?}", site.asked());
}

#[tokio::test]
async fn edits_notices_files_and_code_are_passed_over() {
    let site = site().await;
    let mut bot = bot_of(&site).await;
    for content in [
        json!({ "msgtype": "m.notice", "body": LINK }),
        json!({ "msgtype": "m.image", "body": LINK }),
        json!({ "msgtype": "m.text", "body": format!("`{LINK}`") }),
        json!({ "msgtype": "m.text", "body": LINK, "m.relates_to": { "rel_type": "m.replace", "event_id": "$a" } }),
        json!({ "msgtype": "m.text", "body": LINK, "format": "org.matrix.custom.html",
                "formatted_body": format!("<pre>{LINK}</pre>") }),
        json!({ "msgtype": "m.text", "body": format!("> <@a:hs.test> {LINK}\n\nnice"),
                "m.relates_to": { "m.in_reply_to": { "event_id": "$a" } } }),
        json!({ "body": 7 }),
    ] {
        let mut event = bot.message(ROOM, ANN, "");
        event.content = content;
        bot.hears(event).await.unwrap();
    }
    assert!(bot.did().is_empty() && site.asked().is_empty(), "{bot:?} {:?}", site.asked());
    let mut event = bot.message(ROOM, ANN, "see this");
    event.content["format"] = json!("org.matrix.custom.html");
    event.content["formatted_body"] = json!(format!("see <a href=\"{LINK}\">this</a>"));
    bot.hears(event).await.unwrap();
    assert_eq!(bot.said().len(), 3);
}

#[tokio::test]
async fn a_post_is_asked_for_and_uploaded_once_for_all_rooms() {
    let site = site().await;
    let rooms = ["!a:hs.test", "!b:hs.test", "!c:hs.test"];
    let room_subscriptions = rooms.map(str::to_owned).to_vec();
    let mut bot = bot_with(Config { room_subscriptions, ..site.config() }).await;
    for room_id in rooms {
        bot.says_in(room_id, ANN, LINK).await.unwrap();
    }
    assert_eq!((bot.said().len(), uploads(&bot)), (9, 3));
    assert_eq!((site.count(Part::Web, EMBED), site.count(Part::Cdn, "/")), (1, 3));
    let addresses: Vec<_> = sent(&bot).iter().map(|content| content["url"].clone()).collect();
    assert_eq!((&addresses[..3], &addresses[..3]), (&addresses[3..6], &addresses[6..]));
}

#[tokio::test]
async fn a_restart_uploads_nothing_again_within_a_day() {
    let site = site().await;
    let mut bot = bot_of(&site).await;
    let config = Config { room_subscriptions: vec![ROOM.to_owned()], ..site.config() };
    let config = serde_json::to_string(&config).unwrap();
    bot.says(ANN, LINK).await.unwrap();
    bot.restart::<InstagramBot>(&config).await.unwrap();
    bot.says(ANN, LINK).await.unwrap();
    assert_eq!((uploads(&bot), site.count(Part::Cdn, "/")), (3, 3));
    let said = sent(&bot);
    let without = |content: &Value| (content["url"].clone(), content["info"].clone());
    assert_eq!(
        said[..3].iter().map(without).collect::<Vec<_>>(),
        said[3..].iter().map(without).collect::<Vec<_>>()
    );
    bot.advance(Duration::from_hours(25)).await.unwrap();
    bot.says(ANN, LINK).await.unwrap();
    assert_eq!(uploads(&bot), 6, "after a day they are brought anew");
    assert_eq!(bot.keeps("upload ").await.unwrap().len(), 3);
}

#[tokio::test]
async fn no_more_uploads_are_remembered_than_are_allowed() {
    let site = Site::start().await;
    let url = |n: usize| site.url(Part::Cdn, &format!("/{n}.png"));
    shows(&site, &shapes::post(ID, (0..13).map(|n| shapes::image(&url(n))).collect()));
    site.on(Part::Cdn, "/", Reply::file("image/png", files::png(8, 8)));
    let mut config = Config { room_subscriptions: vec![ROOM.to_owned()], ..site.config() };
    config.cache.posts = 1;
    let mut bot = bot_with(config.clone()).await;
    bot.says(ANN, LINK).await.unwrap();
    bot.says(ANN, &format!("{LINK}?img_index=13")).await.unwrap();
    assert_eq!(uploads(&bot), 13);
    let names = |kept: Vec<(String, String)>| kept.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let kept = names(bot.keeps("upload ").await.unwrap());
    assert_eq!(kept.len(), 10, "those of one post");
    for index in [10, 11, 12] {
        assert!(kept.contains(&format!("upload {ID} {index} file")), "the newest stay: {kept:?}");
    }
    // What ended while the bot was stopped goes when it is started.
    bot.advance(Duration::from_hours(25)).await.unwrap();
    bot.restart::<InstagramBot>(&serde_json::to_string(&config).unwrap()).await.unwrap();
    assert_eq!(names(bot.keeps("upload ").await.unwrap()), Vec::<String>::new());
}

#[tokio::test]
async fn died_after_any_effect_the_answer_comes_once_and_as_it_was_decided() {
    // Three uploads and three messages.
    for effects in 0..6 {
        let site = site().await;
        let mut bot = bot_of(&site).await;
        bot.go_away_after(effects);
        bot.says(ANN, LINK).await.unwrap_err();
        if effects >= 3 {
            // It was decided; what the site says now changes nothing.
            site.on(Part::Web, "/", Reply::status(404, "text/html", ""));
            bot.advance(Duration::from_hours(2)).await.unwrap();
        }
        bot.repeats_last().await.unwrap();
        bot.repeats_last().await.unwrap();
        assert_eq!(bot.said(), [CAPTION, "DAbcdefghij-1.png", "DAbcdefghij-2.mp4"], "after {effects}");
        assert_eq!(uploads(&bot), 3, "after {effects}");
    }
}

#[tokio::test]
async fn what_was_said_is_taken_back_with_the_message() {
    for is_new in [true, false] {
        let site = site().await;
        let mut bot = bot_of(&site).await;
        bot.says(ANN, LINK).await.unwrap();
        bot.says(ANN, "nothing").await.unwrap();
        for (room_id, target) in [(ROOM, "$event2:hs.test"), ("!other:hs.test", "$event1:hs.test")] {
            let event = redaction(&mut bot, room_id, target, is_new);
            bot.hears(event).await.unwrap();
        }
        assert!(redacted(&bot).is_empty(), "another message, another room");
        let event = redaction(&mut bot, ROOM, "$event1:hs.test", is_new);
        bot.go_away_after(1);
        bot.hears(event).await.unwrap_err();
        bot.repeats_last().await.unwrap();
        bot.repeats_last().await.unwrap();
        // The first three effects were uploads.
        let expected = ["$answer3:hs.test", "$answer4:hs.test", "$answer5:hs.test"];
        assert_eq!(redacted(&bot), expected, "{is_new}");
    }
}

#[tokio::test]
async fn a_message_that_was_taken_back_is_answered_no_further() {
    let site = site().await;
    let mut bot = bot_of(&site).await;
    let message = bot.message(ROOM, ANN, LINK);
    bot.go_away_after(4);
    bot.hears(message.clone()).await.unwrap_err();
    let event = redaction(&mut bot, ROOM, &message.id, true);
    bot.hears(event).await.unwrap();
    assert_eq!((bot.said().len(), redacted(&bot)), (1, vec!["$answer3:hs.test".to_owned()]));
    // Its dead letter is tried again.
    bot.hears(message).await.unwrap();
    assert_eq!(bot.said().len(), 1);
}

#[tokio::test]
async fn after_thirty_days_an_answer_is_forgotten() {
    let site = site().await;
    let mut bot = bot_of(&site).await;
    bot.says(ANN, LINK).await.unwrap();
    bot.advance(Duration::from_hours(31 * 24)).await.unwrap();
    let event = redaction(&mut bot, ROOM, "$event1:hs.test", true);
    bot.hears(event).await.unwrap();
    assert!(redacted(&bot).is_empty());
}
