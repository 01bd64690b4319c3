//! The database takes nothing: nothing is acknowledged meanwhile, health says why, and everything arrives once it does.
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use fake_slack::DeliveryState;
use serde_json::Value;
use testkit::eventually;

use crate::{Result, World, scenario};

const LIMIT: Duration = scenarios::world::LIMIT;
/// A stop ends within 10 seconds, here on a machine that does much else.
const STOPS_WITHIN: Duration = Duration::from_secs(15);

scenario!(a_database_server_that_is_away_for_a_while in database_servers);
async fn a_database_server_that_is_away_for_a_while(world: &mut World) -> Result<()> {
    let dam = world.dam_database().await?;
    world.log_in().await?;
    let room = world.portal("general").await?;
    dam.cut();
    let said = say_both_ways(world, &room).await?;
    nothing_is_taken(world).await?;
    dam.open();
    everything_arrives(world, &room, &said).await?;
    // While the dam stands.
    world.finish().await
}

scenario!(stopped_while_the_database_server_is_away in database_servers);
async fn stopped_while_the_database_server_is_away(world: &mut World) -> Result<()> {
    let dam = world.dam_database().await?;
    world.log_in().await?;
    let room = world.portal("general").await?;
    dam.cut();
    world.expect_in_log("could not be noted");
    let said = say_both_ways(world, &room).await?;
    nothing_is_taken(world).await?;
    let told_at = Instant::now();
    world.bridge.stop().await?;
    let took = told_at.elapsed();
    ensure!(took < STOPS_WITHIN, "it took {took:?} to stop");
    dam.open();
    world.bridge.start().await?;
    everything_arrives(world, &room, &said).await?;
    world.finish().await
}

scenario!(a_database_file_that_somebody_holds in one);
async fn a_database_file_that_somebody_holds(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let held = Held::hold(&world.bridge.folder().join("bridge.db"))?;
    let said = say_both_ways(world, &room).await?;
    nothing_is_taken(world).await?;
    drop(held);
    everything_arrives(world, &room, &said).await
}

scenario!(a_full_disk in one);
async fn a_full_disk(world: &mut World) -> Result<()> {
    let Some(disk) = SmallDisk::mount(&world.bridge.folder().join("disk")) else { return Ok(()) };
    world.bridge.config["database"]["url"] = "sqlite:disk/bridge.db".into();
    world.log_in().await?;
    let room = world.portal("general").await?;
    let ballast = disk.fill()?;
    let said = say_both_ways(world, &room).await?;
    nothing_is_taken(world).await?;
    std::fs::remove_file(ballast)?;
    everything_arrives(world, &room, &said).await?;
    world.finish().await?;
    drop(disk);
    Ok(())
}

const INWARD: [&str; 3] = ["inward while nothing is stored", "inward and another", "inward and a third"];
const OUTWARD: [&str; 3] = ["outward while nothing is stored", "outward and another", "outward and a third"];

/// What is said until it arrives; more than a full disk's last page takes.
async fn say_both_ways(world: &World, room: &str) -> Result<Vec<String>> {
    for part in [
        "committed",
        "were not stored",
        "was not accepted",
        "could not be read",
        "was refused",
        "not answer",
        "testing the connection",
        "not all known",
    ] {
        world.expect_in_log(part);
    }
    let filler = "so many words that they fill a page ".repeat(200);
    let mut said = Vec::new();
    for text in INWARD {
        let text = format!("{text} {filler}");
        world.slack.post_as("bob", "general", text.trim_end())?;
        said.push(text.trim_end().to_owned());
    }
    for text in OUTWARD {
        world.matrix_says(&world.admin, room, text).await?;
    }
    Ok(said)
}

async fn nothing_is_taken(world: &World) -> Result<()> {
    let http = reqwest::Client::new();
    eventually(LIMIT, "the bridge to say that it stores nothing", async || {
        let answer = http.get(world.bridge.url("/health/ready")).send().await?;
        let (status, document): (_, Value) = (answer.status(), answer.json().await?);
        ensure!(status == 503, "it answered {status}: {document}");
        let database = &document["database"];
        ensure!(database["ok"] == false && database["reason"].is_string(), "{document}");
        Ok(())
    })
    .await?;
    let waiting =
        world.slack.delivery_count(DeliveryState::Waiting) + world.slack.delivery_count(DeliveryState::Lost);
    ensure!(waiting > 0, "something was acknowledged that is nowhere stored");
    Ok(())
}

async fn everything_arrives(world: &mut World, room: &str, inward: &[String]) -> Result<()> {
    let inward: Vec<&str> = inward.iter().map(String::as_str).collect();
    let patience = 3 * LIMIT;
    world.wait_for_texts_within(patience, &world.admin, room, &inward).await?;
    world.wait_for_slack_texts("general", &OUTWARD).await?;
    let http = reqwest::Client::new();
    eventually(LIMIT, "the bridge to be ready again", async || {
        let answer = http.get(world.bridge.url("/health/ready")).send().await?;
        ensure!(answer.status() == 200, "it answered {}", answer.status());
        Ok(())
    })
    .await?;
    world.settle("general", room).await?;
    world.wait_for_texts(&world.admin, room, &inward).await?;
    world.wait_for_slack_texts("general", &OUTWARD).await
}

/// Another program that writes into a database file and does not come to an end.
struct Held(Child);

impl Held {
    fn hold(file: &Path) -> Result<Self> {
        const HOLD: &str = "import sqlite3, sys\n\
            db = sqlite3.connect(sys.argv[1], isolation_level=None)\n\
            db.execute('BEGIN IMMEDIATE')\n\
            print('held', flush=True)\n\
            sys.stdin.read()";
        let mut python = Command::new("python3");
        python.args(["-c", HOLD]).arg(file).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = python.spawn().context("python3 holds the file")?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
        ensure!(line.trim() == "held", "python3 does not hold the file: {line:?}");
        Ok(Self(child))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A disk of a few megabytes in memory.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None, with a line on standard error, where this user may not mount anything.
    fn mount(folder: &Path) -> Option<Self> {
        std::fs::create_dir_all(folder).ok()?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs"]).arg(folder);
        if mount.status().is_ok_and(|status| status.success()) {
            return Some(Self(folder.to_owned()));
        }
        let _ = writeln!(std::io::stderr(), "skipped a_full_disk: this user may not mount a disk");
        None
    }

    /// Takes all that is left; answers the file that has it.
    fn fill(&self) -> Result<PathBuf> {
        let path = self.0.join("ballast");
        let mut file = std::fs::File::create(&path)?;
        while file.write_all(&[0; 4096]).is_ok() {}
        Ok(path)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
