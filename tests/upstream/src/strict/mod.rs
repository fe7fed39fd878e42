//! What the real providers refuse, and what a gateway must never send them.

mod anthropic;
mod chat;
mod gemini;
mod headers;
mod responses;
mod shape;

use bytes::Bytes;
use http::request::Parts;
use serde_json::Value;

use crate::route::{Operation, Route};
use crate::{Dialect, ProviderError, json};

pub(crate) use headers::credential;

/// What the answer depends on.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    pub(crate) model: String,
    pub(crate) stream: bool,
    pub(crate) body: Value,
}

/// Checks a whole request. The error is what the provider answers.
pub(crate) fn check(route: &Route, parts: &Parts, body: &Bytes, key: &str) -> Result<Accepted, ProviderError> {
    headers::check(route.dialect, parts, key)?;
    let posted = match &route.operation {
        Operation::ListModels => return Ok(Accepted { model: String::new(), stream: false, body: Value::Null }),
        Operation::Model(id) => return Ok(Accepted { model: id.clone(), stream: false, body: Value::Null }),
        _ => body,
    };
    headers::check_json(parts)?;
    let body = json::parse(posted).map_err(|error| malformed(route.dialect, &error.to_string()))?;
    if !body.is_object() {
        return Err(malformed(route.dialect, "the body is not an object"));
    }
    let in_body = |body: Value| {
        let model = body["model"].as_str().unwrap_or_default().to_owned();
        let stream = body["stream"] == true;
        Accepted { model, stream, body }
    };
    match (&route.operation, route.dialect) {
        (Operation::GenerateGemini { model, stream, .. }, _) => {
            gemini::check(&body)?;
            Ok(Accepted { model: model.clone(), stream: *stream, body })
        }
        (Operation::CountTokensGemini { model }, _) => {
            gemini::check_count(&body)?;
            Ok(Accepted { model: model.clone(), stream: false, body })
        }
        (_, Dialect::Chat) => chat::check(&body).map(|()| in_body(body)),
        (Operation::CountTokens, Dialect::Responses) => responses::check_count(&body).map(|()| in_body(body)),
        (_, Dialect::Responses) => responses::check(&body).map(|()| in_body(body)),
        (operation, _) => anthropic::check(&body, *operation == Operation::CountTokens).map(|()| in_body(body)),
    }
}

fn malformed(dialect: Dialect, detail: &str) -> ProviderError {
    let message = match dialect {
        Dialect::Chat | Dialect::Responses => {
            format!(
                "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP \
                 library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON: {detail})"
            )
        }
        Dialect::Anthropic => format!("The request body is not valid JSON: {detail}"),
        Dialect::Gemini => format!("Invalid JSON payload received. {detail}"),
    };
    ProviderError::new(400, message)
}
