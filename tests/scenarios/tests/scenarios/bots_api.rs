//! The host's API, over HTTP as a program uses it.
use std::io::Write as _;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use reqwest::{Method, StatusCode};
use scenarios::bots::{LIMIT, OPERATOR, PASSWORD};
use scenarios::{Bots, Planted, bots_scenario};
use serde_json::{Value, json};
use testkit::{Program, eventually};

use crate::Result;

/// The environment variable that names schemathesis, the program of PyPI.
const JUDGE: &str = "SCHEMATHESIS";
/// How many calls the judge makes up for each operation and phase.
const EXAMPLES: &str = "15";
/// How long the judge may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(8);

/// The API as a script sees it.
struct Api {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
    planted: Planted,
}

impl Api {
    /// Gives the host an admin listener; comes before it is started.
    fn prepare(world: &mut Bots) -> Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let planted = world.planted.clone();
        Ok(Self { http, url: format!("{}/api/v1", world.serve_operators()), token: None, planted })
    }

    async fn sign_in(&mut self) -> Result<()> {
        let told = self.done(Method::POST, "/session", credentials(PASSWORD)).await?;
        let token = told["token"].as_str().context("no token")?;
        self.planted.secret(token);
        self.token = Some(token.to_owned());
        Ok(())
    }

    fn call(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let call = self.http.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => call.bearer_auth(token),
            None => call,
        }
    }

    /// Calls, with a body unless it is null; answers status and body.
    async fn ask(&self, method: Method, path: &str, body: Value) -> Result<(StatusCode, Value)> {
        let call = self.call(method, path);
        let answer = if body.is_null() { call } else { call.json(&body) }.send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        let value = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).context(text)? };
        Ok((status, value))
    }

    /// Calls; fails unless it is done.
    async fn done(&self, method: Method, path: &str, body: Value) -> Result<Value> {
        let (status, told) = self.ask(method.clone(), path, body).await?;
        ensure!(status.is_success(), "{method} {path} answered {status}: {told}");
        Ok(told)
    }

    async fn get(&self, path: &str) -> Result<Value> {
        self.done(Method::GET, path, Value::Null).await
    }

    async fn post(&self, path: &str) -> Result<Value> {
        self.done(Method::POST, path, Value::Null).await
    }

    /// Calls; fails unless it is refused with this status and word. Answers the body.
    async fn refused(&self, method: Method, path: &str, body: Value, expected: (u16, &str)) -> Result<Value> {
        let (status, told) = self.ask(method.clone(), path, body).await?;
        ensure!(
            (status.as_u16(), told["errcode"].as_str()) == (expected.0, Some(expected.1)),
            "{method} {path} answered {status}: {told}"
        );
        ensure!(
            told["error"].as_str().is_some_and(|error| error.ends_with(['.', '}'])),
            "no sentence: {told}"
        );
        Ok(told)
    }
}

fn credentials(password: &str) -> Value {
    json!({ "name": OPERATOR, "password": password })
}

