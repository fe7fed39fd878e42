//! The HTTP server: TCP connections in, requests to a handler, answers out.

mod body;
mod client_stream;
mod connection;
mod crowd;
mod exchange;
mod half_close;
mod listener;
#[cfg(test)]
mod tests;
mod threads;
mod trusted;

pub(crate) use listener::bind;
pub(crate) use threads::Threads;
pub(crate) use trusted::TrustedProxies;

use http::{Request, Response};
use llmio_core::pipeline::Doubt;
use llmio_core::platform::Body;

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    /// Without port; not that of a proxy that is trusted.
    pub(crate) address: String,
    pub(crate) doubt: Doubt,
}

/// Answers requests. Dropping the future, or the answer's body, means that the client is gone.
pub(crate) trait Handler: Send + Sync + 'static {
    fn handle(&self, request: Request<Body>, client: Client) -> impl Future<Output = Response<Body>> + Send;
}
