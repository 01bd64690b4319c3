//! What was made with maubot is taken over.
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use scenarios::{Bots, bots_scenario};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, Executor as _, SqliteConnection};
use testkit::{Port, Program};

use crate::Result;
use crate::bots_maubot::{packed, venv};

/// As a maubot 0.6 makes them.
pub(crate) const TABLES: [&str; 3] = [
    "CREATE TABLE version (version INTEGER PRIMARY KEY)",
    "CREATE TABLE client (id TEXT PRIMARY KEY, homeserver TEXT NOT NULL, access_token TEXT NOT NULL, device_id TEXT NOT NULL, \
     enabled BOOLEAN NOT NULL, next_batch TEXT NOT NULL, filter_id TEXT NOT NULL, sync BOOLEAN NOT NULL, \
     autojoin BOOLEAN NOT NULL, online BOOLEAN NOT NULL, displayname TEXT NOT NULL, avatar_url TEXT NOT NULL)",
    "CREATE TABLE instance (id TEXT PRIMARY KEY, type TEXT NOT NULL, enabled BOOLEAN NOT NULL, primary_user TEXT NOT NULL, \
     config TEXT NOT NULL, database_engine TEXT)",
];

async fn maubot(
    folder: &Path,
    clients: &[(&str, &str)],
    instances: &[(&str, &str, bool, &str, &str)],
) -> Result<()> {
    let options = SqliteConnectOptions::new().filename(folder.join("maubot.db")).create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    for table in TABLES {
        connection.execute(table).await?;
    }
    for (id, displayname) in clients {
        sqlx::query("INSERT INTO client VALUES ($1, 'https://old.test', 'syt_secret', 'D', TRUE, '', '', TRUE, TRUE, TRUE, $2, 'disable')")
            .bind(id)
            .bind(displayname)
            .execute(&mut connection)
            .await?;
    }
    for (id, plugin, enabled, user, config) in instances {
        sqlx::query("INSERT INTO instance VALUES ($1, $2, $3, $4, $5, 'sqlite')")
            .bind(id)
            .bind(plugin)
            .bind(enabled)
            .bind(user)
            .bind(config)
            .execute(&mut connection)
            .await?;
    }
    connection.close().await?;
    Ok(())
}

bots_scenario!(a_maubot_is_taken_over_once in fakes);
async fn a_maubot_is_taken_over_once(world: &mut Bots) -> Result<()> {
    world.config["bots"]["admin"] = json!({ "listen": null });
    let folder = tempfile::tempdir()?;
    let old = world.person("oldbot").await?;
    old.set_display_name("The Old Bot").await?;
    let instagram = r#"{"enabled": true, "max_file_size": 50000000, "room_subscriptions": []}"#;
    maubot(
        folder.path(),
        &[("@helper:old.test", "Helper"), (old.user_id(), "disable")],
        &[
            ("insta", "sna.instagram", true, "@helper:old.test", instagram),
            ("My Echo", "xyz.maubot.echo", true, "@helper:old.test", ""),
            ("quiet", "xyz.maubot.reminder", false, old.user_id(), ""),
            ("reactions", "xyz.maubot.reactbot", true, old.user_id(), "templates: {}\nrules: {}\n"),
            ("feeds", "xyz.maubot.rss", true, old.user_id(), "update_interval: 60\n"),
        ],
    )
    .await?;
    std::fs::create_dir(folder.path().join("plugins"))?;
    std::fs::write(folder.path().join("plugins/broken.mbp"), "broken")?;
    let path = folder.path().to_string_lossy().into_owned();
    let (code, told) = world.verb(&["import-maubot", &path]).await?;
    assert!(code == 1 && told.contains("Nothing answers at"), "{told}");
    world.start().await?;
    let (code, told) = world.verb(&["import-maubot", &path, "--dry-run"]).await?;
    assert!(
        code == 1 && told.contains("5 would be made, 0 there already, 2 left out. Nothing was changed."),
        "{told}"
    );
    assert!(world.ctl(&["accounts"]).await?.contains("no accounts"));
    let (code, told) = world.verb(&["import-maubot", &path]).await?;
    println!("{told}");
    let helper = world.account("helper");
    assert_eq!(code, 1, "something was left out: {told}");
    for part in [
        format!("@helper:old.test → {helper}: made, called Helper"),
        "made, called The Old Bot".to_owned(),
        "insta (sna.instagram): made".to_owned(),
        "My Echo → my-echo (xyz.maubot.echo): made, with the plugin echo".to_owned(),
        "quiet (xyz.maubot.reminder): made, with the plugin reminder, stopped as it was".to_owned(),
        "reactions (xyz.maubot.reactbot): the plugin react does not take its config".to_owned(),
        "there is no key `templates`".to_owned(),
        "feeds (xyz.maubot.rss): there is no such plugin here".to_owned(),
        "broken.mbp: The file is a text".to_owned(),
        "5 made, 0 there already, 2 left out.".to_owned(),
    ] {
        assert!(told.contains(&part), "{part}: {told}");
    }
    assert!(!told.contains("syt_secret"), "no token is shown");
    let room = world.room_with(&["helper"]).await?;
    world.admin.send_text(&room, "!echo taken over").await?;
    world.wait_for_said(&room, "helper", &["taken over"]).await?;
    assert_eq!(world.ctl(&["config", "insta"]).await?.trim(), instagram, "verbatim");
    world.wait_for_state("quiet", "stopped").await?;
    let list = world.ctl(&["list"]).await?;
    let (code, told) = world.verb(&["import-maubot", &path]).await?;
    assert!(code == 1 && told.contains("0 made, 5 there already, 2 left out."), "{told}");
    assert_eq!(list, world.ctl(&["list"]).await?, "a second time nothing changes");
    Ok(())
}

