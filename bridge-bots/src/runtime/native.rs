//! Plugins that are compiled into the program.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::{Runtime, Task, Worker};
use crate::plugin::config::read;
use crate::plugin::{Descriptor, Plugin, PluginContext, PluginError, Problem, WebRequest, WebResponse};
use crate::plugins;

type Started<'a> = BoxFuture<'a, Result<Arc<dyn Worker>, PluginError>>;

/// One plugin, without its type.
struct Entry {
    descriptor: Descriptor,
    check: fn(&str) -> Result<(), Vec<Problem>>,
    default_config: fn() -> Option<String>,
    start: for<'a> fn(&'a str, &'a PluginContext) -> Started<'a>,
}

/// The plugins of a program.
#[derive(Default)]
pub struct Plugins(BTreeMap<String, Entry>);

impl fmt::Debug for Plugins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Plugins {
    /// Those that come with the host.
    pub fn built_in() -> Self {
        plugins::add_all(Self::default())
    }

    /// With one more; it takes the place of one with the same id.
    #[must_use]
    pub fn with<P: Plugin>(mut self) -> Self {
        let entry = Entry {
            descriptor: P::descriptor(),
            check: |text| read::<P::Config>(text).map(drop),
            default_config: || serde_yaml::to_string(&P::Config::default()).ok(),
            start: |text, context| {
                Box::pin(async move {
                    let config = read::<P::Config>(text).map_err(|problems| {
                        PluginError::Fault(
                            problems.iter().map(Problem::to_string).collect::<Vec<_>>().join(" "),
                        )
                    })?;
                    let started: Arc<dyn Worker> = Arc::new(Native(P::start(config, context).await?));
                    Ok(started)
                })
            },
        };
        self.0.insert(entry.descriptor.id.clone(), entry);
        self
    }
}

impl Runtime for Plugins {
    fn plugins(&self) -> Vec<&Descriptor> {
        self.0.values().map(|entry| &entry.descriptor).collect()
    }

    fn check(&self, plugin: &str, config: &str) -> Result<(), Vec<Problem>> {
        self.0.get(plugin).map_or_else(|| Err(vec![unknown(plugin)]), |entry| (entry.check)(config))
    }

    fn default_config(&self, plugin: &str) -> Option<String> {
        (self.0.get(plugin)?.default_config)()
    }

    fn start<'a>(&'a self, plugin: &'a str, config: &'a str, context: &'a PluginContext) -> Started<'a> {
        match self.0.get(plugin) {
            Some(entry) => (entry.start)(config, context),
            None => Box::pin(std::future::ready(Err(PluginError::Fault(unknown(plugin).text)))),
        }
    }
}

fn unknown(plugin: &str) -> Problem {
    Problem::new("plugin", format!("there is no plugin {plugin}."))
}

/// A plugin's value, without its type.
struct Native<P>(P);

impl<P> fmt::Debug for Native<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Native")
    }
}

impl<P: Plugin> Worker for Native<P> {
    fn work<'a>(
        &'a self,
        task: &'a Task,
        context: &'a PluginContext,
    ) -> BoxFuture<'a, Result<(), PluginError>> {
        match task {
            Task::Event(event) => Box::pin(self.0.on_event(event, context)),
            Task::Timer(timer) => Box::pin(self.0.on_timer(timer, context)),
        }
    }

    fn answer<'a>(
        &'a self,
        request: WebRequest,
        context: &'a PluginContext,
    ) -> BoxFuture<'a, Result<WebResponse, PluginError>> {
        Box::pin(self.0.on_request(request, context))
    }

    fn act<'a>(
        &'a self,
        action: &'a str,
        input: &'a str,
        context: &'a PluginContext,
    ) -> BoxFuture<'a, Result<String, PluginError>> {
        Box::pin(self.0.on_action(action, input, context))
    }
}
