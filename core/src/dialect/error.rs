use core::time::Duration;
use std::fmt;

/// An error that the gateway itself answers. Each dialect writes it in its own body and type names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayError {
    pub kind: ErrorKind,
    /// Says what happened and what to do next; holds no secret.
    pub message: String,
    /// A stable word for programs (`model_not_found`, `provider_error`, …).
    pub code: Option<&'static str>,
    /// The request's field at fault.
    pub param: Option<String>,
    pub retry_after: Option<Duration>,
    /// Asking again does not help, whatever the status suggests.
    pub is_final: bool,
}

/// What went wrong, as far as a client acts on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    InvalidRequest,
    Unauthenticated,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    TooLarge,
    UnsupportedMediaType,
    UpgradeRequired,
    RateLimited,
    Internal,
    NotImplemented,
    /// The provider failed or could not be reached.
    BadGateway,
    /// No provider can take the request now.
    Unavailable,
    /// The time budget ran out.
    Timeout,
}

impl ErrorKind {
    /// What a provider's status says, as far as another dialect can say it.
    pub const fn of_status(status: u16) -> Self {
        match status {
            401 => Self::Unauthenticated,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            413 => Self::TooLarge,
            429 => Self::RateLimited,
            400..=499 => Self::InvalidRequest,
            501 => Self::NotImplemented,
            502 => Self::BadGateway,
            503 | 529 => Self::Unavailable,
            504 => Self::Timeout,
            _ => Self::Internal,
        }
    }

    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidRequest => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::UpgradeRequired => 426,
            Self::RateLimited => 429,
            Self::Internal => 500,
            Self::NotImplemented => 501,
            Self::BadGateway => 502,
            Self::Unavailable => 503,
            Self::Timeout => 504,
        }
    }
}

impl GatewayError {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), code: None, param: None, retry_after: None, is_final: false }
    }

    #[must_use]
    pub fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    #[must_use]
    pub fn param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    #[must_use]
    pub fn final_answer(mut self) -> Self {
        self.is_final = true;
        self
    }

    #[must_use]
    pub fn retry_after(mut self, delay: Option<Duration>) -> Self {
        self.retry_after = delay;
        self
    }
}

impl fmt::Display for GatewayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for GatewayError {}
