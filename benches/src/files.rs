//! The memory that large files take, each way: the bridge's peak while one crosses, over what it has when idle.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use crate::homeserver::{Homeserver, SERVER_NAME};
use crate::relay::setup::Setup;
use crate::slack::Slack;

/// What a file may take beyond idle, in megabytes.
const LIMIT_MB: f64 = 64.0;
/// How long one file may take.
const PATIENCE: Duration = Duration::from_mins(30);
/// How long the bridge is left alone before its idle memory is read.
const IDLE: Duration = Duration::from_secs(3);

/// What is measured.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// The size of each file, in megabytes of a million bytes; Slack takes 1000 at most.
    #[arg(long, default_value_t = 1000)]
    megabytes: u64,
    /// The bridge's program.
    #[arg(long, default_value = "target/release/bridge-slack")]
    bridge: PathBuf,
    /// Keep the folder with logs and databases.
    #[arg(long)]
    keep: bool,
}

/// The ways a file goes.
#[derive(Debug, Clone, Copy)]
enum Way {
    Slack,
    Matrix,
    Encrypted,
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Self::Slack => "Slack → Matrix",
            Self::Matrix => "Matrix → Slack",
            Self::Encrypted => "Matrix → Slack, encrypted",
        }
    }
}

struct Stage {
    homeserver: Homeserver,
    slack: Slack,
    setup: Setup,
    bytes: u64,
    /// Of zeros, as many as a file has.
    sha256: String,
}

/// Measures and prints.
pub(crate) async fn run(options: Options) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("bench-files-").tempdir()?;
    let homeserver = Homeserver::start().await?;
    let slack = Slack::start(folder.path(), 1, 10_000).await?;
    let bridge = std::path::absolute(&options.bridge)?;
    let setup = Setup::new(folder.path(), &bridge, homeserver.url(), &slack.info)?;
    setup.prepare("files").await?;
    let bytes = options.megabytes * 1_000_000;
    let sha256 = tokio::task::spawn_blocking(move || hash_of_zeros(bytes)).await?;
    let stage = Stage { homeserver, slack, setup, bytes, sha256 };
    let outcome = measure(&stage).await;
    if options.keep || outcome.is_err() {
        eprintln!("logs and the database are in {}", folder.keep().display());
    }
    stage.slack.stop().await?;
    outcome
}

async fn measure(stage: &Stage) -> Result<()> {
    println!(
        "| file of {} MB | idle | peak over idle | seconds |\n|---|---|---|---|",
        stage.bytes / 1_000_000
    );
    let mut worst: f64 = 0.0;
    for (number, way) in [Way::Slack, Way::Matrix, Way::Encrypted].into_iter().enumerate() {
        let (program, _) = stage.setup.start_bridge("files", &stage.homeserver, &stage.slack).await?;
        let room = room(stage, u32::try_from(number)? + 1).await?;
        tokio::time::sleep(IDLE).await;
        let idle = program.resident_mb()?;
        program.forget_peak()?;
        let begun = Instant::now();
        match way {
            Way::Slack => from_slack(stage).await?,
            Way::Matrix => from_matrix(stage, &room, None).await?,
            Way::Encrypted => from_matrix(stage, &room, Some(encrypted(stage))).await?,
        }
        let (over, seconds) = (program.peak_mb()? - idle, begun.elapsed().as_secs_f64());
        println!("| {} | {idle:.1} MB | {over:.1} MB | {seconds:.0} |", way.name());
        worst = worst.max(over);
        program.stop().await?;
    }
    ensure!(worst < LIMIT_MB, "A file took {worst:.1} MB beyond idle; {LIMIT_MB} are allowed.");
    Ok(())
}

/// The room of the channel, which a first message makes.
async fn room(stage: &Stage, workload: u32) -> Result<String> {
    stage.slack.burst(workload, 1, None).await?;
    stage.homeserver.sent(workload, 1, Duration::from_mins(1)).await;
    Ok(stage.homeserver.rooms(workload, 1)?.remove(0))
}

async fn from_slack(stage: &Stage) -> Result<()> {
    let before = stage.homeserver.files().len();
    stage.slack.share("large.bin", stage.bytes).await?;
    let arrived = until(async || Ok(stage.homeserver.files().get(before).copied())).await?;
    ensure!(arrived == stage.bytes, "{arrived} of {} bytes arrived.", stage.bytes);
    Ok(())
}

async fn from_matrix(stage: &Stage, room: &str, file: Option<Value>) -> Result<()> {
    let before = stage.slack.uploaded().await?.len();
    let mut content = json!({
        "msgtype": "m.file", "body": "large.bin", "info": { "size": stage.bytes }, "url": address(stage),
    });
    if let Some(file) = file {
        content["file"] = file;
    }
    let event = json!({
        "type": "m.room.message", "room_id": room, "sender": format!("@someone:{SERVER_NAME}"),
        "event_id": format!("$file{before}"), "origin_server_ts": crate::clock::now_micros() / 1_000,
        "content": content,
    });
    stage.homeserver.push(event.to_string());
    let arrived = until(async || Ok(stage.slack.uploaded().await?.get(before).copied())).await?;
    ensure!(arrived == stage.bytes, "{arrived} of {} bytes arrived.", stage.bytes);
    Ok(())
}

async fn until(mut found: impl AsyncFnMut() -> Result<Option<u64>>) -> Result<u64> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = found().await? {
            return Ok(found);
        }
        ensure!(Instant::now() < deadline, "The file did not arrive within {PATIENCE:?}.");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn address(stage: &Stage) -> String {
    format!("mxc://{SERVER_NAME}/{}", stage.bytes)
}

/// The file as an encrypted one: what it decrypts to nobody looks at.
fn encrypted(stage: &Stage) -> Value {
    json!({
        "v": "v2", "url": address(stage), "iv": STANDARD_NO_PAD.encode([0; 16]),
        "key": { "alg": "A256CTR", "k": STANDARD_NO_PAD.encode([0; 32]) }, "hashes": { "sha256": stage.sha256 },
    })
}

fn hash_of_zeros(mut left: u64) -> String {
    let zeros = [0; 8_192];
    let mut hash = Sha256::new();
    while left > 0 {
        let length = left.min(zeros.len() as u64);
        hash.update(&zeros[..length as usize]);
        left -= length;
    }
    STANDARD_NO_PAD.encode(hash.finalize())
}
