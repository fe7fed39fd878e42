//! The OpenAPI document. It is made from the table of routes when the project is tested, and compared with the published
//! file; that file is what is served, so that no home carries the generator.

#[cfg(test)]
mod document;

use http::{Method, StatusCode};
use serde_json::{Map, Value};

use super::{AdminRoute, Reply};

const DOCUMENT: &str = include_str!("../../../../../docs/openapi.json");

pub(super) fn routes() -> Vec<AdminRoute> {
    vec![
        AdminRoute::new(Method::GET, "/api/openapi.json", "getOpenApi", "This document", |_, _| {
            Box::pin(async { Ok(Reply::with_body(StatusCode::OK, "application/json", DOCUMENT)) })
        })
        .answers::<Map<String, Value>>(200),
    ]
}