bots_scenario!(a_script_does_everything_over_the_api in everywhere);
async fn a_script_does_everything_over_the_api(world: &mut Bots) -> Result<()> {
    let mut api = Api::prepare(world)?;
    world.start().await?;
    api.sign_in().await?;
    assert_eq!(api.get("/session").await?["name"], OPERATOR);
    let plugin = api.get("/plugins/hello").await?;
    assert!(plugin["default_config"].as_str().is_some_and(|text| text.contains("greeting: ")), "{plugin}");
    let account = json!({ "displayname": "The Helper" });
    let account = api.done(Method::PUT, "/accounts/helper", account).await?;
    assert_eq!(account["user_id"], world.account("helper"));
    let new = json!({ "name": "greeter", "plugin": "hello", "account": "helper" });
    assert_eq!(api.ask(Method::POST, "/instances", new).await?.0, 201);
    let room = world.room_with(&["helper"]).await?;
    world.admin.send_text(&room, "!hello you").await?;
    world.wait_for_said(&room, "helper", &["Hello, you!"]).await?;
    let config = json!({ "config": { "greeting": "Hey, {name}" } });
    api.done(Method::PUT, "/instances/greeter/config", config).await?;
    world.admin.send_text(&room, "!hello two").await?;
    world.wait_for_said(&room, "helper", &["Hello, you!", "Hey, two"]).await?;
    // To another account, with another config, in one step.
    api.done(Method::PUT, "/accounts/other", json!({ "autojoin": false })).await?;
    let change = json!({ "account": "other", "config": "greeting: Ho, {name}\n" });
    let shown = api.done(Method::PATCH, "/instances/greeter", change).await?;
    assert_eq!((&shown["account"], &shown["state"]), (&json!("other"), &json!("running")), "{shown}");
    let config = api.get("/instances/greeter/config").await?;
    assert_eq!(config["config"], "greeting: Ho, {name}\n");
    let room = world.room_with(&["other"]).await?;
    world.admin.send_text(&room, "!hello three").await?;
    world.wait_for_said(&room, "other", &["Ho, three"]).await?;
    for (order, state) in [("stop", "stopped"), ("start", "running"), ("restart", "running")] {
        assert_eq!(api.post(&format!("/instances/greeter/{order}")).await?["state"], state);
    }
    let overview = api.get("/overview").await?;
    assert_eq!(
        (&overview["instances"]["running"], &overview["accounts"]),
        (&json!(1), &json!(2)),
        "{overview}"
    );
    let told = api.refused(Method::DELETE, "/accounts/other", Value::Null, (409, "conflict")).await?;
    assert!(told["error"].as_str().is_some_and(|error| error.contains("greeter uses the account")), "{told}");
    for path in ["/instances/greeter", "/accounts/other", "/accounts/helper"] {
        assert_eq!(api.ask(Method::DELETE, path, Value::Null).await?.0, 204, "{path}");
    }
    assert_eq!(api.get("/instances").await?, json!({ "instances": [] }));
    Ok(())
}

bots_scenario!(who_is_not_signed_in_gets_nothing in one);
async fn who_is_not_signed_in_gets_nothing(world: &mut Bots) -> Result<()> {
    let mut api = Api::prepare(world)?;
    world.start().await?;
    assert_eq!(api.get("/version").await?["name"], "bridge-bots");
    api.refused(Method::GET, "/instances", Value::Null, (401, "auth_token_missing")).await?;
    for (name, password) in [(OPERATOR, "wrong"), ("nobody", PASSWORD), (OPERATOR, "")] {
        let body = json!({ "name": name, "password": password });
        api.refused(Method::POST, "/session", body, (401, "invalid_auth")).await?;
    }
    api.sign_in().await?;
    let token = api.token.clone();
    api.get("/overview").await?;
    api.token = Some("made up".to_owned());
    api.refused(Method::GET, "/overview", Value::Null, (401, "auth_token_invalid")).await?;
    // It is good after a restart of the program, and for nothing once it was given back.
    api.token = token;
    world.stop().await?;
    world.start().await?;
    let session = api.get("/session").await?;
    let overview = api.get("/overview").await?;
    assert!(session["expires_at"].as_i64() > Some(0) && overview["uptime"].as_u64() < Some(60), "{overview}");
    assert_eq!(api.ask(Method::DELETE, "/session", Value::Null).await?.0, 204);
    api.refused(Method::GET, "/session", Value::Null, (401, "auth_token_invalid")).await?;
    // A cookie of the browser's is of no use to another site.
    for path in ["/session", "/instances/x/start"] {
        let call = api.http.post(format!("{}{path}", api.url)).header("cookie", "bridge_bots=some");
        let answer =
            call.header("origin", "https://evil.example").json(&credentials(PASSWORD)).send().await?;
        assert_eq!(answer.status(), 403, "{path}");
        assert_eq!(answer.json::<Value>().await?["errcode"], "other_site");
    }
    // Who guesses is slowed down, and told for how long.
    api.token = None;
    let waits = eventually(LIMIT, "too many tries", async || {
        let answer = api.call(Method::POST, "/session").json(&credentials("wrong")).send().await;
        let answer = answer.map_err(|error| error.to_string())?;
        let wait =
            answer.headers().get("retry-after").and_then(|wait| wait.to_str().ok()?.parse::<u64>().ok());
        wait.filter(|_| answer.status() == 429).ok_or_else(|| answer.status().to_string())
    });
    assert!((1..=60).contains(&waits.await?));
    api.refused(Method::POST, "/session", credentials(PASSWORD), (429, "too_many_requests")).await?;
    let log = world.program().log();
    assert!(log.contains("somebody could not sign in") && !log.contains(PASSWORD), "{log}");
    Ok(())
}

