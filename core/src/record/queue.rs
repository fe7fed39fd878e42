use core::time::Duration;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::rollup::Rollups;
use super::{LogEntry, limits};
use crate::platform::{Clock, Database, DatabaseError, Platform, Statement, Timestamp, with_timeout};
use crate::storage::{logs, rollups};

/// Entries that wait for the database before new ones are dropped.
pub const MAX_QUEUED_ENTRIES: usize = 10_000;
/// Bytes of bodies that wait before entries are queued without theirs.
pub const MAX_QUEUED_BODY_BYTES: usize = 32 << 20;

/// One batch is one transaction and one round trip.
const MAX_BATCH_ENTRIES: usize = 250;
const MAX_BATCH_BODY_BYTES: usize = 8 << 20;

/// A flush that has not ended after this time is given up by the others: its home may have frozen or killed it.
const LEASE: Duration = Duration::from_secs(30);
/// How long [`Recorder::drain`] waits between two tries.
const DRAIN_PAUSE: Duration = Duration::from_millis(50);

/// The queue between the hot path, which submits and never waits, and the database.
///
/// Entries are written in the order of submission, each exactly once, rollups included, even when the answer to a
/// write was lost. They stay queued while the database fails.
pub struct Recorder {
    database: Arc<dyn Database>,
    clock: Arc<dyn Clock>,
    /// Under this name the database remembers which batches it has.
    writer: String,
    state: Mutex<State>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecorderStatus {
    /// Entries not known to be written.
    pub queued: usize,
    /// Entries lost since the start because the queue was full.
    pub dropped: u64,
    /// Entries recorded without their bodies since the start because too many bodies were queued.
    pub dropped_bodies: u64,
    /// Why the last write failed, until one succeeds.
    pub degraded: Option<String>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<LogEntry>,
    /// Taken from the queue and not known to be written. It stays as it is until it is.
    pending: Option<Arc<Batch>>,
    /// Held by the flush that is writing `pending`.
    lease: Option<Lease>,
    last_batch: i64,
    last_lease: u64,
    body_bytes: usize,
    dropped: u64,
    dropped_bodies: u64,
    degraded: Option<String>,
}

struct Batch {
    /// Grows by one with each batch of this writer.
    number: i64,
    entries: Vec<LogEntry>,
    body_bytes: usize,
}

#[derive(Clone, Copy)]
struct Lease {
    id: u64,
    until: Timestamp,
}

/// The right to write the pending batch. Dropping it unsettled leaves the batch to the next flush.
struct Claim<'a> {
    recorder: &'a Recorder,
    lease: u64,
    batch: Arc<Batch>,
}

impl Recorder {
    pub fn new(platform: &Platform) -> Self {
        let mut random = [0; 16];
        platform.entropy.fill(&mut random);
        Self {
            database: Arc::clone(&platform.database),
            clock: Arc::clone(&platform.clock),
            writer: Uuid::from_bytes(random).simple().to_string(),
            state: Mutex::default(),
        }
    }

    /// Queues an entry: no I/O, no waiting. Over-long texts and bodies are cut ([`limits`]).
    pub fn submit(&self, mut entry: LogEntry) {
        limits::apply(&mut entry);
        let bytes = body_bytes(&entry);
        let mut state = self.state();
        if state.queued() >= MAX_QUEUED_ENTRIES {
            state.dropped += 1;
            return;
        }
        if state.body_bytes + bytes > MAX_QUEUED_BODY_BYTES {
            entry.bodies = None;
            state.dropped_bodies += 1;
        } else {
            state.body_bytes += bytes;
        }
        state.queue.push_back(entry);
    }

    /// Writes what is queued, until nothing is left or the database fails; [`Recorder::status`] tells which.
    ///
    /// Returns at once while another flush is at work, which then writes these entries, too: a request on Workers must
    /// not wait for another request's I/O. May be dropped at any time.
    pub async fn flush(&self) {
        while let Some(claim) = self.claim() {
            let statements = claim.batch.statements(&self.writer, self.clock.now());
            let result = self.database.batch(statements).await.map(drop);
            let failed = result.is_err();
            claim.settle(result);
            if failed {
                return;
            }
        }
    }

