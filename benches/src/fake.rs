//! The fake workspace in a process of its own, with channels for the measurement.

use std::io::Write as _;
use std::time::Duration;

use anyhow::Result;
use fake_slack::FakeSlack;

/// How the workspace is started.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Channels to make, with all people and the app's bot in them.
    #[arg(long, default_value_t = 50)]
    channels: usize,
    /// How many events and calls it remembers.
    #[arg(long, default_value_t = 200_000)]
    remembered: usize,
}

/// What a channel is called.
pub(crate) fn channel_name(number: usize) -> String {
    format!("bench-{number}")
}

/// Serves until it is told to stop. Prints one line of JSON when it is ready.
pub(crate) async fn run(options: Options) -> Result<()> {
    // One repeat at once: what happens while nobody listens is soon forgotten instead of disturbing a
    // measurement minutes later.
    let slack = FakeSlack::start(fake_slack::Options {
        retry_delays: vec![Duration::ZERO],
        // How fast frames are acknowledged is measured; a second copy of a late one would only blur it.
        ack_window: Duration::from_secs(30),
        remembered: options.remembered,
        ..fake_slack::Options::default()
    })?;
    let bot = slack.app().bot_user_id;
    for number in 0..options.channels {
        let name = channel_name(number);
        slack.create_channel("alice", &name, false)?;
        for member in ["bob", "carol", &bot] {
            slack.invite("alice", member, &name)?;
        }
    }
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{}", slack.describe())?;
    stdout.flush()?;
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => {}
        outcome = tokio::signal::ctrl_c() => outcome?,
    }
    slack.stop();
    Ok(())
}
