//! The template of a bot, shown as a newcomer has it shown.
use std::time::Duration;

use scenarios::Place;
use testkit::Program;

/// How long the whole of it may take.
const LIMIT: Duration = Duration::from_mins(2);

async fn show(args: &[&str]) -> (i32, String) {
    Program::of_workspace("demo_bot").unwrap().args(args).run(LIMIT).await.unwrap()
}

#[tokio::test]
async fn the_template_answers_on_a_synapse() {
    if Place::synapse_sqlite().is_available_or_skip("the demo of a bot on Synapse") {
        let (code, said) = show(&["--once"]).await;
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("!hello") && said.contains("Hello, visitor!"), "{said}");
        assert!(said.trim_end().ends_with("The bot answers."), "{said}");
    }
}

#[tokio::test]
async fn the_template_answers_beside_the_conduwuit_family() {
    let (code, said) = show(&["template-hello-native", "--once", "--on", "fake-continuwuity"]).await;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("Hello, visitor!"), "{said}");
}

#[tokio::test]
async fn a_bot_that_is_not_there_is_named() {
    let (code, said) = show(&["my-bot", "--once", "--on", "fake-synapse"]).await;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("plugins/my-bot"), "{said}");
}
