//! The runtime API that one process of the function sees, version 2018-06-01.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};

use super::pool::{Failed, Reply};

const PREFIX: &str = "/2018-06-01/runtime/";
const DELIMITER: [u8; 8] = [0; 8];
/// The head of a streamed answer is not looked for behind this.
const MAX_HEAD: usize = 1024 * 1024;

/// Takes the invocation that a process asked for.
pub(super) type Slot = oneshot::Sender<Invocation>;

#[derive(Debug)]
pub(super) struct Invocation {
    pub(super) id: String,
    pub(super) event: Vec<u8>,
    pub(super) deadline: SystemTime,
}

/// What the function answered.
#[derive(Debug)]
pub(super) enum Answer {
    Streamed { head: Head, body: mpsc::Receiver<Chunk> },
    Whole(Bytes),
}

/// The end of the channel is the end of the answer.
pub(super) type Chunk = Result<Bytes, Broken>;

/// The function told that its answer broke off.
#[derive(Debug)]
pub(super) struct Broken;

/// The head of a streamed answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Head {
    pub(super) status_code: u16,
    pub(super) headers: Map<String, Value>,
    pub(super) cookies: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Api {
    asked: mpsc::UnboundedSender<Slot>,
    current: Mutex<Option<Current>>,
    /// The end of an answer that was taken whole.
    end: Mutex<Option<End>>,
    tells_of_clients_that_leave: bool,
}

#[derive(Debug)]
struct Current {
    id: String,
    caller: oneshot::Sender<Reply>,
}

/// Dropping the sender of a stream ends it.
#[derive(Debug)]
enum End {
    Stream { _chunks: mpsc::Sender<Chunk> },
    Reply(oneshot::Sender<Reply>, Reply),
}

/// Cuts the connection on which it is returned.
#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is cut")
    }
}

impl std::error::Error for Cut {}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the answer broke off")
    }
}

impl std::error::Error for Broken {}

/// A name for an invocation.
pub(super) fn new_id() -> String {
    static LAST: AtomicU64 = AtomicU64::new(0);
    format!("8476a536-e9f4-11e8-9739-{:012x}", LAST.fetch_add(1, Ordering::Relaxed))
}

