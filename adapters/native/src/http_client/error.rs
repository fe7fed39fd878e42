use std::error::Error as StdError;
use std::fmt::{self, Write};
use std::time::Duration;

use http::Uri;
use llmio_core::platform::{HttpError, HttpErrorKind};

use super::local;

pub(super) type BoxError = Box<dyn StdError + Send + Sync>;

/// Marks what failed before TLS with the destination began: name lookup, TCP, or the proxy.
#[derive(Debug)]
pub(super) struct DialError(BoxError);

impl DialError {
    pub(super) fn new(cause: impl Into<BoxError>) -> Self {
        Self(cause.into())
    }
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for DialError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum SendError {
    /// The URL names no host.
    Address,
    Dial(DialError),
    Tls(BoxError),
    /// There was no connection within this time.
    Slow(Duration),
    /// Nothing was done with the request: it was not sent, or the provider says so.
    Unsent(BoxError),
    /// A connection that had served an exchange before died before any byte of the answer came.
    Died(BoxError),
    /// A connection was there, and failed in some other way.
    Exchange(BoxError),
}

impl SendError {
    /// Whether the request may go out once more, over a new connection.
    pub(super) fn allows_another(&self, resend: bool) -> bool {
        match self {
            Self::Unsent(_) => true,
            Self::Died(_) => resend,
            _ => false,
        }
    }
}

/// Whom a request goes to, for messages: host and port, never credentials, path or query.
#[derive(Debug)]
pub(super) struct Peer {
    uri: Uri,
    proxied: bool,
}

impl Peer {
    pub(super) fn of(uri: &Uri, proxied: bool) -> Self {
        Self { uri: uri.clone(), proxied }
    }

    pub(super) fn timed_out(&self, limit: Duration) -> HttpError {
        HttpError::new(HttpErrorKind::Timeout, format!("{self} sent no answer within {limit:?}"))
    }

    pub(super) fn failed(&self, error: &SendError) -> HttpError {
        let (kind, message) = match error {
            SendError::Address => (HttpErrorKind::Invalid, "the URL names no host".to_owned()),
            SendError::Dial(error) if local::is_at_fault(error.0.as_ref()) => {
                (HttpErrorKind::Local, format!("no connection to {self} can be opened here: {}", causes(error)))
            }
            SendError::Dial(error) => (HttpErrorKind::Connect, format!("cannot connect to {self}: {}", causes(error))),
            SendError::Slow(limit) => (HttpErrorKind::Connect, format!("no connection to {self} within {limit:?}")),
            SendError::Tls(error) => {
                (HttpErrorKind::Tls, format!("TLS with {self} failed: {}", causes(error.as_ref())))
            }
            SendError::Unsent(error) => {
                (HttpErrorKind::Broken, format!("{self} did not take the request: {}", causes(error.as_ref())))
            }
            SendError::Died(error) | SendError::Exchange(error) => {
                (HttpErrorKind::Broken, format!("{self} broke off before its answer: {}", causes(error.as_ref())))
            }
        };
        HttpError::new(kind, message)
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.uri.host().unwrap_or_default())?;
        if let Some(port) = self.uri.port_u16() {
            write!(f, ":{port}")?;
        }
        if self.proxied {
            f.write_str(" through its proxy")?;
        }
        Ok(())
    }
}

/// The error and its causes in one line, without repetition.
pub(super) fn causes(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(current) = cause {
        let next = current.to_string();
        if !text.contains(&next) {
            let _ = write!(text, ": {next}");
        }
        cause = current.source();
    }
    text
}
