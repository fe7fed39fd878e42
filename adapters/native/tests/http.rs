//! The HTTP contract in the clear and over TLS, and what this client does besides: HTTP/2, trust, proxies.

mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use llmio_core::platform::{HttpClient, HttpErrorKind, Payload, SendOptions};
use llmio_core::testing::contract;
use llmio_native::NativeHttpClient;
use rustls::RootCertStore;
use rustls::pki_types::PrivateKeyDer;
use support::scripted::Act::{self, Answer, Close, Freeze, GoAway, Part, Refuse, Think};
use support::{origin, proxy, scripted};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Port 1 is reserved, and nothing listens there.
const NOWHERE: &str = "http://127.0.0.1:1";

/// A certificate for `127.0.0.1` that signs itself: what the origin shows, and what to trust for it.
fn certificate(protocols: &[&str]) -> (TlsAcceptor, RootCertStore) {
    let names = vec!["127.0.0.1".to_owned()];
    let rcgen::CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(names).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    (TlsAcceptor::from(Arc::new(config)), roots)
}

fn client_without_trust() -> NativeHttpClient {
    NativeHttpClient::with_roots(RootCertStore::empty())
}

async fn ask(
    client: &NativeHttpClient,
    url: &str,
    proxy: Option<String>,
) -> Result<http::Version, (HttpErrorKind, String)> {
    let request = http::Request::get(url).body(Payload::default()).unwrap();
    let options = SendOptions { header_timeout: Some(Duration::from_secs(20)), proxy, ..SendOptions::default() };
    match client.send(request, options).await {
        Ok(answer) => {
            let version = answer.version();
            answer.into_body().read(1 << 20, 0).await.unwrap();
            Ok(version)
        }
        Err(error) => Err((error.kind, error.message)),
    }
}

#[tokio::test]
async fn http1_keeps_the_contract() {
    let origin = format!("http://{}", origin::start(None).await);
    contract::http::all(&client_without_trust(), &origin, NOWHERE).await;
}

#[tokio::test]
async fn http1_over_tls_keeps_the_contract() {
    let (tls, roots) = certificate(&["http/1.1"]);
    let origin = format!("https://{}", origin::start(Some(tls)).await);
    let client = NativeHttpClient::with_roots(roots);
    assert_eq!(ask(&client, &format!("{origin}/echo"), None).await, Ok(http::Version::HTTP_11));
    contract::http::all(&client, &origin, NOWHERE).await;
}

#[tokio::test]
async fn http2_keeps_the_contract() {
    let (tls, roots) = certificate(&["h2", "http/1.1"]);
    let origin = format!("https://{}", origin::start(Some(tls)).await);
    let client = NativeHttpClient::with_roots(roots);
    assert_eq!(ask(&client, &format!("{origin}/echo"), None).await, Ok(http::Version::HTTP_2));
    contract::http::all(&client, &origin, NOWHERE).await;
}

#[tokio::test]
async fn the_contract_holds_on_many_threads() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    let checked = runtime.spawn(async {
        let origin = format!("http://{}", origin::start(None).await);
        contract::http::all(&client_without_trust(), &origin, NOWHERE).await;
    });
    tokio::task::spawn_blocking(move || runtime.block_on(checked).unwrap()).await.unwrap();
}

#[tokio::test]
async fn tls_failures_are_told_apart() {
    let (tls, roots) = certificate(&["h2"]);
    let secure = origin::start(Some(tls)).await;
    let plain = origin::start(None).await;
    let trusting = NativeHttpClient::with_roots(roots);
    let strange = client_without_trust();
    let port = secure.rsplit_once(':').unwrap().1;
    let rows = [
        ("unknown authority", &strange, format!("https://{secure}/"), HttpErrorKind::Tls, "UnknownIssuer"),
        ("another name", &trusting, format!("https://localhost:{port}/"), HttpErrorKind::Tls, "not valid for"),
        ("no TLS there", &trusting, format!("https://{plain}/"), HttpErrorKind::Tls, "TLS with 127.0.0.1"),
        ("TLS there", &trusting, format!("http://{secure}/"), HttpErrorKind::Broken, "127.0.0.1"),
        ("refused", &trusting, "https://127.0.0.1:1/".to_owned(), HttpErrorKind::Connect, "refused"),
        ("unknown name", &trusting, "https://llmio.invalid/".to_owned(), HttpErrorKind::Connect, "llmio.invalid"),
    ];
    for (name, client, url, kind, text) in rows {
        let (seen, message) = ask(client, &url, None).await.unwrap_err();
        assert_eq!(seen, kind, "{name}: {message}");
        assert!(message.contains(text), "{name}: {message}");
    }
}

