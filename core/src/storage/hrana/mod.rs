//! A remote libSQL database (Turso, sqld) over Hrana 3 or 2, the HTTP protocol of libSQL
//! (<https://github.com/tursodatabase/libsql/blob/main/docs/HRANA_3_SPEC.md>).

mod answer;
mod endpoint;
mod pipeline;

use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, StatusCode};
use libsql_hrana::proto::{PipelineReqBody, PipelineRespBody, StreamResponse};

use crate::config::Secret;
use crate::platform::{
    BoxFuture, Clock, Database, DatabaseError, DatabaseErrorKind, HttpClient, HttpErrorKind, Payload, Rows,
    SendOptions, Statement, with_timeout,
};
use endpoint::Endpoint;

/// From sending a request to the end of its answer. A database that is slower is as good as none: others hold what
/// waits for it, and nobody should wait for them.
const TIMEOUT: Duration = Duration::from_secs(10);
/// A larger answer is refused. What may grow is read in pieces: the log by pages, folded rollups as [`super::folds`] bounds it.
const MAX_ANSWER: usize = 64 * 1024 * 1024;
/// Waits before another try, where one is safe.
const PAUSES: [Duration; 3] = [Duration::from_millis(50), Duration::from_millis(200), Duration::from_millis(800)];

/// A database on another computer.
///
/// Every call is one POST that opens a stream, runs in it and closes it, so nothing is kept between calls: the server's
/// `baton` and `base_url` only matter to streams that stay open.
#[derive(Debug)]
pub struct HranaDatabase {
    http: Arc<dyn HttpClient>,
    clock: Arc<dyn Clock>,
    endpoint: Endpoint,
    authorization: Option<HeaderValue>,
    /// The server answered 404 to Hrana 3.
    speaks_v2: AtomicBool,
}

impl HranaDatabase {
    /// `url` is `libsql://HOST`, `https://HOST` or `http://HOST`. Nothing is sent yet.
    pub fn new(
        http: Arc<dyn HttpClient>,
        clock: Arc<dyn Clock>,
        url: &str,
        token: Option<&Secret>,
    ) -> Result<Self, DatabaseError> {
        let authorization = token
            .filter(|token| !token.is_empty())
            .map(|token| {
                let mut value = HeaderValue::from_str(&format!("Bearer {}", token.reveal())).map_err(|_| {
                    DatabaseError::new(DatabaseErrorKind::Auth, "LLMIO_DATABASE_TOKEN holds characters no token has")
                })?;
                value.set_sensitive(true);
                Ok::<_, DatabaseError>(value)
            })
            .transpose()?;
        Ok(Self { http, clock, endpoint: Endpoint::parse(url)?, authorization, speaks_v2: AtomicBool::new(false) })
    }

    /// Sends the requests and gives back what each of them answered. Tries again where nothing can have happened, or
    /// where it does not matter because the requests `only_read`.
    async fn run(&self, requests: &PipelineReqBody, only_read: bool) -> Result<Vec<StreamResponse>, DatabaseError> {
        let body = serde_json::to_vec(requests)
            .map_err(|error| DatabaseError::new(DatabaseErrorKind::Other, format!("unusable parameters: {error}")))?;
        let body = Payload::from(body);
        let mut pauses = PAUSES.into_iter();
        loop {
            let failure = match self.exchange(body.clone()).await {
                Ok(answer) => match answer::responses(answer) {
                    // A busy database has undone the transaction, or never begun it.
                    Err(error) if error.kind == DatabaseErrorKind::Busy => Fault { error, again: Again::Always },
                    result => return result,
                },
                Err(failure) => failure,
            };
            let again = match failure.again {
                Again::Always => true,
                Again::Reads => only_read,
                Again::Never => false,
            };
            match pauses.next() {
                Some(pause) if again => self.clock.sleep(pause).await,
                _ => return Err(failure.error),
            }
        }
    }

