//! Fifty bots beside each other.
use std::time::Instant;

use scenarios::{Bots, bots_scenario};
use serde_json::json;
use testkit::eventually;

use crate::Result;

const COUNT: usize = 50;

bots_scenario!(fifty_bots_answer_in_one_room in fakes);
async fn fifty_bots_answer_in_one_room(world: &mut Bots) -> Result<()> {
    let names: Vec<String> = (0..COUNT).map(|n| format!("bot{n}")).collect();
    for name in &names {
        world.declare(name, "hello", &json!({ "greeting": format!("{name} greets {{name}}") }));
    }
    world.start().await?;
    let room = world.room_with(&names.iter().map(String::as_str).collect::<Vec<_>>()).await?;
    let asked = Instant::now();
    world.admin.send_text(&room, "!hello all").await?;
    let answered = eventually(scenarios::bots::LIMIT, "all bots to answer", async || {
        let texts = world.admin.texts(&room).await.map_err(|error| error.to_string())?;
        let missing: Vec<_> =
            names.iter().filter(|name| !texts.contains(&format!("{name} greets all"))).collect();
        if missing.is_empty() { Ok(asked.elapsed()) } else { Err(format!("missing: {missing:?}")) }
    })
    .await?;
    println!("{COUNT} bots answered within {answered:?}");
    for name in &names {
        assert_eq!(world.said_by(&room, name).await?.len(), 1, "{name}");
    }
    Ok(())
}
