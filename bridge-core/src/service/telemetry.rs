//! Logs and metrics.

use std::time::Duration;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use super::journal::{self, Leveled};
use crate::config::{Format, Logging};
use crate::metrics::Described;
use crate::task;

/// Bounds of all histograms, in seconds.
const BUCKETS: &[f64] =
    &[0.000_5, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0];
const UPKEEP: Duration = Duration::from_secs(30);

/// Libraries that print statements and bodies below the level `warn`.
const QUIET: &[&str] = &["sqlx", "hyper", "hyper_util", "reqwest", "html5ever"];

/// PostgreSQL's remarks to whoever types statements, such as that a transaction that was cut off at a stop had not begun: what
/// matters of them comes as an error.
const NOTICES: &str = "sqlx::postgres::notice=error";

/// Starts logging to standard error, which systemd takes; each line with its level, where that is the journal. Libraries named in `quiet`, and a few of ours, are never
/// heard below `warn`, whatever the level. The error names the key.
pub fn log(logging: &Logging, quiet: &[&str]) -> Result<(), String> {
    let mut filter = EnvFilter::try_new(&logging.level).map_err(|_| {
        "logging.level: not understood. Write a level such as info, or directives.".to_owned()
    })?;
    let quiet = QUIET.iter().chain(quiet).map(|target| format!("{target}=warn"));
    for directive in quiet.chain([NOTICES.to_owned()]).filter_map(|directive| directive.parse().ok()) {
        filter = filter.add_directive(directive);
    }
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second call, as in tests, keeps the first one's subscriber.
    let _ = match logging.format {
        // The journal has times of its own.
        Format::Text if journal::is_here() => {
            builder.with_ansi(false).without_time().map_event_format(Leveled).try_init()
        }
        Format::Json if journal::is_here() => builder.json().map_event_format(Leveled).try_init(),
        Format::Text => builder.with_ansi(false).try_init(),
        Format::Json => builder.json().try_init(),
    };
    Ok(())
}

/// Starts recording metrics, the core's and the program's own. None when somebody records already.
pub fn record(own: &[Described]) -> Option<PrometheusHandle> {
    let builder = PrometheusBuilder::new().set_buckets(BUCKETS).ok()?;
    let handle = builder.install_recorder().ok()?;
    crate::metrics::describe(own);
    let upkeep = handle.clone();
    task::spawn("metrics upkeep", async move {
        let mut every = tokio::time::interval(UPKEEP);
        loop {
            every.tick().await;
            upkeep.run_upkeep();
        }
    });
    Some(handle)
}
