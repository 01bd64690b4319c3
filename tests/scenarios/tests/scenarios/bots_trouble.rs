//! A bot that hangs, panics or fails is its own trouble and nobody else's.
use std::time::{Duration, Instant};

use anyhow::Context as _;
use scenarios::{Bots, bots_scenario};
use serde_json::json;
use testkit::eventually;

use crate::Result;

bots_scenario!(a_hanging_bot_delays_no_other by "trouble-bots" in fakes);
async fn a_hanging_bot_delays_no_other(world: &mut Bots) -> Result<()> {
    world.config["bots"]["event_limit"] = 3.into();
    world.declare("trouble", "trouble", &json!({}));
    world.declare("greeter", "hello", &json!({}));
    world.start().await?;
    let room = world.room_with(&["trouble", "greeter"]).await?;
    let other = world.room_with(&["trouble"]).await?;
    let hung = Instant::now();
    world.admin.send_text(&room, "hang").await?;
    world.admin.send_text(&room, "!hello you").await?;
    world.wait_for_said(&room, "greeter", &["Hello, you!"]).await?;
    // The same bot in another room.
    world.admin.send_text(&other, "something").await?;
    world.wait_for_said(&other, "trouble", &["heard something"]).await?;
    assert!(hung.elapsed() < Duration::from_secs(3), "took {:?}", hung.elapsed());
    // Cut off, restarted, given up after three tries; then the room goes on.
    world.wait_for_said(&room, "trouble", &["heard !hello you"]).await?;
    let shown = world.instance("trouble").await?;
    assert!(shown["restarts"].as_u64() >= Some(1), "{shown}");
    assert!(shown["last_error"].is_null(), "what may hold people's words is told to everybody: {shown}");
    let shown = world.ctl(&["show", "trouble"]).await?;
    assert!(shown.contains("was cut off"), "{shown}");
    let (_, letters) = world.verb(&["dead-letters", "list"]).await?;
    assert!(letters.contains("was cut off"), "{letters}");
    assert_eq!(world.instance("greeter").await?["restarts"], 0);
    Ok(())
}

bots_scenario!(a_bot_that_hangs_while_it_starts_delays_no_other by "trouble-bots" in fakes);
async fn a_bot_that_hangs_while_it_starts_delays_no_other(world: &mut Bots) -> Result<()> {
    world.declare("trouble", "trouble", &json!({ "hangs_at_start": true }));
    world.declare("greeter", "hello", &json!({}));
    world.start().await?;
    let room = world.room_with(&["trouble", "greeter"]).await?;
    let asked = Instant::now();
    world.admin.send_text(&room, "!hello you").await?;
    world.wait_for_said(&room, "greeter", &["Hello, you!"]).await?;
    // The start of the other one is cut off after 30 seconds.
    assert!(asked.elapsed() < Duration::from_secs(20), "took {:?}", asked.elapsed());
    assert_ne!(world.instance("trouble").await?["state"], "running");
    Ok(())
}

bots_scenario!(a_panic_is_shown_and_the_event_tried_again by "trouble-bots" in fakes);
async fn a_panic_is_shown_and_the_event_tried_again(world: &mut Bots) -> Result<()> {
    world.declare("trouble", "trouble", &json!({}));
    world.start().await?;
    let room = world.room_with(&["trouble"]).await?;
    world.admin.send_text(&room, "stumble").await?;
    world.wait_for_said(&room, "trouble", &["I stumble.", "I stand."]).await?;
    for text in ["panic", "fail", "next"] {
        world.admin.send_text(&room, text).await?;
    }
    eventually(scenarios::bots::LIMIT, "a crash loop", async || {
        let shown = world.instance("trouble").await.map_err(|error| error.to_string())?;
        if shown["crash_looping"] == true { Ok(()) } else { Err(shown.to_string()) }
    })
    .await?;
    let shown = world.ctl(&["show", "trouble"]).await?;
    assert!(shown.contains("panicked"), "{shown}");
    // Whoever restarts it need not wait for the back-off.
    eventually(Duration::from_mins(1), "the room to go on", async || {
        world.ctl(&["restart", "trouble"]).await.map_err(|error| error.to_string())?;
        let said = world.said_by(&room, "trouble").await.map_err(|error| error.to_string())?;
        if said == ["I stumble.", "I stand.", "heard next"] { Ok(()) } else { Err(format!("{said:?}")) }
    })
    .await?;
    let log = world.ctl(&["logs", "trouble"]).await?;
    assert!(log.contains("ERROR The plugin panicked") && log.contains("it was told to fail"), "{log}");
    Ok(())
}