/// Serves on a free port of this computer; the address has no scheme, as in `AWS_LAMBDA_RUNTIME_API`.
pub(super) async fn serve(api: Arc<Api>) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    let server = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let api = Arc::clone(&api);
            connections.spawn(async move {
                let service = service_fn(move |request| {
                    let api = Arc::clone(&api);
                    async move { api.handle(request).await }
                });
                // A process may end in the middle of anything.
                let _ =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    (address, server)
}

impl Api {
    pub(super) fn new(asked: mpsc::UnboundedSender<Slot>, tells_of_clients_that_leave: bool) -> Self {
        Self { asked, current: Mutex::new(None), end: Mutex::new(None), tells_of_clients_that_leave }
    }

    pub(super) fn begin(&self, id: &str, caller: oneshot::Sender<Reply>) {
        *self.current() = Some(Current { id: id.to_owned(), caller });
    }

    /// Lets the caller see the end of its answer. Lambda counts an invocation as done when the process asks for the next
    /// one; whoever has seen the end of an answer finds the process free.
    pub(super) fn release(&self) {
        let end = self.end.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(End::Reply(caller, reply)) = end {
            let _ = caller.send(reply);
        }
    }

    fn hold(&self, end: End) -> Response<Full<Bytes>> {
        *self.end.lock().unwrap_or_else(PoisonError::into_inner) = Some(end);
        status(StatusCode::ACCEPTED)
    }

    /// Tells the caller, if it has no answer yet.
    pub(super) fn fail(&self, cause: Failed) {
        if let Some(current) = self.current().take() {
            let _ = current.caller.send(Err(cause));
        }
    }

    fn current(&self) -> std::sync::MutexGuard<'_, Option<Current>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn handle(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Cut> {
        let path = request.uri().path().strip_prefix(PREFIX).unwrap_or_default().to_owned();
        let parts: Vec<&str> = path.split('/').collect();
        match (request.method(), parts.as_slice()) {
            (&Method::GET, ["invocation", "next"]) => self.next().await,
            (&Method::POST, ["init", "error"]) => {
                let _ = request.into_body().collect().await;
                Ok(status(StatusCode::ACCEPTED))
            }
            (&Method::POST, ["invocation", id, what @ ("response" | "error")]) => {
                let Some(caller) = self.caller(id) else { return Ok(status(StatusCode::BAD_REQUEST)) };
                if *what == "error" {
                    let report = request.into_body().collect().await.map_err(|_| Cut)?.to_bytes();
                    let report = Failed::Reported(String::from_utf8_lossy(&report).into_owned());
                    return Ok(self.hold(End::Reply(caller, Err(report))));
                }
                self.response(request, caller).await
            }
            _ => Ok(status(StatusCode::NOT_FOUND)),
        }
    }

    async fn next(&self) -> Result<Response<Full<Bytes>>, Cut> {
        let (slot, invocation) = oneshot::channel();
        self.asked.send(slot).map_err(|_| Cut)?;
        let Invocation { id, event, deadline } = invocation.await.map_err(|_| Cut)?;
        let deadline = deadline.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
        let response = Response::builder()
            .header("content-type", "application/json")
            .header("lambda-runtime-aws-request-id", &id)
            .header("lambda-runtime-deadline-ms", deadline.to_string())
            .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-central-1:123456789012:function:llmio")
            .header(
                "lambda-runtime-trace-id",
                "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
            )
            .header("lambda-runtime-invocation-id", format!("{id}-1"))
            .body(Full::from(event));
        Ok(response.expect("a response"))
    }

    async fn response(
        &self,
        request: Request<Incoming>,
        caller: oneshot::Sender<Reply>,
    ) -> Result<Response<Full<Bytes>>, Cut> {
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert!(header("lambda-runtime-invocation-id").ends_with("-1"), "the function returns the invocation's name");
        if header("lambda-runtime-function-response-mode") != "streaming" {
            let body = request.into_body().collect().await.map_err(|_| Cut)?.to_bytes();
            return Ok(self.hold(End::Reply(caller, Ok(Answer::Whole(body)))));
        }
        assert_eq!(header("content-type"), "application/vnd.awslambda.http-integration-response");
        let mut body = request.into_body();
        let (head, first) = read_head(&mut body).await?;
        let (chunks, receiver) = mpsc::channel(16);
        if !first.is_empty() {
            let _ = chunks.send(Ok(first)).await;
        }
        let gone = caller.send(Ok(Answer::Streamed { head, body: receiver })).is_err();
        if gone && self.tells_of_clients_that_leave {
            return Err(Cut);
        }
        loop {
            let frame = tokio::select! {
                frame = body.frame() => frame,
                () = chunks.closed(), if self.tells_of_clients_that_leave => return Err(Cut),
            };
            match frame {
                None => return Ok(self.hold(End::Stream { _chunks: chunks })),
                // The function itself ended in the middle.
                Some(Err(_)) => {
                    let _ = chunks.send(Err(Broken)).await;
                    return Err(Cut);
                }
                Some(Ok(frame)) => {
                    let chunk = match frame.into_data() {
                        Ok(data) => Ok(data),
                        Err(_) => Err(Broken),
                    };
                    let _ = chunks.send(chunk).await;
                }
            }
        }
    }

    fn caller(&self, id: &str) -> Option<oneshot::Sender<Reply>> {
        let mut current = self.current();
        if current.as_ref().is_some_and(|current| current.id == id) {
            current.take().map(|current| current.caller)
        } else {
            None
        }
    }
}

/// Reads up to the delimiter; also gives what came behind it.
async fn read_head(body: &mut Incoming) -> Result<(Head, Bytes), Cut> {
    let mut text = BytesMut::new();
    loop {
        if let Some(at) = text.windows(DELIMITER.len()).position(|window| window == DELIMITER) {
            let head = text.split_to(at);
            let head =
                serde_json::from_slice(&head).unwrap_or_else(|error| panic!("the answer's head: {error}: {head:?}"));
            return Ok((head, text.split_off(DELIMITER.len()).freeze()));
        }
        assert!(text.len() < MAX_HEAD, "the answer has no head");
        let frame = body.frame().await.ok_or(Cut)?.map_err(|_| Cut)?;
        if let Ok(data) = frame.into_data() {
            text.extend_from_slice(&data);
        }
    }
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