bots_scenario!(an_import_without_a_maubot_is_refused in one);
async fn an_import_without_a_maubot_is_refused(world: &mut Bots) -> Result<()> {
    world.config["bots"]["admin"] = json!({ "listen": null });
    world.declare("helper", "hello", &json!({}));
    world.start().await?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().to_string_lossy().into_owned();
    for (file, text, part) in [
        ("other.txt", "", "There is no maubot.db in"),
        ("maubot.db", "no database", "no database of maubot's"),
        ("config.yaml", "database: postgresql://maubot:hunter2@db/maubot", "PostgreSQL"),
    ] {
        std::fs::write(folder.path().join(file), text)?;
        let (code, told) = world.verb(&["import-maubot", &path]).await?;
        assert!(code == 1 && told.contains(part) && !told.contains("hunter2"), "{told}");
    }
    // One whose name is taken by what the config file declares joins what is there.
    std::fs::remove_file(folder.path().join("config.yaml"))?;
    std::fs::remove_file(folder.path().join("maubot.db"))?;
    maubot(
        folder.path(),
        &[("@helper:old.test", "Other")],
        &[("helper", "xyz.maubot.echo", true, "@helper:old.test", "")],
    )
    .await?;
    let (code, told) = world.verb(&["import-maubot", &path]).await?;
    assert!(code == 1 && told.contains("another instance is called helper, of hello"), "{told}");
    assert!(told.contains("0 made, 1 there already, 1 left out."), "{told}");
    Ok(())
}

bots_scenario!(a_maubot_that_runs_is_taken_over in one);
async fn a_maubot_that_runs_is_taken_over(world: &mut Bots) -> Result<()> {
    let Some(venv) = venv("a_maubot_that_runs_is_taken_over") else { return Ok(()) };
    let port = Port::reserve()?;
    let old = world.person("oldbot").await?;
    let mut maubot = old_maubot(&venv, &port)?;
    let plugin = [
        (
            "maubot.yaml",
            "maubot: 0.1.0\nid: xyz.maubot.echo\nversion: 1.4.0\nmodules: [echo]\nmain_class: Echo\n",
        ),
        ("echo.py", "from maubot import Plugin\n\nclass Echo(Plugin):\n    pass\n"),
    ];
    let client = json!({
        "homeserver": world.homeserver.base_url(), "access_token": old.access_token(),
        "displayname": "The Old Bot", "sync": false,
    });
    let instance = json!({ "type": "xyz.maubot.echo", "primary_user": old.user_id() });
    maubot.start()?;
    maubot.wait_for_log("Startup actions complete", 0, Duration::from_mins(1)).await?;
    let base = format!("{}/_matrix/maubot/v1", port.url());
    let login = json!({ "username": "ann", "password": "correct horse" });
    let http = reqwest::Client::new();
    let answer: Value = http.post(format!("{base}/auth/login")).json(&login).send().await?.json().await?;
    let token = answer["token"].as_str().context("maubot gives no token")?;
    for call in [
        http.post(format!("{base}/client/new")).json(&client),
        http.post(format!("{base}/plugins/upload")).body(packed(&plugin)),
        http.put(format!("{base}/instance/parrot")).json(&instance),
    ] {
        let answer = call.bearer_auth(token).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        assert_eq!(status, 201, "{text}\n{}", maubot.tail());
    }
    world.config["bots"]["admin"] = json!({ "listen": null });
    world.start().await?;
    let folder = maubot.folder().to_string_lossy().into_owned();
    let (code, told) = world.verb(&["import-maubot", &folder]).await?;
    println!("{told}");
    assert!(code == 0 && told.contains("made, called The Old Bot"), "{told}");
    assert!(told.contains("parrot (xyz.maubot.echo): made, with the plugin echo"), "{told}");
    assert!(
        told.contains("xyz.maubot.echo 1.4.0, a plugin in Python. Not needed: echo is built in"),
        "{told}"
    );
    world.wait_for_state("parrot", "running").await?;
    Ok(())
}

/// A maubot with a folder of its own, not started.
fn old_maubot(venv: &Path, port: &Port) -> Result<Program> {
    let python: PathBuf = venv.join("bin/python");
    let program =
        Program::new(python)?.args(["-m", "maubot", "-c", "config.yaml"]).env("PYTHONUNBUFFERED", "1");
    let config = json!({
        "database": "sqlite:maubot.db",
        "server": { "hostname": "127.0.0.1", "port": port.number() },
        "admins": { "root": "", "ann": "correct horse" },
    });
    for folder in ["plugins", "trash"] {
        std::fs::create_dir(program.folder().join(folder))?;
    }
    program.write("config.yaml", &serde_yaml::to_string(&config)?)?;
    Ok(program)
}
