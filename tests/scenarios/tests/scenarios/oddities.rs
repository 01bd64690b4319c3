//! What nobody expected passes by, and what comes later still arrives.
use serde_json::{Value, json};

use crate::wire::{envelope, put_transaction};
use crate::{Result, World, scenario};

/// Events of types and shapes that the bridge cannot know.
fn odd_events() -> Vec<Value> {
    let channel = "C0GENERAL1";
    vec![
        json!({ "type": "never_seen_before", "channel": channel, "user": "U0BOB00001" }),
        json!({ "type": "message", "subtype": "never_seen_before", "channel": channel, "ts": "1800000000.000100", "text": "odd" }),
        json!({ "type": "message" }),
        json!({ "type": "message", "channel": 5, "ts": [], "user": {} }),
        json!({ "type": "message", "channel": channel, "ts": "not a time", "user": "U0BOB00001", "text": "odd" }),
        json!({ "type": "message", "channel": channel, "ts": "1800000000.000200", "user": "U0BOB00001", "text": null, "blocks": "none" }),
        json!({ "type": "message", "channel": channel, "ts": "1800000000.000300", "user": "U0BOB00001", "text": "",
            "blocks": [null, 5, { "type": "rich_text", "elements": [{ "type": "never_seen" }, 7] }] }),
        json!({ "type": "message", "subtype": "message_changed", "channel": channel, "message": null }),
        json!({ "type": "reaction_added", "item": "what" }),
        json!({ "type": 5 }),
        json!({}),
    ]
}

/// Frames that are no proper envelope.
fn odd_frames() -> Vec<Value> {
    vec![
        json!({ "type": "never_seen_before", "envelope_id": "odd-1", "payload": [null] }),
        json!({ "type": "events_api", "envelope_id": "odd-2", "payload": null }),
        json!({ "type": "events_api", "envelope_id": "odd-3", "payload": { "type": "event_callback", "event": null } }),
        json!({ "type": "interactive", "envelope_id": "odd-4", "payload": {} }),
        json!({ "type": 5 }),
        json!([1, 2, 3]),
        json!("this is not JSON {"),
        json!(""),
    ]
}

scenario!(odd_events_from_slack_are_survived in everywhere);
async fn odd_events_from_slack_are_survived(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.expect_in_log("WARN");
    for (number, event) in odd_events().iter().enumerate() {
        world.wait_for_socket().await?;
        world.slack.send_envelope(&envelope(world, &format!("Ev0ODD{number}"), event));
        let words = format!("after the odd event {number}");
        world.slack_says("bob", "general", &words)?;
        world.wait_for_texts(&world.admin, &room, &[&words]).await?;
    }
    Ok(())
}

scenario!(odd_frames_from_slack_are_survived in each_homeserver);
async fn odd_frames_from_slack_are_survived(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.expect_in_log("WARN");
    for (number, frame) in odd_frames().iter().enumerate() {
        world.wait_for_socket().await?;
        world.slack.send_envelope(frame);
        let words = format!("after the odd frame {number}");
        world.slack_says("bob", "general", &words)?;
        world.wait_for_texts(&world.admin, &room, &[&words]).await?;
    }
    Ok(())
}

scenario!(odd_messages_in_slack_arrive_as_far_as_can_be in one);
async fn odd_messages_in_slack_arrive_as_far_as_can_be(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let odd = [
        ("metadata of numbers", json!({ "metadata": { "event_type": "x", "event_payload": { "id": 5 } } })),
        ("a file without address", json!({ "files": [{ "id": "F1", "url_private": "" }] })),
        ("a number for an author", json!({ "attachments": [{ "id": 1, "author_name": 42, "ts": 1.5 }] })),
        ("blocks never seen", json!({ "blocks": [{ "type": "hologram", "block_id": 7 }] })),
    ];
    for (text, more) in odd {
        world.slack.post_with("bob", "general", text, more)?;
        world.admin.wait_for_text_with(&room, text).await?;
    }
    Ok(())
}

/// Contents of messages that hardly anybody sends.
fn odd_contents() -> Vec<(&'static str, Value)> {
    vec![
        ("org.example.never.seen", json!({ "a": [1, 2, { "b": null }] })),
        ("m.room.message", json!({})),
        ("m.room.message", json!({ "msgtype": 5, "body": ["x"] })),
        ("m.room.message", json!({ "msgtype": "org.example.odd", "body": "an odd kind of message" })),
        ("m.room.message", json!({ "msgtype": "m.text", "body": "", "format": 7, "formatted_body": {} })),
        (
            "m.room.message",
            json!({ "msgtype": "m.text", "body": "x", "m.relates_to": { "rel_type": 3, "event_id": [] } }),
        ),
        ("m.room.message", json!({ "msgtype": "m.image", "body": "no picture" })),
        ("m.reaction", json!({ "m.relates_to": "what" })),
        ("m.sticker", json!({})),
        ("m.room.encrypted", json!({ "algorithm": "unknown" })),
        ("m.call.invite", json!({ "call_id": 1 })),
    ]
}

scenario!(odd_events_from_matrix_are_survived in everywhere);
async fn odd_events_from_matrix_are_survived(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.expect_in_log("WARN");
    for (number, (kind, content)) in odd_contents().into_iter().enumerate() {
        // A homeserver may refuse some of them itself.
        let _ = world.admin.send(&room, kind, &content).await;
        let words = format!("after the odd content {number}");
        world.matrix_says(&world.admin, &room, &words).await?;
        world.wait_on_slack("general", &words).await?;
    }
    Ok(())
}

scenario!(odd_transactions_are_survived in one);
async fn odd_transactions_are_survived(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.expect_in_log("WARN");
    let odd = [
        json!({ "events": [{}] }),
        json!({ "events": [{ "type": 5, "event_id": [], "room_id": {}, "sender": null }] }),
        json!({ "events": [{ "type": "m.room.message", "room_id": room, "sender": world.admin.user_id() }] }),
        json!({ "events": [{ "type": "m.room.message", "event_id": "$odd", "room_id": "not a room", "sender": "nobody", "content": 7 }] }),
        json!({ "events": [], "ephemeral": [{ "type": "m.typing" }, { "type": 3 }], "de.sorunome.msc2409.to_device": [{}] }),
        json!({ "events": [], "never_seen": { "deep": [[[]]] } }),
        json!({}),
    ];
    for (number, body) in odd.iter().enumerate() {
        let status = put_transaction(world, &format!("odd-{number}"), body).await?;
        assert_eq!(status, 200, "a transaction that is refused comes again for ever: {body}");
        let words = format!("after the odd transaction {number}");
        world.matrix_says(&world.admin, &room, &words).await?;
        world.wait_on_slack("general", &words).await?;
    }
    Ok(())
}
