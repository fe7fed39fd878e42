use http::request::Parts;
use http::{HeaderMap, header};

use crate::{Dialect, ProviderError};

/// Every header in which a client may carry a credential to a gateway.
const CREDENTIALS: [&str; 5] = ["authorization", "x-api-key", "x-goog-api-key", "api-key", "proxy-authorization"];

/// Belong to one connection, or tell of the gateway's own client.
const NEVER: [&str; 14] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "cookie",
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
];

/// May stand only once.
const ONCE: [&str; 6] =
    ["authorization", "x-api-key", "x-goog-api-key", "content-type", "anthropic-version", "user-agent"];

/// The credential that a request carries, wherever it stands.
pub(crate) fn credential(parts: &Parts) -> String {
    let from_header = CREDENTIALS.iter().find_map(|name| header_credential(&parts.headers, name));
    from_header.or_else(|| query_key(parts).map(str::to_owned)).unwrap_or_default()
}

pub(super) fn check(dialect: Dialect, parts: &Parts, key: &str) -> Result<(), ProviderError> {
    let refuse = |message: String| Err(ProviderError::new(400, message));
    for name in NEVER {
        if parts.headers.contains_key(name) {
            return refuse(format!("header {name} must not reach a provider"));
        }
    }
    if let Some(name) = parts.headers.keys().find(|name| name.as_str().starts_with("x-llmio-")) {
        return refuse(format!("header {name} must not reach a provider"));
    }
    for name in ONCE {
        if parts.headers.get_all(name).iter().count() > 1 {
            return refuse(format!("header {name} stands more than once"));
        }
    }
    check_key(dialect, parts, key)?;
    for name in CREDENTIALS {
        if header_credential(&parts.headers, name).is_some_and(|seen| seen != key) {
            return refuse(format!("header {name} carries a credential that is not this provider's"));
        }
    }
    if query_key(parts).is_some_and(|seen| seen != key) {
        return refuse("the query carries a credential that is not this provider's".to_owned());
    }
    if dialect == Dialect::Anthropic {
        let version = parts.headers.get("anthropic-version").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_date = version.len() == 10 && version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        if version.is_empty() {
            return refuse("anthropic-version: header is required".to_owned());
        }
        if !is_date {
            return refuse(format!("anthropic-version: \"{version}\" is not a valid version"));
        }
    }
    Ok(())
}

fn check_key(dialect: Dialect, parts: &Parts, key: &str) -> Result<(), ProviderError> {
    let of = |name: &str| header_credential(&parts.headers, name);
    let seen = match dialect {
        Dialect::Chat | Dialect::Responses => of("authorization"),
        // Newer SDKs send a bearer token.
        Dialect::Anthropic => of("x-api-key").or_else(|| of("authorization")),
        Dialect::Gemini => of("x-goog-api-key").or_else(|| query_key(parts).map(str::to_owned)),
    };
    if seen.as_deref() == Some(key) {
        return Ok(());
    }
    Err(match dialect {
        Dialect::Chat | Dialect::Responses => match seen {
            Some(seen) => {
                ProviderError::new(401, format!("Incorrect API key provided: {seen}.")).code("invalid_api_key")
            }
            None => ProviderError::new(401, "You didn't provide an API key."),
        },
        Dialect::Anthropic => ProviderError::new(401, "invalid x-api-key"),
        Dialect::Gemini => match seen {
            Some(_) => ProviderError::new(400, "API key not valid. Please pass a valid API key."),
            None => ProviderError::new(403, "Method doesn't allow unregistered callers."),
        },
    })
}

pub(super) fn check_json(parts: &Parts) -> Result<(), ProviderError> {
    let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let media_type = text(header::CONTENT_TYPE).unwrap_or_default();
    if !media_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(ProviderError::new(415, format!("Unsupported content type: '{media_type}'")));
    }
    match text(header::CONTENT_ENCODING) {
        None | Some("identity") => Ok(()),
        Some(encoding) => Err(ProviderError::new(400, format!("content-encoding {encoding} does not fit the body"))),
    }
}

fn header_credential(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    let is_scheme = name.ends_with("authorization");
    match value.split_once(' ') {
        Some((scheme, token)) if is_scheme && scheme.eq_ignore_ascii_case("bearer") => Some(token.trim().to_owned()),
        _ => Some(value.to_owned()),
    }
}

fn query_key(parts: &Parts) -> Option<&str> {
    parts.uri.query()?.split('&').find_map(|pair| pair.strip_prefix("key="))
}
