//! Bold, lists, quotes, links, mentions: a table of samples for each direction.
use crate::{Result, World, scenario};

/// What a person types on Slack, and what is in the HTML on Matrix.
const FROM_SLACK: &[(&str, &str)] = &[
    ("some *bold* words", "<strong>bold</strong>"),
    ("some _italic_ words", "<em>italic</em>"),
    ("some ~struck~ words", "<del>struck</del>"),
    ("some `code` words", "<code>code</code>"),
    ("see <https://example.org/a|the page> there", r#"<a href="https://example.org/a">the page</a>"#),
    ("> quoted words here", "<blockquote>"),
    ("```\nlet a = 1 < 2;\n```", "<pre><code>let a = 1 &lt; 2;"),
];

scenario!(formatting_from_slack in everywhere);
async fn formatting_from_slack(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    for (typed, expected) in FROM_SLACK {
        world.slack_says("bob", "general", typed)?;
        let what = format!("{expected} for {typed:?}");
        let fits = |event: &testkit::user::Event| {
            event.content["formatted_body"].as_str().is_some_and(|html| html.contains(expected))
        };
        world.admin.wait_for_event(&room, &what, fits).await?;
    }
    Ok(())
}

scenario!(lists_from_slack in everywhere);
async fn lists_from_slack(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let item = |text: &str| serde_json::json!({ "type": "rich_text_section", "elements": [{ "type": "text", "text": text }] });
    let list = serde_json::json!({ "blocks": [{ "type": "rich_text", "elements": [
        { "type": "rich_text_list", "style": "ordered", "indent": 0, "elements": [item("first thing"), item("second thing")] },
    ] }] });
    world.slack.post_with("bob", "general", "1. first thing\n2. second thing", list)?;
    let fits = |event: &testkit::user::Event| {
        let html = event.content["formatted_body"].as_str().unwrap_or_default();
        html.contains("<ol>") && html.contains("first thing") && html.contains("second thing</")
    };
    world.admin.wait_for_event(&room, "an ordered list", fits).await?;
    Ok(())
}

/// HTML from Matrix, and the text that stands on Slack.
const FROM_MATRIX: &[(&str, &str)] = &[
    ("some <strong>bold</strong> words", "some *bold* words"),
    ("some <em>italic</em> words", "some _italic_ words"),
    ("some <del>struck</del> words", "some ~struck~ words"),
    ("some <code>code</code> words", "some `code` words"),
    (
        r#"see <a href="https://example.org/b">the page</a> there"#,
        "see <https://example.org/b|the page> there",
    ),
    ("<blockquote><p>quoted words</p></blockquote>", "&gt; quoted words"),
    ("<ul><li>one thing</li><li>another</li></ul>", "• one thing\n• another"),
    ("<ol><li>one thing</li><li>another</li></ol>", "1. one thing\n2. another"),
    ("<pre><code>let a = 1 &lt; 2;\n</code></pre>", "```\nlet a = 1 &lt; 2;\n```"),
];

scenario!(formatting_from_matrix in everywhere);
async fn formatting_from_matrix(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    for (html, expected) in FROM_MATRIX {
        world.admin.send_html(&room, "the plain form", html).await?;
        // The fake escapes a bare `>` as Slack does; the sign itself may be written either way.
        let wanted = expected.replace("&gt; ", "> ");
        let fits = |message: &serde_json::Value| {
            message["text"].as_str().is_some_and(|text| text.replace("&gt; ", "> ") == wanted)
        };
        let found = world.slack.wait_for_message("general", fits, scenarios::world::LIMIT).await;
        assert!(
            found.is_some(),
            "{html:?} did not come as {expected:?}: {:?}",
            world.slack_texts("general").last()
        );
    }
    Ok(())
}

scenario!(signs_of_slack_are_only_text in each_homeserver);
async fn signs_of_slack_are_only_text(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.admin.send_text(&room, "<!channel> <@U0BOB00001> & so on").await?;
    let message = world.wait_on_slack("general", "&lt;!channel&gt; &lt;@U0BOB00001&gt; &amp; so on").await?;
    let blocks = message["blocks"].to_string();
    assert!(
        !blocks.contains(r#""broadcast""#) && !blocks.contains(r#""type":"user""#),
        "somebody is pinged: {blocks}"
    );
    Ok(())
}

scenario!(mentions_both_ways in everywhere);
async fn mentions_both_ways(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let bob = world.ghost_id("U0BOB00001");

    world.slack.post_as("alice", "general", "please ask <@U0BOB00001> about it")?;
    let event = world.admin.wait_for_text_with(&room, "please ask").await?;
    let html = event.content["formatted_body"].as_str().unwrap_or_default();
    assert!(html.contains(&format!("https://matrix.to/#/{bob}")), "{html}");
    assert!(event.content["m.mentions"]["user_ids"].to_string().contains(&bob), "{}", event.content);

    let pill = format!(r#"and <a href="https://matrix.to/#/{bob}">Bob</a> knows"#);
    world.admin.send_html(&room, "and Bob knows", &pill).await?;
    world.wait_on_slack("general", "and <@U0BOB00001> knows").await?;
    Ok(())
}

scenario!(custom_emoji_from_matrix_are_the_workspaces_or_words in each_homeserver);
async fn custom_emoji_from_matrix_are_the_workspaces_or_words(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let emote = |name: &str| {
        format!(r#"<img data-mx-emoticon height="32" src="mxc://hs.test/{name}" alt=":{name}:">"#)
    };
    let html = format!("so {} and {}", emote("party_parrot"), emote("nobody_has_this"));
    world.admin.send_html(&room, "so :party_parrot: and :nobody_has_this:", &html).await?;
    let message = world.wait_on_slack("general", "so :party_parrot: and :nobody_has_this:").await?;
    let blocks = message["blocks"].to_string();
    assert!(blocks.contains(r#""name":"party_parrot""#), "{blocks}");
    assert!(!blocks.contains(r#""name":"nobody_has_this""#), "{blocks}");
    Ok(())
}

scenario!(a_preview_comes_with_its_message_and_is_no_edit in each_homeserver);
async fn a_preview_comes_with_its_message_and_is_no_edit(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let page = serde_json::json!({
        "from_url": "https://example.org/a", "title": "A page", "text": "What it says", "service_name": "Example",
    });
    let with = serde_json::json!({ "attachments": [page] });
    world.slack.post_with("bob", "general", "read <https://example.org/a>", with)?;
    let event = world.admin.wait_for_text_with(&room, "read https://example.org/a").await?;
    let previews = &event.content["com.beeper.linkpreviews"];
    assert_eq!(previews[0]["matched_url"], "https://example.org/a", "{}", event.content);
    assert_eq!(previews[0]["og:title"], "A page");

    let ts = world.slack_says("bob", "general", "later <https://example.org/a>")?;
    let event = world.admin.wait_for_text_with(&room, "later https://example.org/a").await?;
    world.slack.unfurl("general", &ts, page)?;
    world.settle("general", &room).await?;
    let edits = world.admin.messages(&room).await?;
    let edits = edits.iter().filter(|other| other.replaces() == Some(event.event_id.as_str())).count();
    assert_eq!(edits, 0, "a preview is shown as an edit");
    Ok(())
}
