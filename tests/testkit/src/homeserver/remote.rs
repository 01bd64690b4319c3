//! A homeserver that runs already and is only used.
use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use url::Url;

use crate::Result;
use crate::http_client::http_client;
use crate::user::{PASSWORD, User};

/// A homeserver by its URL, perhaps with an account to use.
#[derive(Debug)]
pub(crate) struct Remote {
    pub(crate) base_url: String,
    pub(crate) server_name: String,
    account: Option<(String, String)>,
}

impl Remote {
    /// Takes `https://hs.example` or `https://name:password@hs.example`. Without an account, finds the server's name by
    /// registering one.
    pub(crate) async fn new(text: &str) -> Result<Self> {
        let mut url = Url::parse(text).context("The homeserver's URL cannot be read")?;
        let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let account = url.password().map(|password| (decode(url.username()), decode(password)));
        if url.set_username("").is_err() || url.set_password(None).is_err() {
            bail!("A homeserver's URL begins with http or https");
        }
        let base_url = url.as_str().trim_end_matches('/').to_owned();
        let user_id = match &account {
            Some((name, password)) => User::log_in(&base_url, name, password).await?.user_id().to_owned(),
            None => first_user(&base_url).await?,
        };
        let server_name = user_id.split_once(':').context("a user id without a server")?.1.to_owned();
        Ok(Self { base_url, server_name, account })
    }

    pub(crate) async fn user(&self, localpart: &str) -> Result<User> {
        match &self.account {
            Some((name, password)) if name == localpart => User::log_in(&self.base_url, name, password).await,
            _ => User::register(&self.base_url, localpart).await,
        }
    }
}

async fn first_user(base_url: &str) -> Result<String> {
    let name = format!("testkit{:08x}", rand::random::<u32>());
    let body = json!({
        "username": name, "password": PASSWORD, "inhibit_login": true, "auth": { "type": "m.login.dummy" },
    });
    let answer =
        http_client().post(format!("{base_url}/_matrix/client/v3/register")).json(&body).send().await?;
    let answer: Value = answer.json().await?;
    let user_id = answer["user_id"].as_str().map(str::to_owned);
    user_id.with_context(|| {
        format!(
            "{base_url} does not register users freely ({answer}). Allow it, or give an account: http://name:password@…"
        )
    })
}
