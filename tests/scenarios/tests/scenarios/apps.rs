//! What apps post: every kind of block and attachment gives something to read, and nothing is silent.
use anyhow::Context as _;
use serde_json::{Value, json};
use testkit::user::Event;

use crate::{Result, World, scenario};

/// An app posts under its own name; answers the event that shows it.
async fn posted(world: &World, room: &str, marks: &str, message: Value) -> Result<Event> {
    let bot =
        json!({ "subtype": "bot_message", "bot_id": "B0DEPLOY01", "username": "Deploys", "user": null });
    let (mut whole, Value::Object(more)) = (bot, message) else { anyhow::bail!("no message") };
    whole.as_object_mut().context("no message")?.extend(more);
    world.slack.post_raw("alice", "general", whole)?;
    world.admin.wait_for_text_with(room, marks).await
}

fn blocks_of_all_kinds() -> Value {
    let plain = |text: &str| json!({ "type": "plain_text", "text": text });
    let words = |text: &str| json!({ "type": "mrkdwn", "text": text });
    let cell = |text: &str| json!({ "type": "raw_text", "text": text });
    json!([
        { "type": "header", "text": plain("Release 7 :rocket:") },
        { "type": "section", "text": words("*Deployed* by <@U0BOB00001>"),
          "fields": [words("*Stage*\nproduction"), words("*Took*\n4 min")],
          "accessory": { "type": "button", "action_id": "a", "text": plain("Roll back") } },
        { "type": "divider" },
        { "type": "context", "elements": [
            { "type": "image", "image_url": "https://ci.test/i.png", "alt_text": "build icon" }, words("_started by CI_"),
        ] },
        { "type": "image", "image_url": "https://ci.test/graph.png", "alt_text": "load graph", "title": plain("Load") },
        { "type": "actions", "elements": [
            { "type": "button", "action_id": "b", "text": plain("See log"), "url": "https://ci.test/log" },
            { "type": "static_select", "action_id": "c", "placeholder": plain("Choose a stage") },
        ] },
        { "type": "rich_text", "elements": [{ "type": "rich_text_section", "elements": [
            { "type": "text", "text": "rich words", "style": { "italic": true } },
        ] }] },
        { "type": "input", "label": plain("Reason"), "element": { "type": "plain_text_input", "placeholder": plain("Why?") } },
        { "type": "table", "rows": [[cell("Host"), cell("State")], [cell("web-1"), cell("up")]] },
        { "type": "markdown", "text": "**strong words** and `code`" },
        { "type": "video", "title": plain("How to deploy"), "title_url": "https://v.test/1", "alt_text": "a film",
          "video_url": "https://v.test/embed/1", "thumbnail_url": "https://v.test/1.png" },
        { "type": "hologram", "body": { "type": "mrkdwn", "text": "words in a block never seen" } },
    ])
}

