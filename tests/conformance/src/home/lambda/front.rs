//! What clients see: the function URL, and Lambda's own `Invoke` for events of other kinds.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use super::api::{Answer, Broken, Head};
use super::event;
use super::pool::{Failed, Pool};

/// Of an event, as `Invoke` takes it.
const MAX_EVENT: usize = 6 * 1024 * 1024;
const INVOKE: &str = "/2015-03-31/functions/llmio/invocations";

type Body = StreamBody<BoxStream<'static, Result<Frame<Bytes>, Broken>>>;

pub(super) async fn start(pool: Arc<Pool>) -> (u16, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let server = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, peer)) = listener.accept().await {
            let pool = Arc::clone(&pool);
            connections.spawn(async move {
                let service = service_fn(move |request| {
                    let pool = Arc::clone(&pool);
                    async move { Ok::<_, Infallible>(answer(&pool, request, peer.ip()).await) }
                });
                // Clients may leave at any time, and broken answers are cut.
                let _ =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    (port, server)
}

async fn answer(pool: &Arc<Pool>, request: Request<Incoming>, source: IpAddr) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return message(StatusCode::BAD_REQUEST, "Bad Request") };
    let body = body.to_bytes();
    let is_invoke = parts.uri.path() == INVOKE;
    let event = if is_invoke { body.to_vec() } else { event::function_url(&parts, source, &body) };
    if event.len() > MAX_EVENT {
        let text = format!("Request must be smaller than {MAX_EVENT} bytes for the InvokeFunction operation");
        return message(StatusCode::PAYLOAD_TOO_LARGE, &text);
    }
    match (pool.invoke(event).await, is_invoke) {
        (Ok(Answer::Streamed { head, body }), false) => streamed(&head, body),
        (Ok(Answer::Whole(payload)), true) => whole(StatusCode::OK, payload),
        (Ok(answer), _) => panic!("the function answers in the wrong form: {answer:?}"),
        (Err(Failed::Reported(report)), true) => {
            let mut response = whole(StatusCode::OK, report.into());
            response.headers_mut().insert("x-amz-function-error", HeaderValue::from_static("Unhandled"));
            response
        }
        (Err(Failed::Reported(cause) | Failed::Ended(cause)), _) => {
            let mut response = message(StatusCode::BAD_GATEWAY, "Internal Server Error");
            // For the people who read a failed case; Lambda says it in its log.
            let cause = HeaderValue::try_from(cause.replace('\n', " ")).unwrap_or(HeaderValue::from_static("?"));
            response.headers_mut().insert("x-emulator-cause", cause);
            response
        }
    }
}

fn streamed(head: &Head, body: tokio::sync::mpsc::Receiver<Result<Bytes, Broken>>) -> Response<Body> {
    let frames =
        stream::unfold(body, |mut body| async move { body.recv().await.map(|chunk| (chunk.map(Frame::data), body)) });
    let mut response = Response::new(StreamBody::new(frames.boxed()));
    *response.status_mut() = StatusCode::from_u16(head.status_code).expect("a status");
    for (name, value) in &head.headers {
        let name: HeaderName = name.parse().expect("a header's name");
        let value = value.as_str().expect("a header's value is a text");
        response.headers_mut().insert(name, HeaderValue::from_str(value).expect("a header's value"));
    }
    for cookie in &head.cookies {
        response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_str(cookie).expect("a cookie"));
    }
    response
}

fn whole(status: StatusCode, body: Bytes) -> Response<Body> {
    let frame = stream::iter([Ok(Frame::data(body))]);
    let mut response = Response::new(StreamBody::new(frame.boxed()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn message(status: StatusCode, text: &str) -> Response<Body> {
    let body: Value = json!({"Message": text});
    whole(status, body.to_string().into())
}
