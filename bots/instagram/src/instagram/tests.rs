//! From the link to the file against the stand-in: what is asked, what is remembered, what is refused.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bridge_core::clock::Clock;
use tokio::time::Instant;

use super::{Answer, Instagram, signed_until};
use crate::cache::Cache;
use crate::config::Config;
use crate::fetch::FetchError;
use crate::file::FileKind;
use crate::links::{Link, Message};
use crate::outcome::{Outcome, Source};
use crate::post::{Post, Withheld};
use crate::testing::{Part, Reply, Site, files, shapes};
use crate::words;

const ID: &str = "DAbcdefghij";
const EMBED: &str = "/p/DAbcdefghij/embed/captioned/";
/// 2026-01-01T00:00:00Z.
const NOW_MS: i64 = 1_767_225_600_000;
const NO_LIMIT: u64 = u64::MAX;

fn bot(config: Config) -> (Instagram, Clock) {
    let clock = Clock::manual(NOW_MS);
    (Instagram::new(config, clock.clone()).unwrap(), clock)
}

fn link() -> Link {
    Link::read("https://www.instagram.com/p/DAbcdefghij/?igsh=x").unwrap()
}

fn embed(post: &Post) -> Reply {
    Reply::text(shapes::embed("xdt_shortcode_media", &shapes::older(post, false)))
}

/// A site with one post of a picture and a video.
async fn site() -> (Site, Post) {
    let site = Site::start().await;
    let video = shapes::video(&site.url(Part::Cdn, "/a.mp4"), &site.url(Part::Cdn, "/a.jpg"));
    let post = shapes::post(ID, vec![shapes::image(&site.url(Part::Cdn, "/b.png")), video]);
    site.on(Part::Web, EMBED, embed(&post));
    site.on(Part::Cdn, "/b.png", Reply::file("image/png", files::png(64, 48)));
    site.on(Part::Cdn, "/a.mp4", Reply::file("video/mp4", files::mp4(320, 568, 1_500, true)));
    site.on(Part::Cdn, "/a.jpg", Reply::file("image/jpeg", files::jpeg(320, 568)));
    (site, post)
}

#[tokio::test]
async fn a_link_becomes_files_with_their_measures() {
    let (site, post) = site().await;
    let (bot, _) = bot(site.config());
    let answer = bot.look_up(&link()).await;
    assert_eq!((answer.post.as_ref(), answer.reason), (Some(&post), Outcome::Ok));
    assert_eq!(answer.link, "https://www.instagram.com/p/DAbcdefghij/");
    assert_eq!(words::missing(&answer), None);
    let picture = bot.download(&answer, 0, NO_LIMIT).await.unwrap();
    assert_eq!((picture.measures.kind, picture.measures.width), (FileKind::Png, Some(64)));
    assert_eq!(std::fs::read(picture.file.path()).unwrap(), files::png(64, 48));
    let video = bot.download(&answer, 1, NO_LIMIT).await.unwrap();
    assert_eq!((video.measures.kind, video.measures.duration_ms), (FileKind::Mp4, Some(1_500)));
    assert_eq!((video.measures.width, video.measures.height), (Some(320), Some(568)));
    let still = bot.thumbnail(&answer, 1, NO_LIMIT).await.unwrap();
    assert_eq!(still.measures.kind, FileKind::Jpeg);
    assert!(matches!(bot.thumbnail(&answer, 0, NO_LIMIT).await, Err(FetchError::WrongType)));
    assert!(matches!(bot.download(&answer, 9, NO_LIMIT).await, Err(FetchError::WrongType)));
    let path = video.file.path().to_owned();
    drop(video);
    assert!(!path.exists());
}

