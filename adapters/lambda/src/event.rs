//! What Lambda hands over: an HTTP request in the payload format 2.0 of function URLs and API Gateway's HTTP APIs.
//!
//! The form of the event is `lambda_http`'s. The conversion to a request is ours, because theirs puts the stage back
//! into the path, resolves dots in it, and panics at a host that is no host.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Uri, header};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use llmio_core::platform::Body;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What a URI cannot hold. A percent sign stays: the path may be encoded already.
const UNSAFE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// One HTTP request of a client.
#[derive(Debug)]
pub(crate) struct HttpEvent {
    /// Or why it cannot be one.
    pub(crate) request: Result<Request<Body>, String>,
    /// The address of the connection's other end as Lambda saw it; never what a header says.
    pub(crate) source_ip: Option<String>,
    pub(crate) reply: Reply,
}

/// How the answer is handed back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// As it comes: a function URL whose invoke mode is `RESPONSE_STREAM`.
    Streamed,
    /// As one JSON document: API Gateway's HTTP APIs cannot stream.
    Whole,
}

impl HttpEvent {
    /// `None` when this is no HTTP request.
    pub(crate) fn read(event: &[u8]) -> Option<Self> {
        let event: ApiGatewayV2httpRequest = serde_json::from_slice(event).ok()?;
        let reply = Reply::of(event.request_context.domain_name.as_deref());
        let source_ip = event.request_context.http.source_ip.clone();
        Some(Self { request: convert(event), source_ip, reply })
    }
}

impl Reply {
    fn of(domain: Option<&str>) -> Self {
        // The second is the function URL of `cargo lambda watch`.
        let streams = domain.is_some_and(|domain| domain.contains(".lambda-url.") || domain == "localhost");
        if streams { Self::Streamed } else { Self::Whole }
    }
}

fn convert(event: ApiGatewayV2httpRequest) -> Result<Request<Body>, String> {
    let context = event.request_context;
    let raw_path = event.raw_path.unwrap_or_default();
    let path = without_stage(&raw_path, context.stage.as_deref());
    let mut request = Request::new(body(event.body, event.is_base64_encoded)?);
    *request.method_mut() = context.http.method;
    *request.uri_mut() = uri(path, event.raw_query_string.as_deref().unwrap_or_default())?;
    *request.headers_mut() = event.headers;
    // They come apart from the other headers.
    if let Some(cookies) = event.cookies.filter(|cookies| !cookies.is_empty()) {
        let cookies = HeaderValue::try_from(cookies.join("; ")).map_err(|error| format!("its cookies: {error}"))?;
        request.headers_mut().insert(header::COOKIE, cookies);
    }
    Ok(request)
}

fn body(text: Option<String>, is_base64: bool) -> Result<Body, String> {
    let text = text.unwrap_or_default();
    if !is_base64 {
        return Ok(Body::from(text));
    }
    let bytes = BASE64_STANDARD.decode(text).map_err(|error| format!("its body is no Base64: {error}"))?;
    Ok(Body::Whole(Bytes::from(bytes)))
}

/// API Gateway begins the path with the stage's name, unless it is the default one.
fn without_stage<'a>(path: &'a str, stage: Option<&str>) -> &'a str {
    let Some(stage) = stage.filter(|stage| *stage != "$default") else { return path };
    match path.strip_prefix('/').and_then(|rest| rest.strip_prefix(stage)) {
        Some("") => "/",
        Some(rest) if rest.starts_with('/') => rest,
        _ => path,
    }
}

