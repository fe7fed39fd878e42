//! Providers that give no answer at all: the client is told so, or another provider answers, and the log has the cause.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use futures_util::future::join_all;
use llmio_conformance::config::{Config, provider_type, weighted};
use llmio_conformance::dialect::{self, Form};
use llmio_conformance::{Home, Setup};
use llmio_upstream::ports::{NotTls, Refused};
use llmio_upstream::{Dialect, Upstream};
use serde_json::{Value, json};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{ServerConfig, crypto, pki_types::PrivateKeyDer};

/// Addresses of such providers. They stay so for as long as the value lives.
pub(crate) struct Unreachable {
    refused: Refused,
    not_tls: NotTls,
    self_signed: SelfSigned,
}

impl Unreachable {
    /// The provider is behind those addresses that answer whom they should not.
    pub(crate) async fn before(provider: &Upstream) -> Self {
        Self {
            refused: Refused::new().expect("a port"),
            not_tls: NotTls::new().await.expect("a port"),
            self_signed: SelfSigned::before(provider.address()).await,
        }
    }

    pub(crate) fn addresses(&self) -> [Address; 4] {
        let row = |what, url, words| Address { what, url, words };
        [
            row("refused", format!("http://{}", self.refused.address()), "cannot connect"),
            row("unknown-name", "https://nonexistent.invalid".to_owned(), "cannot connect"),
            row("no-tls", format!("https://{}", self.not_tls.address()), "TLS with"),
            row("self-signed", format!("https://{}", self.self_signed.address), "certificate"),
        ]
    }
}

pub(crate) struct Address {
    pub(crate) what: &'static str,
    /// Without a path.
    url: String,
    /// What the log says, among other things, where the home can tell.
    words: &'static str,
}

impl Address {
    /// As a provider's, with the key of the one behind it.
    pub(crate) fn provider(&self, name: &str, dialect: Dialect, behind: &Upstream) -> Value {
        let base = format!("{}{}", self.url, dialect.base_path());
        json!({"name": name, "type": provider_type(dialect), "base_url": base, "api_key": behind.key()})
    }
}

/// In front of a provider with a certificate that nobody vouches for: whoever trusts it all the same gets answers.
struct SelfSigned {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl SelfSigned {
    async fn before(provider: SocketAddr) -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a configuration");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut client) = acceptor.accept(stream).await else { return };
                    let mut provider = TcpStream::connect(provider).await.expect("the provider");
                    // A client that refuses the certificate has nothing to be told.
                    let _ = copy_bidirectional(&mut client, &mut provider).await;
                });
            }
        });
        Self { address, task }
    }
}

impl Drop for SelfSigned {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[tokio::test]
async fn nobody_there() {
    let healthy = Upstream::with_key("sk-healthy").await.expect("a provider");
    let unreachable = Unreachable::before(&healthy).await;
    let mut config = Config::new();
    for dialect in Dialect::ALL {
        let kind = provider_type(dialect);
        config = config.upstream(kind, dialect, &healthy);
        for address in unreachable.addresses() {
            let name = format!("{}-{kind}", address.what);
            config = config
                .provider(address.provider(&name, dialect, &healthy))
                // A platform that does not tell whether a connection was ever there would have it asked again.
                .model_with(&format!("alone-{name}"), &json!({"max_retry": 0}), [weighted(&name, "any", 10)])
                .model(&format!("pair-{name}"), [weighted(&name, "any", 10), weighted(kind, "ok", 1)]);
        }
    }
    let home = Home::start(Setup::new(config)).await;
    let addresses = unreachable.addresses();
    for dialect in Dialect::ALL {
        for form in Form::BOTH {
            join_all(addresses.iter().map(|address| check(&home, &healthy, dialect, form, address))).await;
        }
    }
}

async fn check(home: &Home, healthy: &Upstream, dialect: Dialect, form: Form, address: &Address) {
    let name = format!("{}-{}", address.what, provider_type(dialect));
    let at = format!("{name} {form:?}");
    let (_, peer) = address.url.split_once("://").expect("an address");

    let alone = dialect::call(home, dialect, &format!("alone-{name}"), form).send().await;
    assert_eq!(alone.status, 502, "{at}: {}", alone.text());
    let message = dialect::error_message(dialect, &alone);
    // Where it is and why it failed is the operator's business.
    assert!(!message.contains(peer) && !message.contains(healthy.key()), "{at}: {message}");
    let rows = home.trace(&alone.trace()).await;
    assert_eq!(rows.len(), 1, "{at}: {rows:?}");
    check_failed_row(home, address, &rows[0]);

    let pair = dialect::call(home, dialect, &format!("pair-{name}"), form).send().await;
    assert!(pair.status == 200 && pair.text().contains("vider."), "{at}: {}", pair.text());
    let rows = home.trace(&pair.trace()).await;
    assert_eq!(rows.len(), 2, "{at}: {rows:?}");
    check_failed_row(home, address, &rows[0]);
}

fn check_failed_row(home: &Home, address: &Address, row: &Value) {
    assert_eq!(row["outcome"], "connect_error", "{row}");
    let (_, peer) = address.url.split_once("://").expect("an address");
    let error = row["error"].as_str().unwrap_or_default();
    assert!(error.contains(peer), "{row}");
    assert!(error.contains(address.words) || !home.kind().tells_failed_connections_apart(), "{row}");
}
