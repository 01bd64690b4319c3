//! A second process of the bridge on the same database, behind a balancer with the first.
use std::time::Duration;

use anyhow::ensure;
use serde_json::Value;
use testkit::{Port, eventually};

use super::{Balancer, Bridge, World};
use crate::Result;

/// How long it may take until the other one works.
pub const TAKE_OVER: Duration = Duration::from_secs(10);

/// The second process, and what stands before both.
#[derive(Debug)]
pub struct Second {
    /// The process.
    pub bridge: Bridge,
    _ports: [Port; 2],
    _balancer: Balancer,
}

impl World {
    /// Starts two processes; the world's own is the one that works.
    pub async fn start_two(&mut self) -> Result<Second> {
        let url = self.bridge.config["database"]["url"].clone();
        self.start_two_apart(url).await
    }

    /// The same, where the second one's way to the database is another one.
    pub async fn start_two_apart(&mut self, database_url: Value) -> Result<Second> {
        let ports = [Port::reserve()?, Port::reserve()?];
        self.bridge.config["appservice"]["listen"] = ports[0].address().into();
        let mut bridge = self.bridge.twin(&ports[1].address())?;
        bridge.config["database"]["url"] = database_url;
        let targets = ports.iter().map(Port::address).collect();
        let balancer = Balancer::on(&self.appservice.port, targets)?;
        self.bridge.start().await?;
        bridge.start().await?;
        self.bridge.wait_for_role("working").await?;
        bridge.wait_for_role("standby").await?;
        Ok(Second { bridge, _ports: ports, _balancer: balancer })
    }
}

impl Bridge {
    /// Waits until the process says that this is its role among several.
    pub async fn wait_for_role(&self, role: &str) -> Result<()> {
        eventually(TAKE_OVER, format!("a process that is {role}"), async || {
            let health = self.health().await?;
            ensure!(health["role"] == role, "its health is {health}");
            Ok(())
        })
        .await
    }
}
