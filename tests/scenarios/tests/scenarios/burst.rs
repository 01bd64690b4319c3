//! Many messages at once keep their order.
use std::time::Duration;

use crate::{Result, World, scenario};

/// How long they may take to arrive.
const BURST_LIMIT: Duration = Duration::from_secs(90);
/// How many.
const MANY: usize = 100;

fn numbered(what: &str) -> Vec<String> {
    (0..MANY).map(|number| format!("{what} number {number:03}")).collect()
}

scenario!(a_burst_from_slack_keeps_its_order in everywhere);
async fn a_burst_from_slack_keeps_its_order(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let texts = numbered("burst");
    for (number, text) in texts.iter().enumerate() {
        world.slack_says(["alice", "bob", "carol"][number % 3], "general", text)?;
    }
    let expected: Vec<&str> = texts.iter().map(String::as_str).collect();
    // A real homeserver on a busy machine takes its time.
    world.wait_for_texts_within(BURST_LIMIT, &world.admin, &room, &expected).await
}

scenario!(a_burst_from_matrix_keeps_its_order in everywhere);
async fn a_burst_from_matrix_keeps_its_order(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let texts = numbered("salvo");
    for text in &texts {
        world.matrix_says(&world.admin, &room, text).await?;
    }
    let expected: Vec<&str> = texts.iter().map(String::as_str).collect();
    world.wait_for_slack_texts("general", &expected).await
}
