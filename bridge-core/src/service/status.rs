//! The verb `status`: how the program is that runs by a config file, in words, and as an exit code.

mod words;

use std::path::Path;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::cli::{Answer, StatusArgs, print};
use super::run::reachable;
use crate::clock::Clock;
use crate::config::{Config, Defaults};

/// How long the program may take to answer.
const PATIENCE: Duration = Duration::from_secs(8);
/// How often `--watch` looks.
const WATCHED_EVERY: Duration = Duration::from_secs(2);

/// Nothing is to be done.
const FINE: u8 = 0;
/// Somebody should look.
const DEGRADED: u8 = 1;
/// It does not do its work, or does not answer.
const DOWN: u8 = 2;
/// There is no config file, or no database yet.
const NOT_DEPLOYED: u8 = 3;

/// What a look gave.
struct Look {
    answer: Answer,
    /// Changes with what `--watch` is to show.
    mark: String,
}

impl Look {
    /// One without a document.
    fn told(code: u8, text: String) -> Self {
        Self { mark: text.clone(), answer: Answer { text, code } }
    }

    /// The same for a program that reads it: what is known, under the document's own keys.
    fn in_json(self) -> Self {
        let state = if self.answer.code == NOT_DEPLOYED { "not deployed" } else { "down" };
        let document = json!({ "state": state, "ready": false, "reason": self.answer.text });
        let text = serde_json::to_string_pretty(&document).unwrap_or_default();
        Self { answer: Answer { text, ..self.answer }, ..self }
    }
}

/// Asks the program and says how it is. `S` is its own config section.
pub async fn status<S>(path: &Path, order: StatusArgs, defaults: &Defaults) -> Result<Answer, String>
where
    S: DeserializeOwned + Default,
{
    let mut shown = None;
    loop {
        let Look { answer, mark } = look::<S>(path, order.json, defaults).await?;
        if !order.watch {
            let code = if order.check { u8::from(answer.code >= DOWN) } else { answer.code };
            return Ok(Answer { code, ..answer });
        }
        if shown.as_ref() != Some(&mark) {
            if !order.json {
                print(time_of_day());
            }
            print(answer.text.trim_end());
            shown = Some(mark);
        }
        tokio::select! {
            () = tokio::time::sleep(WATCHED_EVERY) => {}
            _ = tokio::signal::ctrl_c() => return Ok(Answer { text: String::new(), code: answer.code }),
        }
    }
}

/// When it was looked, for whoever reads what `--watch` printed meanwhile.
fn time_of_day() -> String {
    let now = jiff::Timestamp::from_millisecond(Clock::system().now_ms()).unwrap_or_default();
    now.strftime("[%Y-%m-%d %H:%M:%S UTC]").to_string()
}

async fn look<S>(path: &Path, json: bool, defaults: &Defaults) -> Result<Look, String>
where
    S: DeserializeOwned + Default,
{
    let name = format!("bridge-{}", defaults.id);
    match document::<S>(path, &name, defaults).await? {
        Ok(document) => Ok(read(&name, &document, json)),
        Err(look) if json => Ok(look.in_json()),
        Err(look) => Ok(look),
    }
}

/// The document of the program, or what is to be said without one.
async fn document<S>(path: &Path, name: &str, defaults: &Defaults) -> Result<Result<Value, Look>, String>
where
    S: DeserializeOwned + Default,
{
    // One that may not be looked at is there.
    if matches!(path.try_exists(), Ok(false)) {
        let text = format!(
            "{name} is not deployed: there is no config file at {}. Give its place with --config, or make one with `init`.",
            path.display()
        );
        return Ok(Err(Look::told(NOT_DEPLOYED, text)));
    }
    let config = match Config::<S>::load(path, defaults) {
        Ok(config) => config,
        Err(error) => {
            let text =
                format!("{name} cannot be asked, nor started, until its config file is put right:\n{error}");
            return Ok(Err(Look::told(DOWN, text)));
        }
    };
    let address = reachable(config.appservice.listen);
    match ask(&format!("http://{address}/health")).await? {
        Some(document) => Ok(Ok(document)),
        None => Ok(Err(silent(name, &address.to_string(), config.database.file()))),
    }
}

/// The health document; none where nobody answers with one.
async fn ask(url: &str) -> Result<Option<Value>, String> {
    // Fails only when a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    #[allow(
        clippy::disallowed_methods,
        reason = "asks this very machine, with a time limit and without redirects"
    )]
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .tls_certs_only([])
        .build()
        .map_err(|_| "The HTTP client could not be made.".to_owned())?;
    let Ok(answer) = client.get(url).send().await else { return Ok(None) };
    let Ok(body) = answer.bytes().await else { return Ok(None) };
    let document: Option<Value> = serde_json::from_slice(&body).ok();
    Ok(document.filter(|document| document["state"].is_string()))
}

/// Nobody answers: whether it ran ever is told by its database.
fn silent(name: &str, address: &str, database: Option<&Path>) -> Look {
    match database.filter(|file| matches!(file.try_exists(), Ok(false))) {
        Some(file) => Look::told(
            NOT_DEPLOYED,
            format!(
                "{name} is not deployed: nobody answers at {address}, and its database {} is not there yet. Start it with \
                 `run`.",
                file.display()
            ),
        ),
        None => Look::told(
            DOWN,
            format!(
                "{name} is down: nobody answers at {address} (appservice.listen) as it would. Start it; its log, or the verb \
                 `doctor`, says what stops it: perhaps another program has the port."
            ),
        ),
    }
}

/// Says what a document says.
fn read(name: &str, document: &Value, json: bool) -> Look {
    let code = match document["state"].as_str() {
        Some("fine") => FINE,
        Some("degraded") => DEGRADED,
        _ => DOWN,
    };
    let text = if json {
        serde_json::to_string_pretty(document).unwrap_or_default()
    } else {
        words::told(name, document)
    };
    Look { answer: Answer { text, code }, mark: words::mark(document) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_answer_is_down_or_was_never_there() {
        let code = |database: Option<&Path>| silent("bridge-paper", "127.0.0.1:1", database).answer.code;
        assert_eq!(code(Some(Path::new("/nowhere/bridge.db"))), NOT_DEPLOYED);
        assert_eq!(code(std::env::current_exe().ok().as_deref()), DOWN);
        assert_eq!(code(None), DOWN);
    }

    #[test]
    fn who_does_not_answer_is_told_in_json_as_well() {
        let Answer { text, code } = silent("bridge-paper", "127.0.0.1:1", None).in_json().answer;
        let told: Value = serde_json::from_str(&text).unwrap_or_default();
        assert_eq!((code, &told["state"], &told["ready"]), (DOWN, &"down".into(), &false.into()));
        assert!(told["reason"].as_str().is_some_and(|reason| reason.contains("127.0.0.1:1")), "{told}");
    }

    #[test]
    fn the_code_is_the_state() {
        let code =
            |state: &str| read("bridge-paper", &serde_json::json!({ "state": state }), true).answer.code;
        assert_eq!((code("fine"), code("degraded"), code("down")), (FINE, DEGRADED, DOWN));
    }
}
