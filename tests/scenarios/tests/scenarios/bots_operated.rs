//! What operators and other services have bots do from outside of rooms: actions, and web paths.

use anyhow::{Context as _, ensure};
use reqwest::StatusCode;
use scenarios::{Bots, bots_scenario};
use serde_json::json;

use crate::Result;

/// The host with the bot `trouble`, and its admin listener on a port of its own; gives the listener's URL.
async fn prepared(bots: &mut Bots) -> Result<String> {
    bots.declare("trouble", "trouble", &json!({}));
    bots.declare("greeter", "hello", &json!({}));
    bots.config["bots"]["event_limit"] = json!(2);
    let url = bots.serve_operators();
    bots.start().await?;
    bots.wait_for_state("trouble", "running").await?;
    Ok(url)
}

bots_scenario!(an_operator_has_a_bot_do_something by "trouble-bots" in fakes);

async fn an_operator_has_a_bot_do_something(bots: &mut Bots) -> Result<()> {
    prepared(bots).await?;
    let room = bots.room_with(&["trouble"]).await?;
    let listed = bots.ctl(&["plugins"]).await?;
    ensure!(listed.contains("action say ROOM: Says something in a room."), "{listed}");
    let told = bots.ctl(&["act", "trouble", "say", &room]).await?;
    ensure!(told.contains("It was said."), "{told}");
    bots.wait_for_said(&room, "trouble", &["I was told to."]).await?;
    for (order, part) in [
        (&["act", "trouble", "say", "!other:hs.test"][..], "input: is no room that the account is in"),
        (&["act", "trouble", "dance"], "has no action dance"),
        (&["act", "nobody", "say"], "There is no instance nobody"),
        (&["act", "trouble", "panic", "now"], "has to be left out"),
        (&["act", "trouble", "panic"], "the plugin panicked"),
        (&["act", "greeter", "say"], "has no action say"),
    ] {
        let refused = bots.ctl_refused(order).await?;
        ensure!(refused.contains(part), "{order:?}: {refused}");
    }
    // An action that fails is no fault in an event: the bot goes on.
    let found = bots.instance("trouble").await?;
    ensure!(found["state"] == "running" && found["restarts"] == 0, "{found}");
    bots.ctl(&["stop", "trouble"]).await?;
    let refused = bots.ctl_refused(&["act", "trouble", "say", &room]).await?;
    ensure!(refused.contains("does not run"), "{refused}");
    Ok(())
}

bots_scenario!(a_bot_has_a_web_path_of_its_own by "trouble-bots" in fakes);

async fn a_bot_has_a_web_path_of_its_own(bots: &mut Bots) -> Result<()> {
    let base = prepared(bots).await?;
    let room = bots.room_with(&["trouble"]).await?;
    let client = reqwest::Client::new();
    for path in ["/plugin/trouble", "/_matrix/maubot/plugin/trouble"] {
        // As a browser on another site would send it, with a cookie that is the host's.
        let call = client.post(format!("{base}{path}/hook/a%20b?x=1")).body("four");
        let call = call.header("origin", "https://elsewhere.example").header("cookie", "bridge_bots=abc");
        let answer = call.send().await?;
        ensure!(answer.status() == StatusCode::ACCEPTED, "{}", answer.status());
        ensure!(!answer.headers().contains_key("set-cookie"), "the host's cookie was overwritten");
        let policy = answer.headers().get("content-security-policy").context("no policy")?.to_str()?;
        ensure!(policy.starts_with("sandbox"), "{policy}");
        let text = answer.text().await?;
        ensure!(text == "POST /hook/a%20b?x=1 4 false", "{text}");
    }
    client.post(format!("{base}/plugin/trouble/say/{room}")).send().await?.error_for_status()?;
    bots.wait_for_said(&room, "trouble", &["A hook called."]).await?;
    for (path, status) in [
        ("/plugin/nobody/x", StatusCode::NOT_FOUND),
        ("/plugin/greeter/x", StatusCode::NOT_FOUND),
        ("/plugin/trouble/panic", StatusCode::BAD_GATEWAY),
        ("/plugin/trouble/hang", StatusCode::BAD_GATEWAY),
    ] {
        let answer = client.get(format!("{base}{path}")).send().await?;
        ensure!(answer.status() == status, "{path}: {}", answer.status());
    }
    let long =
        client.post(format!("{base}/plugin/trouble/x")).body(vec![b'x'; 1024 * 1024 + 1]).send().await?;
    ensure!(long.status() == StatusCode::PAYLOAD_TOO_LARGE, "{}", long.status());
    let written = bots.ctl(&["logs", "trouble"]).await?;
    ensure!(written.contains("the plugin panicked") && written.contains("longer than 2 s"), "{written}");
    bots.ctl(&["stop", "trouble"]).await?;
    let answer = client.get(format!("{base}/plugin/trouble/x")).send().await?;
    ensure!(answer.status() == StatusCode::SERVICE_UNAVAILABLE, "{}", answer.status());
    Ok(())
}
