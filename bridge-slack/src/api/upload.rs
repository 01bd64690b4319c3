//! Sends a file's bytes to the place that Slack names for them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bridge_core::error::NetworkError;
use bridge_core::failpoint;
use bridge_core::network::FileBytes;
use futures_util::StreamExt as _;
use http::header;
use url::Url;

use super::{CallError, Caller};
use crate::config::is_allowed;

/// What each upload may take, besides the time for its bytes.
const UPLOAD_TIMEOUT: Duration = Duration::from_mins(1);
/// A slower transfer, in bytes per second, is given up.
const SLOWEST: u64 = 100_000;

/// Why bytes did not arrive.
#[derive(Debug)]
pub(crate) enum Undelivered {
    /// They could not be had.
    Bytes(NetworkError),
    /// The place did not take them, or not in time.
    Place(NetworkError),
}

impl Caller {
    /// Sends `size` bytes. The place holds no file for anybody yet, so a failure may be repeated with another place.
    pub(crate) async fn upload(&self, place: &str, bytes: FileBytes, size: u64) -> Result<(), Undelivered> {
        const WHAT: &str = "the upload of a file";
        let place = Url::parse(place).ok().filter(|url| self.may_take_bytes(url));
        let Some(place) = place else {
            let why = "Slack named no place for the file.".to_owned();
            return Err(Undelivered::Place(NetworkError::Malformed(why)));
        };
        // The body's own failure is what to tell; the client would only say that sending failed.
        let failure: Arc<Mutex<Option<NetworkError>>> = Arc::default();
        let noted = Arc::clone(&failure);
        let pieces = bytes.stream.map(move |piece| {
            piece.map_err(|error| {
                let said = error.to_string();
                *noted.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                said
            })
        });
        let request =
            self.api.shared.plain.post(place).timeout(UPLOAD_TIMEOUT + Duration::from_secs(size / SLOWEST));
        let request = request.header(header::CONTENT_TYPE, "application/octet-stream");
        let request = request.header(header::CONTENT_LENGTH, size).body(reqwest::Body::wrap_stream(pieces));
        failpoint::pass("slack.before_call");
        let answer = self.acting(request.send()).await.and_then(|sent| sent.map_err(CallError::from));
        failpoint::pass("slack.after_call");
        if let Some(error) = failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(Undelivered::Bytes(error));
        }
        let error = match answer.map(|answer| answer.status().as_u16()) {
            Ok(200..=299) => return Ok(()),
            Ok(status @ (408 | 429 | 500..)) => CallError::Status(status).of_read(WHAT),
            Ok(status) => {
                NetworkError::Rejected(format!("Slack did not take the file (HTTP status {status})."))
            }
            Err(error) => error.of_read(WHAT),
        };
        Err(Undelivered::Place(error))
    }

    /// The place is Slack's to choose, but neither in the clear nor inside our own network.
    fn may_take_bytes(&self, url: &Url) -> bool {
        url.origin() == self.api.shared.base.origin()
            || matches!(url.host(), Some(url::Host::Domain(name)) if name.contains('.'))
                && is_allowed(url, "https", "https")
    }
}
