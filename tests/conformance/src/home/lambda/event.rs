//! A request as a function URL hands it over: payload format 2.0.
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>

use std::net::IpAddr;
use std::time::SystemTime;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Map, Value, json};

const DOMAIN: &str = "abcdefghijklmnopqrstuvwxyz012345.lambda-url.eu-central-1.on.aws";

pub(super) fn function_url(parts: &Parts, source: IpAddr, body: &[u8]) -> Vec<u8> {
    let prefix = DOMAIN.split('.').next().unwrap_or_default();
    let path = parts.uri.path();
    let query = parts.uri.query().unwrap_or_default();
    let (body, is_base64) = encode(&parts.headers, body);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers(&parts.headers, source),
        "requestContext": {
            "accountId": "anonymous",
            "apiId": prefix,
            "domainName": DOMAIN,
            "domainPrefix": prefix,
            "http": {
                "method": parts.method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": source.to_string(),
                "userAgent": text(parts.headers.get(header::USER_AGENT))
            },
            "requestId": super::api::new_id(),
            "routeKey": "$default",
            "stage": "$default",
            "time": "12/Mar/2020:19:03:58 +0000",
            "timeEpoch": u64::try_from(now.as_millis()).unwrap_or_default()
        },
        "isBase64Encoded": is_base64
    });
    if let Some(body) = body {
        event["body"] = body.into();
    }
    let cookies: Vec<&str> =
        parts.headers.get_all(header::COOKIE).iter().flat_map(|line| text(Some(line)).split("; ")).collect();
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    if !query.is_empty() {
        let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        event["queryStringParameters"] = pairs.map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    }
    event.to_string().into_bytes()
}

/// Lower case, one value for each name, without those of the connection (RFC 9110, 7.6.1), and with what the service
/// adds.
fn headers(all: &HeaderMap, source: IpAddr) -> Map<String, Value> {
    let not_passed = [header::COOKIE, header::CONNECTION, header::TRANSFER_ENCODING, header::EXPECT, header::HOST];
    let connection = text(all.get(header::CONNECTION)).to_ascii_lowercase();
    let of_connection: Vec<&str> = connection.split(',').map(str::trim).collect();
    let mut headers = Map::new();
    for name in all.keys().filter(|name| !not_passed.contains(name) && !of_connection.contains(&name.as_str())) {
        let values: Vec<&str> = all.get_all(name).iter().map(|value| text(Some(value))).collect();
        headers.insert(name.as_str().to_owned(), values.join(",").into());
    }
    let forwarded = match headers.get("x-forwarded-for").and_then(Value::as_str) {
        Some(claimed) => format!("{claimed}, {source}"),
        None => source.to_string(),
    };
    headers.insert("host".to_owned(), DOMAIN.into());
    headers.insert("x-forwarded-for".to_owned(), forwarded.into());
    headers.insert("x-forwarded-port".to_owned(), "443".into());
    headers.insert("x-forwarded-proto".to_owned(), "https".into());
    headers.insert("x-amzn-trace-id".to_owned(), "Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e".into());
    headers
}

/// Text as it is, all else as Base64.
fn encode(headers: &HeaderMap, body: &[u8]) -> (Option<String>, bool) {
    if body.is_empty() {
        return (None, false);
    }
    let kind = text(headers.get(header::CONTENT_TYPE));
    let is_text = ["text/", "application/json", "application/javascript", "application/xml"]
        .iter()
        .any(|prefix| kind.starts_with(prefix));
    match std::str::from_utf8(body) {
        Ok(text) if is_text && !headers.contains_key(header::CONTENT_ENCODING) => (Some(text.to_owned()), false),
        _ => (Some(BASE64_STANDARD.encode(body)), true),
    }
}

fn text(value: Option<&HeaderValue>) -> &str {
    value.and_then(|value| value.to_str().ok()).unwrap_or_default()
}
