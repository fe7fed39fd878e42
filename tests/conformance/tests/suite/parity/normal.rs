//! What may differ between two homes, or between two runs of one.

use http::HeaderMap;
use llmio_conformance::Kind;
use llmio_conformance::client::Answer;
use serde_json::{Value, json};

/// Made by the server or platform in front of the gateway, hop by hop.
const PLATFORM_HEADERS: [&str; 7] =
    ["cf-ray", "connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"];

/// Of one hop, and what Cloudflare adds to everything that a Worker sends.
const PROVIDER_PLATFORM_HEADERS: [&str; 3] = ["cf-worker", "connection", "keep-alive"];

/// Sorted by name; the order of equal names stays.
pub(super) fn headers(headers: &HeaderMap, trace: &str) -> Vec<(String, String)> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).replace(trace, "TRACE");
    let headers = headers.iter().map(|(name, value)| match name.as_str() {
        // Each home makes ids of its own.
        name @ "x-llmio-association" => (name.to_owned(), "ASSOCIATION".to_owned()),
        name => (name.to_owned(), text(value)),
    });
    sorted(headers, &PLATFORM_HEADERS)
}

pub(super) fn provider_headers(headers: Vec<(String, String)>) -> Vec<(String, String)> {
    sorted(headers, &PROVIDER_PLATFORM_HEADERS)
}

fn sorted(headers: impl IntoIterator<Item = (String, String)>, without: &[&str]) -> Vec<(String, String)> {
    let mut headers: Vec<_> = headers.into_iter().filter(|(name, _)| !without.contains(&name.as_str())).collect();
    headers.sort_by(|one, two| one.0.cmp(&two.0));
    headers
}

/// The body, but for the request's own name and, where the gateway made it, for when a model was made.
pub(super) fn body(answer: &Answer, is_providers: bool) -> String {
    let text = answer.text().replace(&answer.trace(), "TRACE");
    if is_providers {
        return text;
    }
    without_times(text, &["\"created\":", "\"created_at\":"])
}

/// The text without the numbers that follow `names`.
pub(super) fn without_times(text: String, names: &[&str]) -> String {
    names.iter().fold(text, |text, name| {
        let mut parts = text.split(name);
        let mut whole = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            whole.push_str(name);
            whole.push_str(part.find([',', '}']).map_or(part, |end| &part[end..]));
        }
        whole
    })
}

/// Replaces names, times and durations by what they are; whether there is one stays to be seen.
pub(super) fn json(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(json),
        Value::Object(fields) => {
            for (name, value) in fields {
                match (kind(name), &*value) {
                    // Made of a duration and of tokens, which are compared; there is none where the platform's clock of
                    // whole milliseconds measured no duration at all.
                    _ if name == "tokens_per_second" => *value = json!("a speed"),
                    (Some(kind), _) => replace(value, kind),
                    (None, Value::String(cause)) if name == "error" => *value = json!(without_platforms_words(cause)),
                    (None, _) => json(value),
                }
            }
        }
        _ => {}
    }
}

/// Why a connection broke each platform says in its own words; and some do not tell whether it was ever there.
fn without_platforms_words(cause: &str) -> String {
    if !Kind::chosen().tells_failed_connections_apart()
        && let Some(peer) = never_reached(cause)
    {
        return format!("{peer} broke off before its answer");
    }
    let broken = cause.find("broke off").unwrap_or(cause.len());
    cause[broken..].find(": ").map_or(cause, |end| &cause[..broken + end]).to_owned()
}

/// Whom, in the words of a home that can tell.
fn never_reached(cause: &str) -> Option<&str> {
    let connect = cause.strip_prefix("cannot connect to ").and_then(|rest| rest.split_once(": "));
    let tls = cause.strip_prefix("TLS with ").and_then(|rest| rest.split_once(" failed: "));
    connect.or(tls).map(|(peer, _)| peer)
}

fn replace(value: &mut Value, kind: &str) {
    match value {
        Value::Null => {}
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, kind)),
        Value::Object(fields) => fields.values_mut().for_each(|field| replace(field, kind)),
        _ => *value = json!(kind),
    }
}

fn kind(name: &str) -> Option<&'static str> {
    match name {
        "id" | "next_cursor" | "instance" => Some("a name"),
        "home" | "database" => Some("a home"),
        "body_bytes" => Some("a size"),
        "from" | "to" | "start" => Some("a time"),
        "key" | "prefix" | "suffix" => Some("a key"),
        "session_id" => None,
        _ if name.ends_with("_id") || name.ends_with("_ids") => Some("a name"),
        _ if name.ends_with("_at") => Some("a time"),
        _ if name.ends_with("_ms") => Some("a duration"),
        _ => None,
    }
}