/// API Gateway decodes paths; what a URI cannot hold is encoded again.
fn uri(path: &str, query: &str) -> Result<Uri, String> {
    let slash = if path.starts_with('/') { "" } else { "/" };
    let mut target = format!("{slash}{}", utf8_percent_encode(path, UNSAFE)).replace('?', "%3F");
    if !query.is_empty() {
        target = format!("{target}?{}", utf8_percent_encode(query, UNSAFE));
    }
    PathAndQuery::try_from(target).map(Uri::from).map_err(|error| format!("its path is no path: {error}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event(changes: &Value) -> HttpEvent {
        let mut event = json!({
            "version": "2.0",
            "rawPath": "/v1/models",
            "rawQueryString": "",
            "headers": {"host": "x.lambda-url.eu-central-1.on.aws"},
            "requestContext": {
                "domainName": "x.lambda-url.eu-central-1.on.aws",
                "http": {"method": "POST", "path": "/v1/models", "sourceIp": "203.0.113.7"},
                "stage": "$default",
                "timeEpoch": 1
            },
            "isBase64Encoded": false
        });
        for (path, value) in changes.as_object().into_iter().flatten() {
            let (parent, name) = path.rsplit_once('/').unwrap();
            event.pointer_mut(parent).unwrap()[name] = value.clone();
        }
        HttpEvent::read(event.to_string().as_bytes()).expect("an HTTP request")
    }

    #[test]
    fn paths_and_queries() {
        // Stage, path, query, what is asked for.
        let rows = [
            ("$default", "/v1/models", "", "/v1/models"),
            ("$default", "/prod/v1", "a=1&a=2&b=%20x", "/prod/v1?a=1&a=2&b=%20x"),
            ("prod", "/prod/v1/models", "", "/v1/models"),
            ("prod", "/prod", "a=1", "/?a=1"),
            ("prod", "/prod/", "", "/"),
            ("prod", "/production/v1", "", "/production/v1"),
            ("prod", "/v1/models", "", "/v1/models"),
            ("$default", "", "", "/"),
            ("$default", "/models/a b:generateContent", "", "/models/a%20b:generateContent"),
            ("$default", "/models/ü?x", "", "/models/%C3%BC%3Fx"),
            ("$default", "/a/../b//c", "", "/a/../b//c"),
            ("$default", "//evil.example/x", "", "//evil.example/x"),
        ];
        for (stage, path, query, expected) in rows {
            let event = event(&json!({"/requestContext/stage": stage, "/rawPath": path, "/rawQueryString": query}));
            let uri = event.request.expect("a request").uri().clone();
            assert_eq!(uri.to_string(), expected, "{stage} {path} {query}");
            assert_eq!((uri.scheme(), uri.authority()), (None, None));
        }
    }

    #[tokio::test]
    async fn bodies() {
        for (body, is_base64, expected) in [
            (json!("{\"a\":\"ü\"}"), false, Some("{\"a\":\"ü\"}")),
            (json!("eyJhIjoiw7wifQ=="), true, Some("{\"a\":\"ü\"}")),
            (json!(""), true, Some("")),
            (Value::Null, false, Some("")),
            (json!("no base64!"), true, None),
        ] {
            let request = event(&json!({"/body": body, "/isBase64Encoded": is_base64})).request;
            match (request, expected) {
                (Ok(request), Some(expected)) => {
                    assert_eq!(request.into_body().read(1 << 20, 0).await.unwrap(), expected);
                }
                (Err(problem), None) => assert!(problem.contains("Base64"), "{problem}"),
                (request, _) => panic!("{body}: {request:?}"),
            }
        }
    }

    #[test]
    fn headers_and_cookies() {
        let headers = json!({"accept": "a,b", "cookie": "forged=1", "x-forwarded-for": "198.51.100.1"});
        let event = event(&json!({"/headers": headers, "/cookies": ["a=1", "b=2"]}));
        assert_eq!(event.source_ip.as_deref(), Some("203.0.113.7"));
        let request = event.request.expect("a request");
        assert_eq!(request.method(), http::Method::POST);
        assert_eq!(request.headers()["accept"], "a,b");
        assert_eq!(request.headers()["cookie"], "a=1; b=2");
    }

    #[test]
    fn who_takes_streams() {
        for (domain, expected) in [
            (json!("x.lambda-url.eu-central-1.on.aws"), Reply::Streamed),
            (json!("x.execute-api.eu-central-1.amazonaws.com"), Reply::Whole),
            (json!("localhost"), Reply::Streamed),
            (json!("llm.example.com"), Reply::Whole),
            (Value::Null, Reply::Whole),
        ] {
            assert_eq!(event(&json!({"/requestContext/domainName": domain})).reply, expected, "{domain}");
        }
    }

    #[test]
    fn what_is_no_http_request() {
        for text in ["{}", "null", "[]", "", "{\"Records\":[]}", "{\"detail-type\":\"Scheduled Event\"}"] {
            assert!(HttpEvent::read(text.as_bytes()).is_none(), "{text}");
        }
    }
}
