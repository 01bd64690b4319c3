//! A tour of what crosses besides text: an edit, a thread, reactions, a custom emoji and a file.
use anyhow::Context as _;
use testkit::user::Event;

use super::names;
use super::transcript::{Side, Transcript};
use crate::{Result, World};

const PLACE: &str = "#general";
const ALICE: &str = "alice";
const BOB: &str = "bob";
/// The name of the workspace's own emoji.
const EMOJI: &str = "partyparrot";
const FILE: &[u8] = b"1. soup\n2. noodles\n";

/// Lets people do things on both sides and waits until each has crossed.
pub(super) async fn take(world: &World, room: &str, transcript: &Transcript) -> Result<()> {
    let ts = edit_and_thread(world, room, transcript).await.context("edits and threads")?;
    reactions(world, room, &ts, transcript).await.context("reactions")?;
    file(world, room, transcript).await.context("files")
}

/// An edit on Slack and a thread on both sides; answers the `ts` of the message.
async fn edit_and_thread(world: &World, room: &str, transcript: &Transcript) -> Result<String> {
    let ts = world.slack.post_as("alice", "general", "Lunch at eleven?")?;
    let event = world.admin.wait_for_text(room, "Lunch at eleven?").await?;
    world.slack.edit("general", &ts, "Lunch at noon?")?;
    transcript.said(Side::Slack, PLACE, ALICE, "Lunch at noon? (edited)");
    let edit = world.admin.wait_for_edit(room, &event.event_id).await?;
    let new = edit.content["m.new_content"]["body"].as_str().unwrap_or_default();
    transcript.said(Side::Matrix, PLACE, ALICE, &format!("{new} (edited)"));

    world.slack.reply_as("bob", "general", &ts, "Yes!")?;
    transcript.said(Side::Slack, PLACE, BOB, "Yes! (in the thread)");
    let in_thread = |reply: &Event| reply.body() == "Yes!" && reply.thread() == Some(&*event.event_id);
    world.admin.wait_for_event(room, "the reply in the thread", in_thread).await?;
    transcript.said(Side::Matrix, PLACE, BOB, "Yes! (in the thread)");
    world.admin.send_in_thread(room, &event.event_id, "I come, too.").await?;
    let you = names::visitor(world).await;
    transcript.said(Side::Matrix, PLACE, &you, "I come, too. (in the thread)");
    let arrived = |slack: &fake_slack::Workspace| {
        slack.thread("general", &ts).into_iter().find(|message| message["text"] == "I come, too.")
    };
    world.on_slack("the answer in the thread", arrived).await?;
    transcript.said(Side::Slack, PLACE, &you, "I come, too. (in the thread)");
    Ok(ts)
}

/// A custom emoji from Slack and a reaction from Matrix.
async fn reactions(world: &World, room: &str, ts: &str, transcript: &Transcript) -> Result<()> {
    let picture = format!("{}avatars/U0ALICE001.png", world.slack.web_url());
    world.slack.add_emoji(EMOJI, &picture);
    world.slack.react_as("bob", "general", ts, EMOJI)?;
    transcript.said(Side::Slack, PLACE, BOB, &format!("reacts with :{EMOJI}:"));
    let is_picture = |event: &Event| event.reaction().is_some_and(|(_, key)| key.starts_with("mxc://"));
    let reaction = world.admin.wait_for_event(room, "the custom emoji", is_picture).await?;
    transcript.said(Side::Matrix, PLACE, BOB, "reacts with its picture");
    let (target, _) = reaction.reaction().context("no reaction")?;
    world.admin.react(room, target, "👍").await?;
    transcript.said(Side::Matrix, PLACE, &names::visitor(world).await, "reacts with 👍");
    let has = |slack: &fake_slack::Workspace| slack.reactions("general", ts).contains_key("+1").then_some(());
    world.on_slack("the reaction", has).await?;
    transcript.said(
        Side::Slack,
        PLACE,
        "Matrix Bridge",
        "reacts with 👍 and notes in the thread whose it is",
    );
    Ok(())
}

/// A file each way.
async fn file(world: &World, room: &str, transcript: &Transcript) -> Result<()> {
    world.slack.upload_as("alice", "general", "menu.txt", FILE, "what there is")?;
    transcript.said(Side::Slack, PLACE, ALICE, "shares menu.txt: what there is");
    let is_file = |event: &Event| event.content["filename"] == "menu.txt";
    let event = world.admin.wait_for_event(room, "the file", is_file).await?;
    transcript.said(Side::Matrix, PLACE, ALICE, &format!("shares menu.txt: {}", event.body()));
    world.admin.send_file(room, "order.txt", "text/plain", b"noodles".to_vec()).await?;
    let you = names::visitor(world).await;
    transcript.said(Side::Matrix, PLACE, &you, "shares order.txt");
    let arrived = |slack: &fake_slack::Workspace| {
        slack.files().into_iter().find(|file| file.name == "order.txt" && file.visible).map(drop)
    };
    world.on_slack("the file", arrived).await?;
    transcript.said(Side::Slack, PLACE, "Matrix Bridge", &format!("shares order.txt, from {you}"));
    Ok(())
}
