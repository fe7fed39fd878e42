//! The test origin that `llmio_core::testing::contract::http` describes.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

type Answer = Response<UnsyncBoxBody<Bytes, io::Error>>;
type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, io::Error>> + Send>>;

/// Counters by name and id; waiting for one is waiting for a permit.
#[derive(Clone, Default)]
struct Marks(Arc<Mutex<HashMap<String, Arc<Semaphore>>>>);

impl Marks {
    fn of(&self, kind: &str, id: &str) -> Arc<Semaphore> {
        Arc::clone(self.0.lock().unwrap().entry(format!("{kind}/{id}")).or_insert_with(|| Arc::new(Semaphore::new(0))))
    }

    fn set(&self, kind: &str, id: &str) {
        self.of(kind, id).add_permits(1);
    }

    async fn wait(&self, kind: &str, id: &str) {
        self.of(kind, id).acquire_owned().await.unwrap().forget();
    }

    fn on_drop(&self, kind: &'static str, id: &str) -> MarkOnDrop {
        MarkOnDrop(self.clone(), kind, id.to_owned())
    }
}

struct MarkOnDrop(Marks, &'static str, String);

impl Drop for MarkOnDrop {
    fn drop(&mut self) {
        self.0.set(self.1, &self.2);
    }
}

/// Starts an origin on a free port and returns `HOST:PORT`. It ends with the test's runtime.
pub(crate) async fn start(tls: Option<TlsAcceptor>) -> String {
    start_with(tls, 200).await
}

/// The same with a limit of its HTTP/2 streams at a time.
pub(crate) async fn start_with(tls: Option<TlsAcceptor>, max_streams: u32) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let marks = Marks::default();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (marks, tls) = (marks.clone(), tls.clone());
            tokio::spawn(async move {
                match tls {
                    None => serve(stream, marks, max_streams).await,
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            serve(stream, marks, max_streams).await;
                        }
                    }
                }
            });
        }
    });
    address
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, marks: Marks, max_streams: u32) {
    let service = service_fn(move |request| answer(request, marks.clone()));
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http2().max_concurrent_streams(max_streams);
    let _ = server.serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(request: Request<Incoming>, marks: Marks) -> Result<Answer, io::Error> {
    let path = request.uri().path().to_owned();
    let (_, path) = path.split_at(1);
    let (kind, id) = path.split_once('/').unwrap_or((path, ""));
    let mut answer = whole("");
    match kind {
        "echo" => return Ok(echo(request).await),
        "status" => {
            answer = whole(&format!("status {id}"));
            *answer.status_mut() = id.parse().unwrap();
            answer.headers_mut().insert("location", "/echo".parse().unwrap());
        }
        "repeat" => {
            answer.headers_mut().append("set-cookie", "a=1".parse().unwrap());
            answer.headers_mut().append("set-cookie", "b=2".parse().unwrap());
        }
        "encoded" => {
            answer = whole("as it is");
            answer.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
        }
        "cut" => {
            let cut = stream::once(async {
                // Only a chunk that has left before the error is seen by the client.
                tokio::task::yield_now().await;
                Err(io::Error::other("cut"))
            });
            answer = streamed(Box::pin(stream::iter([Ok(Bytes::from_static(b"part"))]).chain(cut)));
            if id == "length" {
                answer.headers_mut().insert("content-length", "100".parse().unwrap());
            }
        }
        "drop" => {
            marks.set("count", id);
            return Err(io::Error::other("dropped"));
        }
        "silent" => {
            let _gone = marks.on_drop("gone", id);
            marks.set("began", id);
            std::future::pending::<Infallible>().await;
        }
        "endless" => {
            let gone = marks.on_drop("gone", id);
            answer = streamed(Box::pin(stream::repeat_with(move || {
                let _held = &gone;
                Ok(Bytes::from_static(&[b'x'; 1000]))
            })));
        }
        "stepped" => {
            let (marks, id) = (marks.clone(), id.to_owned());
            let steps = stream::unfold(0, move |turn| {
                let (marks, id) = (marks.clone(), id.clone());
                async move {
                    if turn > 0 {
                        marks.wait("step", &id).await;
                    }
                    (turn < 3).then(|| (Ok(Bytes::from_static(b"step")), turn + 1))
                }
            });
            answer = streamed(Box::pin(steps.take(3)));
        }
        "step" => marks.set("step", id),
        "began" | "gone" => marks.wait(kind, id).await,
        "count" => answer = whole(&marks.of("count", id).available_permits().to_string()),
        _ => *answer.status_mut() = StatusCode::NOT_FOUND,
    }
    Ok(answer)
}

async fn echo(request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let headers: Vec<_> =
        head.headers.iter().map(|(name, value)| [name.as_str(), value.to_str().unwrap_or("?")]).collect();
    let seen = serde_json::json!({
        "method": head.method.as_str(),
        "target": head.uri.path_and_query().map(ToString::to_string),
        "headers": headers,
        "length": body.len(),
        "sum": body.iter().map(|byte| u64::from(*byte)).sum::<u64>(),
    });
    whole(&seen.to_string())
}

fn whole(text: &str) -> Answer {
    Response::new(Full::from(text.to_owned()).map_err(|never: Infallible| match never {}).boxed_unsync())
}

fn streamed(chunks: Chunks) -> Answer {
    Response::new(StreamBody::new(chunks.map(|chunk| chunk.map(Frame::data))).boxed_unsync())
}
