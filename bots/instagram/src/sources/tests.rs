//! The sources against the stand-in: what each answer leads to, and that nothing goes beyond its limits.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Found, Sources};
use crate::config::Config;
use crate::links::{Link, PostId};
use crate::outcome::{Outcome, Source};
use crate::post::{MediaKind, Post, Withheld};
use crate::testing::{Part, Reply, Site, shapes};

const ID: &str = "DAbcdefghij";
const EMBED: &str = "/p/DAbcdefghij/embed/captioned/";
const PAGE: &str = "/p/DAbcdefghij/";
const LOGIN: &str = r#"{"message":"","require_login":true,"status":"fail"}"#;

fn sources(config: Config) -> Sources {
    Sources::new(Arc::new(config.check().unwrap())).unwrap()
}

fn id() -> PostId {
    PostId::read(ID).unwrap()
}

fn reel(site: &Site) -> Post {
    shapes::post(ID, vec![shapes::video(&site.url(Part::Cdn, "/a.mp4"), &site.url(Part::Cdn, "/a.jpg"))])
}

fn carousel(site: &Site) -> Post {
    let mut media = reel(site).media;
    media.insert(0, shapes::image(&site.url(Part::Cdn, "/b.jpg")));
    shapes::post(ID, media)
}

fn embed(post: &Post, withheld: bool) -> Reply {
    Reply::text(shapes::embed("shortcode_media", &shapes::older(post, withheld)))
}

fn empty_embed() -> Reply {
    Reply::text("<html><body class='EmbedFrame'><div class='Embed'></div></body></html>")
}

fn outcomes(found: &Found) -> Vec<(Source, Outcome)> {
    found.tried.iter().map(|tried| (tried.source, tried.outcome)).collect()
}

#[tokio::test]
async fn the_first_source_with_the_whole_post_is_the_last_asked() {
    let site = Site::start().await;
    let single = shapes::post(ID, vec![shapes::image(&site.url(Part::Cdn, "/b.jpg"))]);
    for post in [single, carousel(&site), reel(&site)] {
        site.on(Part::Web, EMBED, embed(&post, false));
        let sources = sources(site.config());
        let before = site.asked().len();
        let found = sources.post(&id()).await;
        assert_eq!(found.post, Some(post));
        assert_eq!(outcomes(&found), [(Source::Embed, Outcome::Ok)]);
        assert_eq!(site.asked().len() - before, 1);
        assert_eq!(sources.counted(), [(Source::Embed, Outcome::Ok, 1)]);
    }
}

#[tokio::test]
async fn a_withheld_video_is_asked_for_elsewhere() {
    let site = Site::start().await;
    let post = reel(&site);
    site.on(Part::Web, EMBED, embed(&post, true));
    site.on(Part::Web, "/graphql/query", Reply::text(shapes::graphql_newer(&shapes::newer(&post))));
    let found = sources(site.config()).post(&id()).await;
    assert_eq!(found.post.as_ref(), Some(&post));
    assert_eq!(outcomes(&found), [(Source::Embed, Outcome::Withheld), (Source::Graphql, Outcome::Ok)]);
    // Where nobody gives it, its still and the words remain.
    site.on(Part::Web, "/graphql/query", Reply::status(401, "application/json", LOGIN));
    site.on(Part::Web, PAGE, Reply::redirect("/accounts/login/?next=x"));
    site.on(Part::Web, EMBED, embed(&post, true));
    let found = sources(site.config()).post(&id()).await;
    let kept = found.post.clone().unwrap();
    assert_eq!(
        (kept.withheld, kept.media[0].kind, kept.caption),
        (Withheld::Video, MediaKind::Image, post.caption)
    );
    assert_eq!(site.count(Part::Graph, "/"), 0, "words alone would add nothing");
}

