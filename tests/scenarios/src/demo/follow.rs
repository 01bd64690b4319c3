//! Follows both sides and shows what is said, until it is cancelled.
use std::collections::HashSet;
use std::time::Duration;

use super::journey;
use super::transcript::{Side, Transcript};
use crate::{Result, World};

/// How often both sides are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// The workspace's channels.
const CHANNELS: [&str; 3] = ["general", "random", "secret-plans"];

/// Shows everything new on both sides; accepts the bridge's invitations. Ends only by being dropped, or with the error
/// of a side that is gone.
pub(super) async fn both_sides(world: &World, general: &str, transcript: &Transcript) -> Result<()> {
    let mut known: HashSet<String> = HashSet::new();
    let mut looks = tokio::time::interval(LOOK_EVERY);
    // What was said before has been shown.
    look(world, &mut known, None).await?;
    world.admin.seen(general).await?;
    loop {
        looks.tick().await;
        join_invitations(world, &mut known, transcript).await?;
        look(world, &mut known, Some(transcript)).await?;
    }
}

async fn join_invitations(world: &World, known: &mut HashSet<String>, transcript: &Transcript) -> Result<()> {
    for invite in world.admin.invites().await? {
        if known.insert(format!("invite {}", invite.room_id))
            && !world.admin.rooms().await?.contains(&invite.room_id)
        {
            world.admin.join(&invite.room_id).await?;
            transcript.say(&format!("You join {}.", invite.name.as_deref().unwrap_or(&invite.room_id)));
        }
    }
    Ok(())
}

/// Takes in what is new, and shows it to whoever looks.
async fn look(world: &World, known: &mut HashSet<String>, transcript: Option<&Transcript>) -> Result<()> {
    for channel in CHANNELS {
        for message in world.slack.messages(channel) {
            let is_new = known.insert(format!("{channel} {}", message["ts"]));
            if let Some(transcript) = transcript.filter(|_| is_new) {
                let text = message["text"].as_str().unwrap_or_default();
                transcript.said(Side::Slack, &format!("#{channel}"), &slack_speaker(world, &message), text);
            }
        }
    }
    for room in world.admin.rooms().await? {
        for event in world.admin.seen(&room).await? {
            let is_new = event.kind == "m.room.message" && known.insert(event.event_id.clone());
            if let Some(transcript) = transcript.filter(|_| is_new) {
                let place = room_name(world, &room).await;
                transcript.said(Side::Matrix, &place, &journey::speaker(world, &event).await, event.body());
            }
        }
    }
    Ok(())
}

async fn room_name(world: &World, room: &str) -> String {
    let name = world.admin.state(room, "m.room.name", "").await.ok();
    let name = name.as_ref().and_then(|content| content["name"].as_str());
    name.map_or_else(|| "direct chat".to_owned(), |name| format!("#{name}"))
}

fn slack_speaker(world: &World, message: &serde_json::Value) -> String {
    if let Some(shown) = message["username"].as_str() {
        return shown.to_owned();
    }
    let user = world.slack.user(message["user"].as_str().unwrap_or_default()).ok();
    let name = user.as_ref().and_then(|user| user["real_name"].as_str());
    name.unwrap_or("somebody").to_owned()
}
