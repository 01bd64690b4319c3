//! Files: up and down.
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::User;
use crate::Result;

impl User {
    /// Uploads a file; answers its `mxc://` address.
    pub async fn upload(&self, name: &str, content_type: &str, bytes: Vec<u8>) -> Result<String> {
        let url = format!("{}/_matrix/media/v3/upload", self.session.base_url);
        let request =
            self.session.http.post(url).query(&[("filename", name)]).bearer_auth(&self.session.token);
        let answer = request.header("content-type", content_type).body(bytes).send().await?;
        let status = answer.status();
        let answer: Value = answer.json().await?;
        let address = answer["content_uri"].as_str();
        Ok(address
            .with_context(|| format!("The upload of {name} was answered {status}: {answer}"))?
            .to_owned())
    }

    /// Downloads a file; answers its type and content.
    pub async fn download(&self, mxc: &str) -> Result<(String, Vec<u8>)> {
        let path = mxc.strip_prefix("mxc://").with_context(|| format!("{mxc} is no mxc:// address"))?;
        let url = format!("{}/_matrix/client/v1/media/download/{path}", self.session.base_url);
        let answer = self.session.http.get(url).bearer_auth(&self.session.token).send().await?;
        let status = answer.status();
        let content_type =
            answer.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let content_type = content_type.to_owned();
        let bytes = answer.bytes().await?.to_vec();
        ensure!(
            status == 200,
            "The download of {mxc} was answered {status}: {}",
            String::from_utf8_lossy(&bytes)
        );
        Ok((content_type, bytes))
    }

    /// Uploads a file and sends it as `m.file`, `m.image`, `m.video` or `m.audio`; answers the event's id.
    pub async fn send_file(
        &self,
        room_id: &str,
        name: &str,
        content_type: &str,
        bytes: Vec<u8>,
    ) -> Result<String> {
        let kind = match content_type.split('/').next() {
            Some("image") => "m.image",
            Some("video") => "m.video",
            Some("audio") => "m.audio",
            _ => "m.file",
        };
        let info = json!({ "mimetype": content_type, "size": bytes.len() });
        let url = self.upload(name, content_type, bytes).await?;
        let content = json!({ "msgtype": kind, "body": name, "filename": name, "url": url, "info": info });
        self.send(room_id, "m.room.message", &content).await
    }
}
