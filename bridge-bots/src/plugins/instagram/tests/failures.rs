//! What cannot be shown is said in one line with the link.

use std::time::Duration;

use bot_instagram::config::Config;
use bot_instagram::outcome::Source;
use bot_instagram::testing::{Part, Reply, Site, files, shapes};

use super::{ANN, CAPTION, EMBED, ID, LINK, bot_of, bot_with, shows, site, uploads};
use crate::testing::ROOM;

#[tokio::test]
async fn each_reason_is_one_line_with_the_link() {
    for (reply, part) in [
        (Reply::status(404, "text/html", ""), "does not exist"),
        (Reply::status(429, "text/html", ""), "asked often"),
        (Reply::redirect("/accounts/login/"), "wants somebody to sign in"),
        (Reply::status(502, "text/html", ""), "could not be reached"),
        (Reply::redirect("http://169.254.169.254/latest/"), "held no post that could be read"),
    ] {
        let site = Site::start().await;
        site.on(Part::Web, "/", reply);
        let room_subscriptions = vec![ROOM.to_owned()];
        let config = Config { sources: vec![Source::Embed], room_subscriptions, ..site.config() };
        let mut bot = bot_with(config).await;
        bot.says(ANN, LINK).await.unwrap();
        bot.repeats_last().await.unwrap();
        let said = bot.said();
        let [line] = said.as_slice() else { panic!("{part}: {said:?}") };
        assert!(line.contains(part) && line.ends_with(LINK) && line.lines().count() == 1, "{line}");
    }
}

#[tokio::test]
async fn a_slow_site_is_given_up_within_its_time() {
    let site = Site::start().await;
    site.on(Part::Web, "/", Reply::Never);
    let room_subscriptions = vec![ROOM.to_owned()];
    let mut config = Config { sources: vec![Source::Embed], room_subscriptions, ..site.config() };
    (config.limits.source_ms, config.limits.total_ms) = (50, 100);
    let mut bot = bot_with(config).await;
    bot.says(ANN, LINK).await.unwrap();
    assert_eq!(bot.said(), [format!("Instagram did not answer in time: {LINK}")]);
}

#[tokio::test]
async fn files_that_take_too_long_are_named_and_the_rest_is_shown_in_time() {
    let site = site().await;
    site.on(Part::Cdn, "/a.mp4", Reply::Never);
    let other = shapes::post("OOOOOOOOOO1", vec![shapes::image(&site.url(Part::Cdn, "/b.png"))]);
    let page = shapes::embed("xdt_shortcode_media", &shapes::older(&other, false));
    site.on(Part::Web, "/p/OOOOOOOOOO1/embed/captioned/", Reply::text(page));
    let mut config = Config { room_subscriptions: vec![ROOM.to_owned()], ..site.config() };
    config.limits.answer_ms = 1_500;
    let mut bot = bot_with(config).await;
    let began = tokio::time::Instant::now();
    bot.says(ANN, &format!("{LINK} https://www.instagram.com/p/OOOOOOOOOO1/")).await.unwrap();
    let took = began.elapsed();
    assert!(took < Duration::from_secs(5), "it took {took:?}");
    let line = format!("The file did not come in time: {LINK}");
    let shown = [CAPTION, "DAbcdefghij-1.png", "DAbcdefghij-2.jpg", &line, CAPTION, "OOOOOOOOOO1-1.png"];
    assert_eq!(bot.said(), shown, "the still in the video's place, and the other link's post whole");
    // When it comes, it is shown.
    site.on(Part::Cdn, "/a.mp4", Reply::file("video/mp4", files::mp4(320, 568, 1_500, true)));
    bot.says(ANN, LINK).await.unwrap();
    assert_eq!(bot.said()[6..], [CAPTION, "DAbcdefghij-1.png", "DAbcdefghij-2.mp4"]);
    assert_eq!(uploads(&bot), 4);
}

#[tokio::test]
async fn a_private_posts_link_is_answered_without_a_request() {
    let site = Site::start().await;
    let mut bot = bot_of(&site).await;
    let link = "https://www.instagram.com/p/DAbcdefghijKLMNOPQRSTUVWXYZ0123456789abc/";
    bot.says(ANN, link).await.unwrap();
    let expected = format!("This post is of a private account and cannot be shown here: {link}");
    assert_eq!(bot.said(), [expected]);
    assert!(site.asked().is_empty());
}