#[tokio::test]
async fn an_empty_embed_leads_to_the_question_and_then_to_the_page() {
    let site = Site::start().await;
    let post = carousel(&site);
    site.on(Part::Web, PAGE, Reply::text(shapes::page_with_data(&post)));
    site.on(Part::Web, EMBED, empty_embed());
    site.on(Part::Web, "/graphql/query", Reply::text(r#"{"data":{"xdt_shortcode_media":null}}"#));
    let found = sources(site.config()).post(&id()).await;
    assert_eq!(found.post, Some(post));
    let expected =
        [(Source::Embed, Outcome::Empty), (Source::Graphql, Outcome::Hidden), (Source::Page, Outcome::Ok)];
    assert_eq!(outcomes(&found), expected);
}

#[tokio::test]
async fn a_wall_everywhere_is_told_and_then_left_alone() {
    let site = Site::start().await;
    site.on(Part::Web, "/", Reply::status(401, "application/json", LOGIN));
    site.on(Part::Web, PAGE, Reply::redirect("https://www.instagram.com/accounts/login/"));
    site.on(
        Part::Graph,
        "/",
        Reply::status(400, "application/json", r#"{"error":{"code":4,"message":"x"}}"#),
    );
    let sources = sources(site.config());
    let found = sources.post(&id()).await;
    assert_eq!(found.post, None);
    let walls: Vec<Outcome> = found.tried.iter().map(|tried| tried.outcome).collect();
    let (wall, limit) = (Outcome::LoginWall, Outcome::RateLimited);
    assert_eq!(walls, [wall, wall, wall, limit, wall]);
    for _ in 0..2 {
        sources.post(&id()).await;
    }
    let before = site.asked().len();
    let found = sources.post(&id()).await;
    assert!(found.tried.iter().all(|tried| tried.outcome == Outcome::Paused), "{found:?}");
    assert_eq!(site.asked().len(), before, "nothing is asked while paused");
}

#[tokio::test]
async fn what_no_source_will_show_ends_the_search() {
    let site = Site::start().await;
    let found = sources(site.config()).post(&id()).await;
    assert_eq!(outcomes(&found), [(Source::Embed, Outcome::Gone)]);
    site.on(Part::Web, EMBED, empty_embed());
    let private = r#"{"data":{"xdt_shortcode_media":{"owner":{"is_private":true}}}}"#;
    site.on(Part::Web, "/graphql/query", Reply::text(private));
    let found = sources(site.config()).post(&id()).await;
    assert_eq!(outcomes(&found).last(), Some(&(Source::Graphql, Outcome::Private)));
}

#[tokio::test]
async fn blocks_by_age_or_country_are_told() {
    let site = Site::start().await;
    site.on(Part::Web, EMBED, empty_embed());
    let gated = r#"{"data":{"xig_polaris_media":{"code":"DAbcdefghij","if_not_gated_logged_out":null}}}"#;
    site.on(Part::Web, "/graphql/query", Reply::text(gated));
    site.on(
        Part::Web,
        "/api/v1/oembed/",
        Reply::status(400, "text/json", r#"{"message":"geoblock_required"}"#),
    );
    site.on(Part::Web, PAGE, Reply::status(451, "text/html", ""));
    site.on(Part::Web, EMBED, empty_embed());
    let found = sources(site.config()).post(&id()).await;
    assert_eq!(found.tried[1].outcome, Outcome::AgeOrGeo);
    assert_eq!(found.tried[2].outcome, Outcome::AgeOrGeo);
    assert_eq!(found.tried.last().unwrap().outcome, Outcome::AgeOrGeo);
}

#[tokio::test]
async fn an_outdated_question_gives_way_to_the_next() {
    let site = Site::start().await;
    let post = reel(&site);
    site.on(
        Part::Web,
        EMBED,
        Reply::with(
            200,
            &[("set-cookie", "csrftoken=c1; Secure"), ("set-cookie", "mid=m1")],
            "<p class='Embed'></p><script>[\"LSD\",[],{\"token\":\"AVq1\"},1]</script>",
        ),
    );
    site.on(
        Part::Web,
        "/graphql/query",
        Reply::text(r#"{"errors":[{"message":"document does not exist"}]}"#),
    );
    let answer = Reply::text(shapes::graphql_older(&shapes::older(&post, false)));
    site.on_body(Part::Web, "/graphql/query", "doc_id=2", answer);
    let sources = sources(site.config());
    for asked in [2, 3] {
        let found = sources.post(&id()).await;
        assert_eq!(found.post.as_ref(), Some(&post));
        assert_eq!(site.count(Part::Web, "/graphql/query"), asked, "what was understood goes first");
    }
    let last = site.asked().pop().unwrap();
    assert!(last.body.contains(&format!("%22{}%22", id().number().unwrap())), "{}", last.body);
    assert!(last.body.contains("lsd=AVq1") && last.head.contains("x-fb-lsd: avq1"), "{last:?}");
    assert!(last.head.contains("cookie: csrftoken=c1; mid=m1") && last.head.contains("x-csrftoken: c1"));
}

#[tokio::test]
async fn large_packed_and_endless_pages_are_bounded() {
    let site = Site::start().await;
    let post = reel(&site);
    site.on(Part::Web, PAGE, Reply::gzip(shapes::page_with_data(&post).as_bytes()));
    for large in [
        Reply::text("x".repeat(5_000_000)),
        Reply::gzip(&vec![b' '; 60_000_000]),
        Reply::Endless(b"<p>more</p>".repeat(1_000)),
    ] {
        site.on(Part::Web, EMBED, large);
        let found = sources(site.config()).post(&id()).await;
        assert_eq!(found.tried[0].outcome, Outcome::TooLarge);
        assert_eq!(found.post.as_ref(), Some(&post), "the packed page is read");
    }
    let broken = Reply::with(200, &[("content-encoding", "gzip")], "no gzip");
    let unknown = Reply::with(200, &[("content-encoding", "br")], "x");
    for odd in [broken, unknown, Reply::lying(9_000, "text/html", b"cut"), Reply::Raw(b"no HTTP".to_vec())] {
        site.on(Part::Web, EMBED, odd);
        let found = sources(site.config()).post(&id()).await;
        assert!(matches!(found.tried[0].outcome, Outcome::ChangedShape | Outcome::Unreachable));
        assert!(found.post.is_some());
    }
}

#[tokio::test]
async fn bad_utf_8_is_read() {
    let site = Site::start().await;
    let post = reel(&site);
    let page = shapes::embed_elements(&post, false).replace("#cats", "#c@ts");
    let bytes: Vec<u8> = page.bytes().map(|b| if b == b'@' { 0xe4 } else { b }).collect();
    site.on(Part::Web, EMBED, Reply::text(bytes));
    let found = sources(site.config()).post(&id()).await.post.unwrap();
    assert!(found.caption.unwrap().contains("#c\u{fffd}ts"));
}

#[tokio::test]
async fn slow_sources_do_not_take_more_than_the_budget() {
    let site = Site::start().await;
    let post = reel(&site);
    for part in [Part::Web, Part::Graph] {
        site.on(part, "/", Reply::Never);
    }
    let mut config = site.config();
    config.limits.source_ms = 150;
    config.limits.total_ms = 400;
    let begun = Instant::now();
    let found = sources(config.clone()).post(&id()).await;
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    assert_eq!(outcomes(&found)[0], (Source::Embed, Outcome::Slow));
    assert!((2..=3).contains(&found.tried.len()), "the budget ends before the sources do: {found:?}");
    // One slow source leaves time for the next.
    site.on(Part::Web, "/graphql/query", Reply::text(shapes::graphql_older(&shapes::older(&post, false))));
    config.limits.source_ms = 1_500;
    config.limits.total_ms = 30_000;
    let found = sources(config).post(&id()).await;
    assert_eq!(outcomes(&found), [(Source::Embed, Outcome::Slow), (Source::Graphql, Outcome::Ok)]);
    assert_eq!(found.post, Some(post));
}

#[tokio::test]
async fn no_redirect_leads_out_of_the_site() {
    let site = Site::start().await;
    let elsewhere = Site::start().await;
    for target in [
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254/",
        "file:///etc/passwd",
        "https://example.org/",
        "https://10.0.0.1/",
        &elsewhere.url(Part::Web, "/"),
        &site.url(Part::Cdn, "/"),
        "//[::1]/",
        EMBED,
    ] {
        site.on(Part::Web, EMBED, Reply::redirect(target));
        let found = sources(Config { sources: vec![Source::Embed], ..site.config() }).post(&id()).await;
        assert_eq!(outcomes(&found), [(Source::Embed, Outcome::Forbidden)], "{target}");
    }
    assert!(elsewhere.asked().is_empty());
    assert_eq!(site.count(Part::Cdn, "/"), 0);
}

#[tokio::test]
async fn interfaces_for_showing_posts_come_last() {
    let site = Site::start().await;
    let post = reel(&site);
    site.on(Part::Web, EMBED, empty_embed());
    site.on(
        Part::Graph,
        "/v26.0/instagram_oembed?url=https%3A%2F%2Fwww.instagram.com%2Fp%2FDAbcdefghij%2F",
        Reply::text(shapes::oembed_graph(&post)),
    );
    let found = sources(Config { sources: vec![Source::OembedGraph], ..site.config() }).post(&id()).await;
    let known = found.post.unwrap();
    assert_eq!((known.user, known.withheld), (post.user.clone(), Withheld::All));
    let preview = site.url(Part::Cdn, "/small.jpg");
    site.on(Part::Web, "/api/v1/oembed/?url=", Reply::text(shapes::oembed_web(&post, &preview)));
    let both = vec![Source::OembedGraph, Source::OembedWeb];
    let known = sources(Config { sources: both, ..site.config() }).post(&id()).await.post.unwrap();
    assert_eq!((known.media[0].url.clone(), known.withheld), (preview, Withheld::Rest));
}

#[tokio::test]
async fn a_mirror_is_asked_only_if_one_is_named() {
    let (site, mirror) = (Site::start().await, Site::start().await);
    let post = reel(&site);
    site.on(Part::Web, EMBED, empty_embed());
    let config = Config { sources: vec![Source::Embed, Source::Mirror], ..site.config() };
    mirror.on(Part::Web, PAGE, Reply::redirect(&site.url(Part::Cdn, "/a.mp4")));
    assert_eq!(sources(config.clone()).post(&id()).await.tried.len(), 1);
    assert!(mirror.asked().is_empty());
    let config = Config { mirror: Some(mirror.url(Part::Web, "/")), ..config };
    let found = sources(config.clone()).post(&id()).await.post.unwrap();
    assert_eq!(
        (found.media[0].url.clone(), found.media[0].kind),
        (post.media[0].url.clone(), MediaKind::Video)
    );
    mirror.on(Part::Web, PAGE, Reply::text(shapes::page_with_tags(&post)));
    assert!(sources(config.clone()).post(&id()).await.post.unwrap().is_whole());
    mirror.on(Part::Web, PAGE, Reply::redirect("http://169.254.169.254/"));
    assert_eq!(sources(config).post(&id()).await.tried[1].outcome, Outcome::Forbidden);
}

#[tokio::test]
async fn a_share_link_is_resolved_by_one_redirect() {
    let site = Site::start().await;
    let sources = sources(site.config());
    let share = Link::read("https://www.instagram.com/share/reel/BAtoken123/?igsh=x").unwrap();
    let target = site.url(Part::Web, "/reel/DAbcdefghij/?igsh=y&img_index=2");
    site.on(Part::Web, "/share/reel/BAtoken123/", Reply::redirect(&target));
    let link = sources.resolve(&share).await.unwrap();
    assert_eq!(link.canonical(), "https://www.instagram.com/reel/DAbcdefghij/?img_index=2");
    assert_eq!(site.asked().len(), 1, "the target itself is not asked for");
    assert_eq!(sources.resolve(&link).await.unwrap(), link);
    for (reply, outcome) in [
        (Reply::redirect("/accounts/login/?next=/share"), Outcome::LoginWall),
        (Reply::redirect("https://example.org/p/DAbcdefghij/"), Outcome::Forbidden),
        (Reply::redirect("/some_user/"), Outcome::ChangedShape),
        (Reply::redirect("/share/reel/BAtoken123/"), Outcome::ChangedShape),
        (Reply::status(404, "text/html", ""), Outcome::Gone),
        (Reply::text("hello"), Outcome::ChangedShape),
    ] {
        site.on(Part::Web, "/share/reel/BAtoken123/", reply);
        assert_eq!(sources.resolve(&share).await, Err(outcome));
    }
}
