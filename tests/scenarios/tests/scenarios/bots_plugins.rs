//! The bots that come with the host, in a room.
use std::time::Duration;

use scenarios::{Bots, bots_scenario};
use serde_json::json;
use testkit::eventually;

use crate::Result;

bots_scenario!(echo_says_how_long_a_message_took in everywhere);
async fn echo_says_how_long_a_message_took(world: &mut Bots) -> Result<()> {
    world.declare("echo", "echo", &json!({}));
    world.start().await?;
    let room = world.room_with(&["echo"]).await?;
    let asked = world.admin.send_text(&room, "!ping over there").await?;
    let pong = world.admin.wait_for_text_with(&room, "Pong!").await?;
    assert!(
        pong.body().contains("(ping \"over there\" took ") && pong.body().ends_with(" ms to arrive)"),
        "{pong:?}"
    );
    assert_eq!((&pong.content["pong"]["ping"], pong.content["pong"]["ms"].is_i64()), (&json!(asked), true));
    world.admin.send_text(&room, "!echo as it *was*").await?;
    world.admin.wait_for_text(&room, "as it *was*").await?;
    Ok(())
}

bots_scenario!(react_reacts_and_replies in everywhere);
async fn react_reacts_and_replies(world: &mut Bots) -> Result<()> {
    let rules = json!({ "rules": {
        "cookie": { "matches": ["^twim"], "react": "🍪" },
        "hint": { "matches": ["\\bsupport\\b"], "reply": "Ask in #support." },
    } });
    world.declare("react", "react", &rules);
    world.start().await?;
    let room = world.room_with(&["react"]).await?;
    let news = world.admin.send_text(&room, "TWIM: something new").await?;
    world.admin.wait_for_reaction(&room, &news, "🍪").await?;
    let asked = world.admin.send_text(&room, "where is support?").await?;
    let answer = world.admin.wait_for_text(&room, "Ask in #support.").await?;
    assert_eq!(answer.reply_to(), Some(asked.as_str()));
    Ok(())
}

bots_scenario!(a_reminder_outlives_a_kill_and_comes_once in everywhere);
async fn a_reminder_outlives_a_kill_and_comes_once(world: &mut Bots) -> Result<()> {
    world.declare("reminder", "reminder", &json!({}));
    world.start().await?;
    let room = world.room_with(&["reminder"]).await?;
    let asked = world.admin.send_text(&room, "!remind 4s tea").await?;
    world.admin.wait_for_text_with(&room, "I will remind you at").await?;
    world.admin.send_text(&room, "!remind 1h never mind").await?;
    world.admin.wait_for_text_with(&room, "I will remind you at").await?;
    world.kill9()?;
    world.start().await?;
    let text = format!("⏰ {}: tea", world.admin.user_id());
    let rung = world.admin.wait_for_text(&room, &text).await?;
    let asked = world.admin.event(&room, &asked).await?;
    let after = rung.at_ms - asked.at_ms;
    assert!(after >= 4_000, "it came after {after} ms");
    world.kill9()?;
    world.start().await?;
    world.admin.send_text(&room, "!remind list").await?;
    world.admin.wait_for_text_with(&room, "never mind").await?;
    let said = world.said_by(&room, "reminder").await?;
    assert_eq!(said.iter().filter(|said| **said == text).count(), 1, "{said:?}");
    Ok(())
}

bots_scenario!(a_reminder_is_to_the_second in fakes);
async fn a_reminder_is_to_the_second(world: &mut Bots) -> Result<()> {
    world.declare("reminder", "reminder", &json!({}));
    world.start().await?;
    let room = world.room_with(&["reminder"]).await?;
    let asked = world.admin.send_text(&room, "!remind 2s tea").await?;
    let rung = world.admin.wait_for_text_with(&room, "⏰").await?;
    let after = Duration::from_millis(rung.at_ms - world.admin.event(&room, &asked).await?.at_ms);
    // A busy machine takes its time, but never less.
    assert!(after >= Duration::from_secs(2) && after < Duration::from_secs(5), "it came after {after:?}");
    Ok(())
}

bots_scenario!(a_reminder_waits_for_a_stopped_bot in fakes);
async fn a_reminder_waits_for_a_stopped_bot(world: &mut Bots) -> Result<()> {
    world.declare("sleeper", "reminder", &json!({}));
    world.declare("watcher", "reminder", &json!({}));
    world.start().await?;
    let room = world.room_with(&["sleeper", "watcher"]).await?;
    world.admin.send_text(&room, "!remind 10s tea").await?;
    let text = format!("⏰ {}: tea", world.admin.user_id());
    for name in ["sleeper", "watcher"] {
        eventually(scenarios::bots::LIMIT, "the reminder to be set", async || {
            let said = world.said_by(&room, name).await.map_err(|error| error.to_string())?;
            if said.len() == 1 { Ok(()) } else { Err(format!("{said:?}")) }
        })
        .await?;
    }
    world.ctl(&["stop", "sleeper"]).await?;
    world.admin.wait_for_text(&room, &text).await?;
    // The other one's was due at the same time.
    assert_eq!(world.said_by(&room, "sleeper").await?.len(), 1);
    world.ctl(&["start", "sleeper"]).await?;
    for name in ["sleeper", "watcher"] {
        eventually(scenarios::bots::LIMIT, "the reminder to come", async || {
            let said = world.said_by(&room, name).await.map_err(|error| error.to_string())?;
            if said.len() == 2 && said[1] == text { Ok(()) } else { Err(format!("{said:?}")) }
        })
        .await?;
    }
    Ok(())
}

bots_scenario!(bots_are_back_when_the_homeserver_is in fakes);
async fn bots_are_back_when_the_homeserver_is(world: &mut Bots) -> Result<()> {
    world.declare("greeter", "hello", &json!({}));
    world.start().await?;
    let room = world.room_with(&["greeter"]).await?;
    world.homeserver.stop().await?;
    world.homeserver.start_again().await?;
    world.admin.send_text(&room, "!hello again").await?;
    world.wait_for_said(&room, "greeter", &["Hello, again!"]).await?;
    let greeter = world.instance("greeter").await?;
    assert_eq!(greeter["restarts"], 0, "{greeter}");
    Ok(())
}
