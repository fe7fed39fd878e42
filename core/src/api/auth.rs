//! Who calls: a client's key, the admin's token, or anybody where no token is set.

use std::borrow::Cow;
use std::sync::Arc;

use http::request::Parts;
use http::{HeaderMap, HeaderName, Uri, Version, header};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::config::ClientKey;
use crate::dialect::{ErrorKind, GatewayError};
use crate::pipeline::Asker;
use crate::shared::Shared;

/// Who may ask for inference.
#[derive(Clone, Debug)]
pub(super) enum Caller {
    Client(Arc<ClientKey>),
    /// By the admin token.
    Operator,
    /// Anybody on this machine, of a gateway that has no token.
    Local {
        /// The admin API is open to it, too.
        is_operator: bool,
    },
}

impl Caller {
    pub(super) fn key(&self) -> Option<&Arc<ClientKey>> {
        match self {
            Self::Client(key) => Some(key),
            Self::Operator | Self::Local { .. } => None,
        }
    }

    pub(super) fn asker(&self) -> Asker {
        match self {
            Self::Client(_) | Self::Local { is_operator: false } => Asker::Client,
            Self::Operator => Asker::Operator,
            Self::Local { is_operator: true } => Asker::Local,
        }
    }
}

/// Lets in who may ask for inference. A client's key counts even beside the admin token.
pub(super) fn client(shared: &Shared, parts: &Parts) -> Result<Caller, GatewayError> {
    let credentials = credentials(&parts.headers, &parts.uri);
    let snapshot = shared.snapshot();
    for credential in &credentials {
        let hash: [u8; 32] = Sha256::digest(credential.as_bytes()).into();
        if let Some(key) = snapshot.key(&hash) {
            return usable(shared, key).map(Caller::Client);
        }
    }
    match &shared.options.admin_token {
        None => local_caller(parts).map(|()| Caller::Local { is_operator: admin(shared, parts).is_ok() }),
        Some(token) if credentials.iter().any(|it| same(it, token.reveal())) => Ok(Caller::Operator),
        Some(_) if credentials.is_empty() => Err(unauthenticated(
            "no API key: send one as `Authorization: Bearer`, `x-api-key`, `x-goog-api-key` or `?key=`",
        )),
        Some(_) => Err(unauthenticated("this API key is unknown here; ask the operator for one")),
    }
}

/// Lets the admin in.
pub(super) fn admin(shared: &Shared, parts: &Parts) -> Result<(), GatewayError> {
    let Some(token) = &shared.options.admin_token else {
        // A proxy's usual version towards its own providers.
        if parts.version < Version::HTTP_11 {
            return Err(token_required());
        }
        return local_caller(parts);
    };
    let credentials = credentials(&parts.headers, &parts.uri);
    if credentials.iter().any(|it| same(it, token.reveal())) {
        Ok(())
    } else if credentials.is_empty() {
        Err(unauthenticated("send the admin token as `Authorization: Bearer`"))
    } else {
        Err(unauthenticated("this is not the admin token"))
    }
}

fn is_key(pair: &str) -> bool {
    query_name(pair) == "key"
}

/// The name of a `name=value` of a query, however it is encoded.
pub(super) fn query_name(pair: &str) -> Cow<'_, str> {
    let name = pair.split('=').next().unwrap_or_default();
    percent_encoding::percent_decode_str(name).decode_utf8_lossy()
}

/// Everything that may be a key, in every place where some client puts it.
fn credentials(headers: &HeaderMap, uri: &Uri) -> Vec<String> {
    let mut found = Vec::new();
    for value in headers.get_all(header::AUTHORIZATION) {
        if let Ok(value) = value.to_str()
            && let Some((scheme, credential)) = value.split_once(' ')
            && scheme.eq_ignore_ascii_case("bearer")
        {
            found.push(credential.trim().to_owned());
        }
    }
    for name in ["x-api-key", "x-goog-api-key"] {
        found.extend(
            headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).map(|it| it.trim().to_owned()),
        );
    }
    for pair in uri.query().unwrap_or_default().split('&').filter(|pair| is_key(pair)) {
        let value = pair.split_once('=').map_or("", |(_, value)| value);
        found.push(percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned());
    }
    found.retain(|credential| !credential.is_empty());
    found
}

fn same(given: &str, expected: &str) -> bool {
    // Hashes first, so that not even the length shows.
    Sha256::digest(given.as_bytes()).ct_eq(&Sha256::digest(expected.as_bytes())).into()
}