    async fn exchange(&self, body: Payload) -> Result<PipelineRespBody, Fault> {
        let exchanged = with_timeout(&*self.clock, TIMEOUT, Box::pin(self.exchange_in_time(body))).await;
        exchanged.unwrap_or_else(|| {
            let message = format!("the database server has not answered within {} seconds", TIMEOUT.as_secs());
            Err(Fault::new(DatabaseErrorKind::Network, Again::Never, message))
        })
    }

    async fn exchange_in_time(&self, body: Payload) -> Result<PipelineRespBody, Fault> {
        let v2 = self.speaks_v2.load(Ordering::Relaxed);
        let (status, answer) = self.post(if v2 { "v2" } else { "v3" }, body.clone()).await?;
        if status == StatusCode::NOT_FOUND && !v2 {
            let (status, answer) = self.post("v2", body).await?;
            if status.is_success() {
                self.speaks_v2.store(true, Ordering::Relaxed);
            }
            return answer::pipeline(status, &answer, &self.endpoint);
        }
        answer::pipeline(status, &answer, &self.endpoint)
    }

    async fn post(&self, version: &str, body: Payload) -> Result<(StatusCode, bytes::Bytes), Fault> {
        let mut request = Request::post(self.endpoint.pipeline(version))
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(body)
            .map_err(|error| Fault::new(DatabaseErrorKind::Other, Again::Never, error.to_string()))?;
        if let Some(authorization) = &self.authorization {
            request.headers_mut().insert(AUTHORIZATION, authorization.clone());
        }
        let answer = self.http.send(request, SendOptions::default()).await.map_err(|error| {
            let again = match error.kind {
                HttpErrorKind::Connect | HttpErrorKind::Local => Again::Always,
                HttpErrorKind::Broken => Again::Reads,
                // Whoever waits has waited long enough.
                HttpErrorKind::Timeout | HttpErrorKind::Tls | HttpErrorKind::Invalid | HttpErrorKind::Unsupported => {
                    Again::Never
                }
            };
            let message = format!("the database server was not reached: {error}");
            Fault::new(DatabaseErrorKind::Network, again, message)
        })?;
        let status = answer.status();
        let body = answer.into_body().read(MAX_ANSWER, 0).await.map_err(|error| {
            let message = format!("the database server's answer broke off: {error}");
            Fault::new(DatabaseErrorKind::Network, Again::Reads, message)
        })?;
        Ok((status, body))
    }
}

/// An exchange failed.
struct Fault {
    error: DatabaseError,
    again: Again,
}

/// Whether the same requests may be sent once more.
enum Again {
    /// Nothing has happened.
    Always,
    /// They may have happened, which does not matter to reads.
    Reads,
    /// The answer would be the same.
    Never,
}

impl Fault {
    fn new(kind: DatabaseErrorKind, again: Again, message: impl Into<String>) -> Self {
        Self { error: DatabaseError::new(kind, message), again }
    }
}

impl Database for HranaDatabase {
    fn name(&self) -> &'static str {
        "libsql"
    }

    fn query(&self, statement: Statement) -> BoxFuture<'_, Result<Rows, DatabaseError>> {
        Box::pin(async move {
            let only_reads = statement.only_reads();
            let responses = self.run(&pipeline::query(statement), only_reads).await?;
            answer::rows(responses)
        })
    }

    fn batch(&self, statements: Vec<Statement>) -> BoxFuture<'_, Result<Vec<Rows>, DatabaseError>> {
        Box::pin(async move {
            if statements.is_empty() {
                return Ok(vec![]);
            }
            let count = statements.len();
            let only_reads = statements.iter().all(Statement::only_reads);
            let responses = self.run(&pipeline::batch(statements), only_reads).await?;
            answer::batch_rows(responses, count)
        })
    }

    fn script(&self, sql: String) -> BoxFuture<'_, Result<(), DatabaseError>> {
        Box::pin(async move { self.run(&pipeline::script(&sql), false).await.map(drop) })
    }

    fn prefers_few_statements(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