bots_scenario!(what_comes_while_it_is_stopped_is_kept by "trouble-bots" in fakes);
async fn what_comes_while_it_is_stopped_is_kept(world: &mut Bots) -> Result<()> {
    world.declare("trouble", "trouble", &json!({}));
    world.declare("greeter", "hello", &json!({}));
    world.start().await?;
    let room = world.room_with(&["trouble", "greeter"]).await?;
    for name in ["trouble", "greeter"] {
        world.ctl(&["stop", name]).await?;
    }
    world.admin.send_text(&room, "!hello one").await?;
    world.admin.send_text(&room, "two").await?;
    // Started anew the file says that they run; so the stop has to come first again.
    world.config["bots"]["instances"]["trouble"]["enabled"] = false.into();
    world.config["bots"]["instances"]["greeter"]["enabled"] = false.into();
    world.stop().await?;
    world.start().await?;
    world.admin.send_text(&room, "three").await?;
    world.ctl(&["start", "trouble"]).await?;
    world.admin.send_text(&room, "four").await?;
    world
        .wait_for_said(&room, "trouble", &["heard !hello one", "heard two", "heard three", "heard four"])
        .await?;
    world.ctl(&["start", "greeter"]).await?;
    world.admin.send_text(&room, "!hello two").await?;
    world.wait_for_said(&room, "greeter", &["Hello, two!"]).await
}

bots_scenario!(each_effect_happens_once_over_a_kill by "trouble-bots" in everywhere);
async fn each_effect_happens_once_over_a_kill(world: &mut Bots) -> Result<()> {
    world.declare("trouble", "trouble", &json!({}));
    world.kill_at("bot.worked")?;
    world.start().await?;
    let room = world.room_with(&["trouble"]).await?;
    let asked = world.admin.send_text(&room, "everything").await?;
    world.wait_killed_and_start().await?;
    world.admin.wait_for_text(&room, "it is time").await?;
    let account = world.account("trouble");
    world.admin.wait_for_reaction(&room, &asked, "👀").await?;
    world.admin.wait_for_receipt(&room, &account, &asked).await?;
    let own: Vec<_> =
        world.admin.messages(&room).await?.into_iter().filter(|event| event.sender == account).collect();
    let count = |kind: &str| own.iter().filter(|event| event.kind == kind).count();
    // Draft, edit, mistake, file, timer.
    assert_eq!(
        (count("m.room.message"), count("m.reaction"), count("m.room.redaction")),
        (5, 1, 1),
        "{own:?}"
    );
    let file = own.iter().find(|event| event.content["msgtype"] == "m.file").context("no file")?;
    let (_, bytes) = world.admin.download(file.content["url"].as_str().unwrap_or_default()).await?;
    assert_eq!(bytes, b"a file");
    assert!(own.iter().any(|event| event.content["m.new_content"]["body"] == "final"), "{own:?}");
    assert!(!own.iter().any(|event| event.body() == "mistake"), "{own:?}");
    Ok(())
}

bots_scenario!(a_config_takes_effect_as_a_whole_or_not_at_all by "trouble-bots" in fakes);
async fn a_config_takes_effect_as_a_whole_or_not_at_all(world: &mut Bots) -> Result<()> {
    world.start().await?;
    world.ctl(&["account", "trouble"]).await?;
    let config = world.file("config.json", r#"{"word": "I "}"#)?;
    world
        .ctl(&["create", "trouble", "--plugin", "trouble", "--account", "trouble", "--file", &config])
        .await?;
    let room = world.room_with(&["trouble"]).await?;
    world.admin.send_text(&room, "1").await?;
    world.wait_for_said(&room, "trouble", &["I heard 1"]).await?;
    for (text, part) in [
        ("word: much too long a word", "word: is too long."),
        ("wort: x", "there is no key `wort`"),
        ("{ word: you , refuses_to_start: true }", "so the old one stays: it was told not to start"),
    ] {
        let config = world.file("wrong.yaml", text)?;
        let told = world.ctl_refused(&["config", "trouble", "--set", &config]).await?;
        assert!(told.contains(part), "{part} is not in {told}");
    }
    assert_eq!(world.ctl(&["config", "trouble"]).await?.trim(), r#"{"word": "I "}"#);
    world.admin.send_text(&room, "2").await?;
    let config = world.file("right.yaml", "word: \"we \"\n")?;
    world.ctl(&["config", "trouble", "--set", &config]).await?;
    world.admin.send_text(&room, "3").await?;
    world.wait_for_said(&room, "trouble", &["I heard 1", "I heard 2", "we heard 3"]).await?;
    // What `ctl` made is there after a restart of the program.
    world.stop().await?;
    world.start().await?;
    world.admin.send_text(&room, "4").await?;
    world.wait_for_said(&room, "trouble", &["I heard 1", "I heard 2", "we heard 3", "we heard 4"]).await
}
