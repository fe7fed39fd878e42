use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use http::{Request, Response};
use llmio_core::platform::{Body, BodyError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Client, Handler, Threads, bind};

/// Everything here happens within milliseconds; only a failure takes this long.
const LIMIT: Duration = Duration::from_secs(10);
const NO_GRACE: Duration = Duration::ZERO;

/// Answers by path, and tells when an exchange began and when it was dropped or done.
struct Scripted {
    events: mpsc::UnboundedSender<&'static str>,
    release: CancellationToken,
}

struct OnDrop(mpsc::UnboundedSender<&'static str>, &'static str);

impl Drop for OnDrop {
    fn drop(&mut self) {
        let _ = self.0.send(self.1);
    }
}

impl Handler for Scripted {
    async fn handle(&self, request: Request<Body>, Client { doubt, .. }: Client) -> Response<Body> {
        let gone = OnDrop(self.events.clone(), "gone");
        let release = self.release.clone();
        let chunk = |text: &'static str| Ok(Bytes::from_static(text.as_bytes()));
        let body = match request.uri().path() {
            "/silent" => {
                let _ = self.events.send("began");
                std::future::pending::<()>().await;
                Body::empty()
            }
            "/stalls" => Body::stream(
                futures_util::stream::iter([chunk("first")])
                    .chain(futures_util::stream::pending())
                    .inspect(move |_| _ = &gone),
            ),
            "/endless" => Body::stream(
                futures_util::stream::repeat_with(|| Ok(Bytes::from_static(&[b'x'; 64 << 10])))
                    .inspect(move |_| _ = &gone),
            ),
            "/waits-to-begin" => {
                release.cancelled().await;
                Body::from("begun".to_owned())
            }
            "/doubts" => {
                let silence =
                    std::future::poll_fn(move |_| if doubt.settle() { Poll::Ready(()) } else { Poll::Pending });
                let filler = silence.map(move |()| chunk("filler"));
                let last = async move {
                    release.cancelled().await;
                    let _gone = gone;
                    chunk("last")
                };
                let rest = futures_util::stream::once(filler).chain(futures_util::stream::once(last));
                Body::stream(futures_util::stream::iter([chunk("first")]).chain(rest))
            }
            "/waits" => Body::stream(futures_util::stream::iter([chunk("first")]).chain(futures_util::stream::once(
                async move {
                    release.cancelled().await;
                    let _gone = gone;
                    chunk("last")
                },
            ))),
            "/breaks" => Body::stream(futures_util::stream::iter([
                chunk("first"),
                Err(BodyError::Broken("the provider is gone".into())),
            ])),
            "/reads" => {
                let _ = self.events.send("began");
                Body::from(request.into_body().read(1 << 20, 0).await.unwrap_or_default())
            }
            "/echo" => Body::from(request.into_body().read(1 << 20, 0).await.unwrap()),
            _ => Body::from("whole".to_owned()),
        };
        Response::new(body)
    }
}

struct Running {
    address: String,
    events: mpsc::UnboundedReceiver<&'static str>,
    release: CancellationToken,
    stop: CancellationToken,
    server: JoinHandle<usize>,
}

impl Running {
    async fn start(grace: Duration) -> Self {
        let (events, received) = mpsc::unbounded_channel();
        let (release, stop) = (CancellationToken::new(), CancellationToken::new());
        let listener = bind("127.0.0.1", 0).await.unwrap();
        let address = listener.address().to_string();
        let handler = Arc::new(Scripted { events, release: release.clone() });
        let stopped = stop.clone();
        let server =
            tokio::spawn(
                async move { listener.run(&Threads::here(), handler, "".parse().unwrap(), stopped, grace).await },
            );
        Self { address, events: received, release, stop, server }
    }

    async fn send(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    fn nothing_happened(&mut self) {
        assert!(self.events.try_recv().is_err(), "it ended too early");
    }

    async fn event(&mut self) -> &'static str {
        tokio::time::timeout(LIMIT, self.events.recv()).await.expect("nothing happened").unwrap()
    }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n")
}

async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = Vec::new();
    let reading = async {
        let mut buffer = [0; 4096];
        while !String::from_utf8_lossy(&text).ends_with(end) {
            let count = stream.read(&mut buffer).await.unwrap();
            assert!(count > 0, "the connection ended before {end:?}: {}", String::from_utf8_lossy(&text));
            text.extend_from_slice(&buffer[..count]);
        }
    };
    tokio::time::timeout(LIMIT, reading).await.expect("the answer never came");
    String::from_utf8(text).unwrap()
}

