//! The API of maubot, as its own tools and people's scripts use it.
use std::io::{Cursor, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::{Method, StatusCode};
use scenarios::bots::LIMIT;
use scenarios::{Bots, bots_scenario};
use serde_json::{Value, json};
use testkit::{Port, Program};
use tokio_tungstenite::tungstenite::{Message, protocol::CloseFrame};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::Result;

/// The environment variable that names the Python environment with maubot's tools.
const VENV: &str = "MAUBOT_VENV";
const PASSWORD: &str = "correct horse";
/// Of that password, with bcrypt, as maubot's config has it.
const HASH: &str = "$2b$04$5gC9WD3uuHD367jTIXQEru2Qz1NJ26XjufyS7S0tgJhdyonlS.Y1.";

/// The API of a world's host.
struct Maubot {
    port: Port,
    token: String,
    client: reqwest::Client,
}

impl Maubot {
    /// Starts the host with the API on a free port, and signs in.
    async fn start(world: &mut Bots) -> Result<Self> {
        let port = Port::reserve()?;
        world.config["bots"]["admin"] = json!({ "listen": port.address(), "users": { "ann": HASH } });
        world.start().await?;
        let maubot = Self { port, token: String::new(), client: reqwest::Client::new() };
        let login = json!({ "username": "ann", "password": PASSWORD });
        let (status, answer) = maubot.call(Method::POST, "auth/login", Some(&login)).await?;
        assert_eq!(status, 200, "{answer}");
        let token = answer["token"].as_str().context("no token")?.to_owned();
        world.planted.secret(&token);
        Ok(Self { token, ..maubot })
    }

    fn url(&self, path: &str) -> String {
        format!("{}/_matrix/maubot/v1/{path}", self.port.url())
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<(StatusCode, Value)> {
        let mut call = self.client.request(method, self.url(path));
        if !self.token.is_empty() {
            call = call.bearer_auth(&self.token);
        }
        if let Some(body) = body {
            call = call.json(body);
        }
        answered(call).await
    }

    async fn fetch(&self, path: &str) -> Result<Value> {
        let (status, answer) = self.call(Method::GET, path, None).await?;
        assert_eq!(status, 200, "{path}: {answer}");
        Ok(answer)
    }

    async fn put(&self, path: &str, body: &Value) -> Result<(StatusCode, Value)> {
        self.call(Method::PUT, path, Some(body)).await
    }

    /// Fails unless a call is refused like this.
    async fn refused(&self, call: (Method, &str, Value), status: u16, errcode: &str) -> Result<String> {
        let (method, path, body) = call;
        let (got, answer) = self.call(method, path, Some(&body)).await?;
        assert_eq!((got.as_u16(), answer["errcode"].as_str()), (status, Some(errcode)), "{path}: {answer}");
        answer["error"].as_str().map(str::to_owned).context("no sentence")
    }

    async fn upload(&self, path: &str, bytes: Vec<u8>) -> Result<(StatusCode, Value)> {
        let method = if path.starts_with("plugin/") { Method::PUT } else { Method::POST };
        answered(self.client.request(method, self.url(path)).bearer_auth(&self.token).body(bytes)).await
    }
}

async fn answered(call: reqwest::RequestBuilder) -> Result<(StatusCode, Value)> {
    let answer = call.send().await?;
    let (status, text) = (answer.status(), answer.text().await?);
    Ok((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
}

pub(super) fn packed(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

bots_scenario!(a_script_makes_changes_and_deletes_bots in fakes);
async fn a_script_makes_changes_and_deletes_bots(world: &mut Bots) -> Result<()> {
    let maubot = Maubot::start(world).await?;
    let helper = world.account("helper");
    let client = json!({ "id": helper, "displayname": "Helper", "enabled": true, "autojoin": true });
    let (status, made) = maubot.call(Method::POST, "client/new", Some(&client)).await?;
    assert_eq!(
        (status.as_u16(), &made["id"], &made["access_token"]),
        (201, &json!(helper), &json!("")),
        "{made}"
    );
    let instance = json!({ "type": "hello", "primary_user": helper, "config": "greeting: Hi, {name}\n" });
    let (status, made) = maubot.put("instance/Greeter", &instance).await?;
    assert_eq!(
        (status.as_u16(), &made["id"], &made["started"]),
        (201, &json!("greeter"), &json!(true)),
        "{made}"
    );
    assert!(made["base_config"].as_str().unwrap().contains("greeting"), "{made}");
    let room = world.room_with(&["helper"]).await?;
    world.admin.send_text(&room, "!hello you").await?;
    world.wait_for_said(&room, "helper", &["Hi, you"]).await?;
    // What maubot's editor does: it sends back all of it, with a changed text.
    let mut all = maubot.fetch("instance/greeter").await?;
    all["config"] = json!("greeting: [1]\n");
    let text = maubot.refused((Method::PUT, "instance/greeter", all.clone()), 400, "invalid").await?;
    assert!(text.starts_with("greeting: "), "{text}");
    assert_eq!(maubot.fetch("instance/greeter").await?["config"], "greeting: Hi, {name}\n");
    all["config"] = json!("{\"greeting\": \"Hey, {name}\"}");
    assert_eq!(maubot.put("instance/greeter", &all).await?.0, 200);
    world.admin.send_text(&room, "!hello you").await?;
    world.wait_for_said(&room, "helper", &["Hi, you", "Hey, you"]).await?;
    let (_, stopped) = maubot.put("instance/greeter", &json!({ "started": false })).await?;
    assert_eq!(stopped["started"], false, "{stopped}");
    let (_, started) = maubot.put("instance/greeter", &json!({ "enabled": true })).await?;
    assert_eq!(started["started"], true, "{started}");
    let (_, renamed) = maubot.put(&format!("client/{helper}"), &json!({ "displayname": "Other" })).await?;
    assert_eq!(
        (&renamed["displayname"], &renamed["instances"][0]["id"]),
        (&json!("Other"), &json!("greeter"))
    );
    maubot.refused((Method::DELETE, &format!("client/{helper}"), Value::Null), 412, "client_in_use").await?;
    maubot.refused((Method::DELETE, "plugin/hello", Value::Null), 412, "plugin_in_use").await?;
    assert_eq!(maubot.call(Method::POST, "plugin/hello/reload", None).await?.1, json!({ "success": true }));
    assert_eq!(maubot.fetch("plugin/hello").await?["instances"][0]["started"], true);
    assert_eq!(maubot.call(Method::DELETE, "instance/greeter", None).await?.0, 204);
    assert_eq!(maubot.call(Method::DELETE, &format!("client/{helper}"), None).await?.0, 204);
    assert_eq!((maubot.fetch("instances").await?, maubot.fetch("clients").await?), (json!([]), json!([])));
    Ok(())
}

/// Calls, with status and word of their refusal.
fn refusals() -> Vec<(Method, &'static str, Value, u16, &'static str)> {
    vec![
        (Method::POST, "auth/login", json!({ "username": "ann", "password": "wrong" }), 401, "invalid_auth"),
        (Method::POST, "auth/login", json!({ "secret": "x" }), 401, "invalid_auth"),
        (Method::POST, "client/new", json!([]), 400, "body_not_json"),
        (Method::POST, "client/new", json!({}), 400, "bad_client_access_details"),
        (Method::POST, "client/new", json!({ "id": "@a:far.test" }), 400, "mxid_mismatch"),
        (Method::POST, "client/new", json!({ "id": "steady" }), 409, "user_exists"),
        (
            Method::PUT,
            "client/new1",
            json!({ "homeserver": "https://far.test" }),
            400,
            "bad_client_access_details",
        ),
        (Method::PUT, "client/new1", json!({ "access_token": "syt_x" }), 400, "bad_client_access_details"),
        (Method::PUT, "client/steady", json!({ "sync": false }), 400, "bad_request"),
        (Method::PUT, "client/steady", json!({ "displayname": "x" }), 409, "conflict"),
        (Method::DELETE, "client/@nobody:far.test", json!({}), 404, "client_not_found"),
        (Method::PUT, "instance/new", json!({}), 400, "plugin_type_required"),
        (Method::PUT, "instance/new", json!({ "type": "echo" }), 400, "primary_user_required"),
        (
            Method::PUT,
            "instance/new",
            json!({ "type": "echo", "primary_user": "x" }),
            404,
            "primary_user_not_found",
        ),
        (
            Method::PUT,
            "instance/new",
            json!({ "type": "xyz.maubot.echo", "primary_user": "steady" }),
            404,
            "plugin_type_not_found",
        ),
        (Method::PUT, "instance/steady", json!({ "id": "other" }), 400, "bad_request"),
        (Method::PUT, "instance/steady", json!({ "type": "echo" }), 400, "bad_request"),
        (Method::PUT, "instance/steady", json!({ "enabled": "yes" }), 400, "bad_request"),
        (Method::PUT, "instance/steady", json!({ "config": "greeting: x" }), 409, "conflict"),
        (Method::DELETE, "instance/new", json!({}), 404, "instance_not_found"),
        (Method::GET, "instance/steady/database", json!({}), 404, "plugin_has_no_database"),
        (
            Method::POST,
            "instance/steady/database/query",
            json!({ "query": "SELECT 1" }),
            404,
            "plugin_has_no_database",
        ),
        (Method::GET, "instance/none/database/x", json!({}), 404, "instance_not_found"),
        (Method::GET, "plugin/none", json!({}), 404, "plugin_not_found"),
        (Method::DELETE, "plugin/echo", json!({}), 409, "unsupported_plugin_loader"),
        (Method::POST, "client/auth/far.test/register", json!({ "username": "x" }), 404, "server_not_found"),
        (
            Method::GET,
            "proxy/@x:y/_matrix/client/v3/account/whoami",
            json!({}),
            501,
            "client_proxy_unsupported",
        ),
        (Method::POST, "client/steady/verify", json!({}), 501, "encryption_unsupported"),
        (Method::GET, "logs", json!({}), 426, "websocket_required"),
        (Method::GET, "debug/open", json!({}), 404, "resource_not_found"),
        (Method::PATCH, "plugins", json!({}), 405, "method_not_allowed"),
    ]
}

bots_scenario!(what_maubot_has_and_this_host_has_not_is_refused_in_words in one);
async fn what_maubot_has_and_this_host_has_not_is_refused_in_words(world: &mut Bots) -> Result<()> {
    world.declare("steady", "hello", &json!({}));
    let maubot = Maubot::start(world).await?;
    let (steady, server) = (world.account("steady"), world.appservice.server_name.clone());
    for (method, path, body, status, errcode) in refusals() {
        let text = maubot.refused((method, path, body), status, errcode).await?;
        assert!(text.ends_with('.'), "{path}: {text}");
    }
    let path = format!("client/auth/{server}/login");
    maubot.refused((Method::POST, &path, json!({})), 403, "login_unsupported").await?;
    let text = maubot
        .refused(
            (Method::POST, "client/new", json!({ "access_token": "x" })),
            400,
            "bad_client_access_details",
        )
        .await?;
    assert!(text.contains("Send `id`") && !text.contains("syt_x"), "{text}");
    assert_eq!(maubot.fetch("clients").await?.as_array().map(Vec::len), Some(1), "nothing was made");
    // The token by either way, and none.
    let bare = reqwest::Client::new();
    let (status, answer) = answered(bare.get(maubot.url("version"))).await?;
    assert_eq!((status.as_u16(), &answer["version"]), (200, &json!("0.6.0")));
    assert_eq!(answered(bare.get(maubot.url("features"))).await?.1, json!({ "login": true }));
    assert_eq!(maubot.fetch("features").await?["client_proxy"], false);
    let (status, answer) = answered(bare.get(maubot.url("instances"))).await?;
    assert_eq!((status.as_u16(), &answer["errcode"]), (401, &json!("auth_token_missing")));
    let (status, answer) = answered(bare.get(maubot.url("instances?access_token=x"))).await?;
    assert_eq!((status.as_u16(), &answer["errcode"]), (401, &json!("auth_token_invalid")));
    let by_query = format!("{}?access_token={}", maubot.url("instances"), maubot.token);
    assert_eq!(answered(bare.get(by_query)).await?.1[0]["primary_user"], steady);
    let steady_client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    for path in ["/_matrix/maubot", "/_matrix/maubot/"] {
        let answer = steady_client.get(format!("{}{path}", maubot.port.url())).send().await?;
        assert!(answer.status().is_redirection() && answer.headers()["location"] == "/", "{answer:?}");
    }
    let (status, pong) = maubot.call(Method::POST, "auth/ping", None).await?;
    assert_eq!((status.as_u16(), &pong["username"]), (200, &json!("ann")));
    Ok(())
}

bots_scenario!(uploads_are_read_and_what_is_wrong_is_named in one);
async fn uploads_are_read_and_what_is_wrong_is_named(world: &mut Bots) -> Result<()> {
    let maubot = Maubot::start(world).await?;
    let manifest = |id: &str| format!("id: {id}\nversion: 1.0.0\nmodules: [bot]\nmain_class: Bot\n");
    let good = manifest("org.example.bot");
    let plugin = packed(&[("maubot.yaml", &good), ("bot.py", "class Bot: pass")]);
    let (status, answer) = maubot.upload("plugins/upload?allow_override=true", plugin.clone()).await?;
    assert_eq!((status.as_u16(), &answer["errcode"]), (501, &json!("unsupported_plugin_loader")), "{answer}");
    let text = answer["error"].as_str().unwrap();
    assert!(
        text.contains("org.example.bot 1.0.0, a plugin in Python") && text.contains("so it was not kept"),
        "{text}"
    );
    let builtin =
        packed(&[("a-main/maubot.yaml", &manifest("sna.instagram")), ("a-main/bot.py", "class Bot: pass")]);
    let (_, answer) = maubot.upload("plugins/upload", builtin).await?;
    let text = answer["error"].as_str().unwrap();
    assert!(text.contains("built into this program already") && text.contains("folder a-main"), "{text}");
    let (status, answer) = maubot.upload("plugin/other", plugin).await?;
    assert_eq!((status.as_u16(), &answer["errcode"]), (400, &json!("pid_mismatch")), "{answer}");
    for (bytes, part) in [
        (b"\x89PNG\r\n\x1a\n\xff".to_vec(), "neither a zip nor WebAssembly"),
        (packed(&[("bot.py", "")]), "maubot.yaml: is missing"),
        (packed(&[("maubot.yaml", &good)]), "modules[0]: bot is not in the archive"),
        (packed(&[("maubot.yaml", &good), ("../bot.py", "")]), "leads out of the archive"),
    ] {
        let (status, answer) = maubot.upload("plugins/upload", bytes).await?;
        assert_eq!((status.as_u16(), &answer["errcode"]), (400, &json!("plugin_invalid")), "{answer}");
        assert!(answer["error"].as_str().is_some_and(|text| text.contains(part)), "{part}: {answer}");
    }
    // More than other calls may send, and not more than there may be.
    let large = vec![b'x'; 3 * 1024 * 1024];
    assert_eq!(maubot.upload("plugins/upload", large).await?.1["errcode"], "plugin_invalid");
    Ok(())
}

bots_scenario!(logs_come_over_a_websocket in one);
async fn logs_come_over_a_websocket(world: &mut Bots) -> Result<()> {
    world.declare("steady", "hello", &json!({}));
    let maubot = Maubot::start(world).await?;
    world.wait_for_state("steady", "running").await?;
    let address = maubot.url("logs").replace("http://", "ws://");
    let (mut socket, _) = tokio_tungstenite::connect_async(&address).await?;
    let (mut silent, _) = tokio_tungstenite::connect_async(&address).await?;
    socket.send(Message::text("wrong")).await?;
    assert_eq!(said(&mut socket).await?, json!({ "auth_success": false }));
    socket.send(Message::text(maubot.token.clone())).await?;
    assert_eq!(said(&mut socket).await?, json!({ "auth_success": true }));
    let history = said(&mut socket).await?;
    let runs = |record: &Value| record["msg"] == "runs" && record["name"] == "maubot.instance.steady";
    assert!(history["history"].as_array().is_some_and(|all| all.iter().any(runs)), "{history}");
    maubot.put("instance/steady", &json!({ "started": false })).await?;
    let record = said(&mut socket).await?;
    assert_eq!((&record["msg"], &record["levelname"]), (&json!("was stopped"), &json!("INFO")), "{record}");
    assert_eq!(closed(&mut silent).await?, 4000);
    world.stop().await?;
    assert_eq!(closed(&mut socket).await?, 1012);
    Ok(())
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// The next text.
async fn said(socket: &mut Socket) -> Result<Value> {
    loop {
        let message = tokio::time::timeout(LIMIT, socket.next()).await?.context("the socket ended")??;
        if let Message::Text(text) = message {
            return Ok(serde_json::from_str(&text)?);
        }
    }
}

/// The code with which it is closed.
async fn closed(socket: &mut Socket) -> Result<u16> {
    loop {
        let message = tokio::time::timeout(LIMIT, socket.next()).await?.context("the socket ended")??;
        if let Message::Close(Some(CloseFrame { code, .. })) = message {
            return Ok(code.into());
        }
    }
}

/// The Python environment with maubot's tools; none where it is not installed, which is said.
pub(super) fn venv(name: &str) -> Option<PathBuf> {
    let Some(venv) = std::env::var_os(VENV) else {
        let why = format!("{VENV} names no environment with maubot");
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{why}");
        eprintln!("skipped {name}: {why}");
        return None;
    };
    Some(PathBuf::from(venv))
}

bots_scenario!(maubots_own_tool_works in one);
async fn maubots_own_tool_works(world: &mut Bots) -> Result<()> {
    const PATIENCE: Duration = Duration::from_mins(1);
    let Some(venv) = venv("maubots_own_tool_works") else { return Ok(()) };
    let mbc = venv.join("bin/mbc");
    world.declare("steady", "hello", &json!({}));
    let maubot = Maubot::start(world).await?;
    world.wait_for_state("steady", "running").await?;
    let (url, server) = (maubot.port.url(), world.appservice.server_name.clone());
    let home = Program::new(&mbc)?;
    let folder = home.folder().to_owned();
    let program = |args: &[&str]| -> Result<Program> {
        let program = Program::new(&mbc)?.args(args.iter().copied());
        Ok(program.env("XDG_CONFIG_HOME", &folder).env("HOME", &folder).env("PYTHONUNBUFFERED", "1"))
    };
    let run = async |args: &[&str]| -> Result<String> {
        let (code, told) = program(args)?.run(PATIENCE).await?;
        println!("$ mbc {}\n{told}", args.join(" "));
        anyhow::ensure!(code == 0, "mbc {args:?} ended with {code}: {told}");
        Ok(told)
    };
    let login = |password| ["login", "-u", "ann", "-p", password, "-s", &url, "-a", "here"];
    assert!(run(&login("wrong")).await?.contains("Name or password is wrong."));
    assert!(run(&login(PASSWORD)).await?.contains("Logged in successfully"));
    assert!(run(&["auth", "-l"]).await?.contains(&server));
    let auth = ["auth", "-h", &server, "-u", "made", "-p", "x"];
    assert!(run(&auth).await?.contains("Failed to log in: This host makes its accounts itself"));
    let told = run(&[&auth[..], &["--register", "--update-client"]].concat()).await?;
    assert!(
        told.contains("Successfully created client for") && told.contains(&world.account("made")),
        "{told}"
    );
    // A plugin as maubot's own documentation has it, built and uploaded.
    let plugin = folder.join("plugin");
    std::fs::create_dir(&plugin)?;
    std::fs::write(
        plugin.join("maubot.yaml"),
        "maubot: 0.1.0\nid: org.example.simplebot\nversion: 0.1.0\nlicense: MIT\nmodules:\n- simplebot\nmain_class: SimpleBot\n",
    )?;
    std::fs::write(
        plugin.join("simplebot.py"),
        "from maubot import Plugin\n\n\nclass SimpleBot(Plugin):\n    pass\n",
    )?;
    let file = folder.join("simplebot.mbp");
    let (plugin, file) = (plugin.to_string_lossy().into_owned(), file.to_string_lossy().into_owned());
    assert!(run(&["build", &plugin, "-o", &file]).await?.contains("Plugin built to"));
    for args in [&["upload", &file][..], &["build", "-u", "-s", "here", &plugin]] {
        let told = run(args).await?;
        assert!(
            told.contains("Failed to upload plugin: This is org.example.simplebot 0.1.0, a plugin in Python"),
            "{told}"
        );
    }
    let mut logs = program(&["logs", "here"])?;
    logs.start()?;
    logs.wait_for_log(r"INFO@maubot\.instance\.steady\] runs", 0, PATIENCE).await?;
    maubot.put("instance/steady", &json!({ "started": false })).await?;
    logs.wait_for_log(r"INFO@maubot\.instance\.steady\] was stopped", 0, PATIENCE).await?;
    world.stop().await?;
    let code = logs.wait_exit(PATIENCE).await?;
    println!("$ mbc logs here\n{}", logs.log());
    assert_eq!(code, 0, "it ends with the host");
    Ok(())
}
