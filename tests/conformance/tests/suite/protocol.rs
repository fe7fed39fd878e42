//! HTTP itself, byte by byte, where the home is who speaks it.

use core::time::Duration;

use llmio_conformance::client::Call;
use llmio_conformance::config::{Config, association};
use llmio_conformance::dialect::{self, Form, KEY};
use llmio_conformance::{Home, Kind, Setup};
use llmio_upstream::{Dialect, Upstream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What comes back within a while for the head of a request alone.
async fn first_answer(home: &Home, head: &str) -> String {
    let base = home.base();
    let mut stream = TcpStream::connect(base.trim_start_matches("http://")).await.expect("the home listens");
    stream.write_all(head.as_bytes()).await.expect("it is read");
    let mut buffer = [0; 4096];
    let read = tokio::time::timeout(Duration::from_secs(1), stream.read(&mut buffer)).await.expect("at once");
    let text = String::from_utf8_lossy(&buffer[..read.expect("an answer")]).into_owned();
    text.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_client_that_waits_to_send_learns_at_once() {
    if !Kind::chosen().name().starts_with("server") {
        return;
    }
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let config = Config::new().upstream("p", Dialect::Chat, &upstream).model("m", [association("p", "ok")]);
    let home = Home::start(Setup::new(config)).await;
    let path = dialect::path(Dialect::Chat, "m", Form::Whole);
    for (key, length, expected) in [
        (KEY, "100", "HTTP/1.1 100 Continue"),
        ("sk-of-nobody", "100", "HTTP/1.1 401 Unauthorized"),
        (KEY, "999999999999", "HTTP/1.1 413 Payload Too Large"),
    ] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\ncontent-length: {length}\r\n\
             expect: 100-continue\r\n\r\n"
        );
        assert_eq!(first_answer(&home, &head).await, expected, "{key} {length}");
    }
    let connect =
        first_answer(&home, "CONNECT provider.example:443 HTTP/1.1\r\nhost: provider.example:443\r\n\r\n").await;
    assert_eq!(connect, "HTTP/1.1 405 Method Not Allowed");
    assert_eq!(Call::get(&home.url("/healthz")).send().await.status, 200);
}
