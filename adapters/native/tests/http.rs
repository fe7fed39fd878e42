//! The HTTP contract in the clear and over TLS, and what this client does besides: HTTP/2, trust, proxies.

mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use llmio_core::platform::{HttpClient, HttpErrorKind, Payload, SendOptions};
use llmio_core::testing::contract;
use llmio_native::NativeHttpClient;
use rustls::RootCertStore;
use rustls::pki_types::PrivateKeyDer;
use support::{origin, proxy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
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
    let options = SendOptions { header_timeout: Some(Duration::from_secs(20)), proxy };
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
