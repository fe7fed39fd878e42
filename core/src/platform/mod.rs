//! What core asks of its home: HTTP, SQL, time, randomness and work after the answer.
//!
//! Every trait is `Send + Sync + 'static` and returns boxed `Send` futures on every target. A home whose own futures
//! are not `Send` (JavaScript's) wraps them where it makes them. Each trait's documentation is its contract, and
//! [`crate::testing::contract`] is the runnable version that every adapter passes.

mod background;
mod body;
mod clock;
mod context;
mod database;
mod entropy;
mod http;
mod rfc3339;

use std::sync::Arc;

pub use background::Background;
pub use body::{Body, BodyError, BodyStream, NativeBody};
pub use clock::{Clock, Timestamp, with_timeout};
pub use context::RequestContext;
pub use database::{Cells, Database, DatabaseError, DatabaseErrorKind, Row, Rows, Statement, Value};
pub use entropy::Entropy;
pub use http::{HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse, Payload, SendOptions};

pub use futures_util::future::BoxFuture;

/// Everything a home provides for its whole life. What belongs to one request is in [`RequestContext`].
#[derive(Clone, Debug)]
pub struct Platform {
    pub http: Arc<dyn HttpClient>,
    pub database: Arc<dyn Database>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
}

impl Platform {
    /// A random number in `[0, 1)`.
    pub(crate) fn random(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        let number = (self.entropy.next_u64() >> 11) as f64;
        number / 9_007_199_254_740_992.0
    }
}
