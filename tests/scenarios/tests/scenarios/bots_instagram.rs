//! Links to Instagram in rooms that want them shown and in others, against a stand-in of the site.
use std::time::Duration;

use bot_instagram::config::Config;
use bot_instagram::outcome::Source;
use bot_instagram::testing::{Part, Reply, Site, files, shapes};
use scenarios::{Bots, bots_scenario};
use serde_json::{Value, json};

use crate::Result;

const LINK: &str = "https://www.instagram.com/p/DAbcdefghij/";
const EMBED: &str = "/p/DAbcdefghij/embed/captioned/";
const CAPTION: &str = "@some.user_1 · A cat & a \"dog\" <b>\n#cats 🐈";
/// What is said to the link.
const SHOWN: [&str; 3] = [CAPTION, "DAbcdefghij-1.png", "DAbcdefghij-2.mp4"];

/// A site with one post of a picture and a video.
async fn site() -> Site {
    let site = Site::start().await;
    let video = shapes::video(&site.url(Part::Cdn, "/a.mp4"), &site.url(Part::Cdn, "/a.jpg"));
    let post = shapes::post("DAbcdefghij", vec![shapes::image(&site.url(Part::Cdn, "/b.png")), video]);
    let page = shapes::embed("xdt_shortcode_media", &shapes::older(&post, false));
    site.on(Part::Web, EMBED, Reply::text(page));
    site.on(Part::Cdn, "/b.png", Reply::file("image/png", files::png(64, 48)));
    site.on(Part::Cdn, "/a.mp4", Reply::file("video/mp4", files::mp4(320, 568, 1_500, true)));
    site.on(Part::Cdn, "/a.jpg", Reply::file("image/jpeg", files::jpeg(320, 568)));
    site
}

/// Starts the host with a bot for this site that the config subscribes to a room, or to none; answers a room with it.
async fn room_of(world: &mut Bots, config: Config, is_subscribed: bool) -> Result<String> {
    let room = world.admin.create_room("a room with links").await?;
    let room_subscriptions = if is_subscribed { vec![room.clone()] } else { vec![] };
    let config: Value = serde_json::to_value(Config { room_subscriptions, ..config })?;
    world.declare("insta", "sna.instagram", &config);
    world.start().await?;
    invited(world, &room).await?;
    Ok(room)
}

async fn invited(world: &Bots, room: &str) -> Result<()> {
    let account = world.account("insta");
    world.admin.invite(room, &account).await?;
    world.admin.wait_for_membership(room, &account, "join").await.map(drop)
}

bots_scenario!(a_link_is_answered_where_the_config_says_so in everywhere);
async fn a_link_is_answered_where_the_config_says_so(world: &mut Bots) -> Result<()> {
    let site = site().await;
    let room = room_of(world, site.config(), true).await?;
    let asked = world.admin.send_text(&room, &format!("look: {LINK}?igsh=abc")).await?;
    let video = world.admin.wait_for_text(&room, SHOWN[2]).await?;
    world.wait_for_said(&room, "insta", &SHOWN).await?;
    let picture = world.admin.wait_for_text(&room, SHOWN[1]).await?;
    for event in [&picture, &video] {
        assert_eq!(event.reply_to(), Some(asked.as_str()));
    }
    let (kind, bytes) = world.admin.download(picture.content["url"].as_str().unwrap()).await?;
    assert_eq!((kind.as_str(), bytes), ("image/png", files::png(64, 48)));
    let (_, bytes) = world.admin.download(video.content["url"].as_str().unwrap()).await?;
    assert_eq!(bytes, files::mp4(320, 568, 1_500, true));
    let info = &video.content["info"];
    assert_eq!((&info["w"], &info["h"], &info["duration"]), (&json!(320), &json!(568), &json!(1_500)));
    let (kind, _) = world.admin.download(info["thumbnail_url"].as_str().unwrap()).await?;
    assert_eq!(kind, "image/jpeg");
    let took = Duration::from_millis(video.at_ms - world.admin.event(&room, &asked).await?.at_ms);
    assert!(took < Duration::from_secs(5), "it took {took:?}");
    Ok(())
}

