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
    let entries = entries(shared, dialect, key);
    json(StatusCode::OK, model_list_body(dialect, &entries, parts.uri.query()))
}

pub(super) fn one(
    shared: &Shared,
    dialect: Dialect,
    key: Option<&ClientKey>,
    id: &str,
) -> Result<Response<Body>, GatewayError> {
    // By the name that is asked for: a pattern serves many.
    let snapshot = shared.snapshot();
    let route = snapshot.route(id).filter(|_| !Pattern::is_pattern(id) && key.is_none_or(|key| key.allows(id)));
    match route.filter(|route| is_served(route, dialect)) {
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

/// The models that this caller can ask for: named ones, with a provider that is switched on and answers in `dialect`.
fn entries(shared: &Shared, dialect: Dialect, key: Option<&ClientKey>) -> Vec<ModelEntry> {
    let snapshot = shared.snapshot();
    let models = snapshot.models().iter();
    models
        .filter(|route| !Pattern::is_pattern(&route.name))
        .filter(|route| is_served(route, dialect))
        .filter(|route| key.is_none_or(|key| key.allows(&route.name)))
        .map(|route| ModelEntry { name: route.name.clone(), created_at: route.created_at })
        .collect()
}

/// Whether the model is switched on and has a provider: who speaks another dialect answers through translation.
fn is_served(route: &Route, dialect: Dialect) -> bool {
    route.enabled && route.candidates.iter().any(|candidate| candidate.reaches(dialect))
}
