//! A message longer than Slack takes in one piece arrives in pieces, complete and in order.
use fake_slack::Fault;

use crate::{Result, World, scenario};

/// The longest text Slack takes without cutting it itself, in characters.
const PIECE: usize = 4_000;

scenario!(a_long_message_is_split in everywhere);
async fn a_long_message_is_split(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let words: Vec<String> = (0..1_000).map(|number| format!("word{number:04}")).collect();
    let long = words.join(" ");
    assert!(long.len() >= 8_999);
    world.matrix_says(&world.admin, &room, &long).await?;
    world.matrix_says(&world.admin, &room, "and this comes behind it").await?;
    world.wait_on_slack("general", "and this comes behind it").await?;

    let pieces: Vec<String> = world
        .slack_texts("general")
        .into_iter()
        .filter(|text| text.contains("word0") || text.contains("word9"))
        .collect();
    assert!(pieces.len() >= 3, "{} pieces", pieces.len());
    assert!(pieces.iter().all(|piece| piece.chars().count() <= PIECE));
    let arrived: Vec<&str> = pieces.iter().flat_map(|piece| piece.split_whitespace()).collect();
    assert_eq!(arrived, words);
    assert_eq!(world.slack_texts("general").last().map(String::as_str), Some("and this comes behind it"));
    world.settle("general", &room).await?;
    let shown = world.admin.texts(&room).await?;
    assert_eq!(
        shown.iter().filter(|text| text.contains("word0500")).count(),
        1,
        "the pieces came back as echoes"
    );
    Ok(())
}

scenario!(too_long_is_refused_with_a_reason in one);
async fn too_long_is_refused_with_a_reason(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.expect_in_log("kept as a dead letter");
    let sent = world.matrix_says(&world.admin, &room, &"x".repeat(62_000)).await?;
    let answer = world.answer_to(&world.admin, &room, &sent, "not delivered").await?;
    assert_eq!(answer.reply_to(), Some(sent.as_str()));
    assert!(answer.body().contains("characters"), "{}", answer.body());
    world.matrix_says(&world.admin, &room, "a short one follows").await?;
    world.wait_on_slack("general", "a short one follows").await?;
    Ok(())
}

scenario!(what_arrived_of_a_refused_message_is_told in fakes);
async fn what_arrived_of_a_refused_message_is_told(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.expect_in_log("kept as a dead letter");
    // The first piece is posted and its answer lost; the second is refused.
    world.slack.fail_next("chat.postMessage", Fault::DropAfter, 1);
    world.slack.fail_next("chat.postMessage", Fault::Error("msg_too_long".to_owned()), 1);
    let words: Vec<String> = (0..1_000).map(|number| format!("term{number:04}")).collect();
    let sent = world.matrix_says(&world.admin, &room, &words.join(" ")).await?;
    let answer = world.answer_to(&world.admin, &room, &sent, "Only the first part").await?;
    assert_eq!(answer.reply_to(), Some(sent.as_str()));
    let pieces = world.slack_texts("general").iter().filter(|text| text.contains("term0")).count();
    assert_eq!(pieces, 1, "what is told is not so");
    Ok(())
}

scenario!(the_beginning_of_a_refused_message_can_be_taken_back in each_homeserver);
async fn the_beginning_of_a_refused_message_can_be_taken_back(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.expect_in_log("kept as a dead letter");
    // The first piece is posted; the second is refused at once, and again when it is tried once more.
    world.slack.fail_next("chat.postMessage", Fault::Spared, 1);
    world.slack.fail_next("chat.postMessage", Fault::Error("msg_too_long".to_owned()), 2);
    let words: Vec<String> = (0..1_000).map(|number| format!("noun{number:04}")).collect();
    let sent = world.matrix_says(&world.admin, &room, &words.join(" ")).await?;
    world.answer_to(&world.admin, &room, &sent, "Only the first part").await?;
    let ts = world
        .on_slack("the first piece", |slack| {
            let pieces = slack.messages("general");
            let mut pieces = pieces.iter().filter(|one| one["text"].to_string().contains("noun0"));
            let ts = pieces.next()?["ts"].as_str()?.to_owned();
            pieces.next().is_none().then_some(ts)
        })
        .await?;
    world.plant("all that was to be said");
    world.admin.edit(&room, &sent, "all that was to be said").await?;
    assert_eq!(world.ts_of("general", "all that was to be said").await?, ts, "the edit does not find it");
    world.admin.redact(&room, &sent).await?;
    world.wait_for_gone("general", &ts).await
}
