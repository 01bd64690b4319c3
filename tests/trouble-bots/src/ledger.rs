//! A bot with a database of its own, which it has flooded or hanging when it is told to.

use bridge_bots::plugin::database::sqlx;
use bridge_bots::plugin::{Descriptor, Event, Kind, NoConfig, Plugin, PluginContext, PluginError};

/// A statement that would never end.
const ENDLESS: &str =
    "WITH RECURSIVE more(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more) SELECT count(*) FROM more";

/// The bot. It writes down what it hears, and says how much that is.
pub(crate) struct Ledger;

impl Plugin for Ledger {
    type Config = NoConfig;

    fn descriptor() -> Descriptor {
        Descriptor::new("ledger", "1.0.0", "Writes down what it hears.").wants(Kind::Message).database(&[
            "CREATE TABLE heard (event TEXT PRIMARY KEY, text TEXT NOT NULL)",
            "CREATE INDEX heard_by_text ON heard (text)",
        ])
    }

    async fn start(_config: NoConfig, _context: &PluginContext) -> Result<Self, PluginError> {
        Ok(Self)
    }

    async fn on_event(&self, event: &Event, context: &PluginContext) -> Result<(), PluginError> {
        let pool = context.database()?;
        match event.body() {
            "hang" => sqlx::query(ENDLESS).execute(pool).await.map(drop)?,
            "flood" => loop {
                sqlx::query("INSERT INTO heard VALUES (hex(randomblob(16)), hex(randomblob(200000)))")
                    .execute(pool)
                    .await?;
            },
            text => {
                sqlx::query("INSERT INTO heard VALUES (?, ?) ON CONFLICT DO NOTHING")
                    .bind(&event.id)
                    .bind(text)
                    .execute(pool)
                    .await?;
                let count: i64 = sqlx::query_scalar("SELECT count(*) FROM heard WHERE length(text) < 1000")
                    .fetch_one(pool)
                    .await?;
                context.say(&event.room_id, &format!("{text} is number {count}")).await?;
            }
        }
        Ok(())
    }
}
