//! The contract of [`HttpClient`], against a test origin that serves these paths:
//!
//! | path | answer |
//! |---|---|
//! | `/echo` | 200, JSON: `method`, `target`, `headers` (`[[name, value], …]`), `length`, `sum` (of the body's bytes) |
//! | `/status/CODE` | that status, body `status CODE`, and `location: /echo` |
//! | `/repeat` | two `set-cookie` headers, `a=1` and `b=2` |
//! | `/encoded` | `content-encoding: gzip` with the body `as it is` |
//! | `/cut/length`, `/cut/chunked` | the body `part`, then the connection breaks |
//! | `/drop/ID` | the connection closes without an answer |
//! | `/silent/ID` | nothing, ever |
//! | `/endless/ID` | chunks without end |
//! | `/stepped/ID` | a chunk `step` at once and one for every `/step/ID` that arrives, the last is the third |
//! | `/step/ID` | 204 |
//! | `/began/ID`, `/gone/ID` | 204 as soon as exchange ID has reached the origin, or its client has left it |
//! | `/count/ID` | how often `/drop/ID` was asked |

use core::time::Duration;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::future::{Either, join_all, select};
use futures_util::{FutureExt, StreamExt};
use http::{HeaderValue, Request};
use serde_json::Value;

use crate::platform::{BodyError, HttpClient, HttpErrorKind, HttpRequest, HttpResponse, Payload, SendOptions};

const LIMIT: Duration = Duration::from_secs(20);

/// Runs everything below. `origin` is the test origin's URL without a path; nobody listens at `nowhere`.
pub async fn all(client: &dyn HttpClient, origin: &str, nowhere: &str) {
    run(client, origin, nowhere, HttpErrorKind::Connect, b"part").await;
}

/// The same for Workers, where two things are otherwise. A refused connection looks like a broken one: taking it for
/// broken is the safe side, because then nothing that writes is sent again. And a short successful answer that says its
/// length comes whole or not at all, because one call reads it.
pub async fn all_on_workers(client: &dyn HttpClient, origin: &str, nowhere: &str) {
    run(client, origin, nowhere, HttpErrorKind::Broken, b"").await;
}

async fn run(client: &dyn HttpClient, origin: &str, nowhere: &str, refused: HttpErrorKind, short: &[u8]) {
    any_status_is_an_answer(client, origin).await;
    a_request_arrives_as_it_was_given(client, origin).await;
    an_answer_comes_back_as_it_is(client, origin).await;
    chunks_are_not_held_back(client, origin).await;
    a_cut_body_ends_in_an_error(client, origin, short).await;
    no_answer_is_an_error(client, origin, nowhere, refused).await;
    the_header_timeout_ends_the_wait(client, origin).await;
    dropping_the_future_cancels(client, origin).await;
    dropping_the_body_cancels(client, origin).await;
    many_at_once(client, origin).await;
}

fn new_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn options() -> SendOptions {
    SendOptions { header_timeout: Some(LIMIT), ..SendOptions::default() }
}

fn request(url: String) -> HttpRequest {
    Request::get(url).body(Payload::default()).unwrap()
}

async fn get(client: &dyn HttpClient, url: String) -> HttpResponse {
    let shown = url.clone();
    client.send(request(url), options()).await.unwrap_or_else(|error| panic!("{shown}: {error}"))
}

async fn text(answer: HttpResponse) -> String {
    String::from_utf8(answer.into_body().read(1 << 20, 0).await.unwrap().to_vec()).unwrap()
}

pub async fn any_status_is_an_answer(client: &dyn HttpClient, origin: &str) {
    for status in [200, 201, 301, 302, 307, 400, 401, 404, 418, 429, 500, 503, 529] {
        let answer = get(client, format!("{origin}/status/{status}")).await;
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(answer.headers()["location"], "/echo", "no redirect is followed");
        assert_eq!(text(answer).await, format!("status {status}"));
    }
}

