//! Bots with a database of their own: kept over kills, backed up and restored, gone with its bot.
use std::path::PathBuf;

use scenarios::{Bots, bots_scenario};
use serde_json::json;
use testkit::eventually;

use crate::Result;

/// The folder that the config names; it is where the program's files are.
fn folder(world: &mut Bots) -> PathBuf {
    world.config["bots"]["databases"] = "kept".into();
    world.program().folder().join("kept")
}

bots_scenario!(a_bots_own_database_is_kept_backed_up_and_gone_with_it by "trouble-bots" in fakes);
async fn a_bots_own_database_is_kept_backed_up_and_gone_with_it(world: &mut Bots) -> Result<()> {
    let folder = folder(world);
    world.declare("ledger", "ledger", &json!({}));
    world.start().await?;
    world.ctl(&["create", "second.db-wal", "--plugin", "ledger", "--account", "ledger"]).await?;
    let room = world.room_with(&["ledger"]).await?;
    world.admin.send_text(&room, "one").await?;
    world.wait_for_said(&room, "ledger", &["one is number 1"; 2]).await?;
    for file in ["ledger.db", "second.db-wal.db"] {
        assert!(folder.join(file).is_file(), "{file} is not there");
    }

    // Dying between the database and the answer does not count twice.
    world.stop().await?;
    world.kill_at("bot.sent")?;
    world.start().await?;
    world.admin.send_text(&room, "two").await?;
    world.wait_killed_and_start().await?;
    let both = ["one is number 1", "one is number 1", "two is number 2", "two is number 2"];
    world.wait_for_said(&room, "ledger", &both).await?;

    let file = world.program().folder().join("saved.backup");
    let file = file.to_str().unwrap_or_default();
    let (code, told) = world.verb(&["backup", file]).await?;
    assert_eq!(code, 0, "{told}");
    world.admin.send_text(&room, "three").await?;
    eventually(scenarios::bots::LIMIT, "the third", async || {
        let said = world.said_by(&room, "ledger").await.map_err(|error| error.to_string())?;
        if said.len() == 6 { Ok(()) } else { Err(format!("{said:?}")) }
    })
    .await?;
    world.ctl(&["delete", "second.db-wal"]).await?;
    assert!(!folder.join("second.db-wal.db").exists() && folder.join("ledger.db").exists());
    world.stop().await?;

    let (code, told) = world.verb(&["restore", file]).await?;
    assert!(code == 1 && told.contains("nothing was changed"), "{code}: {told}");
    let (code, told) = world.verb(&["restore", "--force", file]).await?;
    assert!(code == 0 && told.contains("bots that were restored: 2."), "{code}: {told}");
    world.start().await?;
    // Both know the two from before the backup, and the third as the next one.
    world.admin.send_text(&room, "four").await?;
    eventually(scenarios::bots::LIMIT, "the fourth", async || {
        let said = world.said_by(&room, "ledger").await.map_err(|error| error.to_string())?;
        let fourth = said.iter().filter(|text| *text == "four is number 3").count();
        if fourth == 2 { Ok(()) } else { Err(format!("{said:?}")) }
    })
    .await
}

bots_scenario!(a_database_that_hangs_or_is_flooded_is_its_bots_own_trouble by "trouble-bots" in one);
async fn a_database_that_hangs_or_is_flooded_is_its_bots_own_trouble(world: &mut Bots) -> Result<()> {
    let folder = folder(world);
    world.config["bots"]["event_limit"] = 3.into();
    world.config["bots"]["database_limit"] = 2.into();
    world.declare("ledger", "ledger", &json!({}));
    world.declare("greeter", "hello", &json!({}));
    world.start().await?;
    let room = world.room_with(&["ledger", "greeter"]).await?;
    for text in ["hang", "flood", "after both"] {
        world.admin.send_text(&room, text).await?;
    }
    world.admin.send_text(&room, "!hello you").await?;
    world.wait_for_said(&room, "greeter", &["Hello, you!"]).await?;
    eventually(scenarios::bots::LIMIT, "both to be said in its log", async || {
        let said = world.ctl(&["logs", "ledger"]).await.map_err(|error| error.to_string())?;
        if said.contains("cut off") && said.contains("is full") { Ok(()) } else { Err(said) }
    })
    .await?;
    assert!(std::fs::metadata(folder.join("ledger.db"))?.len() <= 2 * 1_048_576);
    Ok(())
}

bots_scenario!(a_database_that_does_not_open_is_said_and_stops_nothing_else by "trouble-bots" in one);
async fn a_database_that_does_not_open_is_said_and_stops_nothing_else(world: &mut Bots) -> Result<()> {
    let folder = folder(world);
    std::fs::create_dir_all(&folder)?;
    std::fs::write(
        folder.join("ledger.db"),
        "this is no database at all, and long enough to be looked at".repeat(90),
    )?;
    world.declare("ledger", "ledger", &json!({}));
    world.declare("greeter", "hello", &json!({}));
    world.start().await?;
    world.wait_for_state("greeter", "running").await?;
    eventually(scenarios::bots::LIMIT, "the reason", async || {
        let shown = world.ctl(&["show", "ledger"]).await.map_err(|error| error.to_string())?;
        if shown.contains("could not be started") && shown.contains("not a database") {
            Ok(())
        } else {
            Err(shown)
        }
    })
    .await?;
    std::fs::remove_file(folder.join("ledger.db"))?;
    world.ctl(&["restart", "ledger"]).await?;
    world.wait_for_state("ledger", "running").await.map(drop)
}
