//! Answers a slash command at the address that came with it.

use bridge_core::error::NetworkError;
use bridge_core::failpoint;
use serde_json::Value;
use url::Url;

use super::{CALL_TIMEOUT, CallError, Caller};

/// Where Slack takes answers.
const HOST: &str = "hooks.slack.com";

impl Caller {
    /// Posts an answer. The address is a secret, good for half an hour and five answers, and carries no token.
    pub(crate) async fn respond(&self, answer_to: &str, answer: &Value) -> Result<(), NetworkError> {
        const WHAT: &str = "the answer to a command";
        let url = Url::parse(answer_to).ok().filter(|url| self.takes_answers(url));
        let Some(url) = url else {
            return Err(NetworkError::Rejected(
                "The command names no address of Slack to answer to.".to_owned(),
            ));
        };
        let request = self.api.shared.plain.post(url).timeout(CALL_TIMEOUT);
        let request = request.header(http::header::CONTENT_TYPE, "application/json").body(answer.to_string());
        failpoint::pass("slack.before_call");
        let response = self.acting(request.send()).await;
        failpoint::pass("slack.after_call");
        let response = response.and_then(|sent| sent.map_err(CallError::from));
        let response = response.map_err(|error| error.of_read(WHAT))?;
        match response.status().as_u16() {
            200..=299 => Ok(()),
            status @ (429 | 500..) => Err(CallError::Status(status).of_read(WHAT)),
            _ => Err(NetworkError::Rejected("Slack takes no answer to the command any more.".to_owned())),
        }
    }

    fn takes_answers(&self, url: &Url) -> bool {
        url.origin() == self.api.shared.base.origin()
            || url.scheme() == "https" && url.port().is_none() && url.host_str() == Some(HOST)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use bridge_core::secret::Secret;

    use super::*;
    use crate::api::Api;
    use crate::config::Config;

    #[tokio::test]
    async fn answers_go_to_slack_only() {
        let config = Config { api_url: "http://127.0.0.1:9/api/".to_owned(), ..Config::default() };
        let caller = Api::new(&config).unwrap().caller(&Secret::new("a token"), "T1");
        let takes = |url: &str| caller.takes_answers(&Url::parse(url).unwrap());
        assert!(takes("https://hooks.slack.com/commands/T1/2/x") && takes("http://127.0.0.1:9/respond/1"));
        for other in [
            "http://hooks.slack.com/commands",
            "https://hooks.slack.com:8443/",
            "https://hooks.slack.com.example.org/",
            "http://127.0.0.1:10/",
        ] {
            assert!(!takes(other), "{other}");
            let error = caller.respond(other, &Value::Null).await.unwrap_err();
            assert!(matches!(error, NetworkError::Rejected(_)), "{error:?}");
        }
    }
}