#[tokio::test]
async fn of_a_video_that_is_too_large_the_still_is_shown() {
    let site = site().await;
    let room_subscriptions = vec![ROOM.to_owned()];
    let mut bot = bot_with(Config { max_file_size: 5_000, room_subscriptions, ..site.config() }).await;
    site.on(Part::Cdn, "/a.jpg", Reply::file("image/png", files::png(32, 56)));
    bot.says(ANN, LINK).await.unwrap();
    let said = bot.said();
    assert_eq!(said[..3], [CAPTION, "DAbcdefghij-1.png", "DAbcdefghij-2.png"], "{said:?}");
    assert!(said[3].contains("at most 5 kB are shown here") && said[3].ends_with(LINK), "{said:?}");
    assert_eq!((said.len(), uploads(&bot)), (4, 2));
}

#[tokio::test]
async fn the_homeservers_limit_holds_besides() {
    let site = site().await;
    let mut bot = bot_of(&site).await;
    bot.limit_uploads(40);
    bot.says(ANN, LINK).await.unwrap();
    let said = bot.said();
    assert_eq!((said.len(), uploads(&bot)), (2, 0), "{said:?}");
    assert!(said[1].lines().all(|line| line.ends_with(LINK)), "{said:?}");
}

#[tokio::test]
async fn files_that_fail_for_the_same_reason_are_one_line() {
    let site = site().await;
    site.on(Part::Cdn, "/", Reply::status(500, "text/html", ""));
    let mut bot = bot_of(&site).await;
    bot.says(ANN, LINK).await.unwrap();
    let line = format!("The file could not be fetched from Instagram: {LINK}");
    assert_eq!(bot.said(), [CAPTION, line.as_str()]);
    // It is not remembered that they failed.
    site.on(Part::Cdn, "/b.png", Reply::file("image/png", files::png(64, 48)));
    bot.says(ANN, LINK).await.unwrap();
    assert_eq!(bot.said()[2..], [CAPTION, "DAbcdefghij-1.png", line.as_str()]);
}

#[tokio::test]
async fn of_a_long_carousel_ten_are_shown_and_the_rest_counted() {
    let site = Site::start().await;
    let url = |n: usize| site.url(Part::Cdn, &format!("/{n}.png"));
    shows(&site, &shapes::post(ID, (0..13).map(|n| shapes::image(&url(n))).collect()));
    site.on(Part::Cdn, "/", Reply::file("image/png", files::png(8, 8)));
    let mut bot = bot_of(&site).await;
    bot.says(ANN, LINK).await.unwrap();
    let said = bot.said();
    assert_eq!((said.len(), uploads(&bot)), (12, 10), "{said:?}");
    assert_eq!((said[1].as_str(), said[10].as_str()), ("DAbcdefghij-1.png", "DAbcdefghij-10.png"));
    assert_eq!(said[11], format!("+3 more: {LINK}"));
    bot.says(ANN, &format!("{LINK}?img_index=12")).await.unwrap();
    let said = &bot.said()[12..];
    assert_eq!((said[1].as_str(), said[10].as_str()), ("DAbcdefghij-3.png", "DAbcdefghij-12.png"));
    assert_eq!(uploads(&bot), 12);
}

#[tokio::test]
async fn what_was_a_part_is_shown_whole_when_it_can_be() {
    let site = Site::start().await;
    let video = shapes::video(&site.url(Part::Cdn, "/a.mp4"), &site.url(Part::Cdn, "/a.jpg"));
    let post = shapes::post(ID, vec![video]);
    let page = shapes::embed("shortcode_media", &shapes::older(&post, true));
    site.on(Part::Web, EMBED, Reply::text(page));
    site.on(Part::Cdn, "/a.mp4", Reply::file("video/mp4", files::mp4(320, 568, 1_500, true)));
    site.on(Part::Cdn, "/a.jpg", Reply::file("image/jpeg", files::jpeg(320, 568)));
    let room_subscriptions = vec![ROOM.to_owned()];
    let config = Config { sources: vec![Source::Embed], room_subscriptions, ..site.config() };
    let mut bot = bot_with(config).await;
    bot.says(ANN, LINK).await.unwrap();
    let line = format!("Instagram does not give out the video. Watch it there: {LINK}");
    assert_eq!(bot.said(), [CAPTION, "DAbcdefghij-1.jpg", line.as_str()]);
    shows(&site, &post);
    bot.advance(Duration::from_mins(10)).await.unwrap();
    bot.says(ANN, LINK).await.unwrap();
    assert_eq!(bot.said()[3..], [CAPTION, "DAbcdefghij-1.mp4"]);
}
