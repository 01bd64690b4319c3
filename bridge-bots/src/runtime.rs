//! Where a plugin's code runs. Nothing outside of here knows which runtime runs which plugin.

pub(crate) mod native;

use std::fmt::Debug;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::error::HostError;
use crate::host::upload::Installed;
use crate::package::{Kind, Package};
use crate::plugin::{Descriptor, Event, PluginContext, PluginError, Problem, Timer, WebRequest, WebResponse};

/// Something that a plugin is told of.
#[derive(Debug, Clone)]
pub(crate) enum Task {
    /// An event of a room.
    Event(Event),
    /// A timer that is due.
    Timer(Timer),
}

/// Runs plugins of one kind.
pub(crate) trait Runtime: Debug + Send + Sync {
    /// The plugins that it has.
    fn plugins(&self) -> Vec<&Descriptor>;

    /// Whether a config text is one that the plugin takes.
    fn check(&self, plugin: &str, config: &str) -> Result<(), Vec<Problem>>;

    /// The plugin's config with all keys at their defaults, as YAML.
    fn default_config(&self, plugin: &str) -> Option<String>;

    /// Starts an instance of a plugin that it has, with a config that was checked.
    fn start<'a>(
        &'a self,
        plugin: &'a str,
        config: &'a str,
        context: &'a PluginContext,
    ) -> BoxFuture<'a, Result<Arc<dyn Worker>, PluginError>>;

    /// Whether it installs packages of this kind.
    fn takes(&self, _kind: Kind) -> bool {
        false
    }

    /// Installs a package of a kind that it takes, in place of another version if there is one. At an error that one stays.
    fn install(&self, package: Package) -> BoxFuture<'_, Result<Installed, HostError>> {
        let text =
            format!("Nothing was installed: what runs here takes no plugins {}.", package.kind.words());
        Box::pin(std::future::ready(Err(HostError::Conflict(text))))
    }
}

/// A started instance. It stops when it is dropped.
pub(crate) trait Worker: Debug + Send + Sync {
    /// Has it work on something. May panic, and may never return.
    fn work<'a>(
        &'a self,
        task: &'a Task,
        context: &'a PluginContext,
    ) -> BoxFuture<'a, Result<(), PluginError>>;

    /// Has it answer a call to its web path. May panic, and may never return.
    fn answer<'a>(
        &'a self,
        request: WebRequest,
        context: &'a PluginContext,
    ) -> BoxFuture<'a, Result<WebResponse, PluginError>>;

    /// Has it do what an operator wants; gives what they are told. May panic, and may never return.
    fn act<'a>(
        &'a self,
        action: &'a str,
        input: &'a str,
        context: &'a PluginContext,
    ) -> BoxFuture<'a, Result<String, PluginError>>;
}
