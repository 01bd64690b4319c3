//! Headings, rules, tables, spoilers, nested lists and code: what goes beyond running text, both ways.
use anyhow::Context as _;
use serde_json::{Value, json};

use crate::{Result, World, scenario};

/// Running text in rich text blocks.
fn section(text: &str) -> Value {
    json!({ "type": "rich_text_section", "elements": [{ "type": "text", "text": text }] })
}

scenario!(headings_rules_and_tables_from_slack in each_homeserver);
async fn headings_rules_and_tables_from_slack(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let cell = |text: &str| json!({ "type": "raw_text", "text": text });
    let rich = json!({ "type": "rich_text", "elements": [{ "type": "rich_text_section", "elements": [
        { "type": "text", "text": "seven", "style": { "bold": true } },
    ] }] });
    let blocks = json!([
        { "type": "header", "text": { "type": "plain_text", "text": "Stock :tada:" } },
        { "type": "divider" },
        { "type": "table", "rows": [[cell("Fruit"), cell("Count")], [cell("Apples"), rich]] },
    ]);
    world.slack.post_with("bob", "general", "Stock", json!({ "blocks": blocks }))?;
    let event = world.admin.wait_for_text_with(&room, "Stock").await?;
    let html = event.content["formatted_body"].as_str().context("it has no formatting")?;
    let table = "<table><thead><tr><th>Fruit</th><th>Count</th></tr></thead>\
                 <tbody><tr><td>Apples</td><td><strong>seven</strong></td></tr></tbody></table>";
    assert_eq!(html, format!("<h2>Stock 🎉</h2><hr>{table}"));
    // Whoever sees the plain text only finds each cell in it, too.
    for words in ["Stock", "Fruit", "Count", "Apples", "seven"] {
        assert!(event.body().contains(words), "{words} is not in {:?}", event.body());
    }

    let markdown =
        json!([{ "type": "markdown", "text": "# Plan\n\n1. one\n\n---\n\n| a | b |\n|---|---|\n| 1 | 2 |" }]);
    world.slack.post_with("bob", "general", "Plan", json!({ "blocks": markdown }))?;
    let event = world.admin.wait_for_text_with(&room, "Plan").await?;
    let html = event.content["formatted_body"].as_str().context("it has no formatting")?;
    for part in ["<h1>Plan</h1>", "<ol>", "<hr>", "<td>2</td>"] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
    Ok(())
}

scenario!(lists_quotes_and_code_from_slack in each_homeserver);
async fn lists_quotes_and_code_from_slack(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let list = |style: &str, indent: u8, items: Vec<Value>| json!({ "type": "rich_text_list", "style": style, "indent": indent, "elements": items });
    let elements = json!([
        list("bullet", 0, vec![section("fruit")]),
        list("ordered", 1, vec![section("apples"), section("plums")]),
        list("bullet", 0, vec![section("bread")]),
        { "type": "rich_text_quote", "elements": [{ "type": "text", "text": "as was said" }] },
        { "type": "rich_text_preformatted", "language": "rust", "elements": [{ "type": "text", "text": "fn a() -> u8 { 1 }" }] },
    ]);
    let blocks = json!([{ "type": "rich_text", "elements": elements }]);
    world.slack.post_with("bob", "general", "fruit", json!({ "blocks": blocks }))?;
    let event = world.admin.wait_for_text_with(&room, "plums").await?;
    assert_eq!(
        event.content["formatted_body"],
        "<ul><li>fruit<ol><li>apples</li><li>plums</li></ol></li><li>bread</li></ul>\
         <blockquote>as was said</blockquote>\
         <pre><code class=\"language-rust\">fn a() -&gt; u8 { 1 }\n</code></pre>"
    );
    Ok(())
}

/// HTML from Matrix, the text that stands on Slack, and what must be in its blocks.
const TO_SLACK: &[(&str, &str, &[&str])] = &[
    ("<h2>A title</h2><p>below it</p>", "*A title*\n\nbelow it", &[r#""bold":true"#]),
    ("<p>above</p><hr><p>beneath</p>", "above\n\n──────────\n\nbeneath", &[]),
    (
        "<table><thead><tr><th>name</th><th>age</th></tr></thead>\
         <tbody><tr><td>Alice</td><td>30</td></tr></tbody></table>",
        "```\nname  | age\n------+----\nAlice | 30\n```",
        &["rich_text_preformatted"],
    ),
    (
        "the killer is <span data-mx-spoiler>the gardener</span>",
        "the killer is [spoiler: the gardener]",
        &["[spoiler: the gardener]"],
    ),
    (
        "<ul><li>fruit<ol><li>apples</li><li>plums</li></ol></li><li>bread</li></ul>",
        "• fruit\n    1. apples\n    2. plums\n• bread",
        &[r#""style":"ordered""#, r#""indent":1"#],
    ),
    (r#"<ol start="3"><li>third</li><li>fourth</li></ol>"#, "3. third\n4. fourth", &[r#""offset":2"#]),
    (
        "<blockquote><p>what was said</p></blockquote><p>my answer</p>",
        "&gt; what was said\n\nmy answer",
        &["rich_text_quote"],
    ),
    (
        r#"<pre><code class="language-rust">fn main() {}</code></pre>"#,
        "```\nfn main() {}\n```",
        &["rich_text_preformatted", r#""language":"rust""#],
    ),
];

scenario!(headings_tables_lists_and_code_from_matrix in each_homeserver);
async fn headings_tables_lists_and_code_from_matrix(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    for (html, text, parts) in TO_SLACK {
        world.admin.send_html(&room, "the plain form", html).await?;
        let message = world.wait_on_slack("general", text).await?;
        let blocks = message["blocks"].to_string();
        for part in *parts {
            assert!(blocks.contains(part), "{part} is not in {blocks}");
        }
    }
    Ok(())
}
