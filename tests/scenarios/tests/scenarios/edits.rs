//! Changed and deleted messages, both ways.
use crate::{Result, World, scenario};

scenario!(an_edit_on_slack_changes_the_event in everywhere);
async fn an_edit_on_slack_changes_the_event(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let ts = world.slack_says("alice", "general", "the first wording")?;
    let event = world.admin.wait_for_text(&room, "the first wording").await?;
    world.plant("the second wording");
    world.slack.edit("general", &ts, "the second wording")?;
    let edit = world.admin.wait_for_edit(&room, &event.event_id).await?;
    assert_eq!(edit.content["m.new_content"]["body"], "the second wording");
    assert_eq!(edit.sender, event.sender);
    Ok(())
}

scenario!(an_edit_on_matrix_changes_the_message in everywhere);
async fn an_edit_on_matrix_changes_the_message(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let event = world.matrix_says(&world.admin, &room, "what I said first").await?;
    let ts = world.ts_of("general", "what I said first").await?;
    world.plant("what I say now");
    world.admin.edit(&room, &event, "what I say now").await?;
    assert_eq!(world.ts_of("general", "what I say now").await?, ts, "the same message");
    world.settle("general", &room).await?;
    let events = world.admin.messages(&room).await?;
    let edits = events.iter().filter(|edit| edit.replaces() == Some(&event));
    assert_eq!(edits.count(), 1, "the edit's echo is none of its own");
    Ok(())
}

scenario!(a_deletion_on_slack_redacts_the_event in everywhere);
async fn a_deletion_on_slack_redacts_the_event(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let ts = world.slack_says("alice", "general", "a word too much")?;
    let event = world.admin.wait_for_text(&room, "a word too much").await?;
    world.slack.delete("general", &ts)?;
    world.admin.wait_for_redaction(&room, &event.event_id).await?;
    Ok(())
}

scenario!(a_redaction_on_matrix_deletes_every_part in everywhere);
async fn a_redaction_on_matrix_deletes_every_part(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let long = "one line of many\n".repeat(400);
    let event = world.admin.send_text(&room, long.trim_end()).await?;
    let parts = world
        .on_slack("both parts", |slack| {
            let parts: Vec<String> = slack
                .messages("general")
                .iter()
                .filter(|message| {
                    message["text"].as_str().is_some_and(|text| text.contains("one line of many"))
                })
                .filter_map(|message| Some(message["ts"].as_str()?.to_owned()))
                .collect();
            (parts.len() == 2).then_some(parts)
        })
        .await?;
    world.settle("general", &room).await?;
    world.admin.redact(&room, &event).await?;
    for ts in parts {
        world.wait_for_gone("general", &ts).await?;
    }
    Ok(())
}

scenario!(a_deletion_on_slack_of_a_relayed_message_redacts_it in each_homeserver);
async fn a_deletion_on_slack_of_a_relayed_message_redacts_it(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let event = world.matrix_says(&world.admin, &room, "moderated over there").await?;
    let ts = world.ts_of("general", "moderated over there").await?;
    world.settle("general", &room).await?;
    world.slack.delete("general", &ts)?;
    world.admin.wait_for_redaction(&room, &event).await?;
    Ok(())
}

scenario!(an_edit_by_somebody_else_comes_from_the_author in each_homeserver);
async fn an_edit_by_somebody_else_comes_from_the_author(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let ts = world.slack_says("alice", "general", "as alice wrote it")?;
    let event = world.admin.wait_for_text(&room, "as alice wrote it").await?;
    world.plant("as bob left it");
    let message = |text: &str, user: &str| serde_json::json!({ "type": "message", "user": user, "text": text, "ts": ts });
    let mut after = message("as bob left it", "U0BOB00001");
    after["edited"] = serde_json::json!({ "user": "U0BOB00001", "ts": "1900000000.000100" });
    world.slack.send_event(&serde_json::json!({
        "type": "message", "subtype": "message_changed", "hidden": true, "channel": "C0GENERAL1",
        "channel_type": "channel", "ts": "1900000000.000200", "event_ts": "1900000000.000200",
        "message": after, "previous_message": message("as alice wrote it", "U0ALICE001"),
    }));
    let edit = world.admin.wait_for_edit(&room, &event.event_id).await?;
    // From anybody else clients would not take it.
    assert_eq!(edit.sender, event.sender);
    assert_eq!(edit.content["m.new_content"]["body"], "as bob left it");
    Ok(())
}

scenario!(a_deleted_beginning_leaves_its_thread in each_homeserver);
async fn a_deleted_beginning_leaves_its_thread(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let ts = world.slack_says("alice", "general", "what began it all")?;
    let beginning = world.admin.wait_for_text(&room, "what began it all").await?.event_id;
    world.plant("an answer that stays");
    let answer = world.slack.reply_as("bob", "general", &ts, "an answer that stays")?;
    let stays = world.admin.wait_for_text(&room, "an answer that stays").await?;
    // On Slack a placeholder is left, as long as there are answers.
    world.slack.delete("general", &ts)?;
    world.admin.wait_for_redaction(&room, &beginning).await?;
    world.plant("one more answer");
    world.slack.reply_as("carol", "general", &ts, "one more answer")?;
    let more = world.admin.wait_for_text(&room, "one more answer").await?;
    assert_eq!(more.thread(), Some(beginning.as_str()), "it stays in the thread");
    world.plant("an answer from Matrix");
    world.admin.send_in_thread(&room, &beginning, "an answer from Matrix").await?;
    assert_eq!(world.wait_on_slack("general", "an answer from Matrix").await?["thread_ts"], ts);
    world.settle("general", &room).await?;
    let shown = world.admin.messages(&room).await?;
    assert!(!shown.iter().any(|event| event.body().contains("was deleted")), "the placeholder is shown");
    assert!(!world.admin.event(&room, &stays.event_id).await?.is_redacted(), "the answer went, too");
    world.slack.delete("general", &answer)?;
    world.admin.wait_for_redaction(&room, &stays.event_id).await?;
    Ok(())
}

scenario!(a_file_that_somebody_else_shows_again_stays in each_homeserver);
async fn a_file_that_somebody_else_shows_again_stays(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.admin.send_file(&room, "plan.txt", "text/plain", b"the plan".to_vec()).await?;
    let find = |slack: &fake_slack::Workspace| slack.files().into_iter().find(|file| !file.shares.is_empty());
    let file = world.on_slack("the file", find).await?;
    world.settle("general", &room).await?;
    world.slack.share_file_as("carol", "general", &file.id, "look at this")?;
    let shown = world.admin.wait_for_text(&room, "look at this").await?;
    world.admin.redact(&room, &shown.event_id).await?;
    world.admin.wait_for_text_with(&room, "only messages that the bridge itself sent").await?;
    let file = world.slack.files().remove(0);
    assert!(file.visible && world.slack.call_count("files.delete") == 0, "{file:?}");
    Ok(())
}
