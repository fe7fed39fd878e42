use std::sync::Arc;

use http::{Request, Response};

use crate::platform::{Background, Body, Platform};

/// The gateway: everything a home serves, behind one call.
#[derive(Clone, Debug)]
pub struct Gateway {
    platform: Platform,
}

/// What belongs to one request and only its home knows.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// The client's address, without port.
    pub remote_addr: Option<String>,
    pub background: Arc<dyn Background>,
}

impl Gateway {
    pub fn new(platform: Platform) -> Self {
        Self { platform }
    }

    /// Answers one request. Dropping the answer's body tells the provider to stop.
    pub async fn handle(&self, request: Request<Body>, context: RequestContext) -> Response<Body> {
        tracing::debug!(path = request.uri().path(), background = ?context.background, database = ?self.platform.database);
        let mut response = Response::new(Body::empty());
        *response.status_mut() = http::StatusCode::NOT_FOUND;
        response
    }
}