/// The key, unless it is switched off or has expired.
pub(super) fn usable(shared: &Shared, key: &Arc<ClientKey>) -> Result<Arc<ClientKey>, GatewayError> {
    if !key.enabled {
        return Err(unauthenticated(format!("the API key `{}` is switched off", key.name)));
    }
    if key.expires_at.is_some_and(|expires| expires <= shared.now()) {
        return Err(unauthenticated(format!("the API key `{}` has expired", key.name)));
    }
    Ok(Arc::clone(key))
}

fn unauthenticated(message: impl Into<String>) -> GatewayError {
    GatewayError::new(ErrorKind::Unauthenticated, message).code("invalid_api_key")
}

/// A gateway without a token serves this machine only. A web page elsewhere must not reach it through the browser of
/// somebody on this machine, neither by a name that points here nor from its own origin; and through a proxy everybody
/// seems to be local. A proxy that says nothing of itself cannot be told, so this is for those who chose it.
fn local_caller(parts: &Parts) -> Result<(), GatewayError> {
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| parts.uri.authority().map(http::uri::Authority::as_str));
    let origin = parts.headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or("null"));
    let web = |origin: &str| origin == "null" || origin.starts_with("http://") || origin.starts_with("https://");
    let origin_host = |origin: &str| origin.split_once("://").map_or("", |(_, host)| host).to_owned();
    let is_local = host.is_some_and(is_loopback)
        && !parts.headers.keys().any(is_of_proxy)
        && origin.is_none_or(|origin| !web(origin) || is_loopback(&origin_host(origin)));
    if is_local { Ok(()) } else { Err(token_required()) }
}

fn token_required() -> GatewayError {
    let message = "this gateway was started open, without a TOKEN, and so serves only programs and pages of this machine \
                   that reach it directly; set TOKEN";
    GatewayError::new(ErrorKind::Forbidden, message).code("token_required")
}

/// Whether proxies and content networks add it, to say for whom they ask.
fn is_of_proxy(name: &HeaderName) -> bool {
    let name = name.as_str();
    ["x-forwarded", "x-original-", "x-envoy-", "cf-", "cdn-", "x-appengine-", "x-azure-", "x-amz-cf-"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
        || name.ends_with("client-ip")
        || name.ends_with("real-ip")
        || matches!(name, "forwarded" | "via" | "x-proxyuser-ip" | "x-host" | "x-originating-ip" | "x-remote-addr")
}

/// `host` may carry a port. Other names, those under `localhost` among them, may point anywhere.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<core::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(uri: &str, headers: &str) -> Parts {
        let mut request = http::Request::builder().uri(uri);
        for line in headers.lines() {
            let (name, value) = line.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn credentials_are_found_wherever_clients_put_them() {
        for (uri, headers, expected) in [
            ("/", "", vec![]),
            ("/", "authorization: Bearer abc", vec!["abc"]),
            ("/", "authorization: bearer abc", vec!["abc"]),
            ("/", "authorization: Basic abc", vec![]),
            ("/", "x-api-key: abc", vec!["abc"]),
            ("/?key=a%2Bc&alt=sse", "", vec!["a+c"]),
            ("/", "authorization: Bearer one\nx-goog-api-key: two", vec!["one", "two"]),
            ("/?key=", "x-api-key: ", vec![]),
        ] {
            let parts = parts(uri, headers);
            assert_eq!(credentials(&parts.headers, &parts.uri), expected, "{uri} {headers}");
        }
    }

    #[test]
    fn without_a_token_only_this_machine_is_served() {
        for (headers, expected) in [
            ("", false),
            ("host: 127.0.0.1:7070", true),
            ("host: localhost", true),
            ("host: [::1]:7070", true),
            ("host: evil.example", false),
            ("host: any.localhost", false),
            ("host: localhost.", false),
            ("host: 127.0.0.1.evil.example", false),
            ("host: localhost:7070\norigin: http://localhost:5173", true),
            ("host: localhost:7070\norigin: https://evil.example", false),
            ("host: localhost:7070\norigin: null", false),
            ("host: localhost:7070\nx-forwarded-for: 192.0.2.1", false),
            ("host: localhost:7070\nx-forwarded-proto: https", false),
            ("host: localhost:7070\nx-real-ip: 192.0.2.1", false),
            ("host: localhost:7070\ntrue-client-ip: 192.0.2.1", false),
            ("host: localhost:7070\ncf-connecting-ip: 192.0.2.1", false),
            ("host: localhost:7070\nforwarded: for=192.0.2.1", false),
            ("host: localhost:7070\nvia: 1.1 proxy", false),
            ("host: localhost:7070\norigin: file://", true),
        ] {
            assert_eq!(local_caller(&parts("/", headers)).is_ok(), expected, "{headers}");
        }
    }
}
