use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::HeaderValue;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{h1, h2};

/// Shorter than common load balancers' own limits, so that a connection is rarely closed under a request.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);
const MAX_IDLE: usize = 256;
/// How many HTTP/2 connections are made at a time: few, because those who wait may share one, and more than one, because
/// the provider may allow few streams on each.
const CONNECTING: usize = 4;

/// The connections to one scheme, name and port.
#[derive(Debug)]
pub(super) struct Host {
    /// The `host` header of a request to it.
    name: HeaderValue,
    /// The one used last is at the end, and is used next.
    idle: Mutex<Vec<Idle>>,
    lanes: Mutex<Vec<h2::Lane>>,
    speaks_h2: AtomicBool,
    /// Once HTTP/2 was negotiated, the right to make a connection.
    turns: Semaphore,
}

#[derive(Debug)]
struct Idle {
    connection: Box<h1::Connection>,
    since: Instant,
}

impl Host {
    pub(super) fn new(name: HeaderValue) -> Self {
        Self {
            name,
            idle: Mutex::default(),
            lanes: Mutex::default(),
            speaks_h2: AtomicBool::new(false),
            turns: Semaphore::new(CONNECTING),
        }
    }

    pub(super) fn name(&self) -> HeaderValue {
        self.name.clone()
    }

    /// A kept HTTP/1.1 connection that is open as far as one can tell.
    pub(super) fn take_idle(&self) -> Option<Box<h1::Connection>> {
        loop {
            let Idle { mut connection, since } = lock(&self.idle).pop()?;
            if since.elapsed() < IDLE_TIMEOUT && connection.is_usable() {
                return Some(connection);
            }
        }
    }

    pub(super) fn put_idle(&self, connection: Box<h1::Connection>) {
        let mut idle = lock(&self.idle);
        if idle.len() < MAX_IDLE {
            idle.push(Idle { connection, since: Instant::now() });
        }
    }

    /// A place on an HTTP/2 connection, on one opened after that time if it is given.
    pub(super) fn place(&self, since: Option<Instant>) -> Option<h2::Place> {
        if !self.speaks_h2.load(Ordering::Relaxed) {
            return None;
        }
        let mut lanes = lock(&self.lanes);
        lanes.retain(h2::Lane::is_open);
        place(&lanes, since)
    }

    /// Keeps a new HTTP/2 connection, unless another one has a place for its request. `None` when it is closed already.
    pub(super) fn add_lane(&self, lane: h2::Lane, since: Option<Instant>) -> Option<h2::Place> {
        self.speaks_h2.store(true, Ordering::Relaxed);
        let mut lanes = lock(&self.lanes);
        place(&lanes, since).or_else(|| {
            let place = lane.place();
            lanes.push(lane);
            place
        })
    }

    /// Waits for the right to connect.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        if self.speaks_h2.load(Ordering::Relaxed) { self.turns.acquire().await.ok() } else { None }
    }

    /// Closes connections that have been idle for too long; false when none is left.
    pub(super) fn reap(&self) -> bool {
        let mut idle = lock(&self.idle);
        idle.retain(|idle| idle.since.elapsed() < IDLE_TIMEOUT);
        let mut lanes = lock(&self.lanes);
        lanes.retain(|lane| lane.is_open() && !lane.is_idle_for(IDLE_TIMEOUT));
        !idle.is_empty() || !lanes.is_empty()
    }
}

/// The caller holds the lock, so that nobody else takes the same place.
fn place(lanes: &[h2::Lane], since: Option<Instant>) -> Option<h2::Place> {
    let mut lanes = lanes.iter().filter(|lane| since.is_none_or(|since| lane.opened_at() > since));
    lanes.find_map(h2::Lane::place)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
