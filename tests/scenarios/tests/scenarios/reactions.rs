//! Reactions, both ways.
use crate::{Result, World, scenario};

scenario!(a_reaction_on_slack_comes_and_goes in everywhere);
async fn a_reaction_on_slack_comes_and_goes(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let ts = world.slack_says("alice", "general", "who is coming?")?;
    let event = world.admin.wait_for_text(&room, "who is coming?").await?;
    world.slack.react_as("bob", "general", &ts, "thumbsup")?;
    let reaction = world.admin.wait_for_reaction(&room, &event.event_id, "👍").await?;
    assert_eq!(reaction.sender, world.ghost_id("U0BOB00001"));
    world.slack.unreact_as("bob", "general", &ts, "thumbsup")?;
    world.admin.wait_for_redaction(&room, &reaction.event_id).await?;
    Ok(())
}

scenario!(reactions_on_matrix_are_counted in everywhere);
async fn reactions_on_matrix_are_counted(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let ada = world.person("ada").await?;
    world.take_in(&room, &ada).await?;
    let ts = world.slack_says("alice", "general", "react to this")?;
    let event = world.admin.wait_for_text(&room, "react to this").await?.event_id;
    let has = |slack: &fake_slack::Workspace, is: bool| {
        (slack.reactions("general", &ts).contains_key("tada") == is).then_some(())
    };
    let first = world.admin.react(&room, &event, "🎉").await?;
    world.on_slack("the reaction", |slack| has(slack, true)).await?;
    let second = ada.react(&room, &event, "🎉").await?;
    let named = |slack: &fake_slack::Workspace, names: usize| {
        let thread = slack.thread("general", &ts);
        let note = thread.iter().skip(1).find_map(|message| message["text"].as_str().map(str::to_owned))?;
        (note.contains("🎉") || note.contains(":tada:")).then_some(())?;
        (note.matches(',').count() + 1 == names).then_some(note)
    };
    world.on_slack("both names in the note", |slack| named(slack, 2)).await?;
    world.admin.redact(&room, &first).await?;
    world.on_slack("one name in the note", |slack| named(slack, 1)).await?;
    world.on_slack("the reaction still there", |slack| has(slack, true)).await?;
    ada.redact(&room, &second).await?;
    world.on_slack("no reaction", |slack| has(slack, false)).await?;
    world.on_slack("no note", |slack| (slack.thread("general", &ts).len() <= 1).then_some(())).await?;
    world.settle("general", &room).await?;
    let echoes = world.admin.messages(&room).await?;
    let bot = world.bot_id();
    assert!(!echoes.iter().any(|event| event.kind == "m.reaction" && event.sender == bot), "its own echo");
    Ok(())
}

scenario!(a_custom_emoji_is_a_picture in each_homeserver);
async fn a_custom_emoji_is_a_picture(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let picture = format!("{}/avatars/U0ALICE001.png", world.slack.web_url().trim_end_matches('/'));
    world.slack.add_emoji("partyparrot", &picture);
    let ts = world.slack_says("alice", "general", "look at :partyparrot: go")?;
    let event = world
        .admin
        .wait_for_event(&room, "the picture", |event| {
            event.content["formatted_body"].as_str().is_some_and(|html| html.contains("data-mx-emoticon"))
        })
        .await?;
    assert!(event.body().contains(":partyparrot:"), "{}", event.body());
    world.slack.react_as("bob", "general", &ts, "partyparrot")?;
    let reaction = world
        .admin
        .wait_for_event(&room, "a reaction", |other| {
            other.reaction().is_some_and(|(to, _)| to == event.event_id)
        })
        .await?;
    assert!(reaction.reaction().is_some_and(|(_, key)| key.starts_with("mxc://")), "{reaction:?}");
    Ok(())
}

scenario!(with_a_message_goes_the_note_about_its_reactions in each_homeserver);
async fn with_a_message_goes_the_note_about_its_reactions(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let theirs = world.slack_says("alice", "general", "gone on Slack soon")?;
    let their_event = world.admin.wait_for_text(&room, "gone on Slack soon").await?.event_id;
    let own_event = world.matrix_says(&world.admin, &room, "gone on Matrix soon").await?;
    let own = world.ts_of("general", "gone on Matrix soon").await?;
    for (event, ts) in [(&their_event, &theirs), (&own_event, &own)] {
        world.admin.react(&room, event, "🎉").await?;
        world.on_slack("the note", |slack| (slack.thread("general", ts).len() == 2).then_some(())).await?;
    }
    world.settle("general", &room).await?;
    world.slack.delete("general", &theirs)?;
    world.admin.wait_for_redaction(&room, &their_event).await?;
    world.admin.redact(&room, &own_event).await?;
    let is_left = |message: &serde_json::Value| {
        [&theirs, &own].into_iter().any(|ts| message["ts"] == **ts || message["thread_ts"] == **ts)
    };
    world
        .on_slack("both to be gone with their notes", |slack| {
            (!slack.messages("general").iter().any(is_left)).then_some(())
        })
        .await?;
    Ok(())
}
