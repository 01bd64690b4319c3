//! A backup made while the bridge runs, and what goes on from it.
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use scenarios::world::bridge::program;
use testkit::Port;

use crate::{Result, World, scenario};

const PATIENCE: Duration = Duration::from_secs(40);

/// Makes a backup while the bridge is as it is; answers the file.
async fn back_up(world: &World) -> Result<PathBuf> {
    let file = world.bridge.folder().join("saved.backup");
    let (code, output) = world.bridge.verb(&["backup", path(&file)?]).await?;
    ensure!(code == 0 && output.contains("holds the database"), "{code}: {output}");
    Ok(file)
}

fn path(file: &Path) -> Result<&str> {
    file.to_str().context("a path that is no text")
}

scenario!(what_was_backed_up_while_running_goes_on in everywhere);
async fn what_was_backed_up_while_running_goes_on(world: &mut World) -> Result<()> {
    let chat = world.log_in().await?;
    let room = world.portal("general").await?;
    let ts = world.slack_says("alice", "general", "said on Slack before")?;
    let event = world.admin.wait_for_text(&room, "said on Slack before").await?.event_id;
    let sent = world.matrix_says(&world.admin, &room, "said on Matrix before").await?;
    let sent_ts = world.ts_of("general", "said on Matrix before").await?;

    // Both directions are at work while it is made.
    let (mut inward, mut outward) = (Vec::new(), Vec::new());
    for number in 0..15 {
        let (inner, outer) = (format!("inward meanwhile {number}"), format!("outward meanwhile {number}"));
        world.slack_says("bob", "general", &inner)?;
        world.matrix_says(&world.admin, &room, &outer).await?;
        inward.push(inner);
        outward.push(outer);
    }
    let file = back_up(world).await?;
    world.slack_says("alice", "general", "said on Slack since")?;
    world.matrix_says(&world.admin, &room, "said on Matrix since").await?;
    inward.push("said on Slack since".to_owned());
    outward.push("said on Matrix since".to_owned());
    let inward: Vec<&str> = inward.iter().map(String::as_str).collect();
    let outward: Vec<&str> = outward.iter().map(String::as_str).collect();
    world.wait_for_texts(&world.admin, &room, &inward).await?;
    world.wait_for_slack_texts("general", &outward).await?;
    let made_since = world.portal("random").await?;
    assert!(world.slack.wait_until_acknowledged(scenarios::world::LIMIT).await);
    let rooms: BTreeSet<String> = world.bot_rooms().await?.into_iter().collect();

    world.bridge.kill9()?;
    world.lose_database()?;
    let (code, output) = world.bridge.verb(&["restore", path(&file)?]).await?;
    assert!(code == 0 && output.contains("Restored "), "{code}: {output}");
    world.bridge.start().await?;
    world.wait_for_socket().await?;

    // What was there is known: edits find their events, the direct chat and the login are the same.
    world.plant("said on Slack, and changed");
    world.slack.edit("general", &ts, "said on Slack, and changed")?;
    world.admin.wait_for_edit(&room, &event).await?;
    world.plant("said on Matrix, and changed");
    world.admin.edit(&room, &sent, "said on Matrix, and changed").await?;
    assert_eq!(world.ts_of("general", "said on Matrix, and changed").await?, sent_ts);
    world.ask(&chat, "list-logins", "t0fake00001").await?;
    // The room that was made since is found again.
    world.slack_says("alice", "random", "said in a room that was forgotten")?;
    world.admin.wait_for_text(&made_since, "said in a room that was forgotten").await?;
    assert_eq!(world.portal_room("random").await?, made_since);
    assert_eq!(world.portal_room("general").await?, room);
    assert_eq!(
        world.bot_rooms().await?.into_iter().collect::<BTreeSet<_>>(),
        rooms,
        "a second room was made"
    );
    // Nothing is there twice.
    world.settle("general", &room).await?;
    world.wait_for_texts(&world.admin, &room, &inward).await?;
    world.wait_for_slack_texts("general", &outward).await?;
    for text in &outward {
        world.ensure_once(&room, text).await?;
    }
    Ok(())
}

