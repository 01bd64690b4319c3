//! Mistakes in the config file: a sentence with the key, exit code 1, and nothing touched.
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;

use anyhow::Context as _;
use serde_json::{Value, json};
use testkit::Port;

use crate::{Result, World, scenario};

/// Sets a key given by its path.
fn set(config: &mut Value, path: &str, value: Value) {
    let place = path.split('.').fold(config, |place, key| &mut place[key]);
    *place = value;
}

/// All files of the bridge's folder but the ones that the test itself writes.
fn files(world: &World) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(world.bridge.folder())? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != "config.yaml" && name != "program.log" {
            found.insert(name, std::fs::read(entry.path()).unwrap_or_default());
        }
    }
    Ok(found)
}

/// Runs the bridge with a changed config and expects a refusal that names the key.
async fn refused(world: &mut World, path: &str, value: Value, said: &[&str]) -> Result<()> {
    let (good, before) = (world.bridge.config.clone(), files(world)?);
    set(&mut world.bridge.config, path, value.clone());
    let (code, output) =
        world.bridge.verb(&["run"]).await.with_context(|| format!("with {path}: {value}"))?;
    world.bridge.config = good;
    assert_eq!(code, 1, "with {path}: {value} it said {output}");
    for words in said {
        assert!(output.contains(words), "with {path}: {value} it said {output:?}, without {words:?}");
    }
    assert!(!output.contains("panicked"), "{output}");
    assert_eq!(files(world)?, before, "with {path}: {value} it changed files");
    Ok(())
}

scenario!(mistakes_in_the_config_are_named_by_key in one);
async fn mistakes_in_the_config_are_named_by_key(world: &mut World) -> Result<()> {
    let local = concat!("local", "host");
    let cases: Vec<(&str, Value, &[&str])> = vec![
        ("homeserver.adress", json!("http://127.0.0.1:1"), &["homeserver", "adress"]),
        ("never_seen", json!({}), &["never_seen"]),
        ("slack.api_ulr", json!("x"), &["slack", "api_ulr"]),
        ("homeserver.url", json!(5), &["homeserver"]),
        ("homeserver.url", json!(null), &["homeserver.url"]),
        ("homeserver.url", json!("not an address"), &["homeserver.url"]),
        ("homeserver.url", json!(format!("http://{local}:8008")), &["homeserver.url", "127.0.0.1"]),
        ("homeserver.name", json!(null), &["homeserver.name"]),
        ("appservice.listen", json!(format!("{local}:29400")), &["appservice.listen", "127.0.0.1"]),
        ("appservice.listen", json!("everywhere"), &["appservice.listen"]),
        ("appservice.user_prefix", json!("Not Allowed "), &["appservice.user_prefix"]),
        (
            "appservice.user_prefix",
            json!("other_"),
            &["appservice.user_prefix", "@other_", "registration.yaml"],
        ),
        ("homeserver.name", json!("other.test"), &["homeserver.name", "registration.yaml"]),
        ("appservice.bot", json!("other"), &["appservice.bot", "registration.yaml"]),
        ("appservice.id", json!("other"), &["appservice.id", "other", "registration.yaml"]),
        ("appservice.id", json!(""), &["appservice.id"]),
        (
            "appservice.public_url",
            json!("https://b.test/public/"),
            &["appservice.public_url", "https://b.test/."],
        ),
        ("appservice.ghost_name", json!("Slack user"), &["appservice.ghost_name", "{name}"]),
        ("appservice.ghost_name", json!("{nmae} (Slack)"), &["appservice.ghost_name", "{nmae}", "{handle}"]),
        ("appservice.ghost_name", json!("{name"), &["appservice.ghost_name", "}"]),
        ("members.show", json!("nobody"), &["members.show", "speakers"]),
        ("members.limit", json!("many"), &["members.limit"]),
        ("database.url", json!("mysql://127.0.0.1/x"), &["database.url"]),
        ("permissions", json!({ "someone": "emperor" }), &["permissions"]),
        ("permissions", json!({ "not a pattern @": "user" }), &["permissions"]),
        ("logging.format", json!("poetry"), &["logging"]),
        ("secret.key_file", json!("not/there.key"), &["secret.key_file", "openssl rand -hex 32"]),
        ("secret.key_file", json!("registration.yaml"), &["secret.key_file", "Put back the old key"]),
        ("slack.api_url", json!("http://slack.example/api/"), &["slack.api_url: "]),
        ("slack.ffmpeg", json!("/nowhere/ffmpeg"), &["slack.ffmpeg: "]),
        ("slack.rate_limits", json!("sometimes"), &["slack.rate_limits", "sometimes", "quota"]),
        ("slack.link_previews", json!("perhaps"), &["slack.link_previews", "true or false"]),
        ("appservice.registration", json!("not-there.yaml"), &["registration"]),
    ];
    for (path, value, said) in cases {
        refused(world, path, value, said).await?;
    }
    Ok(())
}