/// A server that keeps its connections, as it says, and closes each after one answer.
async fn forgetful() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            if stream.read(&mut request).await.unwrap() > 0 {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
            }
        }
    });
    format!("http://{address}/")
}

/// HTTP/1.0 and hundreds of headers are the provider's own affair.
#[tokio::test]
async fn an_old_and_talkative_provider() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        assert!(stream.read(&mut request).await.unwrap() > 0);
        let headers: String = (0..300).map(|number| format!("x-{number}: {number}\r\n")).collect();
        let answer = format!("HTTP/1.0 200 OK\r\n{headers}\r\nok");
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    let request = http::Request::get(url).body(Payload::default()).unwrap();
    let answer = client_without_trust().send(request, SendOptions::default()).await.unwrap();
    assert_eq!((answer.version(), answer.headers().len()), (http::Version::HTTP_11, 300));
    assert_eq!(answer.into_body().read(10, 0).await.unwrap(), "ok");
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_is_replaced() {
    let forgetful = forgetful().await;
    let other = format!("http://{}/echo", origin::start(None).await);
    let client = client_without_trust();
    for turn in 0..20 {
        let request = http::Request::post(&forgetful).body(Payload::from(vec![b'x'; 100])).unwrap();
        let answer = client.send(request, SendOptions::default()).await;
        let answer = answer.unwrap_or_else(|error| panic!("turn {turn}: {error}"));
        assert_eq!(answer.into_body().read(10, 0).await.unwrap(), "ok");
        // Meanwhile the runtime learns of the close.
        assert_eq!(ask(&client, &other, None).await, Ok(http::Version::HTTP_11));
    }
}

#[tokio::test]
async fn proxies_are_gone_through() {
    let (tls, roots) = certificate(&["h2"]);
    let secure = format!("https://{}/echo", origin::start(Some(tls)).await);
    let plain = format!("http://{}/echo", origin::start(None).await);
    let client = NativeHttpClient::with_roots(roots);
    for (kind, scheme) in [(proxy::Kind::Http, "http"), (proxy::Kind::Socks5, "socks5")] {
        let proxy = proxy::start(kind).await;
        for (target, version) in [(&secure, http::Version::HTTP_2), (&plain, http::Version::HTTP_11)] {
            for _ in 0..3 {
                let url = format!("{scheme}://me:pass%20word@{}", proxy.address);
                assert_eq!(ask(&client, target, Some(url)).await, Ok(version), "{scheme}: {target}");
            }
        }
        assert_eq!(proxy.tunnels.load(Ordering::SeqCst), 2, "{scheme}: one kept connection for each origin");

        let url = format!("{scheme}://me:wrong@{}", proxy.address);
        let (kind, message) = ask(&client, &plain, Some(url)).await.unwrap_err();
        assert_eq!(kind, HttpErrorKind::Connect, "{scheme}: {message}");
        assert!(message.contains("through its proxy") && !message.contains("wrong"), "{scheme}: {message}");
    }
    let (kind, message) = ask(&client, &plain, Some("http://127.0.0.1:1".into())).await.unwrap_err();
    assert_eq!(kind, HttpErrorKind::Connect, "{message}");
    let (kind, message) = ask(&client, &plain, Some("nonsense".into())).await.unwrap_err();
    assert_eq!(kind, HttpErrorKind::Invalid, "{message}");
}

/// What one request came to: whether it was answered, or else why not.
async fn post(client: &NativeHttpClient, url: &str, options: &SendOptions) -> Result<(), HttpErrorKind> {
    let mut payload = Payload::from(b"in two parts".to_vec());
    payload.push(scripted::END.into());
    let request = http::Request::post(url).body(payload).unwrap();
    match client.send(request, options.clone()).await {
        Ok(answer) => {
            answer.into_body().read(1 << 20, 0).await.unwrap();
            Ok(())
        }
        Err(error) => Err(error.kind),
    }
}