bots_scenario!(what_is_wrong_is_named_and_nothing_changes in one);
async fn what_is_wrong_is_named_and_nothing_changes(world: &mut Bots) -> Result<()> {
    world.declare("steady", "hello", &json!({}));
    let mut api = Api::prepare(world)?;
    world.start().await?;
    api.sign_in().await?;
    api.done(Method::PUT, "/accounts/helper", json!({})).await?;
    let new = json!({ "name": "greeter", "plugin": "hello", "account": "helper", "enabled": false });
    api.done(Method::POST, "/instances", new.clone()).await?;
    let before = (api.get("/instances").await?, api.get("/accounts").await?);
    let with = |key: &str, value: Value| {
        let mut new = new.clone();
        new["name"] = "other".into();
        new[key] = value;
        new
    };
    let config = |config: Value| json!({ "config": config });
    for (method, path, body, status, field) in [
        ("POST", "/instances", with("name", "Big Name".into()), 400, "name"),
        ("POST", "/instances", with("plugin", 3.into()), 400, "plugin"),
        ("POST", "/instances", with("plugn", "hello".into()), 400, "plugn"),
        ("POST", "/instances", with("config", json!({ "x": 1 })), 400, ""),
        ("POST", "/instances", with("config", json!(3)), 400, "config"),
        ("POST", "/instances", with("plugin", "nothing".into()), 404, ""),
        ("POST", "/instances", with("account", "nobody".into()), 404, ""),
        ("POST", "/instances", new.clone(), 409, ""),
        ("POST", "/instances", json!([]), 400, ""),
        ("PUT", "/instances/greeter/config", config(json!({ "greeting": [] })), 400, "greeting"),
        ("PUT", "/instances/greeter/config", json!({}), 400, "config"),
        ("POST", "/instances/greeter/config/check", config(json!("greeting: []")), 400, "greeting"),
        (
            "PATCH",
            "/instances/greeter",
            json!({ "enabled": true, "config": { "greeting": [] } }),
            400,
            "greeting",
        ),
        ("PATCH", "/instances/greeter", json!({ "enabled": true, "account": "nobody" }), 404, ""),
        ("PUT", "/accounts/Big", json!({}), 400, "account"),
        ("PUT", "/accounts/new", json!({}), 400, "account"),
        ("PUT", "/accounts/.a", json!({}), 400, "account"),
        ("PUT", "/accounts/next", json!({ "avatar": "https://x" }), 400, "avatar"),
        ("PUT", "/accounts/next", json!({ "displayname": "a\u{0}b" }), 400, "displayname"),
        ("GET", "/instances/nobody", Value::Null, 404, ""),
        ("POST", "/instances/nobody/start", Value::Null, 404, ""),
        ("GET", "/plugins/nothing", Value::Null, 404, ""),
        ("GET", "/dead-letters/none", Value::Null, 404, ""),
        ("GET", "/instances/greeter/logs?limit=0", Value::Null, 400, "limit"),
        ("GET", "/instances/greeter/logs?level=loud", Value::Null, 400, "level"),
        ("GET", "/instances/greeter/logs?after=-1", Value::Null, 400, "after"),
        ("GET", "/events?logs=nobody", Value::Null, 404, ""),
        ("GET", "/nothing", Value::Null, 404, ""),
        ("PATCH", "/accounts/helper", json!({}), 405, ""),
        // What the file declares is changed there.
        ("PUT", "/accounts/steady", json!({}), 409, ""),
        ("DELETE", "/accounts/steady", Value::Null, 409, ""),
        ("DELETE", "/instances/steady", Value::Null, 409, ""),
        ("PUT", "/instances/steady/config", config(json!("")), 409, ""),
        ("PATCH", "/instances/steady", json!({ "enabled": false, "account": "helper" }), 409, ""),
    ] {
        let errcode = match status {
            404 => "not_found",
            405 => "method_not_allowed",
            409 => "conflict",
            _ if body.is_array() => "bad_request",
            _ => "invalid",
        };
        let told = api.refused(method.parse()?, path, body, (status, errcode)).await?;
        let named = told["problems"][0]["field"].as_str().unwrap_or_default();
        ensure!(named == field, "{method} {path}: {told}");
    }
    for (kind, body, status) in [
        ("text/plain", "{}".to_owned(), 415),
        ("application/json", "{".to_owned(), 400),
        ("application/json", format!("\"{}\"", "x".repeat(1_048_600)), 413),
    ] {
        let call = api.call(Method::PUT, "/accounts/helper").header("content-type", kind).body(body);
        let answer = call.send().await?;
        assert_eq!(answer.status(), status, "{kind}");
        assert!(answer.json::<Value>().await?["error"].is_string());
    }
    api.done(Method::POST, "/instances/greeter/config/check", config(json!({ "greeting": "Hey" }))).await?;
    assert_eq!((api.get("/instances").await?, api.get("/accounts").await?), before);
    assert_eq!(api.get("/instances/greeter/config").await?["config"], "");
    Ok(())
}

