//! The bridge's own listener: who may call it, and with what.
use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::wire::put;
use crate::{Result, World, scenario};

scenario!(only_the_homeserver_may_call in fakes);
async fn only_the_homeserver_may_call(world: &mut World) -> Result<()> {
    world.bridge.start().await?;
    let nothing = || r#"{"events":[]}"#.to_owned();
    for (token, status, errcode) in
        [(None, 401, "M_MISSING_TOKEN"), (Some("wrong"), 403, "M_FORBIDDEN"), (Some(""), 403, "M_FORBIDDEN")]
    {
        let answer = put(world, "1", token, nothing()).await?;
        assert_eq!(answer.status(), status, "with the token {token:?}");
        let body: serde_json::Value = answer.json().await?;
        assert_eq!(body["errcode"], errcode);
    }
    let as_token = world.appservice.as_token.clone();
    assert_eq!(
        put(world, "1", Some(&as_token), nothing()).await?.status(),
        403,
        "our own token is not theirs"
    );
    let hs_token = world.appservice.hs_token.clone();
    assert_eq!(put(world, "1", Some(&hs_token), nothing()).await?.status(), 200);
    // The continuwuity family shows it in the query as well.
    let url = world.bridge.url(&format!("/_matrix/app/v1/transactions/2?access_token={hs_token}"));
    assert_eq!(reqwest::Client::new().put(url).body(nothing()).send().await?.status(), 200);
    Ok(())
}

scenario!(what_is_no_transaction_is_refused in one);
async fn what_is_no_transaction_is_refused(world: &mut World) -> Result<()> {
    world.bridge.start().await?;
    let hs_token = world.appservice.hs_token.clone();
    for body in ["", "{", "5", "[]", r#"{"events": 5}"#] {
        let answer = put(world, "1", Some(&hs_token), body.to_owned()).await?;
        assert_eq!(answer.status(), 400, "for the body {body:?}");
    }
    assert_eq!(status_of_huge_body(world).await?, "413");
    let client = reqwest::Client::new();
    let unknown =
        client.get(world.bridge.url("/_matrix/app/v1/never/seen")).bearer_auth(&hs_token).send().await?;
    assert_eq!(unknown.status(), 404);
    let method =
        client.get(world.bridge.url("/_matrix/app/v1/transactions/1")).bearer_auth(&hs_token).send().await?;
    assert_eq!(method.status(), 405);
    assert_eq!(put(world, "9", Some(&hs_token), r#"{"events":[]}"#.to_owned()).await?.status(), 200);
    Ok(())
}

/// Announces more than any homeserver sends; answers the status without having sent it.
async fn status_of_huge_body(world: &World) -> Result<String> {
    let mut stream = TcpStream::connect(world.appservice.port.address()).await?;
    let head = format!(
        "PUT /_matrix/app/v1/transactions/huge HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\ncontent-type: \
         application/json\r\ncontent-length: 1000000000\r\n\r\n",
        world.appservice.port.address(),
        world.appservice.hs_token
    );
    stream.write_all(head.as_bytes()).await?;
    let mut answer = [0; 64];
    let length = tokio::time::timeout(scenarios::world::LIMIT, stream.read(&mut answer)).await??;
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    Ok(answer.split_whitespace().nth(1).context("no status line")?.to_owned())
}

scenario!(health_tells_without_a_token in each_homeserver);
async fn health_tells_without_a_token(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let client = reqwest::Client::new();
    for path in ["/health/live", "/health/ready"] {
        let answer = client.get(world.bridge.url(path)).send().await?;
        assert_eq!(answer.status(), 200, "{path}");
        let body = answer.text().await?;
        assert!(!body.contains(&world.slack.app().bot_token), "{body}");
    }
    Ok(())
}