scenario!(blocks_of_every_kind_can_be_read in each_homeserver);
async fn blocks_of_every_kind_can_be_read(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let message = json!({ "text": "Release 7 was deployed", "blocks": blocks_of_all_kinds() });
    let event = posted(world, &room, "Deployed", message).await?;
    let member = world.admin.state(&room, "m.room.member", &event.sender).await?;
    assert_eq!(member["displayname"], "Deploys");
    let html = event.content["formatted_body"].as_str().context("it has no formatting")?;
    for part in [
        "<h2>Release 7 🚀</h2>",
        "<strong>Deployed</strong> by <a href=",
        "<strong>Stage</strong><br>production",
        "[Roll back]",
        "<hr>",
        r#"<a href="https://ci.test/i.png">build icon</a> <em>started by CI</em>"#,
        r#"<a href="https://ci.test/graph.png">Load</a>"#,
        r#"<a href="https://ci.test/log">See log</a> [Choose a stage]"#,
        "<em>rich words</em>",
        "<strong>Reason</strong>",
        "[Why?]",
        "<th>Host</th><th>State</th>",
        "<td>web-1</td><td>up</td>",
        "<strong>strong words</strong> and <code>code</code>",
        r#"<a href="https://v.test/1">How to deploy</a>"#,
        "words in a block never seen",
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
    assert!(!html.contains("was deployed"), "the text of notifications says it a second time: {html}");
    for words in ["Release 7", "production", "web-1", "words in a block never seen"] {
        assert!(event.body().contains(words), "{words} is not in {:?}", event.body());
    }
    Ok(())
}

scenario!(attachments_of_every_kind_can_be_read in each_homeserver);
async fn attachments_of_every_kind_can_be_read(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let attachment = json!({
        "color": "danger", "fallback": "Disk full on web-1", "pretext": "An *alarm* came in",
        "author_name": "Watchdog", "author_link": "https://watch.test", "author_icon": "https://watch.test/i.png",
        "title": "Disk full", "title_link": "https://watch.test/42", "text": "only _3 %_ are left",
        "fields": [
            { "title": "Host", "value": "web-1", "short": true }, { "title": "Since", "value": "noon", "short": true },
            { "title": "What to do", "value": "clean up", "short": false },
        ],
        "thumb_url": "https://watch.test/t.png", "footer": "Watchdog 2.0", "ts": 1720710212,
        "actions": [{ "type": "button", "text": "Silence", "url": "https://watch.test/silence" }],
    });
    let event = posted(world, &room, "Disk full", json!({ "text": "", "attachments": [attachment] })).await?;
    let html = event.content["formatted_body"].as_str().context("it has no formatting")?;
    for part in [
        "<p>An <strong>alarm</strong> came in</p><blockquote>",
        r#"<a href="https://watch.test">Watchdog</a>"#,
        r#"<strong><a href="https://watch.test/42">Disk full</a></strong>"#,
        "only <em>3 %</em> are left",
        "<th>Host</th><th>Since</th>",
        "<td>web-1</td><td>noon</td>",
        "<strong>What to do</strong>",
        "clean up",
        "https://watch.test/t.png",
        "Watchdog 2.0 · 2024-07-11 15:03 UTC",
        r#"<a href="https://watch.test/silence">Silence</a>"#,
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
    Ok(())
}

/// Messages in which little or nothing can be read, and what is shown of each.
fn hardly_readable() -> Vec<(Value, &'static str)> {
    vec![
        (
            json!({ "text": "", "blocks": [{ "type": "hologram", "url": "https://odd.test/1" }] }),
            "https://odd.test/1",
        ),
        (json!({ "text": "words beside it", "blocks": [{ "type": "hologram" }] }), "words beside it"),
        (json!({ "text": "", "blocks": [{ "type": "section" }] }), "can be seen on Slack only"),
        (
            json!({ "text": "", "attachments": [{ "color": "good", "fallback": "what the old ones show" }] }),
            "what the old ones show",
        ),
        (json!({ "text": "", "attachments": [{ "color": "good" }] }), "can be seen on Slack only"),
        (
            json!({ "text": "", "attachments": [{ "image_url": "https://odd.test/i.png" }] }),
            "https://odd.test/i.png",
        ),
    ]
}

scenario!(nothing_that_an_app_posts_is_silent in each_homeserver);
async fn nothing_that_an_app_posts_is_silent(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    for (number, (message, shown)) in hardly_readable().into_iter().enumerate() {
        let mut message = message;
        message["bot_id"] = "B0DEPLOY01".into();
        message["subtype"] = "bot_message".into();
        message["username"] = "Deploys".into();
        message["user"] = json!(null);
        world.slack.post_raw("alice", "general", message)?;
        let settled = format!("after the post {number}");
        world.slack_says("carol", "general", &settled)?;
        world.admin.wait_for_text(&room, &settled).await?;
        let texts = world.admin.texts(&room).await?;
        let before = texts.iter().rev().nth(1).context("nothing is there")?;
        assert!(before.contains(shown), "{shown:?} is not the last of {texts:?}");
    }
    Ok(())
}