pub async fn a_request_arrives_as_it_was_given(client: &dyn HttpClient, origin: &str) {
    let slices: [&[usize]; 4] = [&[], &[5], &[1, 0, 70_000, 3], &[3_000_000, 1, 2_000_000]];
    for sizes in slices {
        let mut payload = Payload::default();
        let mut sum = 0_u64;
        for (index, size) in sizes.iter().enumerate() {
            let byte = u8::try_from(index).unwrap() + 1;
            payload.push(Bytes::from(vec![byte; *size]));
            sum += u64::from(byte) * *size as u64;
        }
        let length = payload.len();
        let mut request = Request::post(format!("{origin}/echo?a=%20b&c")).body(payload).unwrap();
        let headers = request.headers_mut();
        headers.append("x-twice", HeaderValue::from_static("one"));
        headers.append("x-twice", HeaderValue::from_static("two"));
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        let answer = client.send(request, options()).await.unwrap();
        let seen: Value = serde_json::from_str(&text(answer).await).unwrap();
        assert_eq!(seen["method"], "POST");
        assert_eq!(seen["target"], "/echo?a=%20b&c");
        assert_eq!((seen["length"].as_u64(), seen["sum"].as_u64()), (Some(length as u64), Some(sum)), "{sizes:?}");
        let mut names: Vec<_> = seen["headers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|header| format!("{}: {}", header[0].as_str().unwrap(), header[1].as_str().unwrap()))
            .filter(|header| !header.starts_with("host: "))
            .collect();
        names.sort();
        let length = format!("content-length: {length}");
        assert_eq!(
            names,
            [length.as_str(), "content-type: application/json", "x-twice: one", "x-twice: two"],
            "nothing is added, and a repeated header stays repeated"
        );
    }
}

pub async fn an_answer_comes_back_as_it_is(client: &dyn HttpClient, origin: &str) {
    let answer = get(client, format!("{origin}/repeat")).await;
    let cookies: Vec<_> = answer.headers().get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    let answer = get(client, format!("{origin}/encoded")).await;
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    assert_eq!(text(answer).await, "as it is", "nothing is decoded");
}

pub async fn chunks_are_not_held_back(client: &dyn HttpClient, origin: &str) {
    let id = new_id();
    let mut body = get(client, format!("{origin}/stepped/{id}")).await.into_body();
    for turn in 0..3 {
        assert_eq!(body.next().await.unwrap().unwrap(), "step", "chunk {turn}");
        if turn < 2 {
            assert!(body.next().now_or_never().is_none(), "a chunk came before it was sent");
            get(client, format!("{origin}/step/{id}")).await;
        }
    }
    assert!(body.next().await.is_none());
}

/// `short` is what is seen of a short answer that says its length.
pub async fn a_cut_body_ends_in_an_error(client: &dyn HttpClient, origin: &str, short: &[u8]) {
    for (kind, expected) in [("length", short), ("chunked", b"part")] {
        let mut body = get(client, format!("{origin}/cut/{kind}")).await.into_body();
        let mut seen = Vec::new();
        let error = loop {
            match body.next().await {
                Some(Ok(chunk)) => seen.extend_from_slice(&chunk),
                Some(Err(error)) => break error,
                None => panic!("/cut/{kind} looks complete"),
            }
        };
        assert_eq!(seen, expected, "/cut/{kind}");
        assert!(matches!(error, BodyError::Broken(_)), "/cut/{kind}: {error}");
    }
}

pub async fn no_answer_is_an_error(client: &dyn HttpClient, origin: &str, nowhere: &str, refused: HttpErrorKind) {
    // A kept connection makes it tempting to try again.
    get(client, format!("{origin}/echo")).await.into_body().read(1 << 20, 0).await.unwrap();
    let id = new_id();
    let rows = [
        (format!("{origin}/drop/{id}"), HttpErrorKind::Broken),
        (format!("{nowhere}/"), refused),
        ("ftp://example.com/".to_owned(), HttpErrorKind::Invalid),
        ("/relative".to_owned(), HttpErrorKind::Invalid),
    ];
    for (url, kind) in rows {
        let shown = url.clone();
        let error = client.send(request(url), options()).await.expect_err(&shown);
        assert_eq!(error.kind, kind, "{shown}: {error}");
        assert!(!error.message.is_empty());
    }
    let count = text(get(client, format!("{origin}/count/{id}")).await).await;
    assert_eq!(count, "1", "nothing that reached the origin is sent again");

    let (id, options) = (new_id(), SendOptions { resend: true, ..options() });
    let error = client.send(request(format!("{origin}/drop/{id}")), options).await.unwrap_err();
    assert_eq!(error.kind, HttpErrorKind::Broken, "{error}");
    let count = text(get(client, format!("{origin}/count/{id}")).await).await;
    assert!(["1", "2"].contains(&count.as_str()), "sent {count} times: once more is all that was allowed");
}

pub async fn the_header_timeout_ends_the_wait(client: &dyn HttpClient, origin: &str) {
    let id = new_id();
    // Connecting has a limit of its own, which an answer that takes long is not held to.
    let options = SendOptions {
        header_timeout: Some(Duration::from_millis(200)),
        connect_timeout: Some(Duration::from_millis(100)),
        ..SendOptions::default()
    };
    let error = client.send(request(format!("{origin}/silent/{id}")), options).await.unwrap_err();
    assert_eq!(error.kind, HttpErrorKind::Timeout, "{error}");
    get(client, format!("{origin}/gone/{id}")).await;
}

pub async fn dropping_the_future_cancels(client: &dyn HttpClient, origin: &str) {
    let id = new_id();
    let silent = client.send(request(format!("{origin}/silent/{id}")), options());
    let began = get(client, format!("{origin}/began/{id}")).boxed();
    match select(silent, began).await {
        Either::Left(_) => panic!("/silent was answered"),
        Either::Right((_, silent)) => drop(silent),
    }
    get(client, format!("{origin}/gone/{id}")).await;
}

pub async fn dropping_the_body_cancels(client: &dyn HttpClient, origin: &str) {
    let id = new_id();
    let mut body = get(client, format!("{origin}/endless/{id}")).await.into_body();
    for _ in 0..3 {
        assert!(!body.next().await.unwrap().unwrap().is_empty());
    }
    drop(body);
    get(client, format!("{origin}/gone/{id}")).await;
}

pub async fn many_at_once(client: &dyn HttpClient, origin: &str) {
    let exchanges = (0..250).map(|turn| async move {
        let answer = text(get(client, format!("{origin}/echo?{turn}")).await).await;
        assert!(answer.contains(&format!("\"/echo?{turn}\"")), "an answer went to another request: {answer}");
    });
    join_all(exchanges).await;
}
