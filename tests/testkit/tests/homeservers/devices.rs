//! Devices of an appservice's users, with and without MSC4190 in its registration.
use serde_json::json;
use testkit::{Appservice, Homeserver, Kind, Slot};

use crate::bridge::Bridge;

#[tokio::test]
async fn fake() {
    without_msc4190(Kind::FakeSynapse).await;
}

#[tokio::test]
async fn synapse() {
    if testkit::homeserver::synapse::is_available_or_skip(module_path!()) {
        without_msc4190(Kind::Synapse).await;
    }
}

async fn without_msc4190(kind: Kind) {
    let appservice = Appservice::new("hs.test").unwrap();
    let yaml = appservice.registration_yaml().replace("io.element.msc4190: true\n", "");
    let homeserver = Homeserver::start_with(kind, &[&yaml]).await.unwrap();
    let slot = Slot { homeserver, appservice };
    let bridge = Bridge::start(&slot);
    let ghost = bridge.ghost("one").await;
    let room = bridge.room(&[&ghost]).await;
    bridge.join(&ghost, &room).await;
    let device = "/_matrix/client/v3/devices/DEV";
    let (status, answer) = bridge.call_as(&ghost, "PUT", device, json!({ "display_name": "x" })).await;
    assert_eq!(status, 201, "a device can be made without MSC4190 as well: {answer}");
    let (status, answer) = bridge.call_as(&ghost, "GET", device, json!({})).await;
    assert_eq!((status, &answer["display_name"]), (200, &json!("x")));
    let text = json!({ "msgtype": "m.text", "body": "x" });
    let send = format!("/_matrix/client/v3/rooms/{room}/send/m.room.message/t1?device_id=DEV");
    assert_eq!(bridge.call_as(&ghost, "PUT", &send, text.clone()).await.0, 200);

    let prefix = &bridge.appservice.user_prefix;
    let kind = "m.login.application_service";
    let body = json!({ "type": kind, "username": format!("{prefix}two"), "device_id": "REG" });
    let (status, answer) = bridge.call("POST", "/_matrix/client/v3/register", body).await;
    assert_eq!((status, &answer["device_id"]), (200, &json!("REG")), "{answer}");
    let user = json!({ "type": "m.id.user", "user": format!("{prefix}one") });
    let body = json!({ "type": kind, "device_id": "LOG", "identifier": user });
    let (status, answer) = bridge.call("POST", "/_matrix/client/v3/login", body).await;
    assert_eq!((status, &answer["device_id"]), (200, &json!("LOG")), "{answer}");
    let send = format!("/_matrix/client/v3/rooms/{room}/send/m.room.message/t2?device_id=LOG");
    assert_eq!(bridge.call_as(&ghost, "PUT", &send, text).await.0, 200);
    let (status, answer) = bridge.call_as(&ghost, "DELETE", device, json!({})).await;
    assert_eq!(status, 200, "{answer}");
}
