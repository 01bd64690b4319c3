//! The doctor goes on after each mistake, and what it says first is what is to be done first.
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};
use testkit::Port;

use crate::{Result, World, scenario};

/// What the doctor said: its exit code, its lines, and the last one.
#[derive(Debug)]
struct Said {
    code: i32,
    text: String,
}

impl Said {
    /// The first thing to do.
    fn first(&self) -> &str {
        self.text.lines().rev().find(|line| line.starts_with("First: ")).unwrap_or_default()
    }

    /// The lines of this grade that are not about the machine of the tests.
    fn lines(&self, grade: &str) -> Vec<&str> {
        let is_of = |line: &&str| line.split_whitespace().next() == Some(grade);
        self.text.lines().filter(is_of).filter(|line| !is_of_disk(line)).collect()
    }

    /// Whether the machine that the tests run on has little room left, which the doctor and a running program rightly tell.
    fn disk_is_full(&self) -> bool {
        self.text.lines().any(|line| line.starts_with("look") && is_of_disk(line))
    }

    /// Expects something to do, and this to be first.
    #[track_caller]
    fn expect_first(&self, words: &[&str]) {
        assert_eq!(self.code, 1, "{}", self.text);
        for word in words {
            assert!(self.first().contains(word), "{word:?} is not first in\n{}", self.text);
        }
    }
}

/// Whether a line tells of the machine's disk, from the doctor's own look or from the running program's.
fn is_of_disk(line: &str) -> bool {
    line.get(6..).is_some_and(|part| part.starts_with("disk")) || line.contains("(disk_nearly_full)")
}

/// Lets the files be as `init` and `registration` make them: those of the tests are open, and written by hand.
async fn tidy_up(world: &World) -> Result<()> {
    let (code, said) = world.bridge.verb(&["registration"]).await?;
    assert_eq!(code, 0, "{said}");
    for name in ["config.yaml", "secret.key"] {
        std::fs::set_permissions(world.bridge.folder().join(name), Permissions::from_mode(0o600))?;
    }
    Ok(())
}

/// Asks the doctor, who finds a fresh backup.
async fn ask(world: &World) -> Result<Said> {
    let backups = world.bridge.folder().join("backups");
    std::fs::create_dir_all(&backups)?;
    std::fs::write(backups.join("daily.backup"), "")?;
    let folder = backups.to_string_lossy().into_owned();
    let (code, text) = world.bridge.verb(&["doctor", "--backups", &folder]).await?;
    let secrets = [&world.appservice.as_token, &world.appservice.hs_token];
    for secret in
        secrets.into_iter().chain(world.slack.apps().iter().flat_map(|app| [&app.bot_token, &app.app_token]))
    {
        assert!(!text.contains(secret.as_str()), "the report tells a token:\n{text}");
    }
    Ok(Said { code, text })
}

fn set(config: &mut Value, section: &str, key: &str, value: Value) {
    config[section][key] = value;
}

scenario!(a_healthy_bridge_has_nothing_to_do in fakes);
async fn a_healthy_bridge_has_nothing_to_do(world: &mut World) -> Result<()> {
    world.log_in().await?;
    tidy_up(world).await?;
    let said = ask(world).await?;
    assert_eq!((said.lines("bad"), said.lines("look")), (vec![], vec![]), "{}", said.text);
    assert!(said.code == 0 || said.disk_is_full(), "{}", said.text);
    for seen in [
        "ok    config",
        "ok    registration",
        "ok    key",
        "ok    database",
        "ok    homeserver",
        "ok    clock",
    ] {
        assert!(said.text.contains(seen), "{seen:?} is not in\n{}", said.text);
    }
    let runs = if said.disk_is_full() { "It runs, and says of disk" } else { "It runs and is ready" };
    assert!(said.text.contains(runs) || said.text.contains("It runs and is ready"), "{}", said.text);
    assert!(said.text.contains("Slack takes the credentials"), "{}", said.text);
    // Stopped, it is tried both ways, and what is left is to start it.
    world.bridge.stop().await?;
    let said = ask(world).await?;
    assert!(said.lines("bad").is_empty() && said.text.contains("The homeserver reaches us"), "{}", said.text);
    said.expect_first(&["start it"]);
    world.bridge.start().await
}

scenario!(the_doctor_says_what_to_do_first in one);
async fn the_doctor_says_what_to_do_first(world: &mut World) -> Result<()> {
    world.log_in().await?;
    world.bridge.stop().await?;
    tidy_up(world).await?;
    let good = world.bridge.config.clone();
    let path = world.bridge.folder().join("registration.yaml");
    let registration = std::fs::read_to_string(&path)?;

    // The homeserver has another token.
    let other = "as-nobody-knows-this-one-0123456789abcdef";
    std::fs::write(&path, registration.replace(&world.appservice.as_token, other))?;
    let said = ask(world).await?;
    said.expect_first(&["Give the homeserver this registration", "restart it"]);
    assert!(!said.text.contains(other), "{}", said.text);

    // The registration says otherwise than the config.
    let url = format!("http://{}", world.appservice.port.address());
    std::fs::write(&path, registration.replace(&url, "http://127.0.0.1:9"))?;
    let said = ask(world).await?;
    said.expect_first(&["Run the verb `registration`"]);
    assert!(said.text.contains("url is http://127.0.0.1:9"), "{}", said.text);
    std::fs::write(&path, &registration)?;

    // The config listens elsewhere since, and the homeserver was not told.
    let elsewhere = Port::reserve()?;
    set(&mut world.bridge.config, "appservice", "listen", json!(elsewhere.address()));
    let said = ask(world).await?;
    said.expect_first(&["Run the verb `registration`", "restart that"]);
    assert!(said.text.contains("finds nobody at the url"), "{}", said.text);
    let (code, told) = world.bridge.verb(&["check"]).await?;
    assert!(
        code == 1 && told.contains("by the config it would be") && told.contains("cannot connect to us"),
        "{told}"
    );
    world.bridge.config = good.clone();

    // Another server is named than the registration is for.
    set(&mut world.bridge.config, "homeserver", "name", json!("elsewhere.test"));
    ask(world).await?.expect_first(&["Correct homeserver.name"]);
    world.bridge.config = good.clone();

    // Three mistakes in the config are three lines.
    set(&mut world.bridge.config, "appservice", "listen", json!("everywhere"));
    set(&mut world.bridge.config, "members", "limit", json!("many"));
    set(&mut world.bridge.config, "logging", "levle", json!("info"));
    let said = ask(world).await?;
    said.expect_first(&["appservice.listen"]);
    assert_eq!(said.lines("bad").len(), 3, "{}", said.text);
    world.bridge.config = good.clone();

    // Nobody answers where the homeserver should be.
    set(&mut world.bridge.config, "homeserver", "url", json!(Port::reserve()?.url()));
    let said = ask(world).await?;
    said.expect_first(&["Start the homeserver"]);
    assert!(said.text.contains("ok    database"), "it goes on after that\n{}", said.text);
    world.bridge.config = good.clone();

    // Another program has the port.
    let taken = world.appservice.port.listen()?;
    let (said, _) = tokio::join!(ask(world), async { taken.accept().await.map(drop) });
    said?.expect_first(&["ss -ltnp", "Stop it"]);
    drop(taken);

    // The database's folder is gone.
    set(&mut world.bridge.config, "database", "url", json!("sqlite:not/there/bridge.db"));
    let said = ask(world).await?;
    said.expect_first(&["Make it, writable"]);
    assert!(said.text.contains("knows our token"), "it goes on after that\n{}", said.text);
    world.bridge.config = good;
    world.bridge.start().await
}
