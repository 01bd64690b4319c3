//! Links to messages and rooms, which lead to their counterpart on the other side.
use anyhow::Context as _;

use crate::{Result, World, scenario};

/// The permalink of a message of the fake workspace.
fn permalink(world: &World, channel: &str, ts: &str) -> Result<String> {
    let channel = world.slack.channel(channel, "alice")?;
    let id = channel["id"].as_str().context("a channel without an id")?;
    Ok(format!("{}archives/{id}/p{}", world.slack.team_url(), ts.replace('.', "")))
}

/// The link to an event, as Element writes it.
fn event_link(world: &World, room: &str, event_id: &str) -> String {
    format!("https://matrix.to/#/{room}/{event_id}?via={}", world.appservice.server_name)
}

fn hrefs(event: &testkit::user::Event) -> Vec<String> {
    let html = event.content["formatted_body"].as_str().unwrap_or_default();
    html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

scenario!(a_permalink_from_slack_leads_to_the_event in everywhere);
async fn a_permalink_from_slack_leads_to_the_event(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let other_room = world.portal("random").await?;
    let ts = world.slack_says("alice", "general", "the first of many")?;
    let shown = world.admin.wait_for_text(&room, "the first of many").await?;
    let link = permalink(world, "general", &ts)?;

    world.slack.post_as("bob", "random", &format!("as said <{link}|over there>"))?;
    let event = world.admin.wait_for_text_with(&other_room, "as said").await?;
    assert_eq!(hrefs(&event), [event_link(world, &room, &shown.event_id)], "{}", event.content);
    assert_eq!(event.body(), "as said over there");

    // A message of a thread, whose link names the thread, too; and what Matrix wrote.
    let reply = world.slack.reply_as("bob", "general", &ts, "an answer below it")?;
    let below = world.admin.wait_for_text(&room, "an answer below it").await?;
    let link = format!("{}?thread_ts={ts}&cid=C1", permalink(world, "general", &reply)?);
    world.slack.post_as("carol", "random", &format!("and later <{link}>"))?;
    let event = world.admin.wait_for_text_with(&other_room, "and later").await?;
    assert_eq!(hrefs(&event), [event_link(world, &room, &below.event_id)], "{}", event.content);
    assert!(!event.body().contains("slack.com"), "{}", event.body());

    let own = world.matrix_says(&world.admin, &room, "something from Matrix").await?;
    let message = world.wait_on_slack("general", "something from Matrix").await?;
    let link = permalink(world, "general", message["ts"].as_str().unwrap_or_default())?;
    world.slack.post_as("carol", "random", &format!("they wrote <{link}|this>"))?;
    let event = world.admin.wait_for_text_with(&other_room, "they wrote").await?;
    assert_eq!(hrefs(&event), [event_link(world, &room, &own)], "{}", event.content);

    // What is not shown on Matrix is found on Slack only.
    let unknown = permalink(world, "general", "1500000000.000100")?;
    world.slack.post_as("carol", "random", &format!("long ago <{unknown}|there was this>"))?;
    let event = world.admin.wait_for_text_with(&other_room, "long ago").await?;
    assert_eq!(hrefs(&event), [unknown], "{}", event.content);
    Ok(())
}

scenario!(a_link_to_an_event_is_a_permalink_on_slack in everywhere);
async fn a_link_to_an_event_is_a_permalink_on_slack(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let other_room = world.portal("random").await?;
    let ts = world.slack_says("alice", "general", "the first of many")?;
    let shown = world.admin.wait_for_text(&room, "the first of many").await?;
    let reply = world.slack.reply_as("bob", "general", &ts, "an answer below it")?;
    let below = world.admin.wait_for_text(&room, "an answer below it").await?;
    let own = world.matrix_says(&world.admin, &room, "something from Matrix").await?;
    let sent = world.wait_on_slack("general", "something from Matrix").await?;

    let link = event_link(world, &room, &shown.event_id);
    let html = format!(r#"as said <a href="{link}">over there</a>"#);
    world.admin.send_html(&other_room, "as said over there", &html).await?;
    let wanted = permalink(world, "general", &ts)?;
    world.wait_on_slack("random", &format!("as said <{wanted}|over there>")).await?;

    world.admin.send_text(&other_room, &format!("bare {link} here")).await?;
    world.wait_on_slack("random", &format!("bare <{wanted}> here")).await?;

    let (bare_room, bare_event) = (&room[1..], &shown.event_id[1..]);
    let html = format!(r#"new <a href="matrix:roomid/{bare_room}/e/{bare_event}">style</a>"#);
    world.admin.send_html(&other_room, "new style", &html).await?;
    world.wait_on_slack("random", &format!("new <{wanted}|style>")).await?;

    let html = format!(r#"below <a href="{}">it</a>"#, event_link(world, &room, &below.event_id));
    world.admin.send_html(&other_room, "below it", &html).await?;
    let channel = world.slack.channel("general", "alice")?;
    let cid = channel["id"].as_str().unwrap_or_default();
    let of_reply = format!("{}?thread_ts={ts}&amp;cid={cid}", permalink(world, "general", &reply)?);
    world.wait_on_slack("random", &format!("below <{of_reply}|it>")).await?;

    let html = format!(r#"mine <a href="{}">too</a>"#, event_link(world, &room, &own));
    world.admin.send_html(&other_room, "mine too", &html).await?;
    let of_own = permalink(world, "general", sent["ts"].as_str().unwrap_or_default())?;
    world.wait_on_slack("random", &format!("mine <{of_own}|too>")).await?;

    let unknown = event_link(world, &room, "$nobodyknowsthisone");
    let html = format!(r#"not <a href="{unknown}">bridged</a>"#);
    world.admin.send_html(&other_room, "not bridged", &html).await?;
    world.wait_on_slack("random", &format!("not <{unknown}|bridged>")).await?;
    Ok(())
}

scenario!(links_to_rooms_lead_to_channels_and_back in everywhere);
async fn links_to_rooms_lead_to_channels_and_back(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let other_room = world.portal("random").await?;
    let channel = world.slack.channel("general", "alice")?;
    let id = channel["id"].as_str().context("a channel without an id")?.to_owned();

    world.slack.post_as("bob", "random", &format!("come to <#{id}> please"))?;
    let event = world.admin.wait_for_text(&other_room, "come to #general please").await?;
    let server = &world.appservice.server_name;
    assert_eq!(hrefs(&event), [format!("https://matrix.to/#/{room}?via={server}")], "{}", event.content);

    // A channel that nobody bridged is called by its name.
    let secret = world.slack.channel("secret-plans", "alice")?;
    let secret = secret["id"].as_str().context("a channel without an id")?;
    world.slack.post_as("bob", "random", &format!("not to <#{secret}>"))?;
    let event = world.admin.wait_for_text(&other_room, "not to #secret-plans").await?;
    assert_eq!(hrefs(&event), Vec::<String>::new());

    for (words, address) in [
        ("by its id", format!("https://matrix.to/#/{room}?via={server}")),
        ("by its alias", format!("https://matrix.to/#/{}", world.alias("general")?)),
        ("by scheme", format!("matrix:roomid/{}", &room[1..])),
    ] {
        let html = format!(r#"<a href="{address}">general</a> {words}"#);
        world.admin.send_html(&other_room, "general", &html).await?;
        world.wait_on_slack("random", &format!("<#{id}> {words}")).await?;
    }

    let alias = world.add_alias(&room).await?;
    let html = format!(r#"<a href="https://matrix.to/#/{alias}">{alias}</a> by a second alias"#);
    world.admin.send_html(&other_room, &alias, &html).await?;
    world.wait_on_slack("random", &format!("<#{id}> by a second alias")).await?;

    let nowhere = format!("https://matrix.to/#/#nowhere:{server}");
    let html = format!(r#"<a href="{nowhere}">nowhere</a> to be found"#);
    world.admin.send_html(&other_room, "nowhere", &html).await?;
    world.wait_on_slack("random", &format!("<{nowhere}|nowhere> to be found")).await?;
    Ok(())
}
