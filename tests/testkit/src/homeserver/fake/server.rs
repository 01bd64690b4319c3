//! The fake homeserver's HTTP side: accepts, takes requests apart, answers, and can be gone for a while.
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::call::{Answer, Call, Failure, Outcome};
use super::fault::Fault;
use super::observe::CallRecord;
use super::push::push_forever;
use super::routes::{self, Handler};
use super::state::State;
use crate::http_client::http_client;
use crate::{Port, Result};

/// The connection is to be closed without an answer.
#[derive(Debug)]
pub(crate) struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("the fake homeserver cuts this connection")
    }
}

impl std::error::Error for Cut {}

/// The running fake.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) port: Port,
    pub(crate) http: reqwest::Client,
    state: Mutex<State>,
    /// The newest position that waiting syncs should look at.
    pub(crate) news: watch::Sender<u64>,
    tasks: Mutex<JoinSet<()>>,
}

impl Server {
    pub(crate) fn new(state: State) -> Result<Arc<Self>> {
        let (port, http) = (Port::reserve()?, http_client());
        let (state, tasks) = (Mutex::new(state), Mutex::new(JoinSet::new()));
        Ok(Arc::new(Self { port, http, state, news: watch::Sender::new(0), tasks }))
    }

    /// The one lock. A test that panicked while holding it must not stop the others from reading.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Listens, and starts to push to every appservice.
    pub(crate) fn start(self: &Arc<Self>) -> Result<()> {
        let listener = self.port.listen()?;
        let ids: Vec<String> =
            self.lock().appservices.iter().map(|hosted| hosted.registration.id.clone()).collect();
        self.spawn(accept_forever(Arc::clone(self), listener));
        for id in ids {
            self.start_pushing(id);
        }
        Ok(())
    }

    pub(crate) fn start_pushing(self: &Arc<Self>, appservice_id: String) {
        self.spawn(push_forever(Arc::clone(self), appservice_id));
    }

    /// Closes the port and every connection, and stops pushing.
    pub(crate) async fn stop(&self) {
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.shutdown().await;
    }

    pub(crate) fn is_running(&self) -> bool {
        !self.tasks.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    pub(crate) fn abort(&self) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).spawn(task);
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Cut> {
        if request.method() == http::Method::OPTIONS {
            return Ok(to_response(Answer::empty()));
        }
        let (latency, limit, cuts) = {
            let state = self.lock();
            (state.latency, state.profile.max_upload, state.profile.cuts_large_uploads)
        };
        let mut call = match take_apart(request, limit).await {
            Ok(call) => call,
            Err(_) if cuts => return Err(Cut),
            Err(failure) => return Ok(to_response(Err(failure))),
        };
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        let found = routes::find(&mut call);
        let name =
            found.as_ref().map_or_else(|_| format!("{} {}", call.method, call.path()), routes::Route::name);
        let index = self.record(&call, name);
        let (fault, before) = {
            let mut state = self.lock();
            (state.take_fault(&call), state.position)
        };
        match &fault {
            Some(Fault::Hang) => {
                self.note(index, |record| record.hangs = true);
                std::future::pending::<()>().await;
            }
            Some(Fault::Reset) => return Err(Cut),
            Some(fault @ (Fault::Error(..) | Fault::RateLimit(_))) => {
                let outcome = fault.failure().map_or_else(Answer::empty, Err);
                return Ok(self.finish(index, outcome));
            }
            _ => {}
        }
        let token = call.token.clone();
        let is_typing = call.segments.iter().any(|segment| segment == "typing");
        let outcome = match found.map(|route| route.handler) {
            Ok(Handler::Now(handle)) => handle(&mut self.lock(), &call),
            Ok(Handler::Later(handle)) => handle(Arc::clone(&self), call).await,
            Err(failure) => Err(failure),
        };
        self.tell_news(is_typing);
        self.wait_for_echo(token.as_deref(), before).await;
        match fault {
            Some(Fault::ResetAfterEffect) => Err(Cut),
            Some(Fault::Slow(pause)) => {
                tokio::time::sleep(pause).await;
                Ok(self.finish(index, outcome))
            }
            Some(fault) => Ok(self.finish(index, fault.failure().map_or(outcome, Err))),
            None => Ok(self.finish(index, outcome)),
        }
    }

