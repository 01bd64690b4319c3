//! The media repository: uploads in one or two steps, downloads, limits.
use bytes::Bytes;
use serde_json::json;

use super::call::{Answer, Call, Failure, Outcome};
use super::routes::{Handler, Route};
use super::state::{State, random_name};

/// An uploaded file, or a place made for one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Upload {
    pub(crate) owner: String,
    pub(crate) content_type: Option<String>,
    pub(crate) name: Option<String>,
    /// `None` until the second step of an upload in two steps.
    pub(crate) bytes: Option<Bytes>,
}

pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/_matrix/media/v3/upload", Handler::Now(upload)),
    Route::new("POST", "/_matrix/media/v1/create", Handler::Now(create)),
    Route::new("PUT", "/_matrix/media/v3/upload/{server}/{media}", Handler::Now(fill)),
    Route::new("GET", "/_matrix/client/v1/media/download/{server}/{media}", Handler::Now(download)),
    Route::new("GET", "/_matrix/client/v1/media/download/{server}/{media}/{name}", Handler::Now(download)),
    Route::new("GET", "/_matrix/client/v1/media/thumbnail/{server}/{media}", Handler::Now(download)),
    Route::new("GET", "/_matrix/client/v1/media/config", Handler::Now(config)),
    Route::new("GET", "/_matrix/media/v3/config", Handler::Now(config)),
    Route::new("GET", "/_matrix/media/v3/download/{server}/{media}", Handler::Now(open_download)),
    Route::new("GET", "/_matrix/media/v3/download/{server}/{media}/{name}", Handler::Now(open_download)),
    Route::new("GET", "/_matrix/media/v3/thumbnail/{server}/{media}", Handler::Now(open_download)),
];

fn upload(state: &mut State, call: &Call) -> Outcome {
    let owner = state.requester(call)?.user_id;
    check_size(state, call)?;
    let media_id = random_name("m");
    state.media.insert(media_id.clone(), filled(owner, call));
    Answer::ok(json!({ "content_uri": format!("mxc://{}/{media_id}", state.server_name) }))
}

fn create(state: &mut State, call: &Call) -> Outcome {
    if !state.profile.has_async_uploads {
        return Err(Failure::unrecognized());
    }
    let owner = state.requester(call)?.user_id;
    let media_id = random_name("m");
    state.media.insert(media_id.clone(), Upload { owner, ..Upload::default() });
    let unused_expires_at = super::now_ms() + 86_400_000;
    let content_uri = format!("mxc://{}/{media_id}", state.server_name);
    Answer::ok(json!({ "content_uri": content_uri, "unused_expires_at": unused_expires_at }))
}

fn fill(state: &mut State, call: &Call) -> Outcome {
    if !state.profile.has_async_uploads {
        return Err(Failure::unrecognized());
    }
    let owner = state.requester(call)?.user_id;
    check_size(state, call)?;
    match state.media.get(call.param("media")) {
        Some(place) if place.owner != owner => Err(Failure::forbidden("Only the creator may fill this")),
        Some(place) if place.bytes.is_some() => {
            Err(Failure::new(409, "M_CANNOT_OVERWRITE_MEDIA", "Media ID already has content"))
        }
        Some(_) => {
            state.media.insert(call.param("media").to_owned(), filled(owner, call));
            Answer::empty()
        }
        None => Err(Failure::not_found("Unknown media id")),
    }
}

fn filled(owner: String, call: &Call) -> Upload {
    let (content_type, name) = (call.content_type.clone(), call.query("filename").map(str::to_owned));
    Upload { owner, content_type, name, bytes: Some(call.body.clone()) }
}

fn check_size(state: &State, call: &Call) -> Result<(), Failure> {
    if call.body.len() > state.profile.max_upload {
        return Err(Failure::new(413, "M_TOO_LARGE", "Upload request body is too large"));
    }
    Ok(())
}

fn download(state: &mut State, call: &Call) -> Outcome {
    state.requester(call)?;
    serve(state, call)
}

fn open_download(state: &mut State, call: &Call) -> Outcome {
    if state.profile.has_open_media { serve(state, call) } else { Err(Failure::not_found("Not found")) }
}

fn serve(state: &State, call: &Call) -> Outcome {
    let unknown = || Failure::not_found("Not found");
    let upload = state.media.get(call.param("media")).filter(|_| call.param("server") == state.server_name);
    let upload = upload.ok_or_else(unknown)?;
    let not_yet = || Failure::new(504, "M_NOT_YET_UPLOADED", "Media has not been uploaded yet");
    let bytes = upload.bytes.clone().ok_or_else(not_yet)?;
    let content_type = upload.content_type.clone().unwrap_or_else(|| "application/octet-stream".to_owned());
    let is_plain =
        ["image/", "audio/", "video/", "text/plain"].iter().any(|start| content_type.starts_with(start));
    let kind = if is_plain { "inline" } else { "attachment" };
    let disposition = upload.name.as_ref().map_or_else(
        || kind.to_owned(),
        |name| {
            let name = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
            format!("{kind}; filename*=utf-8''{name}")
        },
    );
    Ok(Answer::File { content_type, disposition, bytes })
}

fn config(state: &mut State, call: &Call) -> Outcome {
    state.requester(call)?;
    Answer::ok(json!({ "m.upload.size": state.profile.max_upload }))
}
