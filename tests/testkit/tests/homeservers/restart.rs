//! What survives a homeserver's end: transaction ids of devices do, counted ids of pushes do not.
use serde_json::json;
use testkit::{Homeserver, Kind, Slot};

use crate::bridge::Bridge;

#[tokio::test]
async fn fake() {
    repeats_are_recognised_over_a_crash(Homeserver::lease_alone(Kind::FakeSynapse).await.unwrap()).await;
}

#[tokio::test]
async fn synapse() {
    if testkit::homeserver::synapse::is_available_or_skip(module_path!()) {
        repeats_are_recognised_over_a_crash(Homeserver::lease_alone(Kind::Synapse).await.unwrap()).await;
    }
}

async fn repeats_are_recognised_over_a_crash(slot: Slot) {
    let bridge = Bridge::start(&slot);
    let (one, two) = (bridge.ghost("one").await, bridge.ghost("two").await);
    let room = bridge.room(&[&one, &two]).await;
    bridge.join(&one, &room).await;
    bridge.join(&two, &room).await;
    for (user, name) in [(&one, "one"), (&two, "two")] {
        let path = "/_matrix/client/v3/devices/BRIDGE";
        let (status, answer) = bridge.call_as(user, "PUT", path, json!({ "display_name": name })).await;
        assert_eq!(status, 201, "{answer}");
        let (status, _) = bridge.call_as(user, "PUT", path, json!({ "display_name": name })).await;
        assert_eq!(status, 200);
    }
    let send = async |user: &str, txn: &str, device: bool| {
        let device = if device { "?device_id=BRIDGE" } else { "" };
        let path = format!("/_matrix/client/v3/rooms/{room}/send/m.room.message/{txn}{device}");
        let (status, answer) =
            bridge.call_as(user, "PUT", &path, json!({ "msgtype": "m.text", "body": txn })).await;
        assert_eq!(status, 200, "{answer}");
        answer["event_id"].as_str().unwrap().to_owned()
    };
    let with_device = send(&one, "with-device", true).await;
    let without = send(&one, "without-device", false).await;
    assert_eq!(send(&one, "with-device", true).await, with_device);
    assert_eq!(send(&one, "without-device", false).await, without);
    assert_eq!(
        send(&two, "without-device", false).await,
        without,
        "ids are remembered per appservice, not per ghost"
    );
    assert_eq!(send(&two, "with-device", true).await, with_device, "a device does not change that");

    slot.homeserver.crash().await.unwrap();
    slot.homeserver.start_again().await.unwrap();

    assert_eq!(
        send(&one, "with-device", true).await,
        with_device,
        "a device's ids are remembered over a crash"
    );
    assert_ne!(send(&one, "without-device", false).await, without, "without a device they are forgotten");
    let last = send(&one, "after", true).await;
    bridge.wait_event("the event after the crash", |event| event["event_id"] == last.as_str()).await;
}
