//! The demo itself, run as a newcomer runs it.
use std::time::Duration;

use scenarios::Place;
use testkit::{Homeserver, Kind, Program, user};

/// How long the whole of it may take.
const LIMIT: Duration = Duration::from_mins(2);

#[tokio::test]
async fn with_a_synapse_of_its_own() {
    if !Place::synapse_sqlite().is_available_or_skip("the demo with a Synapse of its own") {
        return;
    }
    let mut demo = Program::of_workspace("demo").unwrap().arg("--once");
    let (code, said) = demo.run(LIMIT).await.unwrap();
    assert_eq!(code, 0, "{said}");
    assert!(said.trim_end().ends_with("The round trip works."), "{said}");
    assert!(said.contains("Hello from Slack!") && said.contains("Hello from Matrix!"), "{said}");
}

#[tokio::test]
async fn with_a_homeserver_that_runs_already() {
    let homeserver = Homeserver::start(Kind::FakeContinuwuity).await.unwrap();
    homeserver.user("newcomer").await.unwrap();
    let args =
        ["--once", "--homeserver", homeserver.base_url(), "--user", "newcomer", "--password", user::PASSWORD];
    let mut demo = Program::of_workspace("demo").unwrap().args(args);
    demo.start().unwrap();
    demo.wait_for_log("Not yet: ", 0, LIMIT).await.unwrap();
    // What its administrator does: takes the file as printed.
    let log = demo.log();
    let (_, file) = log.split_once("── The file itself ──\n").expect("the registration is printed");
    let file: Vec<&str> =
        file.lines().take_while(|line| line.contains(':') && !line.contains(" Waiting ")).collect();
    homeserver.register_appservice(&file.join("\n")).await.unwrap();
    assert_eq!(demo.wait_exit(LIMIT).await.unwrap(), 0, "{}", demo.tail());
    assert!(demo.log().contains("The round trip works."), "{}", demo.tail());
}

#[tokio::test]
async fn a_homeserver_without_an_account_is_refused() {
    let mut demo = Program::of_workspace("demo").unwrap().args(["--homeserver", "http://127.0.0.1:1"]);
    let (code, said) = demo.run(LIMIT).await.unwrap();
    assert_ne!(code, 0);
    assert!(said.contains("--user"), "{said}");
}
