//! What the programs are made to do under valgrind, and the notes that it takes: `NAME.talk` and `NAME.start`.
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::json;
use testkit::{Fake, Kind, eventually};

use crate::{Bots, Database, Place, Result, World, demo};

/// How long the quiet may take in which the homeserver is looked for twice: that is each twenty seconds.
const QUIET: Duration = Duration::from_mins(3);

/// A first start, a login and a talk; then a start with all of that, and quiet.
pub(super) async fn of_slack(folder: &Path) -> Result<()> {
    let mut world = World::prepare(place()).await?;
    world.bridge.run_under(callgrind(folder, "slack.talk")?);
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.slack_says("alice", "general", "Good morning.")?;
    world.admin.wait_for_text(&room, "Good morning.").await?;
    world.matrix_says(&world.admin, &room, "Good morning to you.").await?;
    world.wait_on_slack("general", "Good morning to you.").await?;
    demo::tour(&world, &room).await?;
    world.bridge.stop().await?;
    world.bridge.run_under(callgrind(folder, "slack.start")?);
    world.bridge.start().await?;
    world.wait_for_socket().await?;
    quiet(world.fake()).await?;
    world.bridge.stop().await
}

/// The same of bots that are declared and spoken to.
pub(super) async fn of_bots(folder: &Path) -> Result<()> {
    let mut world = Bots::prepare(place(), "bridge-bots").await?;
    world.declare("greeter", "hello", &json!({}));
    world.serve_operators();
    world.program().run_under(callgrind(folder, "bots.talk")?);
    world.start().await?;
    let room = world.room_with(&["greeter"]).await?;
    world.admin.send_text(&room, "!hello Bob").await?;
    world.admin.wait_for_text(&room, "Hello, Bob!").await?;
    world.stop().await?;
    world.program().run_under(callgrind(folder, "bots.start")?);
    world.start().await?;
    world.wait_for_state("greeter", "running").await?;
    quiet(world.homeserver.fake()?).await?;
    world.stop().await
}

fn place() -> Place {
    Place { homeserver: Kind::FakeSynapse, database: Database::Sqlite }
}

fn callgrind(folder: &Path, name: &str) -> Result<Vec<OsString>> {
    let found = std::process::Command::new("valgrind").arg("--version").output();
    let found = found.context("the program valgrind is missing; on Debian: apt-get install valgrind")?;
    ensure!(found.status.success(), "valgrind does not start");
    let mut note = OsString::from("--callgrind-out-file=");
    note.push(folder.join(name));
    let words = ["valgrind", "--tool=callgrind", "--demangle=no", "--compress-strings=no"];
    Ok(words.into_iter().map(OsString::from).chain([note]).collect())
}

/// Waits until the program has looked twice whether its homeserver is still there.
async fn quiet(homeserver: &Fake) -> Result<()> {
    let pings = || homeserver.call_log().iter().filter(|call| call.path.ends_with("/ping")).count();
    let before = pings();
    eventually(QUIET, "two more pings", async || {
        let more = pings() - before;
        if more >= 2 { Ok(()) } else { Err(format!("{more} so far")) }
    })
    .await
}
