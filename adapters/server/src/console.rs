//! The web console: the files of `webui/dist`, embedded. A debug build reads them from the disk at each request.

use http::header::{ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, VARY};
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use llmio_core::platform::Body;
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "../../webui/dist"]
#[allow_missing = true]
struct Files;

/// What the gateway answers itself, also when a browser opens it.
const RESERVED: [&str; 9] =
    ["/api", "/openai", "/anthropic", "/gemini", "/v1", "/v1beta", "/healthz", "/readyz", "/metrics"];

/// What `webui/public/_headers` says where other servers serve the files.
const HEADERS: [(HeaderName, &str); 4] = [
    (http::header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (http::header::X_FRAME_OPTIONS, "DENY"),
    (http::header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

const NOT_BUILT: &str = "<!doctype html><html lang=en><meta charset=utf-8><title>LLMIO</title><h1>LLMIO</h1>\
    <p>The gateway runs. Its console was not built into this binary: run <code>npm ci</code> and \
    <code>npm run build</code> in <code>webui</code> (Node.js 22.12 or newer), or <code>scripts/run</code>, and build again.";

/// Whether the console is in this binary.
pub(crate) fn is_built() -> bool {
    Files::get("index.html").is_some()
}

/// Answers what is the console's: its files, and its page for every other path that a browser opens. The router in the
/// page knows which of those there are.
pub(crate) fn answer<B>(request: &Request<B>) -> Option<Response<Body>> {
    let path = request.uri().path();
    if *request.method() != Method::GET || is_reserved(path) {
        return None;
    }
    let name = path.trim_start_matches('/');
    if !name.is_empty() && !is_compressed(name) && Files::get(name).is_some() {
        return Some(file(name, request.headers()));
    }
    if !wants_page(request.headers()) {
        return None;
    }
    if !is_built() {
        return Some(respond(NOT_BUILT.as_bytes().to_vec(), "index.html", None));
    }
    Some(file("index.html", request.headers()))
}

fn is_reserved(path: &str) -> bool {
    RESERVED
        .iter()
        .any(|reserved| path.strip_prefix(reserved).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// Compressed forms are for those who accept them, under the file's own name.
fn is_compressed(name: &str) -> bool {
    name.ends_with(".br") || name.ends_with(".gz")
}

fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|it| it.to_str().ok()).is_some_and(|it| it.contains("text/html"))
}

/// A file, in the smallest form that the client accepts.
fn file(name: &str, headers: &HeaderMap) -> Response<Body> {
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let accepts = |coding: &str| {
        accepted.split(',').any(|it| {
            let (name, quality) = it.split_once(';').unwrap_or((it, ""));
            name.trim().eq_ignore_ascii_case(coding) && quality.replace(' ', "") != "q=0"
        })
    };
    for (coding, ending) in [("br", "br"), ("gzip", "gz")] {
        if accepts(coding)
            && let Some(compressed) = Files::get(&format!("{name}.{ending}"))
        {
            return respond(bytes(compressed), name, Some(coding));
        }
    }
    respond(Files::get(name).map(bytes).unwrap_or_default(), name, None)
}

fn bytes(file: EmbeddedFile) -> Vec<u8> {
    file.data.into_owned()
}

fn respond(body: Vec<u8>, name: &str, coding: Option<&'static str>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    let kind = match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" => "application/json",
        "png" => "image/png",
        _ => "application/octet-stream",
    };
    // What is in `assets` has the hash of its content in its name.
    let kept = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(kept));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(coding) = coding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: Method, path: &str, accept: &str) -> Option<Response<Body>> {
        answer(&Request::builder().method(method).uri(path).header(ACCEPT, accept).body(()).unwrap())
    }

    #[test]
    fn the_gateway_keeps_its_paths() {
        for path in [
            "/api",
            "/api/providers",
            "/openai/v1/models",
            "/anthropic",
            "/gemini/v1beta/models",
            "/v1/chat/completions",
            "/v1beta/models",
            "/healthz",
            "/readyz",
            "/metrics",
        ] {
            assert!(asked(Method::GET, path, "text/html").is_none(), "{path}");
        }
    }

    #[test]
    fn a_browser_gets_the_page_and_programs_do_not() {
        for path in ["/", "/logs", "/providers/12", "/apiary", "/v1x"] {
            let page = asked(Method::GET, path, "text/html,application/xhtml+xml").unwrap();
            assert_eq!(page.headers()[CONTENT_TYPE], "text/html; charset=utf-8", "{path}");
            assert_eq!(page.headers()[CACHE_CONTROL], "no-cache", "{path}");
            assert_eq!(page.headers()[http::header::X_FRAME_OPTIONS], "DENY", "{path}");
            assert!(asked(Method::GET, path, "*/*").is_none(), "{path}");
            assert!(asked(Method::POST, path, "text/html").is_none(), "{path}");
            assert!(asked(Method::HEAD, path, "text/html").is_none(), "{path}");
        }
    }
}
