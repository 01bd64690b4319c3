//! Files: uploaded from memory or as a stream, downloaded as a stream.

use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use http::Method;
use ruma::MxcUri;
use ruma::api::client::authenticated_media::get_media_config;
use serde::Deserialize;

use super::error::MatrixError;
use super::intent::Intent;
use super::transport;

/// How long an upload may take, whatever its size.
const UPLOAD: Duration = Duration::from_mins(10);
/// The slowest upload that is waited for beyond that, in bytes per second.
const SLOWEST: u64 = 100_000;

/// A file as it comes from the homeserver.
#[derive(Debug)]
pub struct Download {
    /// What kind it is, in the homeserver's words.
    pub content_type: Option<String>,
    /// How long it is, if the homeserver says so.
    pub size: Option<u64>,
    body: reqwest::Response,
}

impl Download {
    /// The content, piece by piece.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, MatrixError>> + Send {
        futures_util::stream::try_unfold(self, async |mut file| {
            Ok(file.next_piece().await?.map(|piece| (piece, file)))
        })
    }

    async fn next_piece(&mut self) -> Result<Option<Bytes>, MatrixError> {
        let piece = tokio::time::timeout(transport::STALLED, self.body.chunk()).await;
        piece.map_err(|_| transport::too_slow())?.map_err(|error| transport::failure(&error, true))
    }

    /// The whole content, `limit` bytes at most; a longer one is a [`MatrixError::Malformed`].
    pub async fn into_bytes(self, limit: usize) -> Result<Bytes, MatrixError> {
        let too_long = || MatrixError::Malformed(format!("a file is longer than {limit} bytes"));
        self.within(limit).await?.ok_or_else(too_long)
    }

    /// The whole content, if it has `limit` bytes at most. Of a longer one no more is read.
    async fn within(mut self, limit: usize) -> Result<Option<Bytes>, MatrixError> {
        let mut whole = bytes::BytesMut::new();
        while let Some(piece) = self.next_piece().await? {
            if whole.len() + piece.len() > limit {
                return Ok(None);
            }
            whole.extend_from_slice(&piece);
        }
        Ok(Some(whole.freeze()))
    }
}

/// An answer that is read only if it has `limit` bytes at most.
pub(super) async fn within(answer: reqwest::Response, limit: usize) -> Result<Option<Bytes>, MatrixError> {
    Download { content_type: None, size: None, body: answer }.within(limit).await
}

#[derive(Deserialize)]
struct Uploaded {
    content_uri: String,
}

impl Intent {
    /// Uploads a file and gives its `mxc://` address. Each call makes a new one: look it up before.
    pub async fn upload(
        &self,
        content: impl Into<Bytes>,
        content_type: &str,
        file_name: Option<&str>,
    ) -> Result<String, MatrixError> {
        let content: Bytes = content.into();
        let request = self.upload_request(content_type, file_name).timeout(UPLOAD).body(content);
        self.finish_upload(request).await
    }

    /// Like [`Intent::upload`], for a file of this many bytes that is not held in memory. An error of the stream ends
    /// the call as [`MatrixError::Uncertain`]; the homeserver has then kept nothing.
    pub async fn upload_stream<S, E>(
        &self,
        content: S,
        size: u64,
        content_type: &str,
        file_name: Option<&str>,
    ) -> Result<String, MatrixError>
    where
        S: Stream<Item = Result<Bytes, E>> + Send + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>> + 'static,
    {
        let request = self
            .upload_request(content_type, file_name)
            .header(http::header::CONTENT_LENGTH, size)
            .timeout(UPLOAD + Duration::from_secs(size / SLOWEST))
            .body(reqwest::Body::wrap_stream(content));
        self.finish_upload(request).await
    }

    fn upload_request(&self, content_type: &str, file_name: Option<&str>) -> reqwest::RequestBuilder {
        let client = self.app().client();
        let request = client.request(Method::POST, "/_matrix/media/v3/upload");
        let request = client.made_for(request, self.user_id());
        let request = match file_name {
            Some(file_name) => request.query(&[("filename", file_name)]),
            None => request,
        };
        request.header(http::header::CONTENT_TYPE, content_type)
    }

    async fn finish_upload(&self, request: reqwest::RequestBuilder) -> Result<String, MatrixError> {
        self.ensure_registered().await?;
        let answer = self.app().client().perform("upload", request).await?;
        let uploaded: Uploaded = serde_json::from_slice(answer.body())
            .map_err(|_| MatrixError::Malformed("the answer to upload has no address".to_owned()))?;
        Ok(uploaded.content_uri)
    }

    /// Opens a file for reading. Homeservers that do not know the route with a token are asked on the old one.
    pub async fn download(&self, mxc: &str) -> Result<Download, MatrixError> {
        let not_mxc = |_| MatrixError::Malformed("the file's address is no mxc address".to_owned());
        let (server_name, media_id) = <&MxcUri>::from(mxc).parts().map_err(not_mxc)?;
        let new = format!("/_matrix/client/v1/media/download/{server_name}/{media_id}");
        let response = match self.open_file(&new).await {
            Err(error) if error.is_unrecognized() => {
                self.open_file(&format!("/_matrix/media/v3/download/{server_name}/{media_id}")).await?
            }
            response => response?,
        };
        let content_type = response.headers().get(http::header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Download { content_type, size: response.content_length(), body: response })
    }

    async fn open_file(&self, path: &str) -> Result<reqwest::Response, MatrixError> {
        let client = self.app().client();
        let request = client.made_for(client.request(Method::GET, path), self.user_id());
        client.open("download", request).await
    }

    /// How long an uploaded file may be, in bytes.
    pub async fn media_limit(&self) -> Result<u64, MatrixError> {
        let answer = self.call("media_config", get_media_config::v1::Request::new()).await?;
        Ok(answer.upload_size.into())
    }
}
