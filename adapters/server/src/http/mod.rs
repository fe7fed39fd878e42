//! The HTTP server: TCP connections in, requests to a handler, answers out.

mod body;
mod connection;
mod listener;
#[cfg(test)]
mod tests;

pub(crate) use listener::bind;

use http::{Request, Response};
use llmio_core::platform::Body;

/// Answers requests. Dropping the future, or the answer's body, means that the client is gone.
pub(crate) trait Handler: Send + Sync + 'static {
    fn handle(&self, request: Request<Body>, remote_addr: String) -> impl Future<Output = Response<Body>> + Send;
}
