//! Uploads in one and two steps, downloads, limits.
use serde_json::{Value, json};

use super::Transcript;

pub(super) async fn perform(t: &mut Transcript) {
    t.bot("config", "GET", "/_matrix/client/v1/media/config", json!({})).await;
    t.bot("old config", "GET", "/_matrix/media/v3/config", json!({})).await;
    let sent = t.bot("upload", "POST", "/_matrix/media/v3/upload?filename=a.json", json!({ "x": 1 })).await;
    let path = path(&sent);
    t.bot("download", "GET", &format!("/_matrix/client/v1/media/download/{path}"), json!({})).await;
    t.bot("download by name", "GET", &format!("/_matrix/client/v1/media/download/{path}/b.json"), json!({}))
        .await;
    t.bot("old download", "GET", &format!("/_matrix/media/v3/download/{path}"), json!({})).await;
    t.raw(
        "download without a token",
        None,
        "GET",
        &format!("/_matrix/client/v1/media/download/{path}"),
        json!({}),
    )
    .await;
    t.bot("download nothing", "GET", "/_matrix/client/v1/media/download/hs.test/nothing", json!({})).await;
    let place = t.bot("make a place", "POST", "/_matrix/media/v1/create", json!({})).await;
    let path = self::path(&place);
    t.bot("not yet", "GET", &format!("/_matrix/client/v1/media/download/{path}?timeout_ms=1"), json!({}))
        .await;
    let ghost = t.bridge.ghost("media").await;
    t.as_user(
        &ghost,
        "another fills it",
        "PUT",
        &format!("/_matrix/media/v3/upload/{path}"),
        json!({ "y": 1 }),
    )
    .await;
    t.bot("fill it", "PUT", &format!("/_matrix/media/v3/upload/{path}"), json!({ "y": 1 })).await;
    t.bot("fill it again", "PUT", &format!("/_matrix/media/v3/upload/{path}"), json!({ "y": 1 })).await;
    t.bot("download it", "GET", &format!("/_matrix/client/v1/media/download/{path}"), json!({})).await;
    t.bot("fill nothing", "PUT", "/_matrix/media/v3/upload/hs.test/nothing", json!({})).await;
}

fn path(answer: &Value) -> String {
    answer["content_uri"].as_str().unwrap().trim_start_matches("mxc://").to_owned()
}