bots_scenario!(answers_in_threads_stay_there_and_edits_are_passed_over in fakes);
async fn answers_in_threads_stay_there_and_edits_are_passed_over(world: &mut Bots) -> Result<()> {
    let site = site().await;
    let room = room_of(world, site.config(), true).await?;
    let begun = world.admin.send_text(&room, "what do you have?").await?;
    world.admin.edit(&room, &begun, LINK).await?;
    world.admin.send(&room, "m.room.message", &json!({ "msgtype": "m.notice", "body": LINK })).await?;
    world.admin.send_in_thread(&room, &begun, LINK).await?;
    world.wait_for_said(&room, "insta", &SHOWN).await?;
    for text in SHOWN {
        let event = world.admin.wait_for_text(&room, text).await?;
        assert_eq!(event.thread(), Some(begun.as_str()), "{event:?}");
    }
    Ok(())
}

bots_scenario!(other_rooms_see_no_answer_and_cause_no_request in fakes);
async fn other_rooms_see_no_answer_and_cause_no_request(world: &mut Bots) -> Result<()> {
    let site = site().await;
    room_of(world, site.config(), true).await?;
    let other = world.room_with(&["insta"]).await?;
    world.admin.send_text(&other, LINK).await?;
    world.admin.send_text(&other, "https://www.instagram.com/share/p/BAtoken456").await?;
    // What comes behind them is answered, so they have been worked on.
    world.admin.send_text(&other, "!ig status").await?;
    world.admin.wait_for_text_with(&other, "are not answered in this room").await?;
    assert_eq!(world.said_by(&other, "insta").await?.len(), 1);
    assert!(site.asked().is_empty(), "{:?}", site.asked());
    Ok(())
}

bots_scenario!(the_answer_goes_with_the_message in everywhere);
async fn the_answer_goes_with_the_message(world: &mut Bots) -> Result<()> {
    let site = site().await;
    let room = room_of(world, site.config(), true).await?;
    let asked = world.admin.send_text(&room, LINK).await?;
    let kept = world.admin.send_text(&room, LINK).await?;
    let twice: Vec<&str> = SHOWN.into_iter().chain(SHOWN).collect();
    world.wait_for_said(&room, "insta", &twice).await?;
    let account = world.account("insta");
    let mut said = world.admin.messages(&room).await?;
    said.retain(|event| event.sender == account && event.reply_to() == Some(asked.as_str()));
    assert_eq!(said.len(), 3);
    // What was said is known after a restart, too.
    world.stop().await?;
    world.start().await?;
    world.admin.redact(&room, &asked).await?;
    for event in &said {
        world.admin.wait_for_redaction(&room, &event.event_id).await?;
    }
    let mut left = world.admin.messages(&room).await?;
    left.retain(|event| event.sender == account && event.reply_to() == Some(kept.as_str()));
    assert_eq!(left.len(), 3, "the other answer stays");
    Ok(())
}

bots_scenario!(who_has_the_power_subscribes_a_room_at_once in everywhere);
async fn who_has_the_power_subscribes_a_room_at_once(world: &mut Bots) -> Result<()> {
    let site = site().await;
    let room = room_of(world, site.config(), false).await?;
    let bob = world.person("bob").await?;
    world.admin.invite(&room, bob.user_id()).await?;
    bob.join(&room).await?;
    bob.send_text(&room, "!ig on").await?;
    let refusal = bob.wait_for_text_with(&room, "Only people who may change this room's settings").await?;
    bob.send_text(&room, LINK).await?;
    world.admin.send_text(&room, "!ig on").await?;
    let done = bob.wait_for_text_with(&room, "Links to Instagram are answered in this room.").await?;
    assert!(site.asked().is_empty(), "{:?}", site.asked());
    bob.send_text(&room, LINK).await?;
    let mut expected = vec![refusal.body(), done.body()];
    expected.extend(SHOWN);
    world.wait_for_said(&room, "insta", &expected).await?;
    world.stop().await?;
    world.start().await?;
    bob.send_text(&room, LINK).await?;
    expected.extend(SHOWN);
    world.wait_for_said(&room, "insta", &expected).await?;
    world.admin.send_text(&room, "!ig off").await?;
    let off = world.admin.wait_for_text_with(&room, "Links to Instagram are not answered").await?;
    bob.send_text(&room, LINK).await?;
    world.admin.send_text(&room, &format!("!ig probe {LINK}")).await?;
    let probe = world.admin.wait_for_text_with(&room, "embed: the whole post").await?;
    expected.extend([off.body(), probe.body()]);
    world.wait_for_said(&room, "insta", &expected).await
}

