//! Asks providers something of our own: what models they have, and whether an association works.

mod entry;
mod models;
mod question;
mod reach;
mod reply;
mod report;
mod test;

use core::time::Duration;

use bytes::Bytes;
use http::StatusCode;

pub use models::{Unlisted, list_models};
pub use question::TestKind;
pub use reach::{Reach, reach};
pub use report::{Exchange, TestEvent, TestReport, Verdict};
pub(crate) use test::milliseconds;
pub use test::{Test, TestOptions};

pub use crate::provider::ListedModel;

use crate::config::Secret;
use crate::dialect::classify_error;
use crate::platform::{Clock, HttpClient, HttpRequest, SendOptions, with_timeout};

/// So much of an answer is read.
const BODY_LIMIT: usize = 8 << 20;

/// A provider's answer, read to its end.
struct Answered {
    status: StatusCode,
    body: Bytes,
}

/// Sends one request and reads the whole answer within `limit`. The error says in words why there is none.
async fn ask(
    http: &dyn HttpClient,
    clock: &dyn Clock,
    request: HttpRequest,
    proxy: Option<&Secret>,
    limit: Duration,
) -> Result<Answered, String> {
    let options = SendOptions {
        header_timeout: Some(limit),
        proxy: proxy.map(|proxy| proxy.reveal().to_owned()),
        resend: true,
        ..SendOptions::default()
    };
    let exchange = async {
        let (head, body) = http.send(request, options).await.map_err(|error| error.message)?.into_parts();
        let body = body.read(BODY_LIMIT, 0).await.map_err(|error| error.to_string())?;
        Ok(Answered { status: head.status, body })
    };
    with_timeout(clock, limit, Box::pin(exchange)).await.unwrap_or_else(|| Err(timed_out(limit)))
}

fn timed_out(limit: Duration) -> String {
    format!("the provider did not answer within {} s", limit.as_secs_f64())
}

impl Answered {
    /// What an error status says, in the provider's words.
    fn failure(&self) -> Option<String> {
        (!self.status.is_success()).then(|| {
            let said = classify_error(self.status, &self.body).message;
            format!("the provider answered {}: {said}", self.status.as_u16())
        })
    }
}

/// The first `limit` bytes of a text, and whether that is not all.
fn beginning(text: &str, limit: usize) -> (String, bool) {
    let end = text.floor_char_boundary(limit);
    (text.get(..end).unwrap_or_default().to_owned(), end < text.len())
}