scenario!(a_backup_is_private_and_overwrites_nothing in one);
async fn a_backup_is_private_and_overwrites_nothing(world: &mut World) -> Result<()> {
    world.log_in().await?;
    world.portal("general").await?;
    let file = back_up(world).await?;
    assert_eq!(std::fs::metadata(&file)?.permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&file)?;
    let app = world.slack.app();
    for token in [&app.bot_token, &app.app_token] {
        assert!(!text.contains(token.as_str()), "a token of Slack lies open in the backup");
    }
    let (code, output) = world.bridge.verb(&["backup", path(&file)?]).await?;
    assert!(code == 1 && output.contains("exists already"), "{code}: {output}");
    assert_eq!(std::fs::read_to_string(&file)?, text);

    // Not into the database of a running program, nor over what is there.
    let (code, output) = world.bridge.verb(&["restore", path(&file)?, "--force"]).await?;
    assert!(code == 1 && output.to_lowercase().contains("stop it"), "{code}: {output}");
    world.bridge.stop().await?;
    let (code, output) = world.bridge.verb(&["restore", path(&file)?]).await?;
    assert!(code == 1 && output.contains("not empty") && output.contains("--force"), "{code}: {output}");
    let (code, output) = world.bridge.verb(&["restore", path(&file)?, "--force"]).await?;
    assert!(code == 0 && output.contains("Restored "), "{code}: {output}");
    world.bridge.start().await?;
    world.wait_for_socket().await
}

scenario!(a_lost_folder_comes_back_but_for_the_key in one);
async fn a_lost_folder_comes_back_but_for_the_key(world: &mut World) -> Result<()> {
    world.log_in().await?;
    world.portal("general").await?;
    let file = back_up(world).await?;
    world.bridge.stop().await?;
    let place = world.bridge.folder().join("new machine");
    std::fs::create_dir(&place)?;
    let config = place.join("config.yaml");
    let restore = program()?.arg("--config").arg(&config).arg("restore").arg(&file).run(PATIENCE).await?;
    let (code, output) = restore;
    assert!(
        code == 0 && output.contains("was missing") && output.contains("secret.key is missing"),
        "{output}"
    );
    for name in ["config.yaml", "registration.yaml"] {
        assert_eq!(
            std::fs::read(place.join(name))?,
            std::fs::read(world.bridge.folder().join(name))?,
            "{name}"
        );
        assert_eq!(std::fs::metadata(place.join(name))?.permissions().mode() & 0o777, 0o600, "{name}");
    }
    assert!(place.join("bridge.db").is_file());
    world.bridge.start().await?;
    world.wait_for_socket().await
}

scenario!(a_copy_beside_the_running_program_takes_nothing in one);
async fn a_copy_beside_the_running_program_takes_nothing(world: &mut World) -> Result<()> {
    let chat = world.log_in().await?;
    let room = world.portal("general").await?;
    let file = back_up(world).await?;
    let port = Port::reserve()?;
    let mut copy = world.bridge.twin(&port.address())?;
    copy.config["database"]["url"] = "sqlite:copy.db".into();
    let (code, output) = copy.verb(&["restore", path(&file)?]).await?;
    assert!(code == 0 && output.contains("Restored "), "{code}: {output}");
    let (code, output) = copy.verb(&["check"]).await?;
    assert!(code == 1 && output.contains("answered by another program"), "{code}: {output}");
    let (code, output) = copy.verb(&["run"]).await?;
    assert!(code == 1 && output.contains("a copy of it") && output.contains("nothing was taken"), "{output}");

    // With another key the copy could not even log in; the running program takes no harm from either.
    std::fs::write(copy.folder().join("secret.key"), "0".repeat(64))?;
    let (code, output) = copy.verb(&["check"]).await?;
    assert!(code == 1 && output.contains("secret.key_file") && output.contains("Put back"), "{output}");
    world.slack_says("alice", "general", "heard by the right one")?;
    world.admin.wait_for_text(&room, "heard by the right one").await?;
    let (code, output) = world.bridge.verb(&["check"]).await?;
    assert!(code == 1 && output.contains("/health") && output.contains("knows our token"), "{output}");
    world.matrix_says(&world.admin, &chat, "ping").await.map(drop)
}