/// Kills the host at a point while it answers a link, and sees that all is said once.
async fn killed_at(world: &mut Bots, point: &str) -> Result<()> {
    let site = site().await;
    let room = room_of(world, site.config(), true).await?;
    world.stop().await?;
    world.kill_at(point)?;
    world.start().await?;
    world.admin.send_text(&room, LINK).await?;
    world.wait_killed_and_start().await?;
    world.wait_for_said(&room, "insta", &SHOWN).await?;
    world.admin.send_text(&room, "!ig status").await?;
    let status = world.admin.wait_for_text_with(&room, "are answered in this room").await?;
    let [caption, picture, video] = SHOWN;
    assert_eq!(world.said_by(&room, "insta").await?, [caption, picture, video, status.body()]);
    // The answer had been decided before anything was said.
    assert_eq!((site.count(Part::Web, EMBED), site.count(Part::Cdn, "/")), (1, 3));
    Ok(())
}

bots_scenario!(killed_in_the_midst_of_an_answer_it_comes_once in everywhere);
async fn killed_in_the_midst_of_an_answer_it_comes_once(world: &mut Bots) -> Result<()> {
    killed_at(world, "bot.sent").await
}

bots_scenario!(killed_at_the_end_of_an_answer_it_comes_once in fakes);
async fn killed_at_the_end_of_an_answer_it_comes_once(world: &mut Bots) -> Result<()> {
    killed_at(world, "bot.worked").await
}

bots_scenario!(killed_between_upload_and_answer_nothing_is_uploaded_again in fakes);
async fn killed_between_upload_and_answer_nothing_is_uploaded_again(world: &mut Bots) -> Result<()> {
    let site = site().await;
    // One picture: of several, others are under way at the kill.
    let post = shapes::post("DAbcdefghij", vec![shapes::image(&site.url(Part::Cdn, "/b.png"))]);
    site.on(
        Part::Web,
        EMBED,
        Reply::text(shapes::embed("xdt_shortcode_media", &shapes::older(&post, false))),
    );
    let room = room_of(world, site.config(), true).await?;
    world.stop().await?;
    world.kill_at("bot.uploaded")?;
    world.start().await?;
    world.admin.send_text(&room, LINK).await?;
    world.wait_killed_and_start().await?;
    world.wait_for_said(&room, "insta", &SHOWN[..2]).await?;
    world.admin.send_text(&room, "!ig status").await?;
    let status = world.admin.wait_for_text_with(&room, "are answered in this room").await?;
    assert_eq!(world.said_by(&room, "insta").await?, [SHOWN[0], SHOWN[1], status.body()]);
    let calls = world.homeserver.fake()?.call_log();
    assert_eq!(calls.iter().filter(|call| call.path.ends_with("/upload")).count(), 1);
    Ok(())
}

bots_scenario!(a_file_is_uploaded_once_also_over_a_restart in everywhere);
async fn a_file_is_uploaded_once_also_over_a_restart(world: &mut Bots) -> Result<()> {
    let site = site().await;
    let room = room_of(world, site.config(), true).await?;
    world.admin.send_text(&room, LINK).await?;
    world.wait_for_said(&room, "insta", &SHOWN).await?;
    world.stop().await?;
    world.start().await?;
    world.admin.send_text(&room, LINK).await?;
    let twice: Vec<&str> = SHOWN.into_iter().chain(SHOWN).collect();
    world.wait_for_said(&room, "insta", &twice).await?;
    assert_eq!((site.count(Part::Web, EMBED), site.count(Part::Cdn, "/")), (2, 3));
    let account = world.account("insta");
    let mut said = world.admin.messages(&room).await?;
    said.retain(|event| event.sender == account && event.kind == "m.room.message");
    for (one, again) in [(1, 4), (2, 5)] {
        for key in ["/url", "/info/thumbnail_url"] {
            assert_eq!(said[one].content.pointer(key), said[again].content.pointer(key));
        }
        assert!(said[one].content["url"].is_string(), "{:?}", said[one]);
    }
    Ok(())
}

