//! What comes twice is shown once.
use std::time::Duration;

use fake_slack::DisconnectReason;
use serde_json::json;

use crate::wire::{envelope, message_event, put_transaction};
use crate::{Result, World, scenario};

scenario!(an_event_delivered_twice_is_shown_once in everywhere);
async fn an_event_delivered_twice_is_shown_once(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.slack.duplicate_next(1);
    world.slack_says("bob", "general", "said once, sent twice")?;
    world.settle("general", &room).await?;
    world.ensure_once(&room, "said once, sent twice").await
}

scenario!(an_event_on_two_sockets_is_shown_once in everywhere);
async fn an_event_on_two_sockets_is_shown_once(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    // Told that its socket ends soon, the bridge opens another before it leaves the first.
    world.slack.disconnect(DisconnectReason::Warning);
    assert!(world.slack.wait_for_sockets(2, scenarios::world::LIMIT).await, "no second socket");
    world.slack.duplicate_next(1);
    world.slack_says("bob", "general", "on both sockets at once")?;
    world.settle("general", &room).await?;
    world.ensure_once(&room, "on both sockets at once").await
}

scenario!(an_event_repeated_after_a_restart_is_shown_once in everywhere);
async fn an_event_repeated_after_a_restart_is_shown_once(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let ts = world.slack_says("bob", "general", "before and after the restart")?;
    world.settle("general", &room).await?;
    let event_id = event_id_of_last_but_one(world);
    world.bridge.stop().await?;
    world.bridge.start().await?;
    world.wait_for_socket().await?;
    let event = message_event(world, "general", &ts);
    assert!(world.slack.send_envelope(&envelope(world, &event_id, &event)));
    // The same message as another event: Slack's retries may look like this.
    assert!(world.slack.send_envelope(&envelope(world, "Ev0ANOTHER01", &event)));
    world.settle("general", &room).await?;
    world.ensure_once(&room, "before and after the restart").await
}

/// The id of the event before the one that settled the channel.
fn event_id_of_last_but_one(world: &World) -> String {
    let deliveries = world.slack.deliveries();
    let messages: Vec<_> = deliveries.iter().filter(|delivery| delivery.event_type == "message").collect();
    messages[messages.len() - 2].event_id.clone()
}

scenario!(a_lost_acknowledgement_does_not_double in one);
async fn a_lost_acknowledgement_does_not_double(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.slack_says("bob", "general", "the socket is cut here")?;
    world.slack.drop_sockets();
    world.slack_says("bob", "general", "and this comes later")?;
    world.wait_for_texts(&world.admin, &room, &["the socket is cut here", "and this comes later"]).await?;
    assert!(world.slack.wait_until_acknowledged(Duration::from_secs(20)).await);
    world.settle("general", &room).await?;
    world.ensure_once(&room, "the socket is cut here").await
}

scenario!(a_transaction_twice_is_sent_once in fakes);
async fn a_transaction_twice_is_sent_once(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.fake().lose_push_answers(1);
    let event_id = world.matrix_says(&world.admin, &room, "the answer to this is lost").await?;
    let tried =
        |fake: &testkit::Fake| fake.transactions().iter().any(|txn| txn.event_ids.contains(&event_id));
    testkit::eventually(scenarios::world::LIMIT, "the first try", async || {
        tried(world.fake()).then_some(()).ok_or("nothing was pushed yet")
    })
    .await?;
    // The continuwuity family tries again with the next event only.
    world.matrix_says(&world.admin, &room, "this makes it try again").await?;
    let both = ["the answer to this is lost", "this makes it try again"];
    world.wait_for_slack_texts("general", &both).await?;

    let pushed = world.fake().transactions();
    let first = pushed.iter().find(|txn| txn.event_ids.contains(&event_id)).expect("it was pushed");
    for txn_id in [first.txn_id.as_str(), "by-hand"] {
        assert_eq!(put_transaction(world, txn_id, &first.body).await?, 200);
    }
    world.matrix_says(&world.admin, &room, "the end of all this").await?;
    world.wait_for_slack_texts("general", &[both[0], both[1], "the end of all this"]).await
}

scenario!(an_old_transaction_id_with_new_events_counts in fakes);
async fn an_old_transaction_id_with_new_events_counts(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    for (number, text) in ["first under one id", "second under one id"].into_iter().enumerate() {
        let event = json!({
            "type": "m.room.message", "event_id": format!("$by-hand-{number}"), "room_id": room,
            "sender": world.admin.user_id(), "origin_server_ts": 1_800_000_000_000_u64 + u64::try_from(number)?,
            "content": { "msgtype": "m.text", "body": text },
        });
        assert_eq!(put_transaction(world, "1", &json!({ "events": [event] })).await?, 200);
    }
    world.wait_for_slack_texts("general", &["first under one id", "second under one id"]).await
}