scenario!(a_taken_port_is_named in one);
async fn a_taken_port_is_named(world: &mut World) -> Result<()> {
    let listener = world.appservice.port.listen()?;
    let port = world.appservice.port.number().to_string();
    let (code, output) = world.bridge.verb(&["run"]).await?;
    drop(listener);
    assert_eq!(code, 1, "{output}");
    assert!(output.contains("appservice.listen") && output.contains(&port), "{output}");
    world.bridge.start().await
}

scenario!(an_unreachable_homeserver_is_named in one);
async fn an_unreachable_homeserver_is_named(world: &mut World) -> Result<()> {
    let nobody = Port::reserve()?;
    let good = world.bridge.config.clone();
    set(&mut world.bridge.config, "homeserver.url", json!(nobody.url()));
    set(&mut world.bridge.config, "homeserver.startup_wait", json!(1));
    let before = files(world)?;
    for verb in ["check", "run"] {
        let (code, output) = world.bridge.verb(&[verb]).await?;
        assert_eq!(code, 1, "{output}");
        assert!(output.contains("homeserver.url") && output.contains(&nobody.url()), "{output}");
        assert_eq!(files(world)?, before, "`{verb}` changed files");
    }
    world.bridge.config = good;
    Ok(())
}

scenario!(wrong_tokens_of_the_registration_are_named in fakes);
async fn wrong_tokens_of_the_registration_are_named(world: &mut World) -> Result<()> {
    let path = world.bridge.folder().join("registration.yaml");
    let good = std::fs::read_to_string(&path)?;
    std::fs::write(&path, good.replace(&world.appservice.as_token, "as-nobody-knows-this-one"))?;
    set(&mut world.bridge.config, "homeserver.startup_wait", json!(1));
    let before = files(world)?;
    for verb in ["check", "run"] {
        let (code, output) = world.bridge.verb(&[verb]).await?;
        assert_eq!(code, 1, "{output}");
        assert!(output.contains("appservice.registration") && output.contains("as_token"), "{output}");
        assert!(!output.contains("as-nobody-knows-this-one"), "{output}");
        assert_eq!(files(world)?, before, "`{verb}` changed files");
    }
    std::fs::write(&path, good)?;
    world.bridge.start().await
}

scenario!(a_second_bridge_on_one_database_is_refused in one);
async fn a_second_bridge_on_one_database_is_refused(world: &mut World) -> Result<()> {
    world.bridge.start().await?;
    let other = Port::reserve()?;
    let good = world.bridge.config.clone();
    set(&mut world.bridge.config, "appservice.listen", json!(other.address()));
    let (code, output) = world.bridge.verb(&["run"]).await?;
    world.bridge.config = good;
    assert_eq!(code, 1, "{output}");
    assert!(output.contains("database"), "{output}");
    Ok(())
}

scenario!(a_bad_key_is_told_before_a_homeserver_is_waited_for in one);
async fn a_bad_key_is_told_before_a_homeserver_is_waited_for(world: &mut World) -> Result<()> {
    // The default patience is a minute, which is longer than the verb may take here.
    let nobody = Port::reserve()?;
    set(&mut world.bridge.config, "homeserver.url", json!(nobody.url()));
    refused(world, "secret.key_file", json!("not/there.key"), &["secret.key_file"]).await
}

scenario!(a_missing_key_and_open_files_are_told_by_check in one);
async fn a_missing_key_and_open_files_are_told_by_check(world: &mut World) -> Result<()> {
    world.bridge.start().await?;
    world.bridge.stop().await?;
    let (code, output) = world.bridge.verb(&["check"]).await?;
    assert!(code == 0 && !output.contains("No key") && !output.contains("unnamed"), "{output}");
    for file in ["bridge.db", "bridge.db.lock"] {
        let mode = std::fs::metadata(world.bridge.folder().join(file))?.permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file} is open to others");
    }
    world.bridge.config["secret"] = json!({});
    let (code, output) = world.bridge.verb(&["check"]).await?;
    assert!(code == 0 && output.contains("No key is set (secret.key_file)"), "{output}");
    Ok(())
}
