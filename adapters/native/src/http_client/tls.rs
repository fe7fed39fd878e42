use std::sync::Arc;

use llmio_core::platform::{HttpError, HttpErrorKind};
use rustls::{ClientConfig, RootCertStore};

/// What both ends agree on before they speak HTTP.
#[derive(Clone, Debug)]
pub(super) struct Tls {
    /// For providers: HTTP/2 or HTTP/1.1.
    pub(super) provider: Arc<ClientConfig>,
    /// For `https://` proxies: their CONNECT is HTTP/1.1.
    pub(super) proxy: Arc<ClientConfig>,
}

impl Tls {
    pub(super) fn new(roots: RootCertStore) -> Result<Self, HttpError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|cause| HttpError::new(HttpErrorKind::Tls, format!("TLS cannot be set up: {cause}")))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let with_protocols = |names: &[&str]| {
            let mut config = config.clone();
            config.alpn_protocols = names.iter().map(|name| name.as_bytes().to_vec()).collect();
            Arc::new(config)
        };
        Ok(Self { provider: with_protocols(&["h2", "http/1.1"]), proxy: with_protocols(&["http/1.1"]) })
    }
}

/// The system's certificate authorities, or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name. Mozilla's join them
/// when there are none (a container without any), and when the variables only name additional ones.
pub(super) fn default_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let named = ["SSL_CERT_FILE", "SSL_CERT_DIR"].iter().any(|name| std::env::var_os(name).is_some());
    let loaded = rustls_native_certs::load_native_certs();
    for error in loaded.errors.iter().filter(|_| named) {
        tracing::warn!(%error, "certificate authorities that SSL_CERT_FILE or SSL_CERT_DIR names cannot be read");
    }
    roots.add_parsable_certificates(loaded.certs);
    if roots.is_empty() || named {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}
