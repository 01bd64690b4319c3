//! Emoji by name, with skin tones and under second names, both ways: in text and as reactions.
use serde_json::json;

use crate::{Result, World, scenario};

scenario!(named_emoji_from_slack_are_signs in each_homeserver);
async fn named_emoji_from_slack_are_signs(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let ts =
        world.slack_says("bob", "general", "hello :wave::skin-tone-4: :thumbsup: :satellite: :flag-de:")?;
    let event = world.admin.wait_for_text(&room, "hello 👋🏽 👍 🛰️ 🇩🇪").await?;
    assert_eq!(event.content["formatted_body"], json!(null), "plain text says it all");
    // A name that nobody has stays to be read.
    world.slack_says("bob", "general", "what is :no_such_thing_here: there")?;
    world.admin.wait_for_text(&room, "what is :no_such_thing_here: there").await?;
    for (name, sign) in [("thumbsup::skin-tone-6", "👍🏿"), ("flag-de", "🇩🇪"), ("hankey", "💩")] {
        world.slack.react_as("alice", "general", &ts, name)?;
        world.admin.wait_for_reaction(&room, &event.event_id, sign).await?;
    }
    Ok(())
}

scenario!(emoji_from_matrix_keep_their_tone in each_homeserver);
async fn emoji_from_matrix_keep_their_tone(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let event = world.matrix_says(&world.admin, &room, "signs 👋🏽 ❤️ 🇩🇪 🫱🏻‍🫲🏼").await?;
    let ts = world
        .on_slack("the signs", |slack| {
            let message = slack
                .messages("general")
                .into_iter()
                .find(|one| one["text"].to_string().contains("signs "))?;
            let text = message["text"].as_str()?;
            assert!(text.contains("👋🏽") || text.contains(":wave::skin-tone-4:"), "{text}");
            assert!(text.contains("🇩🇪") || text.contains(":flag-de:"), "{text}");
            Some(message["ts"].as_str()?.to_owned())
        })
        .await?;
    // Slack wants names of what people react with; variation selectors come and go between programs.
    for (key, name) in [("👍🏿", "+1::skin-tone-6"), ("❤", "heart"), ("🇩🇪", "de"), ("💩", "hankey")]
    {
        let reaction = world.admin.react(&room, &event, key).await?;
        let has = |slack: &fake_slack::Workspace, is: bool| {
            (slack.reactions("general", &ts).contains_key(name) == is).then_some(())
        };
        world.on_slack(name, |slack| has(slack, true)).await?;
        world.admin.redact(&room, &reaction).await?;
        world.on_slack(&format!("{name} to be gone"), |slack| has(slack, false)).await?;
    }
    Ok(())
}

scenario!(a_workspaces_own_emoji_is_a_reaction_by_its_name in each_homeserver);
async fn a_workspaces_own_emoji_is_a_reaction_by_its_name(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let picture = format!("{}/avatars/U0ALICE001.png", world.slack.web_url().trim_end_matches('/'));
    world.slack.add_emoji("partyparrot", &picture);
    let ts = world.slack_says("alice", "general", "dance with me")?;
    let event = world.admin.wait_for_text(&room, "dance with me").await?.event_id;
    // As people on Matrix have it: the picture that somebody on Slack reacted with, taken up by its address…
    world.slack.react_as("bob", "general", &ts, "partyparrot")?;
    let theirs = world
        .admin
        .wait_for_event(&room, "their reaction", |other| other.reaction().is_some_and(|(to, _)| to == event))
        .await?;
    let key = theirs.reaction().map(|(_, key)| key.to_owned()).unwrap_or_default();
    let bot = world.slack.app().bot_user_id;
    let reacted = |slack: &fake_slack::Workspace, ts: &str, is: bool| {
        let who = slack.reactions("general", ts).get("partyparrot").cloned().unwrap_or_default();
        (who.contains(&bot) == is).then_some(())
    };
    let mine = world.admin.react(&room, &event, &key).await?;
    world.on_slack("the parrot of the app", |slack| reacted(slack, &ts, true)).await?;
    world.admin.redact(&room, &mine).await?;
    world.on_slack("the parrot to be taken back", |slack| reacted(slack, &ts, false)).await?;
    // …or a picture of their own under the same name.
    let relation = json!({ "rel_type": "m.annotation", "event_id": event, "key": "mxc://hs.test/parrot" });
    let content = json!({ "m.relates_to": relation, "shortcode": ":partyparrot:" });
    world.admin.send(&room, "m.reaction", &content).await?;
    world.on_slack("the parrot by its name", |slack| reacted(slack, &ts, true)).await?;
    Ok(())
}