#[tokio::test]
async fn what_died_without_an_answer_is_sent_once_more_at_the_most() {
    const BROKEN: Result<(), HttpErrorKind> = Err(HttpErrorKind::Broken);
    const OK: Result<(), HttpErrorKind> = Ok(());
    type Row = (
        &'static str,
        &'static [bool],
        bool,
        &'static [&'static [Act]],
        &'static [Result<(), HttpErrorKind>],
        (usize, usize),
    );
    const H1: &[bool] = &[false];
    const H2: &[bool] = &[true];
    const BOTH: &[bool] = &[false, true];
    // Name, HTTP/2 or not, `resend`, the script, what comes of one request after the other, connections and requests.
    let rows: &[Row] = &[
        ("a kept one", BOTH, true, &[&[Answer, Close]], &[OK, OK, OK], (2, 4)),
        ("not where it may not be", BOTH, false, &[&[Answer, Close]], &[OK, BROKEN, OK], (2, 3)),
        ("a new one", BOTH, true, &[&[Close]], &[BROKEN, OK], (2, 2)),
        ("only once", BOTH, true, &[&[Answer, Close], &[Close]], &[OK, BROKEN, OK], (3, 4)),
        ("part of an answer", H1, true, &[&[Answer, Part]], &[OK, BROKEN, OK], (2, 3)),
        ("refused", H2, false, &[&[Answer, Refuse]], &[OK, OK], (2, 3)),
        ("refused at once", H2, false, &[&[Refuse]], &[OK], (2, 2)),
        ("refused again", H2, false, &[&[Answer, Refuse], &[Refuse]], &[OK, BROKEN], (2, 3)),
        ("left out by a GOAWAY", H2, false, &[&[Answer, GoAway]], &[OK, OK, OK], (2, 4)),
    ];
    for (name, protocols, resend, script, expected, counts) in rows {
        for is_h2 in *protocols {
            let name = format!("{name}, {}", if *is_h2 { "HTTP/2" } else { "HTTP/1.1" });
            let (tls, roots) = certificate(&["h2"]);
            let (url, seen) = scripted::start(is_h2.then_some(tls), script).await;
            let client = NativeHttpClient::with_roots(roots);
            let options =
                SendOptions { header_timeout: Some(Duration::from_secs(20)), resend: *resend, ..Default::default() };
            for (turn, expected) in expected.iter().enumerate() {
                assert_eq!(post(&client, &url, &options).await, *expected, "{name}: request {turn}");
            }
            assert_eq!(seen.counts(), *counts, "{name}");
            let texts = seen.texts.lock().unwrap();
            assert!(texts.iter().all(|text| *text == texts[0]), "{name}: every time the same is sent");
        }
    }
}

#[tokio::test]
async fn the_time_limit_covers_both_attempts() {
    let (url, seen) = scripted::start(None, &[&[Answer, Close], &[Think]]).await;
    let client = client_without_trust();
    let limit = Some(Duration::from_millis(200));
    let options = SendOptions { header_timeout: limit, resend: true, ..Default::default() };
    assert_eq!(post(&client, &url, &options).await, Ok(()));
    assert_eq!(post(&client, &url, &options).await, Err(HttpErrorKind::Timeout));
    assert_eq!(seen.counts(), (2, 3));
}

/// Longer than it takes to find a frozen connection.
const FOUND: Duration = Duration::from_millis(5500);

#[tokio::test]
async fn a_frozen_connection_is_found_and_left() {
    let rows = [
        ("sent again", true, [Ok(()), Ok(()), Ok(())], (2, 4)),
        ("not sent again", false, [Ok(()), Err(HttpErrorKind::Broken), Ok(())], (2, 3)),
    ];
    let checks = rows.map(|(name, resend, expected, counts)| async move {
        let (tls, roots) = certificate(&["h2"]);
        let (url, seen) = scripted::start(Some(tls), &[&[Answer, Freeze]]).await;
        let client = NativeHttpClient::with_roots(roots);
        let options = SendOptions { header_timeout: Some(FOUND), resend, ..Default::default() };
        for (turn, expected) in expected.iter().enumerate() {
            assert_eq!(post(&client, &url, &options).await, *expected, "{name}: request {turn}");
        }
        assert_eq!(seen.counts(), counts, "{name}");
    });
    let impatient = async {
        let (tls, roots) = certificate(&["h2"]);
        let (url, seen) = scripted::start(Some(tls), &[&[Answer, Freeze]]).await;
        let client = NativeHttpClient::with_roots(roots);
        let options = SendOptions { header_timeout: Some(Duration::from_secs(1)), ..Default::default() };
        assert_eq!(post(&client, &url, &options).await, Ok(()));
        let mut tries = 1;
        while post(&client, &url, &options).await.is_err() {
            tries += 1;
            assert!(tries < 7, "requests that keep coming hide that none is answered");
        }
        assert_eq!(seen.connections.load(Ordering::SeqCst), 2);
    };
    futures_util::join!(join_all(checks), impatient);
}

