//! Registration, masquerading, devices, profiles, what the server says of itself.
use serde_json::json;

use super::Transcript;

const REGISTER: &str = "/_matrix/client/v3/register";

pub(super) async fn perform(t: &mut Transcript) {
    unregistered_bot(t).await;
    registration(t).await;
    tokens(t).await;
    masquerade(t).await;
    devices(t).await;
    profiles(t).await;
    account_data(t).await;
    information(t).await;
}

async fn unregistered_bot(t: &mut Transcript) {
    let bot = t.bridge.appservice.bot_id();
    t.as_user(&bot, "the bot before anything", "GET", "/_matrix/client/v3/account/whoami", json!({})).await;
    t.bot("its profile", "GET", &format!("/_matrix/client/v3/profile/{bot}"), json!({})).await;
    t.bot("its room", "POST", "/_matrix/client/v3/createRoom", json!({})).await;
    t.as_user(&bot, "its device", "PUT", "/_matrix/client/v3/devices/FIRST", json!({})).await;
    t.as_user(
        &bot,
        "its device in use",
        "GET",
        "/_matrix/client/v3/account/whoami?device_id=FIRST",
        json!({}),
    )
    .await;
    let name = json!({ "displayname": "Bot" });
    t.bot("its name", "PUT", &format!("/_matrix/client/v3/profile/{bot}/displayname"), name).await;
    t.bot("its profile then", "GET", &format!("/_matrix/client/v3/profile/{bot}"), json!({})).await;
}

async fn registration(t: &mut Transcript) {
    let prefix = t.bridge.appservice.user_prefix.clone();
    let kind = "m.login.application_service";
    let name = |name: &str| format!("{prefix}{name}");
    let body = json!({ "type": kind, "username": name("a") });
    t.bot("register without inhibit_login", "POST", REGISTER, body).await;
    let body = json!({ "type": kind, "username": name("a"), "inhibit_login": true });
    t.bot("register", "POST", REGISTER, body.clone()).await;
    t.bot("register again", "POST", REGISTER, body).await;
    let body = json!({ "type": kind, "username": name("Upper"), "inhibit_login": true });
    t.bot("register upper case", "POST", REGISTER, body).await;
    let body = json!({ "type": kind, "username": name("a b"), "inhibit_login": true });
    t.bot("register with a space", "POST", REGISTER, body).await;
    let body = json!({ "type": kind, "username": name("=5f.-_/"), "inhibit_login": true });
    t.bot("register with signs", "POST", REGISTER, body).await;
    let body = json!({ "type": kind, "username": format!("x{prefix}"), "inhibit_login": true });
    t.bot("register outside", "POST", REGISTER, body).await;
    let body = json!({ "type": kind, "inhibit_login": true });
    t.bot("register without a name", "POST", REGISTER, body).await;
    let bot = t.bridge.appservice.bot.clone();
    let body = json!({ "type": kind, "username": bot, "inhibit_login": true });
    t.bot("register the bot", "POST", REGISTER, body).await;
    let dummy = json!({ "type": "m.login.dummy" });
    let body = json!({ "username": name("human"), "password": "pw", "auth": dummy });
    t.raw("a person takes a ghost's name", None, "POST", REGISTER, body).await;
    let body = json!({ "username": format!("p{prefix}"), "password": "pw" });
    t.raw("a person without stages", None, "POST", REGISTER, body).await;
    let body = json!({ "type": kind, "identifier": { "type": "m.id.user", "user": name("a") } });
    t.bot("appservice login", "POST", "/_matrix/client/v3/login", body).await;
    let body = json!({ "type": "m.login.password", "password": "x", "identifier": { "type": "m.id.user", "user": "nobody" } });
    t.raw("wrong password", None, "POST", "/_matrix/client/v3/login", body).await;
}

async fn tokens(t: &mut Transcript) {
    let path = "/_matrix/client/v3/account/whoami";
    t.bot("whoami", "GET", path, json!({})).await;
    t.raw("no token", None, "GET", path, json!({})).await;
    t.raw("wrong token", Some("wrong"), "GET", path, json!({})).await;
    t.raw(
        "wrong token on send",
        Some("wrong"),
        "PUT",
        "/_matrix/client/v3/rooms/!x/send/m.room.message/1",
        json!({}),
    )
    .await;
    let person = t.slot.homeserver.user(&format!("who-{}", t.slot.appservice.id)).await.unwrap();
    t.raw("whoami of a person", Some(person.access_token()), "GET", path, json!({})).await;
    let appservice_id = t.slot.appservice.id.clone();
    let ping = format!("/_matrix/client/v1/appservice/{appservice_id}/ping");
    t.raw("ping by a person", Some(person.access_token()), "POST", &ping, json!({})).await;
}

async fn masquerade(t: &mut Transcript) {
    let path = "/_matrix/client/v3/account/whoami";
    let ghost = t.bridge.ghost("m").await;
    let unknown = t.bridge.appservice.ghost_id("nobody");
    t.as_user(&ghost, "as a ghost", "GET", path, json!({})).await;
    t.as_user(&unknown, "as an unregistered ghost", "GET", path, json!({})).await;
    t.as_user("@stranger:hs.test", "as a stranger", "GET", path, json!({})).await;
    t.as_user(&ghost, "with an unknown device", "GET", &format!("{path}?device_id=NOPE"), json!({})).await;
    let old = format!("{path}?org.matrix.msc3202.device_id=NOPE");
    t.as_user(&ghost, "with the old device parameter", "GET", &old, json!({})).await;
    let (status, _) = t.bridge.call_as(&ghost, "GET", "/_matrix/client/v3/sync?timeout=0", json!({})).await;
    t.lines.push(format!("a ghost syncs {status}"));
    t.bot("the bot syncs", "GET", "/_matrix/client/v3/sync?timeout=0", json!({})).await;
    let bot = t.bridge.appservice.bot_id();
    t.as_user(&bot, "bot by its id", "GET", path, json!({})).await;
}

