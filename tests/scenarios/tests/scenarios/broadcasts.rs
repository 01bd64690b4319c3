//! Addressing everybody, and groups of people.
use serde_json::json;

use crate::{Result, World, scenario};

scenario!(a_room_mention_pings_the_channel_only_with_the_power_for_it in everywhere);
async fn a_room_mention_pings_the_channel_only_with_the_power_for_it(world: &mut World) -> Result<()> {
    world.bridge.config["slack"]["room_mentions"] = true.into();
    world.log_in().await?;
    let room = world.portal("general").await?;
    let content = |text: &str| json!({ "msgtype": "m.text", "body": text, "m.mentions": { "room": true } });

    // The login's owner has it from the beginning.
    world.give_power(&room, world.admin.user_id(), 0).await?;
    world.admin.send(&room, "m.room.message", &content("@room without power")).await?;
    let message = world.wait_on_slack("general", "@room without power").await?;
    assert!(!message["blocks"].to_string().contains("broadcast"), "{message}");

    world.give_power(&room, world.admin.user_id(), 50).await?;
    world.admin.send(&room, "m.room.message", &content("@room with power")).await?;
    let message = world.wait_on_slack("general", "<!channel> with power").await?;
    assert!(message["blocks"].to_string().contains("broadcast"), "{message}");

    // The word alone is no mention.
    world.admin.send_text(&room, "@room as a word").await?;
    world.wait_on_slack("general", "@room as a word").await?;
    Ok(())
}

scenario!(everybody_on_slack_pings_the_room_only_with_the_power_for_it in everywhere);
async fn everybody_on_slack_pings_the_room_only_with_the_power_for_it(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.slack.post_as("alice", "general", "<!channel> without power")?;
    let event = world.admin.wait_for_text(&room, "@room without power").await?;
    assert_eq!(event.content["m.mentions"], json!({}));

    world.give_power(&room, &world.ghost_id("U0ALICE001"), 50).await?;
    world.slack.post_as("alice", "general", "<!channel> with power")?;
    let event = world.admin.wait_for_text(&room, "@room with power").await?;
    assert_eq!(event.content["m.mentions"], json!({ "room": true }));

    world.slack.post_as("alice", "general", "<!here> whoever is there")?;
    let event = world.admin.wait_for_text(&room, "@here whoever is there").await?;
    assert_eq!(event.content["m.mentions"], json!({}));

    world.slack.post_as("bob", "general", "<!everyone> by another")?;
    let event = world.admin.wait_for_text(&room, "@room by another").await?;
    assert_eq!(event.content["m.mentions"], json!({}));
    Ok(())
}

scenario!(a_user_group_is_called_by_its_handle in each_homeserver);
async fn a_user_group_is_called_by_its_handle(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let group =
        json!({ "id": "S0DESIGN01", "handle": "designers", "name": "Designers", "users": ["U0BOB00001"] });
    world.slack.add_usergroup(group);
    world.slack.post_as("alice", "general", "ask <!subteam^S0DESIGN01> about it")?;
    world.admin.wait_for_text(&room, "ask @designers about it").await?;
    world.slack.change_usergroup("S0DESIGN01", &json!({ "handle": "artists" }))?;
    // The event that tells of it goes another way than messages.
    assert!(world.slack.wait_until_acknowledged(scenarios::world::LIMIT).await);
    world.slack.post_as("alice", "general", "thank <!subteam^S0DESIGN01> for it")?;
    world.admin.wait_for_text(&room, "thank @artists for it").await?;
    Ok(())
}

scenario!(only_who_is_called_is_told in each_homeserver);
async fn only_who_is_called_is_told(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let group =
        json!({ "id": "S0DESIGN01", "handle": "designers", "name": "Designers", "users": ["U0BOB00001"] });
    world.slack.add_usergroup(group);
    let admin = world.admin.user_id().to_owned();
    // Typed names, whatever they look like, call nobody; nor do groups and channels, which nobody on Matrix is in.
    let silent = [
        format!("{admin} and @bob and @room and bob"),
        "ask <!subteam^S0DESIGN01> in <#C0RANDOM01>".to_owned(),
        "https://matrix.to/#/@bob:example.org is a page".to_owned(),
        "`@channel` and &lt;@U0BOB00001&gt; are code".to_owned(),
    ];
    for (number, text) in silent.iter().enumerate() {
        world.slack.post_as("alice", "general", &format!("silent {number}: {text}"))?;
        let event = world.admin.wait_for_text_with(&room, &format!("silent {number}:")).await?;
        assert_eq!(event.content["m.mentions"], json!({}), "{text} became {}", event.content);
    }

    // What an app attaches, and what somebody passes on, calls nobody: Slack tells nobody of it either.
    let quoted = json!({ "attachments": [
        { "text": "assigned to <@U0BOB00001> <!channel>", "fields": [{ "title": "Owner", "value": "<@U0BOB00001>" }] },
        { "is_share": true, "from_url": "https://acme.slack.test/archives/C1/p1700000000000100", "author_name": "Carol",
          "text": "<@U0BOB00001> please look" },
    ] });
    world.slack.post_with("alice", "general", "about the disk", quoted)?;
    let event = world.admin.wait_for_text_with(&room, "about the disk").await?;
    assert_eq!(event.content["m.mentions"], json!({}), "{}", event.content);
    let bob = world.ghost_id("U0BOB00001");
    let html = event.content["formatted_body"].as_str().unwrap_or_default();
    assert_eq!(
        html.matches(&format!("https://matrix.to/#/{bob}")).count(),
        3,
        "he is named all the same: {html}"
    );

    // An edit tells nobody a second time.
    let ts = world.slack.post_as("alice", "general", "now <@U0BOB00001> is called")?;
    let called = world.admin.wait_for_text_with(&room, "is called").await?;
    assert_eq!(called.content["m.mentions"], json!({ "user_ids": [bob] }));
    world.slack.edit("general", &ts, "now <@U0BOB00001> was called")?;
    let edit = world.admin.wait_for_edit(&room, &called.event_id).await?;
    assert_eq!(edit.content["m.mentions"], json!({}));
    Ok(())
}
