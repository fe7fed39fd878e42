use core::time::Duration;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::Error;

/// The requests of one measurement.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    pub(crate) address: SocketAddr,
    /// With its query.
    pub(crate) path: String,
    pub(crate) body: Bytes,
    pub(crate) connections: usize,
    pub(crate) requests: usize,
}

#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) elapsed: Duration,
    /// Until the whole answer was read; sorted.
    pub(crate) latencies: Vec<Duration>,
    /// Until the first of its body was; sorted.
    pub(crate) firsts: Vec<Duration>,
}

/// The times from a request to the first and to the last of its answer's body, and how long that is.
#[derive(Debug)]
struct Answer {
    first: Duration,
    whole: Duration,
    length: usize,
}

/// Of sorted times.
pub(crate) fn percentile(times: &[Duration], percent: usize) -> Duration {
    let index = (times.len() * percent / 100).min(times.len().saturating_sub(1));
    times.get(index).copied().unwrap_or_default()
}

/// The key that the gateway expects; the others do not look.
pub(crate) const KEY: &str = "sk-client-key-of-the-benchmark";

impl Load {
    /// Sends everything; every connection takes the next request when it has read an answer. Fails on anything but a
    /// 200, and when an answer is much shorter than another.
    pub(crate) async fn run(&self) -> Result<Outcome, Error> {
        let left = Arc::new(AtomicUsize::new(self.requests));
        let started = Instant::now();
        let mut tasks = Vec::new();
        for _ in 0..self.connections {
            tasks.push(tokio::spawn(self.clone().connection(Arc::clone(&left))));
        }
        let (mut firsts, mut latencies) = (Vec::with_capacity(self.requests), Vec::with_capacity(self.requests));
        let (mut shortest, mut longest) = (usize::MAX, 0);
        for task in tasks {
            let seen = task.await??;
            for answer in seen {
                firsts.push(answer.first);
                latencies.push(answer.whole);
                shortest = shortest.min(answer.length);
                longest = longest.max(answer.length);
            }
        }
        // A translated stream begins with what is known of it by then, which is more when all of it came at once.
        if shortest < longest / 10 * 9 {
            return Err(format!("answers of {shortest} and of {longest} bytes").into());
        }
        let elapsed = started.elapsed();
        firsts.sort_unstable();
        latencies.sort_unstable();
        Ok(Outcome { elapsed, latencies, firsts })
    }

    async fn connection(self, left: Arc<AtomicUsize>) -> Result<Vec<Answer>, Error> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
        let driver = tokio::spawn(connection);
        let mut answers = Vec::new();
        while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
            let started = Instant::now();
            let (first, length) = self.one(&mut sender).await?;
            answers.push(Answer { first: first.duration_since(started), whole: started.elapsed(), length });
        }
        driver.abort();
        Ok(answers)
    }

    /// When the first of the body came, and how much of it.
    async fn one(&self, sender: &mut SendRequest<Full<Bytes>>) -> Result<(Instant, usize), Error> {
        sender.ready().await?;
        let request = Request::post(&self.path)
            .header(header::HOST, self.address.to_string())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {KEY}"))
            .body(Full::new(self.body.clone()))?;
        let response = sender.send_request(request).await?;
        let status = response.status();
        let mut body = response.into_body();
        let mut read = 0;
        let mut first = Bytes::new();
        let mut first_at = None;
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame?.into_data() {
                read += data.len();
                if first.is_empty() {
                    first_at = Some(Instant::now());
                    first = data;
                }
            }
        }
        if status != StatusCode::OK {
            return Err(format!("{} answers {status}: {}", self.address, String::from_utf8_lossy(&first)).into());
        }
        Ok((first_at.unwrap_or_else(Instant::now), read))
    }
}