bots_scenario!(what_does_not_come_in_time_is_named_and_not_waited_for in everywhere);
async fn what_does_not_come_in_time_is_named_and_not_waited_for(world: &mut Bots) -> Result<()> {
    let site = site().await;
    site.on(Part::Cdn, "/a.mp4", Reply::Never);
    let room = room_of(world, site.config(), true).await?;
    let asked = world.admin.send_text(&room, LINK).await?;
    let line = format!("The file did not come in time: {LINK}");
    world.wait_for_said(&room, "insta", &[CAPTION, SHOWN[1], "DAbcdefghij-2.jpg", &line]).await?;
    let last = world.admin.wait_for_text(&room, &line).await?;
    let took = Duration::from_millis(last.at_ms - world.admin.event(&room, &asked).await?.at_ms);
    // Less than the file alone may take; a busy machine takes its time for four messages.
    assert!(took < Duration::from_secs(15), "it took {took:?}");
    Ok(())
}

bots_scenario!(what_cannot_be_shown_is_said_in_a_line in fakes);
async fn what_cannot_be_shown_is_said_in_a_line(world: &mut Bots) -> Result<()> {
    let site = site().await;
    site.on(Part::Cdn, "/a.mp4", Reply::Endless(vec![0; 4_096]));
    site.on(Part::Cdn, "/b.png", Reply::file("image/png", "<html>Please sign in</html>"));
    let mut config = Config { sources: vec![Source::Embed], max_file_size: 100_000, ..site.config() };
    config.limits.source_ms = 2_000;
    let room = room_of(world, config, true).await?;
    let link_to = |id: &str| format!("https://www.instagram.com/p/{id}/");
    // Never three in a row after which the source would be left alone.
    for (id, reply, part) in [
        ("GGGGGGGGGG1", Reply::status(404, "text/html", ""), "does not exist"),
        ("RRRRRRRRRR1", Reply::status(429, "text/html", ""), "asked often"),
        ("LLLLLLLLLL1", Reply::redirect("/accounts/login/"), "wants somebody to sign in"),
        ("GGGGGGGGGG2", Reply::status(404, "text/html", ""), "does not exist"),
        ("UUUUUUUUUU1", Reply::status(502, "text/html", ""), "could not be reached"),
        ("FFFFFFFFFF1", Reply::redirect("http://169.254.169.254/"), "held no post that could be read"),
        ("GGGGGGGGGG3", Reply::status(404, "text/html", ""), "does not exist"),
        ("SSSSSSSSSS1", Reply::Never, "did not answer in time"),
    ] {
        site.on(Part::Web, &format!("/p/{id}/"), reply);
        let asked = world.admin.send_text(&room, &link_to(id)).await?;
        let line = world.admin.wait_for_text_with(&room, &link_to(id)).await?;
        assert!(line.body().contains(part) && line.body().lines().count() == 1, "{id}: {}", line.body());
        assert_eq!(line.reply_to(), Some(asked.as_str()), "{id}");
    }
    let private = link_to("DAbcdefghijKLMNOPQRSTUVWXYZ0123456789abc");
    world.admin.send_text(&room, &private).await?;
    let line = world.admin.wait_for_text_with(&room, &private).await?;
    assert!(line.body().contains("private account"), "{}", line.body());
    // Of the picture nothing is shown, of the video its still.
    world.admin.send_text(&room, LINK).await?;
    world.admin.wait_for_text(&room, "DAbcdefghij-2.jpg").await?;
    let lines = world.admin.wait_for_text_with(&room, "is no whole picture or video").await?;
    assert!(lines.body().contains("are shown here"), "{}", lines.body());
    assert!(lines.body().lines().all(|line| line.ends_with(LINK)), "{}", lines.body());
    Ok(())
}
