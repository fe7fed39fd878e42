use bytes::Bytes;
use http::HeaderMap;

use crate::dialect::{Dialect, RequestHead, StreamForm};
use crate::record::Operation;

/// A client's request for inference, read but not yet given to anybody.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) dialect: Dialect,
    pub(crate) operation: Operation,
    pub(crate) headers: HeaderMap,
    /// The client's query without its key.
    pub(crate) query: Option<String>,
    /// Decoded, a JSON object.
    pub(crate) body: Bytes,
    pub(crate) head: RequestHead,
    /// The name the client asked for: in the body, or for Gemini in the path.
    pub(crate) model: String,
    pub(crate) stream: bool,
    pub(crate) form: StreamForm,
    /// Nobody is told it with losses: its key, its model or the request itself wants that.
    pub(crate) strict: bool,
    /// What it keeps its provider for, where the route keeps conversations.
    pub(crate) conversation: Option<u64>,
}