async fn devices(t: &mut Transcript) {
    let ghost = t.bridge.ghost("d").await;
    let path = "/_matrix/client/v3/devices/DEV";
    t.as_user(&ghost, "no such device", "GET", path, json!({})).await;
    t.as_user(&ghost, "make a device", "PUT", path, json!({ "display_name": "bridge" })).await;
    t.as_user(&ghost, "make it again", "PUT", path, json!({ "display_name": "bridge" })).await;
    t.as_user(&ghost, "whoami with it", "GET", "/_matrix/client/v3/account/whoami?device_id=DEV", json!({}))
        .await;
    t.as_user(&ghost, "delete it", "DELETE", path, json!({})).await;
    t.as_user(&ghost, "none is left", "GET", "/_matrix/client/v3/devices", json!({})).await;
    t.bot("the bot makes a device", "PUT", path, json!({ "display_name": "bridge" })).await;
    t.bot(
        "the bot uses it without user_id",
        "GET",
        "/_matrix/client/v3/account/whoami?device_id=DEV",
        json!({}),
    )
    .await;
    let bot = t.bridge.appservice.bot_id();
    t.as_user(&bot, "the bot uses it", "GET", "/_matrix/client/v3/account/whoami?device_id=DEV", json!({}))
        .await;
    let person = t.slot.homeserver.user(&format!("dev-{}", t.slot.appservice.id)).await.unwrap();
    t.raw("a person makes a device", Some(person.access_token()), "PUT", path, json!({})).await;
}

async fn profiles(t: &mut Transcript) {
    let ghost = t.bridge.ghost("p").await;
    let bot = t.bridge.appservice.bot_id();
    let path = format!("/_matrix/client/v3/profile/{ghost}");
    t.bot("a new ghost's profile", "GET", &path, json!({})).await;
    t.bot("the bot's first profile", "GET", &format!("/_matrix/client/v3/profile/{bot}"), json!({})).await;
    t.bot("a nobody's profile", "GET", "/_matrix/client/v3/profile/@nobody-at-all:hs.test", json!({})).await;
    let name = json!({ "displayname": "Ghost" });
    t.as_user(&ghost, "set own name", "PUT", &format!("{path}/displayname"), name.clone()).await;
    t.bot("set another's name", "PUT", &format!("{path}/displayname"), name).await;
    let picture = json!({ "avatar_url": "mxc://hs.test/abc" });
    t.as_user(&ghost, "set own picture", "PUT", &format!("{path}/avatar_url"), picture).await;
    t.bot("the whole profile", "GET", &path, json!({})).await;
    t.bot("only the name", "GET", &format!("{path}/displayname"), json!({})).await;
    t.as_user(&ghost, "clear the name", "PUT", &format!("{path}/displayname"), json!({ "displayname": "" }))
        .await;
    t.bot("the name after that", "GET", &format!("{path}/displayname"), json!({})).await;
    t.as_user(
        &ghost,
        "set a custom field",
        "PUT",
        &format!("{path}/org.test.key"),
        json!({ "org.test.key": 5 }),
    )
    .await;
    t.bot("get a custom field", "GET", &format!("{path}/org.test.key"), json!({})).await;
    t.bot("get an absent field", "GET", &format!("{path}/org.test.none"), json!({})).await;
    t.as_user(&ghost, "deactivate", "POST", "/_matrix/client/v3/account/deactivate", json!({})).await;
}

async fn account_data(t: &mut Transcript) {
    let bot = t.bridge.appservice.bot_id();
    let path = format!("/_matrix/client/v3/user/{bot}/account_data/org.test");
    t.bot("no account data", "GET", &path, json!({})).await;
    t.bot("set account data", "PUT", &path, json!({ "a": 1 })).await;
    t.bot("get account data", "GET", &path, json!({})).await;
    let room = t.bridge.room(&[]).await;
    let path = format!("/_matrix/client/v3/user/{bot}/rooms/{room}/account_data/org.test");
    t.bot("set room account data", "PUT", &path, json!({ "b": 1 })).await;
    t.bot("get room account data", "GET", &path, json!({})).await;
    let path = "/_matrix/client/v3/user/@stranger:hs.test/account_data/org.test";
    t.bot("set a stranger's account data", "PUT", path, json!({})).await;
}

async fn information(t: &mut Transcript) {
    for path in
        ["/_matrix/client/v3/nothing", "/_matrix/client/unstable/org.test/x", "/_matrix/media/v9/upload"]
    {
        t.bot("unknown route", "GET", path, json!({})).await;
    }
    t.bot("wrong method", "DELETE", "/_matrix/client/v3/createRoom", json!({})).await;
    t.bot("login flows", "GET", "/_matrix/client/v3/login", json!({})).await;
    t.bot("r0 still works", "GET", "/_matrix/client/r0/account/whoami", json!({})).await;
    t.bot("third party protocols", "GET", "/_matrix/client/v3/thirdparty/protocols", json!({})).await;
    t.bot("unknown third party", "GET", "/_matrix/client/v3/thirdparty/protocol/none", json!({})).await;
    t.bot("batch_send", "POST", "/_matrix/client/unstable/org.matrix.msc2716/rooms/!x/batch_send", json!({}))
        .await;
}
