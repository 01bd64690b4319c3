//! Where systemd asks for signs of life, the program gives them, and says when it is ready and when it stops.
use std::os::unix::net::UnixDatagram;

use anyhow::{Context as _, ensure};

use crate::{Result, World, scenario};

scenario!(signs_of_life_are_given in one);
async fn signs_of_life_are_given(world: &mut World) -> Result<()> {
    let path = world.bridge.folder().join("notify");
    let socket = UnixDatagram::bind(&path)?;
    socket.set_read_timeout(Some(scenarios::world::LIMIT))?;
    world.bridge.set_env("NOTIFY_SOCKET", path);
    world.bridge.set_env("WATCHDOG_USEC", "4000000");
    world.bridge.start().await?;
    let said = hear(&socket, "READY=1")?;
    ensure!(said.iter().all(|said| said == "WATCHDOG=1"), "before it was ready it said {said:?}");
    for _ in 0..3 {
        hear(&socket, "WATCHDOG=1")?;
    }
    world.bridge.stop().await?;
    hear(&socket, "STOPPING=1")?;
    Ok(())
}

/// Waits for a word; answers what was said before.
fn hear(socket: &UnixDatagram, word: &str) -> Result<Vec<String>> {
    let mut before = Vec::new();
    let mut buffer = [0; 256];
    loop {
        let length = socket.recv(&mut buffer).with_context(|| format!("{word} did not come"))?;
        let said = String::from_utf8_lossy(&buffer[..length]).trim().to_owned();
        if said == word {
            return Ok(before);
        }
        before.push(said);
    }
}
