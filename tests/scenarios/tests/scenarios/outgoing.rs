//! Everything that people do on Matrix crosses to Slack: edits, deletions, reactions, threads, files.
use scenarios::world::LIMIT;
use serde_json::{Value, json};

use crate::{Result, World, scenario};

/// Waits until #general on Slack is as expected.
async fn wait_for(world: &World, what: &str, fits: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let found = world.slack.wait_until(LIMIT, |slack| {
        let messages = slack.messages("general");
        fits(&messages).then_some(messages)
    });
    match found.await {
        Some(messages) => messages,
        None => panic!("{what}: {:#?}", world.slack.messages("general")),
    }
}

scenario!(what_is_changed_on_matrix_changes_on_slack in each_homeserver);
async fn what_is_changed_on_matrix_changes_on_slack(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let dora = world.person("dora").await?;
    dora.set_display_name("Dora Deer").await?;
    world.take_in(&room, &dora).await?;

    let lunch = world.matrix_says(&dora, &room, "lunhc at noon").await?;
    let posted = world.wait_on_slack("general", "lunhc at noon").await?;
    let ts = posted["ts"].as_str().unwrap_or_default().to_owned();
    dora.edit(&room, &lunch, "lunch at noon").await?;
    let has = |messages: &[Value], text: &str| {
        messages.iter().any(|one| one["ts"] == ts.as_str() && one["text"] == text)
    };
    wait_for(world, "the edit", |messages| has(messages, "lunch at noon")).await;

    let reaction = dora.react(&room, &lunch, "👍").await?;
    let note = |messages: &[Value]| {
        let text = ":+1: Dora Deer";
        messages.iter().any(|one| one["thread_ts"] == ts.as_str() && one["text"] == text)
    };
    wait_for(world, "the note about the reaction", note).await;
    assert_eq!(world.slack.reactions("general", &ts).keys().collect::<Vec<_>>(), ["+1"]);
    dora.redact(&room, &reaction).await?;
    wait_for(world, "the note's end", |messages| !note(messages)).await;
    assert!(world.slack.reactions("general", &ts).is_empty());

    dora.send_in_thread(&room, &lunch, "or at one").await?;
    let in_thread = |messages: &[Value]| {
        messages.iter().any(|one| one["thread_ts"] == ts.as_str() && one["text"] == "or at one")
    };
    wait_for(world, "the answer in the thread", in_thread).await;

    let again = world.matrix_says(&dora, &room, "never mind").await?;
    world.wait_on_slack("general", "never mind").await?;
    dora.redact(&room, &again).await?;
    wait_for(world, "the deletion", |messages| !messages.iter().any(|one| one["text"] == "never mind")).await;
    Ok(())
}

scenario!(files_from_matrix_arrive_once in each_homeserver);
async fn files_from_matrix_arrive_once(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let dora = world.person("dora").await?;
    dora.set_display_name("Dora Deer").await?;
    world.take_in(&room, &dora).await?;

    let bytes = b"\x89PNG\r\n\x1a\n as far as anyone looks".to_vec();
    let mxc = dora.upload("cat.png", "image/png", bytes.clone()).await?;
    let content = json!({
        "msgtype": "m.image", "body": "look", "filename": "cat.png", "url": mxc,
        "info": { "mimetype": "image/png", "size": bytes.len() },
    });
    dora.send(&room, "m.room.message", &content).await?;
    let shown = |messages: &[Value]| messages.iter().any(|one| one["files"][0]["name"] == "cat.png");
    let messages = wait_for(world, "the file", shown).await;
    let file = messages.iter().find(|one| one["files"].is_array()).expect("it is there");
    assert_eq!(
        (&file["text"], &file["files"][0]["size"]),
        (&json!("*Dora Deer*: look"), &json!(bytes.len()))
    );

    // Its echo is not shown: what is said behind it is the next thing in the room.
    world.slack_says("alice", "general", "a fine cat")?;
    world.admin.wait_for_text(&room, "a fine cat").await?;
    let names =
        world.admin.messages(&room).await?.into_iter().filter(|event| event.content["filename"] == "cat.png");
    assert_eq!(names.count(), 1);
    assert_eq!(world.slack.files().len(), 1);
    Ok(())
}
