use core::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};

use super::ask;
use crate::config::snapshot::Upstream;
use crate::config::{Provider, Redactor};
use crate::platform::{Clock, HttpClient, HttpRequest, Payload};
use crate::provider;

/// For one page.
const TIMEOUT: Duration = Duration::from_secs(15);
/// A list that goes on after so many pages is cut.
const MAX_PAGES: usize = 20;

/// The provider's own names of its models, sorted. The error says why there are none, for an operator, and holds no
/// secret.
pub async fn list_models(http: &dyn HttpClient, clock: &dyn Clock, provider: &Provider) -> Result<Vec<String>, String> {
    let upstream = Upstream::compile(provider.clone())?;
    let redactor = Redactor::new([upstream.api_key.reveal()]);
    let mut names = Vec::new();
    let mut next: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let request = request(&upstream, next.as_deref())?;
        let page = ask(http, clock, request, upstream.proxy.as_ref(), TIMEOUT).await;
        let page = page
            .and_then(|answer| match answer.failure() {
                Some(failure) => Err(match upstream.hint_at_not_found() {
                    Some(hint) if answer.status == StatusCode::NOT_FOUND => format!("{failure}; {hint}"),
                    _ => failure,
                }),
                None => upstream.kind.read_models(&answer.body),
            })
            .map_err(|error| redactor.text(error))?;
        names.extend(page.names);
        if page.next.is_none() || page.next == next {
            break;
        }
        next = page.next;
    }
    names.sort();
    names.dedup();
    Ok(names)
}

fn request(upstream: &Upstream, next: Option<&str>) -> Result<HttpRequest, String> {
    let url = provider::join(&upstream.base_url, &upstream.kind.models_path(next), None);
    let mut request = Request::get(url).body(Payload::from(Bytes::new())).map_err(|error| error.to_string())?;
    let headers = request.headers_mut();
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static(concat!("llmio/", env!("CARGO_PKG_VERSION"))));
    upstream.kind.prepare(&mut request, upstream, &HeaderMap::new()).map_err(|error| error.message)?;
    Ok(request)
}