bots_scenario!(logs_and_events_tell_what_happens in one);
async fn logs_and_events_tell_what_happens(world: &mut Bots) -> Result<()> {
    world.declare("steady", "hello", &json!({}));
    let mut api = Api::prepare(world)?;
    world.start().await?;
    api.sign_in().await?;
    world.wait_for_state("steady", "running").await?;
    let now = api.call(Method::GET, "/events?seconds=0").send().await?.text().await?;
    assert!(now.starts_with("event: state\n") && now.contains(r#""name":"steady""#), "{now}");
    let mut stream = api.call(Method::GET, "/events?logs=steady").send().await?;
    let mut heard = String::new();
    hear(&mut stream, &mut heard, "running").await?;
    api.post("/instances/steady/stop").await?;
    hear(&mut stream, &mut heard, "was stopped").await?;
    hear(&mut stream, &mut heard, r#""state":"stopped""#).await?;
    api.post("/instances/steady/start").await?;
    let lines = api.get("/instances/steady/logs?level=info&search=WAS%20STOP").await?;
    let number = lines["lines"][0]["number"].as_u64().context("no line")?;
    assert_eq!(lines["lines"].as_array().map(Vec::len), Some(1), "{lines}");
    assert_eq!(lines["lines"][0]["text"], "was stopped");
    assert_eq!(api.get("/instances/steady/logs?level=warn").await?["lines"], json!([]));
    let since = api.get(&format!("/instances/steady/logs?after={number}&limit=1")).await?;
    assert!(since["lines"][0]["number"].as_u64() > Some(number), "{since}");
    // Who was away for a while is told what came since.
    let call = api.call(Method::GET, "/events?logs=steady&seconds=0").header("last-event-id", number);
    let missed = call.send().await?.text().await?;
    assert!(missed.contains("event: line\n") && !missed.contains("was stopped"), "{missed}");
    // The stream does not hold the program up when it stops.
    world.stop().await?;
    while let Some(piece) = stream.chunk().await? {
        heard.push_str(&String::from_utf8_lossy(&piece));
    }
    Ok(())
}

/// Listens until this was told.
async fn hear(stream: &mut reqwest::Response, heard: &mut String, part: &str) -> Result<()> {
    let listening = async {
        while !heard.contains(part) {
            let piece = stream.chunk().await?.context("the stream ended")?;
            heard.push_str(&String::from_utf8_lossy(&piece));
        }
        Ok(())
    };
    let outcome: Option<Result<()>> = tokio::time::timeout(LIMIT, listening).await.ok();
    outcome.with_context(|| format!("{part} was not told in {heard}"))?
}

bots_scenario!(a_dead_letter_is_shown_tried_again_and_dropped by "trouble-bots" in one);
async fn a_dead_letter_is_shown_tried_again_and_dropped(world: &mut Bots) -> Result<()> {
    world.config["bots"]["event_limit"] = 1.into();
    world.declare("trouble", "trouble", &json!({}));
    let mut api = Api::prepare(world)?;
    world.start().await?;
    api.sign_in().await?;
    let room = world.room_with(&["trouble"]).await?;
    // An action, while the bot has nothing else to do. The homeserver tells the host of the room in its own time.
    eventually(LIMIT, "the room to be known", async || {
        let told = api.get("/accounts/trouble/rooms").await.map_err(|error| format!("{error:#}"))?;
        if told == json!({ "rooms": [room] }) { Ok(()) } else { Err(told.to_string()) }
    })
    .await?;
    let say = "/instances/trouble/actions/say";
    let told = api.done(Method::POST, say, json!({ "input": room })).await?;
    assert_eq!(told, json!({ "answer": "It was said." }));
    world.wait_for_said(&room, "trouble", &["I was told to."]).await?;
    let told = api.refused(Method::POST, say, json!({ "input": "!other:hs.test" }), (400, "invalid")).await?;
    assert_eq!(told["problems"][0]["field"], "input");
    let dance = "/instances/trouble/actions/dance";
    api.refused(Method::POST, dance, json!({}), (404, "not_found")).await?;
    world.admin.send_text(&room, "hang").await?;
    let letter = wait_for_letter(&api, "kept", 1).await?;
    assert_eq!((&letter["instance"], &letter["room"]), (&json!("trouble"), &json!(room)), "{letter}");
    assert!(letter["cause"].as_str().is_some_and(|cause| cause.contains("was cut off")), "{letter}");
    let path = format!("/dead-letters/{}", letter["id"].as_str().context("no id")?);
    assert_eq!(api.get(&path).await?, letter);
    assert_eq!(api.get("/overview").await?["dead_letters"]["all"], 1);
    // Whoever restarts it need not wait for the back-off.
    api.post("/instances/trouble/restart").await?;
    assert_eq!(api.post(&format!("{path}/retry")).await?["state"], "waiting");
    // It fails again, and is the same letter.
    let tries = letter["attempts"].as_i64().context("no attempts")?;
    let again = wait_for_letter(&api, "kept", tries + 1).await?;
    assert_eq!(again["id"], letter["id"]);
    api.post("/instances/trouble/restart").await?;
    assert_eq!(api.post("/dead-letters/retry").await?, json!({ "retried": 1 }));
    wait_for_letter(&api, "kept", again["attempts"].as_i64().context("no attempts")? + 1).await?;
    assert_eq!(api.ask(Method::DELETE, &path, Value::Null).await?.0, 204);
    api.refused(Method::DELETE, &path, Value::Null, (404, "not_found")).await?;
    assert_eq!(api.get("/dead-letters").await?, json!({ "dead_letters": [], "all": 0 }));
    Ok(())
}

/// Waits until the only letter was tried so often and is in this state.
async fn wait_for_letter(api: &Api, state: &str, tries: i64) -> Result<Value> {
    eventually(LIMIT, format!("a letter that is {state}"), async || {
        let list = api.get("/dead-letters").await.map_err(|error| format!("{error:#}"))?;
        let letter = &list["dead_letters"][0];
        let is_so = letter["state"] == state && letter["attempts"].as_i64() >= Some(tries);
        if is_so { Ok(letter.clone()) } else { Err(list.to_string()) }
    })
    .await
}

bots_scenario!(the_document_names_what_there_is in one);
async fn the_document_names_what_there_is(world: &mut Bots) -> Result<()> {
    let api = Api::prepare(world)?;
    world.start().await?;
    let document = api.get("/openapi.json").await?;
    let (code, printed) = world.verb(&["openapi"]).await?;
    assert_eq!((code, serde_json::from_str::<Value>(&printed)?), (0, document.clone()));
    let paths = document["paths"].as_object().context("no paths")?;
    for (path, operations) in paths {
        let path = path.strip_prefix("/api/v1").context("another prefix")?.replace(['{', '}'], "");
        let operations = operations.as_object().context("no operations")?;
        for (method, operation) in operations {
            let answer = api.call(method.to_uppercase().parse()?, &path).send().await?;
            let is_secured = operation.get("security").is_some();
            // Signing in has no body here.
            let expected = if is_secured {
                401
            } else if method == "post" {
                415
            } else {
                200
            };
            ensure!(answer.status() == expected, "{method} {path} answered {}", answer.status());
        }
        let answer = api.call(Method::TRACE, &path).send().await?;
        ensure!(answer.status() == 405, "TRACE {path} answered {}", answer.status());
        let allowed = answer.headers().get("allow").context("no Allow")?.to_str()?.to_lowercase();
        let mut allowed: Vec<_> = allowed.split(',').filter(|method| *method != "head").collect();
        let mut named: Vec<_> = operations.keys().map(String::as_str).collect();
        allowed.sort_unstable();
        named.sort_unstable();
        ensure!(allowed == named, "{path} allows {allowed:?}, and the document names {named:?}");
    }
    Ok(())
}

/// What schemathesis is told besides the document.
const JUDGE_CONFIG: &str = r#"
request-timeout = 30.0

# It would end the judge's own session. The scenarios above sign out.
[[operations]]
include-operation-id = "sign_out"
enabled = false

# Without it the stream goes on for as long as somebody listens.
[[operations]]
include-operation-id = "stream_events"
parameters = { seconds = 0 }

# One that is there. It is not deleted: that operation has ids of its own.
[[operations]]
include-operation-id = ["show_letter", "retry_letter"]
parameters = { id = "LETTER" }

# Which keys a config has is the plugin's affair: the document takes any, and those that it does not know are refused.
[[operations]]
include-operation-id = ["create_instance", "change_instance", "put_config", "check_config"]
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "404", "409"]
"#;

bots_scenario!(a_judge_finds_no_difference_from_the_document by "trouble-bots" in one);
async fn a_judge_finds_no_difference_from_the_document(world: &mut Bots) -> Result<()> {
    let Some(judge) = std::env::var_os(JUDGE) else {
        let why = format!("{JUDGE} names no schemathesis; `cargo xtask api-judge` installs it and runs this");
        ensure!(std::env::var("CI").as_deref() != Ok("true"), "{why}");
        let _ = writeln!(std::io::stderr(), "skipped the judge of the bots' API: {why}");
        return Ok(());
    };
    world.declare("trouble", "trouble", &json!({}));
    let mut api = Api::prepare(world)?;
    world.start().await?;
    api.sign_in().await?;
    let room = world.room_with(&["trouble"]).await?;
    world.admin.send_text(&room, "fail").await?;
    let letter = wait_for_letter(&api, "kept", 1).await?;
    // What the document's examples name is there.
    api.done(Method::PUT, "/accounts/helper", json!({})).await?;
    let new = json!({ "name": "greeter", "plugin": "hello", "account": "helper" });
    api.done(Method::POST, "/instances", new).await?;
    let mut judge = Program::new(judge)?;
    let letter = letter["id"].as_str().context("no id")?;
    judge.write("judge.toml", &JUDGE_CONFIG.replace("LETTER", letter))?;
    let token = format!("Authorization:Bearer {}", api.token.clone().context("no token")?);
    let document = format!("{}/openapi.json", api.url);
    judge = judge.args(["--config-file", "judge.toml", "--no-color", "run", &document, "--header", &token]);
    judge = judge.args(["--phases", "examples,coverage,fuzzing,stateful", "--max-examples", EXAMPLES]);
    judge = judge.args(["--seed", "1", "--continue-on-failure", "--warnings", "off"]);
    let (code, told) = judge.run(PATIENCE).await?;
    let _ = writeln!(std::io::stderr(), "{told}");
    ensure!(code == 0, "schemathesis ended with {code}; what it found stands above");
    ensure!(told.contains("Test cases:"), "schemathesis did not say what it did");
    Ok(())
}

bots_scenario!(a_change_is_made_whole_or_not_at_all by "trouble-bots" in fakes);
async fn a_change_is_made_whole_or_not_at_all(world: &mut Bots) -> Result<()> {
    let mut api = Api::prepare(world)?;
    world.declare("fixed", "hello", &json!({}));
    world.start().await?;
    api.sign_in().await?;
    for account in ["one", "other"] {
        api.done(Method::PUT, &format!("/accounts/{account}"), json!({})).await?;
    }
    let new = json!({ "name": "trouble", "plugin": "trouble", "account": "one", "config": "word: 'a '" });
    api.done(Method::POST, "/instances", new).await?;
    let room = world.room_with(&["one", "other"]).await?;
    // It would work for another account and not start: neither takes effect, and what ran goes on.
    let broken = json!({ "account": "other", "config": "refuses_to_start: true" });
    let told = api.refused(Method::PATCH, "/instances/trouble", broken, (500, "failed")).await?;
    ensure!(told["error"].as_str().is_some_and(|text| text.contains("Nothing was changed.")), "{told}");
    let shown = api.get("/instances/trouble").await?;
    let config = api.get("/instances/trouble/config").await?;
    ensure!(shown["account"] == "one" && config["config"] == "word: 'a '", "{shown} {config}");
    world.admin.send_text(&room, "first").await?;
    world.wait_for_said(&room, "one", &["a heard first"]).await?;
    // Stopped with another config: that is no start, so it is taken as it is, and fails when it is started.
    let stopped = json!({ "config": "refuses_to_start: true", "enabled": false });
    api.done(Method::PATCH, "/instances/trouble", stopped).await?;
    ensure!(world.instance("trouble").await?["state"] == "stopped", "it was not stopped");
    world.admin.send_text(&room, "second").await?;
    let works = json!({ "account": "other", "config": "", "enabled": true });
    api.done(Method::PATCH, "/instances/trouble", works).await?;
    world.admin.send_text(&room, "third").await?;
    // It keeps what came while it was stopped, and that comes first.
    world.wait_for_said(&room, "other", &["heard second", "heard third"]).await?;
    // A declared one may be told what it is already.
    api.done(Method::PATCH, "/instances/fixed", json!({ "account": "fixed", "enabled": false })).await?;
    api.refused(Method::PATCH, "/instances/fixed", json!({ "account": "one" }), (409, "conflict")).await?;
    Ok(())
}

bots_scenario!(a_deleted_bot_does_not_come_back by "trouble-bots" in one);
async fn a_deleted_bot_does_not_come_back(world: &mut Bots) -> Result<()> {
    let mut api = Api::prepare(world)?;
    world.start().await?;
    api.sign_in().await?;
    api.done(Method::PUT, "/accounts/one", json!({})).await?;
    let new = json!({ "name": "trouble", "plugin": "trouble", "account": "one", "config": "" });
    api.done(Method::POST, "/instances", new).await?;
    // Several want something of it while it is being deleted: whoever comes behind that finds nothing and writes nothing.
    let wishes = (0..20).map(async |wish| {
        let call = match wish % 4 {
            0 => (Method::DELETE, "/instances/trouble", Value::Null),
            1 => (Method::PUT, "/instances/trouble/config", json!({ "config": format!("word: '{wish} '") })),
            2 => (Method::POST, "/instances/trouble/stop", Value::Null),
            _ => (Method::POST, "/instances/trouble/restart", Value::Null),
        };
        let (status, told) = api.ask(call.0, call.1, call.2).await?;
        ensure!(status.is_success() || status == StatusCode::NOT_FOUND, "{status}: {told}");
        Ok(())
    });
    futures_util::future::try_join_all(wishes).await?;
    api.refused(Method::GET, "/instances/trouble", Value::Null, (404, "not_found")).await?;
    world.stop().await?;
    world.start().await?;
    let shown = api.get("/instances").await?;
    ensure!(!shown.to_string().contains("trouble"), "{shown}");
    Ok(())
}
