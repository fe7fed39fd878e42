use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, ETAG};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{AdminError, expected};
use crate::config::file::Applied;
use crate::platform::Body;

/// One request to an operation.
#[derive(Debug)]
pub struct AdminCall {
    pub(super) parameters: Vec<(&'static str, String)>,
    pub(super) query: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl AdminCall {
    /// A parameter of the path's template; empty when the template has none of that name.
    pub fn parameter(&self, name: &str) -> &str {
        self.parameters.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// The query as a struct of optional fields. Unknown ones are refused where the struct refuses them.
    pub fn query<T: DeserializeOwned>(&self) -> Result<T, AdminError> {
        let form = serde_html_form::Deserializer::from_bytes(self.query.as_bytes());
        serde_path_to_error::deserialize(form).map_err(|error| {
            // Which of a repeated parameter it is, nobody has to count.
            let path = error.path().to_string();
            data_error(path.split('[').next().unwrap_or_default(), error.inner())
        })
    }

    pub fn json<T: DeserializeOwned>(&self) -> Result<T, AdminError> {
        from_value(self.object()?.into())
    }

    /// The request's body, which every operation with a JSON body expects to be an object.
    pub(super) fn object(&self) -> Result<Map<String, Value>, AdminError> {
        if !self.content_type().is_none_or(|kind| kind == "application/json" || kind.ends_with("+json")) {
            return Err(AdminError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "send JSON with `Content-Type: application/json`",
            ));
        }
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(AdminError::bad_request("the body must be a JSON object")),
            Err(error) => Err(AdminError::bad_request(format!("the body is no JSON: {error}"))),
        }
    }

    /// Without its parameters, in lower case.
    pub(super) fn content_type(&self) -> Option<String> {
        let value = self.headers.get(CONTENT_TYPE)?.to_str().ok()?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }

    pub(super) fn wants_yaml(&self) -> bool {
        self.accepts("yaml")
    }

    pub(super) fn wants_csv(&self) -> bool {
        self.accepts("text/csv")
    }

    /// Whether `Accept` names this type, or one that has this in its name.
    pub(super) fn accepts(&self, kind: &str) -> bool {
        self.headers.get_all(ACCEPT).iter().any(|value| value.to_str().is_ok_and(|value| value.contains(kind)))
    }
}

/// The fields laid over the current ones, each replaced as a whole.
pub(super) fn patch<T: Serialize + DeserializeOwned>(
    current: &T,
    changes: Map<String, Value>,
) -> Result<T, AdminError> {
    let mut merged = match serde_json::to_value(current) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    };
    merged.extend(changes);
    from_value(merged.into())
}

pub(super) fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, AdminError> {
    serde_path_to_error::deserialize(value).map_err(|error| data_error(&error.path().to_string(), error.inner()))
}

fn data_error(path: &str, error: &dyn std::fmt::Display) -> AdminError {
    let message = crate::config::without_values(&error.to_string());
    let named = message
        .split('`')
        .nth(1)
        .filter(|_| message.starts_with("missing field") || message.starts_with("unknown field"));
    let field = match (path, named) {
        ("." | "", named) => named.unwrap_or_default().to_owned(),
        (path, Some(named)) if !path.ends_with(named) => format!("{path}.{named}"),
        (path, _) => path.to_owned(),
    };
    AdminError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", message).field(field)
}

/// What an operation answers.
#[derive(Debug)]
pub struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Body,
}

/// All there are.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{T}List")]
pub struct List<T> {
    pub data: Vec<T>,
}

impl Reply {
    pub fn json<T: Serialize>(status: StatusCode, value: &T) -> Result<Self, AdminError> {
        let body = serde_json::to_vec(value).map_err(|error| {
            AdminError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", format!("the answer is no JSON: {error}"))
        })?;
        Ok(Self::with_body(status, "application/json", body))
    }

    pub fn ok<T: Serialize>(value: &T) -> Result<Self, AdminError> {
        Self::json(StatusCode::OK, value)
    }

    /// 201.
    pub fn created<T: Serialize>(value: &T) -> Result<Self, AdminError> {
        Self::json(StatusCode::CREATED, value)
    }

    pub fn list<T: Serialize>(data: Vec<T>) -> Result<Self, AdminError> {
        Self::ok(&List { data })
    }

    /// 204.
    /// What a change of the configuration came to.
    pub(super) fn applied(applied: &Applied) -> Result<Self, AdminError> {
        Ok(Self::ok(applied)?.of_version(applied.version))
    }

    pub fn nothing() -> Self {
        Self { status: StatusCode::NO_CONTENT, headers: HeaderMap::new(), body: Body::empty() }
    }

    pub fn with_body(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
        Self { status, headers, body: Body::Whole(body.into()) }
    }

    /// 200, with a body that comes as it is made.
    pub fn streamed(content_type: &'static str, body: Body) -> Self {
        Self { body, ..Self::with_body(StatusCode::OK, content_type, Bytes::new()) }
    }

    /// The version of the configuration that this answer is of.
    #[must_use]
    pub fn of_version(self, version: i64) -> Self {
        self.header(ETAG, expected::header(version))
    }

    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    pub(in crate::api) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        // Answers may name keys and addresses: they are nobody's to keep.
        response.headers_mut().insert(http::header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

impl From<&AdminError> for Reply {
    fn from(error: &AdminError) -> Self {
        let body = serde_json::to_vec(&error.body()).unwrap_or_default();
        let reply = Self::with_body(error.status, "application/json", body);
        match error.version {
            Some(version) => reply.of_version(version),
            None => reply,
        }
    }
}
