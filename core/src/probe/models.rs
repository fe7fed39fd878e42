use core::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};

use super::ask;
use crate::config::snapshot::Upstream;
use crate::config::{Provider, Redactor, Secret};
use crate::platform::{Clock, HttpClient, HttpRequest, Payload};
use crate::provider::{self, ListedModel};

/// For one page.
const TIMEOUT: Duration = Duration::from_secs(15);
/// A list that goes on after so many pages is cut.
const MAX_PAGES: usize = 20;
/// A longer list is cut.
const MAX_MODELS: usize = 10_000;

/// Why there is no list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlisted {
    /// What the provider answered with; `None` when no answer came.
    pub status: Option<u16>,
    /// For an operator, and free of secrets.
    pub message: String,
}

/// The provider's own models, by name.
pub async fn list_models(
    http: &dyn HttpClient,
    clock: &dyn Clock,
    provider: &Provider,
) -> Result<Vec<ListedModel>, Unlisted> {
    let unsent = |message| Unlisted { status: None, message };
    let upstream = Upstream::compile(provider.clone()).map_err(unsent)?;
    let redactor =
        Redactor::new([upstream.api_key.reveal()].into_iter().chain(upstream.proxy.iter().map(Secret::reveal)));
    let mut models = Vec::new();
    let mut next: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let request = request(&upstream, next.as_deref()).map_err(unsent)?;
        let answer = ask(http, clock, request, upstream.proxy.as_ref(), TIMEOUT).await;
        let answer = answer.map_err(|error| unsent(redactor.text(error)))?;
        let page = match answer.failure() {
            Some(failure) => Err(match upstream.hint_at_not_found() {
                Some(hint) if answer.status == StatusCode::NOT_FOUND => format!("{failure}; {hint}"),
                _ => failure,
            }),
            None => upstream.kind.read_models(&answer.body),
        };
        let status = Some(answer.status.as_u16());
        let page = page.map_err(|error| Unlisted { status, message: redactor.text(error) })?;
        models.extend(page.models);
        if page.next.is_none() || page.next == next || models.len() >= MAX_MODELS {
            break;
        }
        next = page.next;
    }
    models.truncate(MAX_MODELS);
    models.sort_by(|one, other| one.name.cmp(&other.name));
    models.dedup_by(|one, other| one.name == other.name);
    Ok(models)
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
