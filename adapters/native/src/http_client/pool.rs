use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{Request, Response};
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use llmio_core::platform::HttpResponse;

use super::body::{PayloadBody, answer_body};
use super::connector::Connector;

/// A provider that speaks HTTP/2 gets one connection per lane, and refuses more streams on it than it likes, commonly
/// 100 (RFC 9113 recommends no less). Requests past that would wait for a stream to end, so they take the next lane.
const EXCHANGES_PER_LANE: usize = 100;
const LANES: usize = 16;
/// Shorter than common load balancers' own limits, so that a connection is rarely closed under a request.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);
const IDLE_PER_HOST: usize = 256;
/// An HTTP/2 connection whose other end is gone is noticed within the sum of these.
const PING_INTERVAL: Duration = Duration::from_secs(20);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// Connections over one route (direct, or through one proxy). Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    lanes: Arc<[Lane]>,
}

#[derive(Debug)]
struct Lane {
    client: Client<Connector, PayloadBody>,
    exchanges: Arc<AtomicUsize>,
}

/// Counts one exchange in its lane until the answer's body is gone.
#[derive(Debug)]
pub(super) struct Ticket(Arc<AtomicUsize>);

impl Pool {
    pub(super) fn new(connector: &Connector) -> Self {
        let mut builder = Client::builder(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .http2_keep_alive_interval(PING_INTERVAL)
            .http2_keep_alive_timeout(PING_TIMEOUT);
        let lane = || Lane { client: builder.build(connector.clone()), exchanges: Arc::default() };
        Self { lanes: (0..LANES).map(|_| lane()).collect() }
    }

    pub(super) async fn request(&self, request: Request<PayloadBody>) -> Result<HttpResponse, Error> {
        let lane = self.lane();
        let ticket = Ticket::take(&lane.exchanges);
        let answer = lane.client.request(request).await?;
        let (head, body) = answer.into_parts();
        Ok(Response::from_parts(head, answer_body(body, ticket)))
    }

    /// The first lane with room, or the emptiest.
    fn lane(&self) -> &Lane {
        let load = |lane: &&Lane| lane.exchanges.load(Ordering::Relaxed);
        self.lanes
            .iter()
            .find(|lane| load(lane) < EXCHANGES_PER_LANE)
            .or_else(|| self.lanes.iter().min_by_key(load))
            .unwrap_or(&self.lanes[0])
    }
}

impl Ticket {
    fn take(exchanges: &Arc<AtomicUsize>) -> Self {
        exchanges.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(exchanges))
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