async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    // A reset is an end, too.
    let _ = tokio::time::timeout(LIMIT, stream.read_to_string(&mut text)).await.expect("the connection never ended");
    text
}

#[tokio::test]
async fn a_client_that_leaves_drops_the_waiting_handler() {
    let mut running = Running::start(NO_GRACE).await;
    let client = running.send(&get("/silent")).await;
    assert_eq!(running.event().await, "began");
    running.nothing_happened();
    drop(client);
    assert_eq!(running.event().await, "gone");
}

/// Also those that have sent their end in the same moment as their request, or follow one request with another.
#[tokio::test]
async fn a_client_that_closes_its_sending_side_gets_its_answer() {
    let post = "POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 4\r\n\r\nback";
    let chunked = "POST /echo HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n4\r\nback\r\n0\r\n\r\n";
    let large = "x".repeat(300_000);
    let large = format!("POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 300004\r\n\r\n{large}back");
    let rows = [
        (get("/"), "whole"),
        (post.to_owned(), "back"),
        (chunked.to_owned(), "back"),
        (large, "back"),
        (get("/waits"), "4\r\nlast\r\n0\r\n\r\n"),
        (get("/waits-to-begin"), "begun"),
        (get("/waits") + &get("/waits-to-begin"), "begun"),
    ];
    for (request, end) in rows {
        for pause in [Duration::ZERO, Duration::from_millis(50)] {
            let running = Running::start(NO_GRACE).await;
            let mut client = running.send(&request).await;
            tokio::time::sleep(pause).await;
            client.shutdown().await.unwrap();
            tokio::time::sleep(pause).await;
            running.release.cancel();
            let answer = read_to_end(&mut client).await;
            assert!(answer.ends_with(end), "{:?} after {pause:?}: {answer:.300}", &request[..40.min(request.len())]);
        }
        // All of it is there before the server looks for the first time.
        let running = Running::start(NO_GRACE).await;
        let mut client = std::net::TcpStream::connect(&running.address).unwrap();
        std::io::Write::write_all(&mut client, request.as_bytes()).unwrap();
        client.shutdown(std::net::Shutdown::Write).unwrap();
        client.set_nonblocking(true).unwrap();
        running.release.cancel();
        let answer = read_to_end(&mut TcpStream::from_std(client).unwrap()).await;
        assert!(answer.ends_with(end), "{:?} at once: {answer:.300}", &request[..40.min(request.len())]);
    }
}

/// One that cannot be asked whether it is still there, or has not said everything, has left.
#[tokio::test]
async fn an_end_that_is_no_half_close() {
    let rows = [
        "GET /silent HTTP/1.0\r\nhost: test\r\n\r\n".to_owned(),
        "POST /reads HTTP/1.1\r\nhost: test\r\ncontent-length: 4\r\n\r\nba".to_owned(),
    ];
    for request in rows {
        let mut running = Running::start(NO_GRACE).await;
        let mut client = running.send(&request).await;
        assert_eq!(running.event().await, "began");
        running.nothing_happened();
        client.shutdown().await.unwrap();
        assert_eq!(running.event().await, "gone", "{request}");
    }
}

/// Once an answer has begun, what its body says to the doubt tells.
#[tokio::test]
async fn a_silent_answer_is_asked_to_say_something() {
    for leaves in [false, true] {
        let mut running = Running::start(NO_GRACE).await;
        let mut client = running.send(&get("/doubts")).await;
        read_until(&mut client, "first\r\n").await;
        running.nothing_happened();
        if leaves {
            drop(client);
        } else {
            client.shutdown().await.unwrap();
            read_until(&mut client, "filler\r\n").await;
            running.nothing_happened();
            running.release.cancel();
            assert!(read_to_end(&mut client).await.ends_with("last\r\n0\r\n\r\n"));
        }
        assert_eq!(running.event().await, "gone");
    }
}

#[tokio::test]
async fn a_client_that_leaves_drops_the_body_half_way() {
    let mut running = Running::start(NO_GRACE).await;
    let mut client = running.send(&get("/stalls")).await;
    read_until(&mut client, "first\r\n").await;
    running.nothing_happened();
    drop(client);
    assert_eq!(running.event().await, "gone");
}

