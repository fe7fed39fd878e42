use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::HeaderValue;

use super::{h1, h2};

/// Shorter than common load balancers' own limits, so that a connection is rarely closed under a request.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);
const MAX_IDLE: usize = 256;

/// The connections to one scheme, name and port.
#[derive(Debug)]
pub(super) struct Host {
    /// The `host` header of a request to it.
    name: HeaderValue,
    /// The one used last is at the end, and is used next.
    idle: Mutex<Vec<Idle>>,
    lanes: Mutex<Vec<h2::Lane>>,
    /// Once HTTP/2 was negotiated, one connection at a time is made, which all those who wait may share.
    speaks_h2: AtomicBool,
    turn: tokio::sync::Mutex<()>,
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
            turn: tokio::sync::Mutex::new(()),
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

    /// An HTTP/2 connection with room for one more stream.
    pub(super) fn lane(&self) -> Option<h2::Lane> {
        if !self.speaks_h2.load(Ordering::Relaxed) {
            return None;
        }
        let mut lanes = lock(&self.lanes);
        lanes.retain(h2::Lane::is_open);
        lanes.iter().find(|lane| lane.has_room()).cloned()
    }

    /// Keeps a new HTTP/2 connection, unless another one has room for its request.
    pub(super) fn add_lane(&self, lane: h2::Lane) -> h2::Lane {
        self.speaks_h2.store(true, Ordering::Relaxed);
        let mut lanes = lock(&self.lanes);
        if let Some(other) = lanes.iter().find(|lane| lane.is_open() && lane.has_room()) {
            return other.clone();
        }
        lanes.push(lane.clone());
        lane
    }

    /// Waits for the right to connect.
    pub(super) async fn connecting(&self) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        if self.speaks_h2.load(Ordering::Relaxed) { Some(self.turn.lock().await) } else { None }
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
