use std::fmt;

use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use crate::config::Invalid;
use crate::platform::{DatabaseError, DatabaseErrorKind};
use crate::storage::StorageError;

/// Bytes of what an error says, and of the field it names.
const MAX_TEXT: usize = 800;

/// An error that the admin API answers: `{"error": {"code", "message", "field"}}`.
#[derive(Clone, Debug)]
pub struct AdminError {
    pub status: StatusCode,
    /// A stable word for programs.
    pub code: &'static str,
    /// Says what happened and what to do next; holds no secret.
    pub message: String,
    /// The request's field at fault.
    pub field: Option<String>,
    /// The configuration's version, where the error is about that.
    pub version: Option<i64>,
}

impl AdminError {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), field: None, version: None }
    }

    /// `what` as "provider".
    pub fn not_found(what: &str, id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no {what} `{id}`"))
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into()).filter(|field| !field.is_empty());
        self
    }

    /// With its field inside of `place`.
    #[must_use]
    pub(super) fn within(mut self, place: &str) -> Self {
        self.field = Some(match self.field {
            Some(field) => format!("{place}.{field}"),
            None => place.to_owned(),
        });
        self
    }

    pub(super) fn body(&self) -> ErrorBody<'_> {
        let Self { code, message, field, version, .. } = self;
        let (message, field) = (beginning(message), field.as_deref().map(beginning));
        ErrorBody { error: ErrorDetail { code, message, field, version: *version } }
    }
}

/// A name that is far too long is not told in full.
fn beginning(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_TEXT)).unwrap_or(text)
}

/// The body of every error.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Error")]
pub(super) struct ErrorBody<'a> {
    error: ErrorDetail<'a>,
}

#[derive(Serialize, JsonSchema)]
struct ErrorDetail<'a> {
    /// A stable word for programs.
    code: &'a str,
    /// What happened, and what to do next.
    message: &'a str,
    /// The request's field at fault.
    field: Option<&'a str>,
    /// The configuration's version now; only with `config_changed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
}

impl fmt::Display for AdminError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for AdminError {}

impl From<Invalid> for AdminError {
    fn from(invalid: Invalid) -> Self {
        let (status, code) = if invalid.conflict {
            (StatusCode::CONFLICT, "conflict")
        } else {
            (StatusCode::UNPROCESSABLE_ENTITY, "invalid")
        };
        Self::new(status, code, invalid.to_string()).field(invalid.field)
    }
}

impl From<DatabaseError> for AdminError {
    fn from(error: DatabaseError) -> Self {
        StorageError::from(error).into()
    }
}

impl From<StorageError> for AdminError {
    fn from(error: StorageError) -> Self {
        let (status, code) = match &error {
            StorageError::Invalid { invalid, .. } => {
                return Self { message: error.to_string(), ..invalid.clone().into() };
            }
            StorageError::Database(database) => match database.kind {
                DatabaseErrorKind::Missing => (StatusCode::SERVICE_UNAVAILABLE, "not_migrated"),
                DatabaseErrorKind::Constraint => (StatusCode::CONFLICT, "conflict"),
                DatabaseErrorKind::Busy | DatabaseErrorKind::Network => {
                    (StatusCode::SERVICE_UNAVAILABLE, "database_unavailable")
                }
                DatabaseErrorKind::Full => (StatusCode::INSUFFICIENT_STORAGE, "database_full"),
                DatabaseErrorKind::Auth | DatabaseErrorKind::Other => (StatusCode::INTERNAL_SERVER_ERROR, "database"),
            },
            StorageError::Seal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "secret_key"),
            StorageError::Corrupt(_) => (StatusCode::INTERNAL_SERVER_ERROR, "corrupt"),
            StorageError::Contended => (StatusCode::SERVICE_UNAVAILABLE, "contended"),
        };
        Self::new(status, code, error.to_string())
    }
}
