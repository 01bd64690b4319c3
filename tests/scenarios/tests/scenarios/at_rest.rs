//! What lies on the disk while the bridge runs: nothing of a secret that was told to it.
use std::path::PathBuf;

use anyhow::ensure;
use scenarios::world::LIMIT;
use testkit::eventually;

use crate::{Result, World, scenario};

/// The files of the bridge's folder that hold a text.
fn holding(world: &World, text: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(world.bridge.folder())? {
        let path = entry?.path();
        let bytes = if path.is_file() { std::fs::read(&path)? } else { Vec::new() };
        if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
            found.push(path);
        }
    }
    Ok(found)
}

scenario!(tokens_told_in_chat_are_nowhere_in_clear in each_homeserver);
async fn tokens_told_in_chat_are_nowhere_in_clear(world: &mut World) -> Result<()> {
    let chat = world.log_in().await?;
    let room = world.portal("general").await?;
    let app = world.slack.app();
    // In one line, in the direct chat and in a room that everybody reads.
    let line = format!("login app {} {}", app.bot_token, app.app_token);
    world.ask(&chat, &line, "Logged in").await?;
    world.ask(&room, &format!("!slack {line}"), "Logged in").await?;
    // To nobody's question.
    world.ask(&chat, &app.bot_token, "no such command").await?;
    world.matrix_says(&world.admin, &room, "what people say is no secret").await?;
    world.wait_on_slack("general", "what people say is no secret").await?;
    let on_disk = world.bridge.config["database"]["url"].as_str().unwrap_or_default().starts_with("sqlite");
    if on_disk {
        let found = holding(world, "what people say is no secret")?;
        ensure!(!found.is_empty(), "the place where events wait was not looked at");
    }
    for token in [&app.bot_token, &app.app_token] {
        let found = holding(world, token)?;
        ensure!(found.is_empty(), "a token lies in {found:?}");
    }
    // What is kept because it could not be done is no way around it.
    world.bridge.kill9()?;
    for token in [&app.bot_token, &app.app_token] {
        let found = holding(world, token)?;
        ensure!(found.is_empty(), "after a crash a token lies in {found:?}");
    }
    world.bridge.start().await?;
    world.wait_for_socket().await
}

scenario!(a_sealed_event_is_worked_after_a_crash in fakes);
async fn a_sealed_event_is_worked_after_a_crash(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let chat = world.direct_chat().await?;
    // The answer hangs, so the event still waits when the program dies.
    world.fake().fail_next("PUT */send/m.room.message/*", testkit::Fault::Slow(std::time::Duration::ZERO), 1);
    world.fake().fail_next("PUT */send/m.room.message/*", testkit::Fault::Hang, 1);
    let asked = world.admin.send_text(&chat, "version").await?;
    world.wait_for_hanging_call(&chat).await?;
    world.crash_and_restart().await?;
    world.answer_to(&world.admin, &chat, &asked, "version 0.").await?;
    eventually(LIMIT, "an empty queue", async || {
        let (code, output) = world.bridge.verb(&["dead-letters", "list"]).await?;
        ensure!(code == 0 && output.contains("no dead letters"), "{output}");
        Ok(())
    })
    .await
}

scenario!(a_sealed_letter_is_shown_to_who_has_the_key in fakes);
async fn a_sealed_letter_is_shown_to_who_has_the_key(world: &mut World) -> Result<()> {
    world.bridge.start().await?;
    let chat = world.direct_chat().await?;
    world.admin.send(&chat, "m.room.encrypted", &serde_json::json!({ "algorithm": "unknown" })).await?;
    world.admin.wait_for_text_with(&chat, "encrypted").await?;
    let id = eventually(LIMIT, "a dead letter", async || {
        let (_, listed) = world.bridge.verb(&["dead-letters", "list"]).await?;
        let line = listed.lines().find(|line| line.contains("rejected"));
        let id = line.and_then(|line| line.split(' ').next()).map(str::to_owned);
        id.ok_or_else(|| anyhow::anyhow!("{listed}"))
    })
    .await?;
    let show = ["dead-letters", "show", id.as_str(), "--payload"];
    let (code, shown) = world.bridge.verb(&show).await?;
    ensure!(code == 0 && shown.contains("\"m.room.encrypted\""), "{code}: {shown}");
    let other = world.bridge.folder().join("other.key");
    std::fs::write(&other, "ab".repeat(32))?;
    world.bridge.config["secret"]["key_file"] = other.to_string_lossy().as_ref().into();
    let (code, shown) = world.bridge.verb(&show).await?;
    ensure!(code == 1 && shown.contains("another key") && shown.contains(&id), "{code}: {shown}");
    Ok(())
}
