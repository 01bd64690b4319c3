//! How each source is asked.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use url::Url;
use url::form_urlencoded::Serializer;

use super::Sources;
use crate::config::{AskedBy, Question};
use crate::links::PostId;
use crate::outcome::{Outcome, Source};
use crate::post::{Media, MediaKind, Post, Withheld};
use crate::read::{self, Reading};
use crate::web::{Answer, Arrived, Ask, Realm};

impl Sources {
    /// Asks a source and reads its answer.
    pub(super) async fn question(&self, source: Source, id: &PostId) -> Reading {
        match source {
            Source::Embed => {
                let url = self.site(&format!("p/{id}/embed/captioned/"))?;
                self.page(url, id, read::embed).await
            }
            Source::Page => {
                let url = self.site(&format!("p/{id}/"))?;
                self.page(url, id, read::page).await
            }
            Source::Graphql => self.graphql(id).await,
            Source::OembedGraph => {
                let mut url = self.settings.graph.join("instagram_oembed").map_err(|_| Outcome::Forbidden)?;
                url.query_pairs_mut().append_pair("url", &shown(id));
                let answer =
                    self.web.ask(Ask { headers: Vec::new(), ..Ask::page(url, Realm::Graph) }).await?;
                read_off_thread(answer.text, id, read::oembed_graph).await
            }
            Source::OembedWeb => {
                let mut url = self.site("api/v1/oembed/")?;
                url.query_pairs_mut().append_pair("url", &shown(id));
                let answer = self.web.ask(Ask::page(url, Realm::Site)).await?;
                let reading = read_off_thread(answer.text, id, read::oembed_web).await;
                by_status(answer.status, reading)
            }
            Source::Mirror => self.mirror(id).await,
        }
    }

    pub(super) fn site(&self, path: &str) -> Result<Url, Outcome> {
        self.settings.web.join(path).map_err(|_| Outcome::Forbidden)
    }

    async fn page(&self, url: Url, id: &PostId, reader: fn(&str, &PostId) -> Reading) -> Reading {
        let ask = Ask { cookies: self.guest.cookies(), ..Ask::page(url, Realm::Site) };
        let Answer { status, text, cookies } = self.web.ask(ask).await?;
        self.guest.note(&text, &cookies);
        if matches!(status, 404 | 410) {
            return Err(Outcome::Gone);
        }
        // A refusal may come as a document in the page's place.
        if status != 200
            && let Err(reason @ (Outcome::LoginWall | Outcome::RateLimited | Outcome::AgeOrGeo)) =
                read::graphql(&text, id)
        {
            return Err(reason);
        }
        by_status(status, read_off_thread(text, id, reader).await)
    }

    async fn graphql(&self, id: &PostId) -> Reading {
        let questions = &self.settings.config.graphql.questions;
        let first = self.understood.load(Ordering::Relaxed);
        let mut reading = Err(Outcome::ChangedShape);
        for step in 0..questions.len() {
            let index = (first + step) % questions.len();
            let Some(ask) = self.question_for(&questions[index], id)? else { continue };
            let answer = self.web.ask(ask).await?;
            reading = by_status(answer.status, read_off_thread(answer.text, id, read::graphql).await);
            // Only a question that is not understood makes the next one worth asking.
            if reading != Err(Outcome::ChangedShape) {
                self.understood.store(index, Ordering::Relaxed);
                break;
            }
        }
        reading
    }

    /// The request of a question; `None` if the question cannot name this post.
    fn question_for(&self, question: &Question, id: &PostId) -> Result<Option<Ask>, Outcome> {
        let config = &self.settings.config.graphql;
        let variables: Value = match question.by {
            AskedBy::Shortcode => json!({
                "shortcode": id.as_str(), "fetch_tagged_user_count": null, "hoisted_comment_id": null,
                "hoisted_reply_id": null,
            }),
            AskedBy::MediaId => match id.number() {
                Some(number) => json!({ "media_id": number.to_string() }),
                None => return Ok(None),
            },
        };
        let token = config.lsd.clone().or_else(|| self.guest.token());
        let mut form = Serializer::new(String::new());
        form.append_pair("variables", &variables.to_string()).append_pair("doc_id", &question.doc_id);
        form.append_pair("fb_api_caller_class", "RelayModern").append_pair("server_timestamps", "true");
        form.append_pair("fb_api_req_friendly_name", &question.name);
        let mut headers = vec![
            ("sec-fetch-dest", "empty".to_owned()),
            ("sec-fetch-mode", "cors".to_owned()),
            ("sec-fetch-site", "same-origin".to_owned()),
            ("x-ig-app-id", config.app_id.clone()),
            ("x-fb-friendly-name", question.name.clone()),
            ("origin", self.settings.web.origin().ascii_serialization()),
            ("referer", self.site(&format!("p/{id}/"))?.to_string()),
        ];
        if let Some(token) = token {
            form.append_pair("lsd", &token);
            headers.push(("x-fb-lsd", token));
        }
        if let Some(token) = self.guest.cookie("csrftoken") {
            headers.push(("x-csrftoken", token));
        }
        Ok(Some(Ask {
            url: self.site(&question.path)?,
            realm: Realm::Site,
            form: Some(form.finish()),
            headers,
            cookies: self.guest.cookies(),
            follows: false,
        }))
    }

    /// A mirror answers with a page of tags, or sends on to the video.
    async fn mirror(&self, id: &PostId) -> Reading {
        let base = self.settings.mirror.as_ref().ok_or(Outcome::Empty)?;
        let url = base.join(&format!("p/{id}/")).map_err(|_| Outcome::Forbidden)?;
        let ask = Ask { follows: false, ..Ask::page(url, Realm::Mirror) };
        match self.web.open(ask).await? {
            Arrived::SentTo(target) if self.settings.allows(&target, Realm::Media) => Ok(Post {
                id: id.clone(),
                user: None,
                caption: None,
                media: vec![Media {
                    kind: MediaKind::Video,
                    url: target.into(),
                    width: None,
                    height: None,
                    duration_ms: None,
                    thumbnail: None,
                }],
                withheld: Withheld::Nothing,
            }),
            Arrived::SentTo(_) => Err(Outcome::Forbidden),
            Arrived::At(response) => {
                let answer = self.web.read(response).await?;
                by_status(answer.status, read_off_thread(answer.text, id, read::mirror).await)
            }
        }
    }
}

/// The address under which a post is asked for at other places.
fn shown(id: &PostId) -> String {
    format!("https://www.instagram.com/p/{id}/")
}

/// What a status other than success says where the text says nothing.
fn by_status(status: u16, reading: Reading) -> Reading {
    match (status, reading) {
        (200, reading) | (_, reading @ Ok(_)) => reading,
        (
            _,
            Err(reason @ (Outcome::LoginWall | Outcome::RateLimited | Outcome::AgeOrGeo | Outcome::Gone)),
        ) => Err(reason),
        (401 | 403, _) => Err(Outcome::LoginWall),
        (_, _) => Err(Outcome::ChangedShape),
    }
}

/// Reads a text of some megabytes where nobody waits behind it. A fault of the reader counts as a changed shape.
async fn read_off_thread(text: String, id: &PostId, reader: fn(&str, &PostId) -> Reading) -> Reading {
    let id = id.clone();
    tokio::task::spawn_blocking(move || reader(&text, &id)).await.unwrap_or(Err(Outcome::ChangedShape))
}
