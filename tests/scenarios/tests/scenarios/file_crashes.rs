//! Files around crashes and slow shares: each is there once, whatever else looks like it.
use std::time::Duration;

use fake_slack::{Fault, FileInfo, Workspace};

use crate::{Result, World, scenario};

const COMPLETE: &str = "files.completeUploadExternal";
const BYTES: &str = "files.upload";
const LIMIT: Duration = scenarios::world::LIMIT;

scenario!(killed_after_a_file_is_shown_among_others_like_it in everywhere);
async fn killed_after_a_file_is_shown_among_others_like_it(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let send = async |world: &World| {
        world.admin.send_file(&room, "twin.bin", "application/octet-stream", vec![1; 5_000]).await
    };
    send(world).await?;
    world.on_slack("the first", |slack| (shown(slack).len() == 1).then_some(())).await?;
    // Shown, but nobody was told; the echo would tell, too.
    world.slack.hold_events();
    world.slack.fail_next(COMPLETE, Fault::HangAfter, 1);
    send(world).await?;
    wait_for_fault(world).await;
    // The same again, behind it in its lane.
    send(world).await?;
    world.crash_and_restart().await?;
    world.on_slack("the third", |slack| (shown(slack).len() >= 3).then_some(())).await?;
    world.wait_for_socket().await?;
    world.slack.release_events(false);
    world.settle("general", &room).await?;
    assert_eq!(shown(&world.slack).len(), 3, "each is there once");
    let echoes = world.admin.messages(&room).await?;
    assert_eq!(echoes.iter().filter(|event| event.content["filename"] == "twin.bin").count(), 3);
    Ok(())
}

scenario!(a_file_that_slack_shows_late_is_neither_lost_nor_doubled in each_homeserver);
async fn a_file_that_slack_shows_late_is_neither_lost_nor_doubled(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.slack.hold_shares();
    world.admin.send_file(&room, "late.bin", "application/octet-stream", vec![2; 5_000]).await?;
    let looked = world.slack.wait_for_call("conversations.history", |_| true, LIMIT).await;
    assert!(looked.is_some(), "it is not looked for");
    world.crash_and_restart().await?;
    world.matrix_says(&world.admin, &room, "comes after it").await?;
    world.slack.release_shares();
    world.wait_on_slack("general", "comes after it").await?;
    world.settle("general", &room).await?;
    assert_eq!((shown(&world.slack).len(), world.slack.call_count(BYTES)), (1, 1));
    let shown = world.admin.messages(&room).await?;
    let count = shown.iter().filter(|event| event.content["filename"] == "late.bin").count();
    assert_eq!(count, 1, "its echo is not shown");
    Ok(())
}

scenario!(a_file_deleted_before_it_is_seen_is_told_to_its_person in each_homeserver);
async fn a_file_deleted_before_it_is_seen_is_told_to_its_person(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.slack.hold_shares();
    world.admin.send_file(&room, "gone.bin", "application/octet-stream", vec![3; 5_000]).await?;
    let looked = world.slack.wait_for_call("conversations.history", |_| true, LIMIT).await;
    assert!(looked.is_some(), "it is not looked for");
    let file = world.slack.files().pop().unwrap();
    world.slack.delete_file(&file.id)?;
    world.crash_and_restart().await?;
    let says_why = |event: &testkit::user::Event| {
        event.content["body"].as_str().is_some_and(|body| body.contains("deleted on Slack before"))
    };
    world.admin.wait_for_event(&room, "the reason", says_why).await?;
    world.slack.release_shares();
    world.settle("general", &room).await?;
    assert_eq!((shown(&world.slack).len(), world.slack.call_count(BYTES)), (0, 1));
    Ok(())
}

fn shown(slack: &Workspace) -> Vec<FileInfo> {
    slack.files().into_iter().filter(|file| file.visible && !file.shares.is_empty()).collect()
}

/// Waits until an order to show a file was left without an answer.
async fn wait_for_fault(world: &World) {
    let stalled = world.slack.wait_for_call(COMPLETE, |call| call.fault.is_some(), LIMIT).await;
    assert!(stalled.is_some(), "no file was ordered");
}
