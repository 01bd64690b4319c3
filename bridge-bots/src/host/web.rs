//! Calls to instances' own web paths.

use super::Host;
use super::limited::limited;
use crate::error::HostError;
use crate::plugin::web::{WebRequest, WebResponse};
use crate::plugin::{PluginError, Severity};
use crate::random;

/// Why an instance did not answer a call.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// There is no such instance, or its plugin has no web path.
    NotFound,
    /// It does not run, or has too much to do; the call may be repeated.
    Away,
    /// It could not, or took too long.
    Failed,
}

impl Host {
    /// Has an instance answer a call, within the time that it has for an event. Why it did not stands in its log.
    pub(crate) async fn answer_web(
        &self,
        name: &str,
        request: WebRequest,
    ) -> Result<WebResponse, Unanswered> {
        let instance = self.found(name).map_err(|_: HostError| Unanswered::NotFound)?;
        if !instance.descriptor.web {
            return Err(Unanswered::NotFound);
        }
        let started = instance.worker().ok_or(Unanswered::Away)?;
        let _place = instance.call().ok_or(Unanswered::Away)?;
        // Nobody repeats a call under the same name, so each has effects of its own.
        let call = random::bytes::<16>().map_err(|_| Unanswered::Away)?;
        let context = self.context(&instance, &started, format!("web {}", random::hex(&call)));
        let answering = async { started.worker.answer(request, &context).await };
        let why = match limited(self.event_limit(), answering).await {
            Ok(Ok(response)) => return Ok(response),
            Ok(Err(PluginError::Later(why))) => {
                instance.log.write(
                    self.now(),
                    Severity::Warn,
                    format!("a web call could not be answered: {why}"),
                );
                return Err(Unanswered::Away);
            }
            Ok(Err(error)) => error.to_string(),
            Err(cut) => cut.to_string(),
        };
        instance.log.write(self.now(), Severity::Error, format!("a web call was not answered: {why}"));
        Err(Unanswered::Failed)
    }
}
