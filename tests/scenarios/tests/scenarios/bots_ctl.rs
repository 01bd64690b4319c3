//! What operators do from a shell.
use scenarios::{Bots, bots_scenario};
use serde_json::json;

use crate::Result;

bots_scenario!(bots_are_made_stopped_and_deleted_from_a_shell in everywhere);
async fn bots_are_made_stopped_and_deleted_from_a_shell(world: &mut Bots) -> Result<()> {
    world.declare("steady", "hello", &json!({}));
    world.start().await?;
    let told = world.ctl(&["account", "helper", "--displayname", "The Helper"]).await?;
    assert!(told.contains(&world.account("helper")), "{told}");
    world.ctl(&["create", "second", "--plugin", "echo", "--account", "helper"]).await?;
    let room = world.room_with(&["steady", "helper"]).await?;
    world.admin.send_text(&room, "!echo one").await?;
    world.wait_for_said(&room, "helper", &["one"]).await?;
    let list = world.ctl(&["list"]).await?;
    assert!(list.contains("second: running since ") && list.contains("steady: running since "), "{list}");
    world.ctl(&["stop", "second"]).await?;
    assert!(world.ctl(&["status", "second"]).await?.starts_with("stopped|20"));
    world.admin.send_text(&room, "!echo two").await?;
    world.admin.send_text(&room, "!hello you").await?;
    world.wait_for_said(&room, "steady", &["Hello, you!"]).await?;
    world.ctl(&["start", "second"]).await?;
    world.ctl(&["restart", "second"]).await?;
    world.admin.send_text(&room, "!echo three").await?;
    world.wait_for_said(&room, "helper", &["one", "three"]).await?;
    let steady = world.instance("steady").await?;
    assert_eq!((&steady["state"], &steady["restarts"]), (&json!("running"), &json!(0)));
    assert!(world.ctl(&["logs", "second"]).await?.contains("was stopped"));
    assert!(world.ctl(&["plugins"]).await?.contains("!remind 10m text"));
    let told = world.ctl_refused(&["delete-account", "helper"]).await?;
    assert!(told.contains("second uses the account"), "{told}");
    world.ctl(&["delete", "second"]).await?;
    world.ctl(&["delete-account", "helper"]).await?;
    assert!(!world.ctl(&["list"]).await?.contains("second"));
    Ok(())
}

bots_scenario!(what_the_file_declares_is_changed_there in one);
async fn what_the_file_declares_is_changed_there(world: &mut Bots) -> Result<()> {
    world.declare("steady", "hello", &json!({}));
    world.start().await?;
    let config = world.file("other.yaml", "greeting: Hey")?;
    for order in [&["delete", "steady"][..], &["config", "steady", "--set", &config], &["account", "steady"]]
    {
        let told = world.ctl_refused(order).await?;
        assert!(told.contains("is declared in the config file"), "{told}");
    }
    let told = world.ctl(&["stop", "steady"]).await?;
    assert!(told.contains("differs from the config file in: enabled"), "{told}");
    world.config["bots"]["instances"]["steady"]["config"] = json!({ "greeting": "Hey, {name}" });
    world.stop().await?;
    world.start().await?;
    world.wait_for_state("steady", "running").await?;
    let log = world.program().log();
    assert!(log.contains("differed from the config file") && log.contains("enabled, config"), "{log}");
    let room = world.room_with(&["steady"]).await?;
    world.admin.send_text(&room, "!hello you").await?;
    world.wait_for_said(&room, "steady", &["Hey, you"]).await?;
    world.config["bots"]["instances"] = json!({});
    world.stop().await?;
    world.start().await?;
    world.wait_for_state("steady", "stopped").await?;
    world.ctl(&["delete", "steady"]).await?;
    Ok(())
}

bots_scenario!(wrong_orders_are_told_so in one);
async fn wrong_orders_are_told_so(world: &mut Bots) -> Result<()> {
    let told = world.ctl_refused(&["list"]).await?;
    assert!(told.contains("Nothing answers at"), "{told}");
    world.start().await?;
    world.ctl(&["account", "a"]).await?;
    for (order, part) in [
        (&["show", "nobody"][..], "There is no instance nobody."),
        (&["create", "x", "--plugin", "nothing", "--account", "a"], "There is no plugin nothing."),
        (&["create", "x", "--plugin", "hello", "--account", "b"], "There is no account b."),
        (&["create", "X Y", "--plugin", "hello", "--account", "a"], "name: has to be a name"),
        (&["account", "Big"], "account: has to be a name"),
        (&["account", "a", "--avatar", "http://x"], "avatar: has to be an mxc:// address."),
    ] {
        let told = world.ctl_refused(order).await?;
        assert!(told.contains(part), "{part} is not in {told}");
    }
    world.ctl(&["create", "x", "--plugin", "hello", "--account", "a"]).await?;
    let told = world.ctl_refused(&["create", "x", "--plugin", "hello", "--account", "a"]).await?;
    assert!(told.contains("There is an instance x already."), "{told}");
    // Whoever does not know the registration gets nothing.
    let address = world.config["appservice"]["listen"].as_str().unwrap_or_default().to_owned();
    let call = reqwest::Client::new().post(format!("http://{address}/bots/ctl")).body(r#""list""#);
    let hs_token = world.appservice.hs_token.clone();
    assert_eq!(call.try_clone().map(|call| call.bearer_auth(hs_token)).unwrap().send().await?.status(), 401);
    assert_eq!(call.send().await?.status(), 401);
    Ok(())
}