    /// Flushes until everything is written or `limit` has passed, for a home that ends. Answers how many entries are
    /// left.
    pub async fn drain(&self, limit: Duration) -> usize {
        let all = Box::pin(async {
            loop {
                self.flush().await;
                if self.state().queued() == 0 {
                    return;
                }
                self.clock.sleep(DRAIN_PAUSE).await;
            }
        });
        with_timeout(self.clock.as_ref(), limit, all).await;
        self.state().queued()
    }

    pub fn status(&self) -> RecorderStatus {
        let state = self.state();
        RecorderStatus {
            queued: state.queued(),
            dropped: state.dropped,
            dropped_bodies: state.dropped_bodies,
            degraded: state.degraded.clone(),
        }
    }

    /// The pending batch, or a new one from the head of the queue.
    fn claim(&self) -> Option<Claim<'_>> {
        let now = self.clock.now();
        let mut state = self.state();
        if state.lease.is_some_and(|lease| now < lease.until) {
            return None;
        }
        let batch = match &state.pending {
            Some(batch) => Arc::clone(batch),
            None => state.next_batch()?,
        };
        state.last_lease += 1;
        let id = state.last_lease;
        state.lease = Some(Lease { id, until: now.plus(LEASE) });
        drop(state);
        Some(Claim { recorder: self, lease: id, batch })
    }

    /// Nothing that holds the lock can panic half-way, so a poisoned state is whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn queued(&self) -> usize {
        self.queue.len() + self.pending.as_ref().map_or(0, |batch| batch.entries.len())
    }

    fn next_batch(&mut self) -> Option<Arc<Batch>> {
        let mut entries = Vec::with_capacity(self.queue.len().min(MAX_BATCH_ENTRIES));
        let mut bytes = 0;
        while entries.len() < MAX_BATCH_ENTRIES
            && let Some(entry) =
                self.queue.pop_front_if(|entry| bytes == 0 || bytes + body_bytes(entry) <= MAX_BATCH_BODY_BYTES)
        {
            bytes += body_bytes(&entry);
            entries.push(entry);
        }
        if entries.is_empty() {
            return None;
        }
        self.last_batch += 1;
        let batch = Arc::new(Batch { number: self.last_batch, entries, body_bytes: bytes });
        self.pending = Some(Arc::clone(&batch));
        Some(batch)
    }
}

impl Batch {
    fn statements(&self, writer: &str, now: Timestamp) -> Vec<Statement> {
        let mut statements = Vec::with_capacity(self.entries.len() + 4);
        for entry in &self.entries {
            logs::insert(entry, &mut statements);
        }
        statements.extend(rollups::add(&Rollups::of(&self.entries), writer, self.number, now));
        statements
    }
}

impl Claim<'_> {
    /// Does nothing when the lease ran out and another flush has taken over: that one settles the batch.
    fn settle(self, result: Result<(), DatabaseError>) {
        let mut state = self.recorder.state();
        if state.lease.is_none_or(|lease| lease.id != self.lease) {
            return;
        }
        match result {
            Ok(()) => {
                state.pending = None;
                state.body_bytes = state.body_bytes.saturating_sub(self.batch.body_bytes);
                if state.degraded.take().is_some() {
                    tracing::info!("the request log is written again");
                }
            }
            Err(error) => {
                if state.degraded.is_none() {
                    tracing::warn!(%error, "the request log cannot be written; its entries wait in memory");
                }
                state.degraded = Some(error.message);
            }
        }
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut state = self.recorder.state();
        if state.lease.is_some_and(|lease| lease.id == self.lease) {
            state.lease = None;
        }
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("writer", &self.writer).field("status", &self.status()).finish()
    }
}

fn body_bytes(entry: &LogEntry) -> usize {
    entry.bodies.as_ref().map_or(0, |bodies| bodies.request.len() + bodies.response.len())
}