#[tokio::test]
async fn the_same_link_in_three_rooms_is_fetched_and_uploaded_once() {
    let (site, _) = site().await;
    let (bot, clock) = bot(site.config());
    let uploads: Cache<String> = Cache::new(10, clock);
    let uploaded = AtomicUsize::new(0);
    let show = async || {
        let answer = bot.look_up(&link()).await;
        let upload = || async {
            let file = bot.download(&answer, 0, NO_LIMIT).await.unwrap();
            let number = uploaded.fetch_add(1, Ordering::Relaxed);
            (format!("{number}: {} bytes", file.bytes), answer.keep)
        };
        uploads.obtain(answer.id.as_ref().unwrap().as_str(), upload).await
    };
    let (one, two, three) = tokio::join!(show(), show(), show());
    assert!(one == two && two == three && one.starts_with("0: "), "{one} {two} {three}");
    assert_eq!((site.count(Part::Web, EMBED), site.count(Part::Cdn, "/")), (1, 1));
    // Another link to it is shown as it was written, and asks nothing.
    let other =
        bot.look_up(&Link::read("https://ddinstagram.com/reel/DAbcdefghij?img_index=2").unwrap()).await;
    assert_eq!(other.link, "https://www.instagram.com/reel/DAbcdefghij/?img_index=2");
    assert_eq!(site.asked().len(), 2);
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_and_while_it_comes() {
    let (site, _) = site().await;
    let (bot, _) = bot(Config { max_file_size: 5_000, ..site.config() });
    let answer = bot.look_up(&link()).await;
    let announced = bot.download(&answer, 1, NO_LIMIT).await.unwrap_err();
    assert!(matches!(announced, FetchError::TooBig { bytes: Some(5_001..), limit: 5_000 }), "{announced:?}");
    let by_homeserver = bot.download(&answer, 0, 40).await.unwrap_err();
    assert!(matches!(by_homeserver, FetchError::TooBig { bytes: Some(_), limit: 40 }), "{by_homeserver:?}");
    site.on(Part::Cdn, "/a.mp4", Reply::Endless(vec![0; 4_096]));
    let endless = bot.download(&answer, 1, NO_LIMIT).await.unwrap_err();
    assert!(matches!(endless, FetchError::TooBig { bytes: None, limit: 5_000 }), "{endless:?}");
}

#[tokio::test]
async fn lies_about_length_and_type_are_found_out() {
    let (site, _) = site().await;
    let (bot, _) = bot(site.config());
    let answer = bot.look_up(&link()).await;
    let whole = files::mp4(320, 568, 1_500, true);
    for (reply, expected) in [
        (Reply::lying(whole.len() + 900, "video/mp4", &whole), "unreachable"),
        (Reply::lying(whole.len() - 90, "video/mp4", &whole), "wrong_type"),
        (Reply::file("video/mp4", "<html>Please sign in</html>"), "wrong_type"),
        (Reply::file("video/mp4", ""), "wrong_type"),
        (Reply::status(500, "text/html", ""), "unreachable"),
        (Reply::redirect("http://169.254.169.254/latest/"), "forbidden"),
        (Reply::redirect("file:///etc/passwd"), "forbidden"),
        (Reply::redirect(&site.url(Part::Web, "/a.mp4")), "forbidden"),
        (Reply::redirect("/a.mp4"), "forbidden"),
    ] {
        site.on(Part::Cdn, "/a.mp4", reply);
        assert_eq!(bot.download(&answer, 1, NO_LIMIT).await.unwrap_err().name(), expected);
    }
    // A type that was announced wrongly does no harm.
    site.on(Part::Cdn, "/a.mp4", Reply::file("text/plain", files::jpeg(10, 10)));
    assert_eq!(bot.download(&answer, 1, NO_LIMIT).await.unwrap().measures.kind, FileKind::Jpeg);
    assert_eq!(site.count(Part::Web, "/a.mp4"), 0);
}

#[tokio::test]
async fn a_slow_file_ends_in_time() {
    let (site, _) = site().await;
    let mut config = site.config();
    config.limits.download_ms = 100;
    let (bot, _) = bot(config);
    let answer = bot.look_up(&link()).await;
    site.on(Part::Cdn, "/a.mp4", Reply::Never);
    assert_eq!(bot.download(&answer, 1, NO_LIMIT).await.unwrap_err().name(), "slow");
}

#[tokio::test]
async fn an_address_elsewhere_is_not_fetched() {
    let (site, elsewhere) = (Site::start().await, Site::start().await);
    let (bot, _) = bot(site.config());
    for url in [
        elsewhere.url(Part::Cdn, "/a.jpg"),
        site.url(Part::Web, "/a.jpg"),
        "https://10.0.0.1/a.jpg".to_owned(),
    ] {
        let post = shapes::post(ID, vec![shapes::image(&url)]);
        let answer = Answer { post: Some(post), ..(*bot.look_up(&link()).await).clone() };
        let refused = bot.download(&Arc::new(answer), 0, NO_LIMIT).await.unwrap_err();
        assert_eq!(refused.name(), "forbidden", "{url}");
    }
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn an_expired_address_is_asked_for_once_more() {
    let (site, _) = site().await;
    let (bot, _) = bot(site.config());
    let old = bot.look_up(&link()).await;
    site.on(Part::Cdn, "/b.png", Reply::status(403, "text/plain", "URL signature expired"));
    let again = bot.download(&old, 0, NO_LIMIT).await.unwrap_err();
    assert_eq!((again.name(), site.count(Part::Web, EMBED)), ("expired", 2), "the same address came again");
    let fresh = shapes::post(ID, vec![shapes::image(&site.url(Part::Cdn, "/fresh.png"))]);
    site.on(Part::Web, EMBED, embed(&fresh));
    site.on(Part::Cdn, "/fresh.png", Reply::file("image/png", files::png(9, 9)));
    assert_eq!(bot.download(&old, 0, NO_LIMIT).await.unwrap().measures.width, Some(9));
    assert_eq!(site.count(Part::Web, EMBED), 3);
    bot.download(&old, 0, NO_LIMIT).await.unwrap();
    assert_eq!(site.count(Part::Web, EMBED), 3, "what was found since is used");
}

#[tokio::test]
async fn a_post_is_remembered_no_longer_than_its_addresses_are_signed_for() {
    let site = Site::start().await;
    let until = NOW_MS / 1_000 + 360;
    let address = site.url(Part::Cdn, &format!("/b.png?x=1&oe={until:X}&y=2"));
    assert_eq!(signed_until(&address), Some(until));
    site.on(Part::Web, EMBED, embed(&shapes::post(ID, vec![shapes::image(&address)])));
    let (bot, clock) = bot(site.config());
    assert_eq!(bot.look_up(&link()).await.keep, Duration::from_mins(5));
    clock.advance(Duration::from_secs(299));
    bot.look_up(&link()).await;
    assert_eq!(site.count(Part::Web, EMBED), 1);
    clock.advance(Duration::from_secs(1));
    bot.look_up(&link()).await;
    assert_eq!(site.count(Part::Web, EMBED), 2);
}

#[tokio::test]
async fn refusals_are_remembered_by_their_reason() {
    let site = Site::start().await;
    for (reply, reason, minutes) in [
        (Reply::status(404, "text/html", ""), Outcome::Gone, 30),
        (Reply::status(429, "text/html", ""), Outcome::RateLimited, 10),
        (Reply::redirect("/accounts/login/"), Outcome::LoginWall, 10),
        (Reply::status(502, "text/html", ""), Outcome::Unreachable, 5),
    ] {
        site.on(Part::Web, "/", reply);
        let config = Config { sources: vec![Source::Embed, Source::Graphql, Source::Page], ..site.config() };
        let (bot, clock) = bot(config);
        let before = site.asked().len();
        let answer = bot.look_up(&link()).await;
        assert_eq!((answer.reason, answer.keep), (reason, Duration::from_mins(minutes)));
        assert!(words::missing(&answer).unwrap().ends_with(&answer.link));
        let asked = site.asked().len();
        assert!(asked > before);
        clock.advance(Duration::from_millis(minutes * 60_000 - 1));
        bot.look_up(&link()).await;
        assert_eq!(site.asked().len(), asked, "{reason:?}");
        clock.advance(Duration::from_millis(1));
        bot.look_up(&link()).await;
        assert!(site.asked().len() > asked, "{reason:?}");
    }
}

#[tokio::test]
async fn a_private_posts_link_asks_nothing() {
    let site = Site::start().await;
    let (bot, _) = bot(site.config());
    let private =
        Link::read("https://www.instagram.com/p/DAbcdefghijKLMNOPQRSTUVWXYZ0123456789abc/").unwrap();
    let answer = bot.look_up(&private).await;
    assert_eq!((answer.reason, answer.post.is_none()), (Outcome::Private, true));
    assert!(site.asked().is_empty());
}

#[tokio::test]
async fn share_links_are_resolved_once() {
    let (site, post) = site().await;
    let (bot, _) = bot(site.config());
    let share = Link::read("https://www.instagram.com/share/BAtoken123").unwrap();
    assert_eq!(bot.look_up(&share).await.reason, Outcome::Gone);
    let other = Link::read("https://www.instagram.com/share/p/BAtoken456").unwrap();
    site.on(Part::Web, "/share/p/BAtoken456/", Reply::redirect("/p/DAbcdefghij/?igsh=z"));
    for _ in 0..2 {
        let answer = bot.look_up(&other).await;
        assert_eq!(answer.post.as_ref(), Some(&post));
        assert_eq!(answer.link, "https://www.instagram.com/p/DAbcdefghij/");
    }
    assert_eq!((site.count(Part::Web, "/share/p/"), site.count(Part::Web, EMBED)), (1, 1));
}

#[tokio::test]
async fn resolving_a_share_link_is_within_the_budget() {
    let site = Site::start().await;
    site.on(Part::Web, "/", Reply::Never);
    let mut config = site.config();
    config.limits.source_ms = 150;
    config.limits.total_ms = 100;
    let share = Link::read("https://www.instagram.com/share/p/BAtoken456").unwrap();
    let (bot, _) = bot(config);
    assert_eq!(bot.look_up(&share).await.reason, Outcome::Slow);
    site.on(Part::Web, "/share/", Reply::redirect("/p/DAbcdefghij/"));
    let other = Link::read("https://www.instagram.com/share/p/BAtoken789").unwrap();
    let begun = Instant::now();
    let answer = bot.look_up(&other).await;
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    assert_eq!(answer.reason, Outcome::Slow);
    assert!(answer.tried.len() <= 1, "the budget was spent: {answer:?}");
}

#[tokio::test]
async fn only_as_many_links_as_are_configured_are_answered() {
    let site = Site::start().await;
    let text =
        "https://instagr.am/p/AAAAAAAAAAA https://instagr.am/p/BBBBBBBBBBB https://instagr.am/p/CCCCCCCCCCC";
    let message = Message { plain: text, html: None };
    let links = |config: Config| bot(config).0.links(message).len();
    assert_eq!(links(Config { max_links: 2, ..site.config() }), 2);
    assert_eq!(links(Config { enabled: false, ..site.config() }), 0);
}

#[tokio::test]
async fn a_probe_says_what_each_source_answers() {
    let (site, post) = site().await;
    let (bot, _) = bot(site.config());
    site.on(Part::Web, "/graphql/query", Reply::status(401, "text/json", r#"{"require_login":true}"#));
    site.on(Part::Graph, "/", Reply::text(shapes::oembed_graph(&post)));
    let probe = bot.probe(&link()).await;
    let outcomes: Vec<_> =
        probe.sources.iter().map(|probed| (probed.source.name(), probed.outcome.name())).collect();
    let expected = [
        ("embed", "ok"),
        ("graphql", "login_wall"),
        ("page", "gone"),
        ("oembed_graph", "withheld"),
        ("oembed_web", "changed_shape"),
    ];
    assert_eq!(outcomes, expected);
    let lines = probe.words();
    assert_eq!(lines[0], "https://www.instagram.com/p/DAbcdefghij/");
    assert!(lines[1].starts_with("embed: the whole post, 2 files, caption ("), "{lines:?}");
    let share = Link::read("https://www.instagram.com/share/BAtoken123").unwrap();
    let probe = bot.probe(&share).await;
    assert_eq!((probe.unresolved, probe.sources.len()), (Some(Outcome::Gone), 0));
    assert_eq!(probe.words()[1], "The share link could not be resolved: no such post.");
}

#[tokio::test]
async fn counters_tell_each_source_and_outcome() {
    let (site, post) = site().await;
    let (bot, _) = bot(site.config());
    site.on(Part::Web, EMBED, Reply::text(shapes::embed("shortcode_media", &shapes::older(&post, true))));
    site.on(Part::Web, "/graphql/query", Reply::status(429, "text/html", ""));
    let answer = bot.look_up(&link()).await;
    assert!(answer.lacks_video());
    assert_eq!(answer.post.as_ref().unwrap().withheld, Withheld::Video);
    assert_eq!(answer.keep, Duration::from_mins(10));
    let counted = bot.counted();
    assert_eq!(
        counted[..2],
        [(Source::Embed, Outcome::Withheld, 1), (Source::Graphql, Outcome::RateLimited, 1)]
    );
    assert!(words::missing(&answer).unwrap().contains("does not give out the video"));
}
