//! The registration that the bridge writes is one that homeservers take.
use std::os::unix::fs::PermissionsExt as _;

use scenarios::Place;
use serde_json::Value;

use crate::{Result, World, scenario};

scenario!(the_written_registration_serves in fakes);
async fn the_written_registration_serves(world: &mut World) -> Result<()> {
    let path = world.bridge.folder().join("registration.yaml");
    std::fs::remove_file(&path)?;
    let (code, output) = world.bridge.verb(&["registration"]).await?;
    assert_eq!(code, 0, "{output}");
    let text = std::fs::read_to_string(&path)?;
    assert_eq!(std::fs::metadata(&path)?.permissions().mode() & 0o777, 0o600, "others may read the tokens");
    let registration: Value = serde_yaml::from_str(&text)?;
    assert_eq!(registration["sender_localpart"], world.appservice.bot.as_str());
    assert_eq!(registration["id"], world.appservice.id.as_str());
    assert_eq!(registration["url"], world.appservice.port.url().as_str());
    assert_ne!(registration["as_token"], registration["hs_token"]);
    for token in ["as_token", "hs_token"] {
        world.plant(registration[token].as_str().expect("both tokens are texts"));
    }

    let (code, output) = world.bridge.verb(&["registration"]).await?;
    assert_eq!(code, 0, "{output}");
    assert_eq!(std::fs::read_to_string(&path)?, text, "written again, it has other tokens");

    let copy = world.bridge.folder().join("for-the-homeserver.yaml");
    let out = copy.to_string_lossy().into_owned();
    let (code, output) = world.bridge.verb(&["registration", "--out", &out]).await?;
    assert!(code == 0 && output.contains("for-the-homeserver.yaml"), "{output}");
    assert_eq!(std::fs::read_to_string(&copy)?, text, "in another file it has other tokens");

    world.homeserver.register_appservice(&text).await?;
    world.log_in().await?;
    world.portal("general").await?;
    Ok(())
}

/// The same on a Synapse of its own, since that reads registrations only at its start.
#[tokio::test]
async fn the_written_registration_serves_synapse() {
    let name = "the_written_registration_serves_synapse";
    scenarios::run_alone(name, Place::synapse_sqlite(), the_written_registration_serves).await;
}