    fn record(&self, call: &Call, route: String) -> usize {
        let mut state = self.lock();
        state.calls.push(CallRecord {
            route,
            path: call.path(),
            user_id: call.query("user_id").map(str::to_owned),
            device_id: call.query("device_id").map(str::to_owned),
            status: None,
            errcode: None,
            hangs: false,
        });
        state.calls_forgotten + state.calls.len() - 1
    }

    /// Writes into the record of a call, unless that was forgotten.
    fn note(&self, index: usize, write: impl FnOnce(&mut CallRecord)) {
        let mut state = self.lock();
        let index = index.checked_sub(state.calls_forgotten);
        if let Some(record) = index.and_then(|index| state.calls.get_mut(index)) {
            write(record);
        }
    }

    fn finish(&self, index: usize, outcome: Outcome) -> Response<Full<Bytes>> {
        let errcode =
            outcome.as_ref().err().and_then(|failure| failure.body["errcode"].as_str().map(str::to_owned));
        let response = to_response(outcome);
        self.note(index, |record| {
            record.status = Some(response.status().as_u16());
            record.errcode = errcode;
        });
        response
    }

    fn tell_news(&self, is_typing: bool) {
        let (position, wakes) = {
            let state = self.lock();
            (state.position, !is_typing || state.profile.typing_wakes_sync)
        };
        if wakes {
            self.news.send_if_modified(|newest| std::mem::replace(newest, position) != position);
        }
    }

    /// Holds the answer to an appservice until its own event was pushed, as the conduwuit family does by itself. Not
    /// while the appservice is failing, and not for ever: it may be frozen.
    async fn wait_for_echo(&self, token: Option<&str>, before: u64) {
        const AT_MOST: Duration = Duration::from_secs(1);
        let wait = {
            let state = self.lock();
            if !state.profile.echo_before_answer || state.position == before {
                return;
            }
            let caller =
                state.appservices.iter().find(|hosted| Some(hosted.registration.as_token.as_str()) == token);
            caller.filter(|hosted| !hosted.queue.is_failing()).and_then(|hosted| {
                let position = hosted.queue.will_push(before)?;
                Some((hosted.queue.tried_up_to.subscribe(), position))
            })
        };
        if let Some((mut tried_up_to, position)) = wait {
            let _ = tokio::time::timeout(AT_MOST, tried_up_to.wait_for(|tried| *tried >= position)).await;
        }
    }
}

async fn accept_forever(server: Arc<Server>, listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let _ = stream.set_nodelay(true);
                let server = Arc::clone(&server);
                connections.spawn(async move {
                    let service = service_fn(|request| Arc::clone(&server).answer(request));
                    // An error here is a connection that was cut, by the other side or by a fault.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn take_apart(request: Request<Incoming>, limit: usize) -> Result<Call, Failure> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, limit.saturating_add(64 * 1024)).collect().await;
    let body = body.map_err(|_| Failure::new(413, "M_TOO_LARGE", "Request body is too large."))?.to_bytes();
    let decode =
        |segment: &str| percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned();
    let mut segments: Vec<String> = head.uri.path().trim_start_matches('/').split('/').map(decode).collect();
    if segments.get(2).is_some_and(|version| version == "r0") {
        "v3".clone_into(&mut segments[2]);
    }
    let query = url::form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes());
    let query: Vec<(String, String)> = query.into_owned().collect();
    let text_of =
        |name: header::HeaderName| head.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let bearer =
        text_of(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned);
    let in_query = query.iter().find(|(key, _)| key == "access_token").map(|(_, token)| token.clone());
    Ok(Call {
        method: head.method.as_str().to_owned(),
        segments,
        params: vec![],
        token: bearer.or(in_query),
        content_type: text_of(header::CONTENT_TYPE).map(str::to_owned),
        query,
        body,
    })
}

fn to_response(outcome: Outcome) -> Response<Full<Bytes>> {
    let json = |status: u16, value: &serde_json::Value| {
        Response::builder()
            .status(status)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")
            .body(Full::new(Bytes::from(value.to_string())))
            .expect("statuses and headers of the fake are well-formed")
    };
    match outcome {
        Ok(Answer::Json(status, value)) => json(status, &value),
        Err(failure) => json(failure.status, &failure.body),
        Ok(Answer::File { content_type, disposition, bytes }) => Response::builder()
            .header(header::CONTENT_TYPE, content_type)
            .header(header::CONTENT_DISPOSITION, disposition)
            .body(Full::new(bytes))
            .unwrap_or_else(|error| {
                json(500, &serde_json::json!({ "errcode": "M_UNKNOWN", "error": error.to_string() }))
            }),
    }
}
