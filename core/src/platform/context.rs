use std::sync::Arc;

use super::{Background, Timestamp};

/// What belongs to one request and only its home knows.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// The client's address, without port: not that of a proxy which the home trusts.
    pub remote_addr: Option<String>,
    /// When the home ends the request, where it does. An answer that is not complete by then ends with an error.
    pub ends_at: Option<Timestamp>,
    pub background: Arc<dyn Background>,
}
