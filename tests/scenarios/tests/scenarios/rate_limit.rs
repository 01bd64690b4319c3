//! Being told to wait is no failure.
use std::time::Duration;

use fake_slack::Mode;
use serde_json::json;
use testkit::Fault;

use crate::{Result, World, scenario};

/// What Slack asks for, in seconds.
const RETRY_AFTER: u64 = 1;
/// The same, where other things have to happen in the meantime.
const LONG_WAIT: u64 = 12;

scenario!(slack_says_wait in each_homeserver);
async fn slack_says_wait(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.slack.rate_limit_next("chat.postMessage", RETRY_AFTER, 2);
    let texts = ["patience, the first", "patience, the second", "patience, the third"];
    for text in texts {
        world.matrix_says(&world.admin, &room, text).await?;
    }
    world.wait_for_slack_texts("general", &texts).await?;
    let calls = world.slack.calls_of("chat.postMessage");
    let refused: Vec<usize> = (0..calls.len()).filter(|&at| calls[at].status == 429).collect();
    assert_eq!(refused.len(), 2);
    for at in refused {
        let waited = Duration::from_micros(calls[at + 1].called_at - calls[at].called_at);
        assert!(waited >= Duration::from_secs(RETRY_AFTER), "tried again after {waited:?}");
    }
    let said = world.admin.texts(&room).await?;
    assert!(!said.iter().any(|text| text.contains("not delivered")), "{said:?}");
    Ok(())
}

scenario!(a_limited_method_holds_up_no_other in one);
async fn a_limited_method_holds_up_no_other(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.slack.rate_limit_next("chat.postMessage", LONG_WAIT, 1);
    world.matrix_says(&world.admin, &room, "this has to wait long").await?;
    let refused =
        world.slack.wait_for_call("chat.postMessage", |call| call.status == 429, scenarios::world::LIMIT);
    assert!(refused.await.is_some());
    let random = world.portal("random").await?;
    world.slack_says("bob", "random", "elsewhere all is well")?;
    world.admin.wait_for_text(&random, "elsewhere all is well").await?;
    let late = "this has to wait long".to_owned();
    assert!(!world.slack_texts("general").contains(&late), "it did not wait");
    world.wait_for_slack_texts("general", &[&late]).await
}

scenario!(a_wait_in_the_middle_of_a_message_doubles_nothing in each_homeserver);
async fn a_wait_in_the_middle_of_a_message_doubles_nothing(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let words: Vec<String> = (0..6_000).map(|number| format!("word{number:04}")).collect();
    world.slack.fail_next("chat.postMessage", fake_slack::Fault::Spared, 3);
    world.slack.rate_limit_next("chat.postMessage", 2, 1);
    world.matrix_says(&world.admin, &room, &words.join(" ")).await?;
    world.matrix_says(&world.admin, &room, "and this comes behind it").await?;
    world.wait_on_slack("general", "and this comes behind it").await?;
    let calls = world.slack.calls_of("chat.postMessage");
    let refused = calls.iter().position(|call| call.status == 429).expect("Slack asked to wait");
    assert!(
        refused > 0 && refused + 2 < calls.len(),
        "it was not in the middle: {refused} of {}",
        calls.len()
    );
    let waited = Duration::from_micros(calls[refused + 1].called_at - calls[refused].called_at);
    assert!(waited >= Duration::from_secs(2), "tried again after {waited:?}");
    let texts = world.slack_texts("general");
    let arrived: Vec<&str> = texts
        .iter()
        .flat_map(|text| text.split_whitespace())
        .filter(|word| word.len() == 8 && word.starts_with("word"))
        .collect();
    assert_eq!(arrived, words, "a part is missing or double");
    Ok(())
}

scenario!(slacks_own_limits_are_kept in one);
async fn slacks_own_limits_are_kept(world: &mut World) -> Result<()> {
    world.bridge.config["slack"]["rate_limits"] = json!("quota");
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.slack.set_mode(Mode::Quota);
    world.slack.clear_calls();
    let texts: Vec<String> = (0..6).map(|number| format!("within the limits {number}")).collect();
    for text in &texts {
        world.matrix_says(&world.admin, &room, text).await?;
    }
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    world.wait_for_slack_texts("general", &texts).await?;
    let refused = world.slack.calls().iter().filter(|call| call.status == 429).count();
    assert_eq!(refused, 0, "Slack had to refuse calls");
    Ok(())
}

scenario!(the_homeserver_says_wait in fakes);
async fn the_homeserver_says_wait(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.fake().fail_next("PUT */send/m.room.message/*", Fault::RateLimit(Duration::from_millis(300)), 3);
    let texts = ["held up, the first", "held up, the second"];
    for text in texts {
        world.slack_says("alice", "general", text)?;
    }
    world.wait_for_texts(&world.admin, &room, &texts).await
}
