//! Model lists, in each dialect's shape.

use http::request::Parts;
use http::{Response, StatusCode};

use super::{json, prefix};
use crate::config::snapshot::Route;
use crate::config::{ClientKey, Pattern};
use crate::dialect::{Dialect, ErrorKind, GatewayError, ModelEntry, model_body, model_list_body};
use crate::platform::Body;
use crate::shared::Shared;

pub(super) fn list(shared: &Shared, dialect: Dialect, parts: &Parts, key: Option<&ClientKey>) -> Response<Body> {
    let entries = entries(shared, dialect, parts, key);
    json(StatusCode::OK, model_list_body(dialect, &entries, parts.uri.query()))
}

pub(super) fn one(
    shared: &Shared,
    dialect: Dialect,
    parts: &Parts,
    key: Option<&ClientKey>,
    id: &str,
) -> Result<Response<Body>, GatewayError> {
    // By the name that is asked for: a pattern serves many.
    let snapshot = shared.snapshot();
    let route = snapshot.route(id).filter(|_| !Pattern::is_pattern(id) && key.is_none_or(|key| key.allows(id)));
    match route.filter(|route| is_served(route, dialect, parts)) {
        Some(route) => {
            let entry = ModelEntry { name: id.to_owned(), created_at: route.created_at };
            Ok(json(StatusCode::OK, model_body(dialect, &entry)))
        }
        None => {
            let message =
                format!("the model `{id}` does not exist here; GET {}/models lists those that do", prefix(dialect));
            Err(GatewayError::new(ErrorKind::NotFound, message).code("model_not_found").param("model"))
        }
    }
}

/// The models that this caller can ask for by this path: named ones, with a provider that is switched on.
fn entries(shared: &Shared, dialect: Dialect, parts: &Parts, key: Option<&ClientKey>) -> Vec<ModelEntry> {
    let snapshot = shared.snapshot();
    let models = snapshot.models().iter();
    models
        .filter(|route| !Pattern::is_pattern(&route.name))
        .filter(|route| is_served(route, dialect, parts))
        .filter(|route| key.is_none_or(|key| key.allows(&route.name)))
        .map(|route| ModelEntry { name: route.name.clone(), created_at: route.created_at })
        .collect()
}

/// Whether the model is switched on, and a provider of it can answer the caller: in its dialect, or through translation.
fn is_served(route: &Route, dialect: Dialect, parts: &Parts) -> bool {
    if !route.enabled {
        return false;
    }
    // The compatible `/v1` serves every dialect, so its list names every model.
    let compatible = dialect == Dialect::OpenAiChat && parts.uri.path().starts_with("/v1/");
    let speaks = |served: Dialect| match dialect {
        _ if compatible => true,
        Dialect::OpenAiChat | Dialect::OpenAiResponses => {
            matches!(served, Dialect::OpenAiChat | Dialect::OpenAiResponses) || dialect.reaches(served)
        }
        _ => dialect.reaches(served),
    };
    route.candidates.iter().any(|candidate| speaks(candidate.upstream.kind.dialect()))
}