#[tokio::test]
async fn who_thinks_is_waited_for_while_pings_are_answered() {
    let (tls, roots) = certificate(&["h2"]);
    let (url, seen) = scripted::start(Some(tls), &[&[Answer, Think]]).await;
    let client = NativeHttpClient::with_roots(roots);
    let options = SendOptions { header_timeout: Some(FOUND), resend: true, ..Default::default() };
    assert_eq!(post(&client, &url, &options).await, Ok(()));
    assert_eq!(post(&client, &url, &options).await, Err(HttpErrorKind::Timeout));
    assert_eq!(post(&client, &url, &options).await, Ok(()));
    assert_eq!(seen.counts(), (1, 3), "the connection is still the first");
    assert_eq!(seen.pings.load(Ordering::SeqCst), 2, "one in the silence, then rarer, and one with the next request");
}

#[tokio::test]
async fn no_more_streams_are_opened_than_the_provider_allows() {
    for limit in [1, 2, 100] {
        let (tls, roots) = certificate(&["h2"]);
        let origin = format!("https://{}", origin::start_with(Some(tls), limit).await);
        let client = NativeHttpClient::with_roots(roots);
        let options = SendOptions { header_timeout: Some(Duration::from_secs(20)), ..Default::default() };
        for turn in 0..3 {
            // All heads are there while none of the answers has ended.
            let answers = join_all((0..5).map(|number| {
                let url = format!("{origin}/stepped/{turn}-{number}");
                client.send(http::Request::get(url).body(Payload::default()).unwrap(), options.clone())
            }));
            for answer in answers.await {
                let answer = answer.unwrap_or_else(|error| panic!("limit {limit}, turn {turn}: {error}"));
                assert_eq!(answer.version(), http::Version::HTTP_2);
            }
        }
    }
}

/// Takes connections and says nothing.
async fn mute() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        loop {
            kept.push(listener.accept().await.unwrap());
        }
    });
    address
}

#[tokio::test]
async fn connecting_has_a_limit_of_its_own() {
    let mute = mute().await;
    // Nobody takes what comes here, and there is room for little.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let full = socket.listen(1).unwrap();
    let hole = full.local_addr().unwrap();
    let filling: Vec<_> = (0..16).map(|_| tokio::spawn(TcpStream::connect(hole))).collect();

    let client = client_without_trust();
    let rows = [
        ("TLS", format!("https://{mute}/"), None),
        ("TCP", format!("http://{hole}/"), None),
        ("proxy", "http://127.0.0.1:9/".to_owned(), Some(format!("http://{mute}"))),
        ("SOCKS", "http://127.0.0.1:9/".to_owned(), Some(format!("socks5://{mute}"))),
        ("TLS with the proxy", "http://127.0.0.1:9/".to_owned(), Some(format!("https://{mute}"))),
    ];
    for (name, url, proxy) in rows {
        let limit = Duration::from_millis(200);
        let options = SendOptions {
            header_timeout: Some(Duration::from_secs(20)),
            connect_timeout: Some(limit),
            proxy,
            ..Default::default()
        };
        let started = Instant::now();
        let request = http::Request::get(url).body(Payload::default()).unwrap();
        let error = client.send(request, options).await.unwrap_err();
        assert_eq!(error.kind, HttpErrorKind::Connect, "{name}: {error}");
        assert!(error.message.contains("within 200ms"), "{name}: {error}");
        assert!(started.elapsed() < Duration::from_secs(5), "{name}");
    }
    drop((filling, full));
}

/// In a process of its own, because everything in it is short of descriptors then.
#[cfg(unix)]
#[test]
fn a_want_of_descriptors_is_our_own_fault() {
    let child = std::process::Command::new("sh")
        .args(["-c", "ulimit -n 64 && exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["without_descriptors", "--exact", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && text.contains("1 passed"), "{text}{}", String::from_utf8_lossy(&child.stderr));
}

#[cfg(unix)]
#[tokio::test]
#[ignore = "run by a_want_of_descriptors_is_our_own_fault"]
async fn without_descriptors() {
    let origin = origin::start(None).await;
    let client = client_without_trust();
    let mut held = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        held.push(file);
    }
    let port = origin.rsplit_once(':').unwrap().1;
    let urls = [format!("http://{origin}/echo"), format!("http://localhost:{port}/"), "http://llmio.invalid/".into()];
    for url in &urls {
        let (kind, message) = ask(&client, url, None).await.unwrap_err();
        assert_eq!(kind, HttpErrorKind::Local, "{url}: {message}");
    }
    drop(held);
    assert_eq!(ask(&client, &urls[0], None).await, Ok(http::Version::HTTP_11));
}