/// Whatever was said before the silence, of either version; of HTTP/2 by its pings. The clock runs on when nothing else happens.
#[tokio::test(start_paused = true)]
async fn silent_connections_are_closed() {
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let settings = format!("{preface}\0\0\0\u{4}\0\0\0\0\0");
    let whole = get("/");
    let rows = ["", "G", "GET / HTTP/1.1\r\nhost: te", "P", "PRI * HT", preface, &settings, &whole];
    let running = Running::start(NO_GRACE).await;
    for said in rows {
        let begun = tokio::time::Instant::now();
        let mut client = running.send(said).await;
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap_or_default();
        let seconds = begun.elapsed().as_secs();
        assert!((49..=151).contains(&seconds), "{said:?} is closed after {seconds} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_nothing_is_given_up() {
    let mut running = Running::start(NO_GRACE).await;
    let begun = tokio::time::Instant::now();
    let client = running.send(&get("/endless")).await;
    assert_eq!(running.events.recv().await.unwrap(), "gone");
    let seconds = begun.elapsed().as_secs();
    assert!((299..=302).contains(&seconds), "given up after {seconds} s");
    drop(client);
}

#[tokio::test]
async fn a_broken_body_cuts_the_connection() {
    let running = Running::start(NO_GRACE).await;
    let mut client = running.send(&get("/breaks")).await;
    let answer = read_to_end(&mut client).await;
    assert!(!answer.ends_with("0\r\n\r\n"), "the answer looks complete: {answer}");
}

#[tokio::test]
async fn connections_are_kept_and_bodies_arrive() {
    let running = Running::start(NO_GRACE).await;
    let mut client = running.send(&get("/")).await;
    let answer = read_until(&mut client, "whole").await;
    assert!(answer.contains("content-length: 5\r\n"), "{answer}");
    client.write_all(b"POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 4\r\n\r\nback").await.unwrap();
    read_until(&mut client, "back").await;
}

#[tokio::test]
async fn http2_is_spoken_without_tls() {
    let running = Running::start(NO_GRACE).await;
    let stream = TcpStream::connect(&running.address).await.unwrap();
    let io = hyper_util::rt::TokioIo::new(stream);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get("http://test/").body(http_body_util::Empty::<Bytes>::new()).unwrap();
    let answer = sender.send_request(request).await.unwrap();
    let body = http_body_util::BodyExt::collect(answer.into_body()).await.unwrap().to_bytes();
    assert_eq!(body, "whole");
}

#[tokio::test]
async fn oversized_heads_are_refused() {
    let running = Running::start(NO_GRACE).await;
    let rows = [
        ("one long header", format!("GET / HTTP/1.1\r\nhost: test\r\nx: {}\r\n\r\n", "y".repeat(300_000))),
        ("many headers", format!("GET / HTTP/1.1\r\nhost: test\r\n{}\r\n", "x: y\r\n".repeat(500))),
    ];
    for (name, request) in rows {
        let mut client = TcpStream::connect(&running.address).await.unwrap();
        // The server may answer and close before it has read everything.
        let _ = client.write_all(request.as_bytes()).await;
        let answer = read_to_end(&mut client).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{name}: {answer}");
        assert!(!answer.contains("whole"), "{name}: {answer}");
    }
}

#[tokio::test]
async fn a_stop_lets_running_exchanges_finish() {
    let mut running = Running::start(LIMIT).await;
    let mut client = running.send(&get("/waits")).await;
    read_until(&mut client, "first\r\n").await;
    let idle = running.send("").await;
    running.stop.cancel();
    running.release.cancel();
    let rest = read_to_end(&mut client).await;
    assert!(rest.ends_with("4\r\nlast\r\n0\r\n\r\n"), "{rest}");
    assert_eq!(running.event().await, "gone");
    assert_eq!(running.server.await.unwrap(), 0);
    drop(idle);
    TcpStream::connect(&running.address).await.expect_err("nobody listens any more");
}

#[tokio::test]
async fn a_stop_cuts_what_does_not_finish() {
    let mut running = Running::start(NO_GRACE).await;
    let mut client = running.send(&get("/stalls")).await;
    read_until(&mut client, "first\r\n").await;
    running.nothing_happened();
    running.stop.cancel();
    assert_eq!(running.event().await, "gone");
    assert_eq!(running.server.await.unwrap(), 1);
}

#[tokio::test]
async fn a_port_in_use_is_explained() {
    let first = bind("127.0.0.1", 0).await.unwrap();
    let error = bind("127.0.0.1", first.address().port()).await.unwrap_err().to_string();
    assert!(error.contains("in use") && error.contains("--port"), "{error}");
}
