//! A browser without script, as far as pages notice: it follows no redirect by itself and keeps one cookie.
use anyhow::Context as _;
use reqwest::{Client, RequestBuilder, header};
use scenarios::bots::{OPERATOR, PASSWORD};
use scenarios::{Bots, Planted};

use crate::Result;

/// What came back.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    /// Where it leads; empty for nowhere.
    pub(crate) location: String,
    /// The cookie that was set, with its attributes; empty for none.
    pub(crate) set_cookie: String,
    pub(crate) headers: header::HeaderMap,
    pub(crate) text: String,
}

/// The pages of a world.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) url: String,
    client: Client,
    cookie: String,
    planted: Planted,
}

impl Site {
    /// Gives the world's host an admin listener; before the start.
    pub(crate) fn of(world: &mut Bots) -> Result<Self> {
        let url = world.serve_operators();
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { url, client, cookie: String::new(), planted: world.planted.clone() })
    }

    /// Signs in with the password.
    pub(crate) async fn sign_in(&mut self) -> Result<()> {
        let page = self.post("/login", &[("name", OPERATOR), ("password", PASSWORD)]).await?;
        anyhow::ensure!(page.status == 303, "could not sign in: {page:?}");
        self.keep(&page)
    }

    /// Keeps the cookie that a page set.
    pub(crate) fn keep(&mut self, page: &Page) -> Result<()> {
        let cookie = page.set_cookie.split(';').next().context("no cookie")?;
        anyhow::ensure!(cookie.starts_with("bridge_bots="), "no cookie: {page:?}");
        self.planted.secret(cookie.trim_start_matches("bridge_bots="));
        cookie.clone_into(&mut self.cookie);
        Ok(())
    }

    /// Looks at a page.
    pub(crate) async fn get(&self, path: &str) -> Result<Page> {
        self.send(self.client.get(format!("{}{path}", self.url))).await
    }

    /// Sends a form of a page of ours.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Result<Page> {
        self.post_from("same-origin", path, fields).await
    }

    /// Sends a form of a page that lies elsewhere, in the words of `Sec-Fetch-Site`.
    pub(crate) async fn post_from(&self, site: &str, path: &str, fields: &[(&str, &str)]) -> Result<Page> {
        let call = self.client.post(format!("{}{path}", self.url)).form(fields);
        self.send(call.header("sec-fetch-site", site)).await
    }

    /// Sends a form and follows the redirect that comes of it.
    pub(crate) async fn post_and_look(&self, path: &str, fields: &[(&str, &str)]) -> Result<Page> {
        let page = self.post(path, fields).await?;
        anyhow::ensure!(page.status == 303, "{path} was not done: {} {}", page.status, page.text);
        self.get(&page.location).await
    }

    async fn send(&self, call: RequestBuilder) -> Result<Page> {
        let call = call.header(header::ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8");
        let call = if self.cookie.is_empty() { call } else { call.header(header::COOKIE, &self.cookie) };
        let answer = call.send().await?;
        let headers = answer.headers().clone();
        let text = |name: header::HeaderName| {
            headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        Ok(Page {
            status: answer.status().as_u16(),
            location: text(header::LOCATION),
            set_cookie: text(header::SET_COOKIE),
            text: answer.text().await?,
            headers,
        })
    }
}
