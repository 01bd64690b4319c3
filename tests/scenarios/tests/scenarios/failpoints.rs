//! Killed at each point between receipt and done, the bridge does with each kind of event what it does undisturbed. All
//! passings of all points are run by `cargo xtask failpoints`.
use clap::Parser as _;
use scenarios::Place;
use scenarios::failpoints::{Options, run};

async fn holds(name: &str, place: Place, args: &[&str]) -> Option<Vec<&'static str>> {
    if !place.is_available_or_skip(name) {
        return None;
    }
    let options = Options::parse_from(["failpoints"].iter().chain(args));
    let report = run(options).await.unwrap_or_else(|error| panic!("{name}: {error:#}"));
    assert_eq!(report.different().count(), 0, "{report}");
    Some(report.untouched())
}

#[tokio::test]
async fn each_kind_of_event_survives_a_kill_at_each_point() {
    let args = ["--most", "1", "--worlds", "6"];
    let untouched = holds("each kind at each point", Place::fake_synapse_sqlite(), &args).await;
    assert_eq!(untouched.as_deref(), Some([].as_slice()), "nothing was killed there");
}

#[tokio::test]
async fn everyday_events_survive_a_kill_at_each_point_on_a_database_server() {
    let args = [
        "--most",
        "1",
        "--worlds",
        "2",
        "--postgres",
        "--homeserver",
        "fake-continuwuity",
        "--kind",
        "slack-message",
        "--kind",
        "slack-first-message",
        "--kind",
        "slack-files",
        "--kind",
        "matrix-long-message",
        "--kind",
        "matrix-edit",
        "--kind",
        "matrix-refused",
    ];
    holds("everyday events", Place::fake_continuwuity_postgres(), &args).await;
}
