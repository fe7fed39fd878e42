use core::ops::RangeInclusive;
use core::time::Duration;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::rollup::Rollups;
use super::{LogEntry, limits};
use crate::platform::{Clock, Database, DatabaseError, DatabaseErrorKind, Platform, Timestamp, with_timeout};
use crate::storage::{logs, rollups};

/// Entries that wait for the database before new ones are dropped.
pub const MAX_QUEUED_ENTRIES: usize = 10_000;
/// Bytes of bodies that wait before entries are queued without theirs.
pub const MAX_QUEUED_BODY_BYTES: usize = 32 << 20;

/// One batch is one transaction: what it writes to a page more than once is written once.
const MAX_BATCH_ENTRIES: usize = 1_000;
/// Of a batch that is sent to where each statement has its price.
const MAX_SENT_ENTRIES: usize = 250;
/// So few that they are a handful of statements where a statement has its price.
const MAX_BATCH_BODY_BYTES: usize = 2 << 20;

/// A batch refused this often for what it holds is written entry by entry.
const MAX_REFUSALS: u32 = 3;

/// A flush that has not ended after this time is given up by the others: its home may have frozen or killed it.
const LEASE: Duration = Duration::from_secs(30);
/// A write that has not ended after this time shows as degraded, although it may still succeed.
const SLOW: Duration = Duration::from_secs(3);
/// How long [`Recorder::drain`] waits between two tries.
const DRAIN_PAUSE: Duration = Duration::from_millis(50);

/// The queue between the hot path, which submits and never waits, and the database.
///
/// Entries are written in the order of submission, each exactly once, rollups included, even when the answer to a
/// write was lost. They stay queued while the database fails. An entry that the database refuses for what it holds,
/// while it takes others, is dropped.
pub struct Recorder {
    database: Arc<dyn Database>,
    clock: Arc<dyn Clock>,
    /// Under this name the database remembers which entries it has.
    writer: String,
    state: Mutex<State>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecorderStatus {
    /// Entries not known to be written.
    pub queued: usize,
    /// Entries lost since the start because the queue was full or the database refused them.
    pub dropped: u64,
    /// Entries recorded without their bodies since the start because too many bodies were queued.
    pub dropped_bodies: u64,
    /// Why the last write failed, until one succeeds; also when the present one takes long.
    pub degraded: Option<String>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<LogEntry>,
    /// Taken from the queue and not known to be written. It stays as it is until it is.
    pending: Option<Arc<Batch>>,
    /// Held by the flush that is writing `pending`.
    lease: Option<Lease>,
    /// Refusals of `pending`.
    refusals: u32,
    /// How many entries at the head of the queue are to be written one by one.
    alone: usize,
    /// Of the last entry that was taken from the queue.
    last_number: i64,
    /// Of the last entry that a flush was asked to write.
    wanted: i64,
    last_lease: u64,
    body_bytes: usize,
    dropped: u64,
    dropped_bodies: u64,
    degraded: Option<String>,
}

struct Batch {
    /// Those of its entries: they grow by one with each entry of this writer.
    numbers: RangeInclusive<i64>,
    entries: Vec<LogEntry>,
    body_bytes: usize,
    /// It is one entry of a batch that was refused.
    is_alone: bool,
}

/// What became of a try to write a batch.
enum Ending {
    Written,
    /// The entry is refused by itself, and the database knows that it does not come.
    PassedOver(DatabaseError),
    Failed(DatabaseError),
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

    /// Writes what is queued now, unless the database fails; [`Recorder::status`] tells. What is queued meanwhile waits
    /// for the next flush: entries that come one after the other would be written one by one.
    ///
    /// Returns at once while another flush is at work, which then writes these entries, too: a request on Workers must
    /// not wait for another request's I/O. May be dropped at any time.
    pub async fn flush(&self) {
        self.state().want_all();
        while let Some(claim) = self.claim() {
            let ending = self.write(&claim.batch).await;
            let failed = matches!(ending, Ending::Failed(_));
            claim.settle(ending);
            if failed {
                return;
            }
        }
    }

    async fn write(&self, batch: &Batch) -> Ending {
        let (mut statements, now) = (Vec::new(), self.clock.now());
        let sums = Rollups::of(&batch.entries);
        if self.database.prefers_few_statements() {
            logs::insert_together(&batch.entries, &mut statements);
            rollups::add_together(&sums, &self.writer, &batch.numbers, now, &mut statements);
        } else {
            logs::insert(&batch.entries, &mut statements);
            rollups::add(&sums, &self.writer, &batch.numbers, now, &mut statements);
        }
        match self.database.batch(statements).await {
            Ok(_) => Ending::Written,
            Err(error) if batch.is_alone && is_refusal(&error) && self.pass_over(batch).await => {
                Ending::PassedOver(error)
            }
            Err(error) => Ending::Failed(error),
        }
    }

    /// Marks a batch as written without writing it. A database that refuses even this refuses everything, for a full
    /// disk perhaps, and the entry is not to blame.
    async fn pass_over(&self, batch: &Batch) -> bool {
        let mark = rollups::finish(&self.writer, &batch.numbers, self.clock.now());
        self.database.batch(vec![mark]).await.is_ok()
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
        let now = self.clock.now();
        let state = self.state();
        let slow = || state.is_slow(now).then(|| "the database is slow to answer".to_owned());
        RecorderStatus {
            queued: state.queued(),
            dropped: state.dropped,
            dropped_bodies: state.dropped_bodies,
            degraded: state.degraded.clone().or_else(slow),
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
            None if self.database.prefers_few_statements() => state.next_batch(MAX_SENT_ENTRIES)?,
            None => state.next_batch(MAX_BATCH_ENTRIES)?,
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

    fn is_slow(&self, now: Timestamp) -> bool {
        self.lease.is_some_and(|lease| lease.until.since(now) + SLOW < LEASE)
    }

    fn want_all(&mut self) {
        self.wanted = self.last_number + i64::try_from(self.queue.len()).unwrap_or(i64::MAX);
    }

    fn next_batch(&mut self, most: usize) -> Option<Arc<Batch>> {
        if self.last_number >= self.wanted {
            return None;
        }
        let is_alone = self.alone > 0;
        let most = if is_alone { 1 } else { most };
        let mut entries = Vec::with_capacity(self.queue.len().min(most));
        let mut bytes = 0;
        while entries.len() < most
            && let Some(entry) =
                self.queue.pop_front_if(|entry| bytes == 0 || bytes + body_bytes(entry) <= MAX_BATCH_BODY_BYTES)
        {
            bytes += body_bytes(&entry);
            entries.push(entry);
        }
        if entries.is_empty() {
            return None;
        }
        let first = self.last_number + 1;
        self.last_number += i64::try_from(entries.len()).unwrap_or(i64::MAX);
        let batch = Arc::new(Batch { numbers: first..=self.last_number, entries, body_bytes: bytes, is_alone });
        self.alone = self.alone.saturating_sub(1);
        self.refusals = 0;
        self.pending = Some(Arc::clone(&batch));
        Some(batch)
    }

    /// Puts the pending batch back, to be written entry by entry. The entries keep their numbers, so that none counts
    /// twice should the batch have been written after all.
    fn split(&mut self) {
        let Some(batch) = self.pending.take() else { return };
        self.last_number = batch.numbers.start() - 1;
        self.alone = batch.entries.len();
        for entry in batch.entries.iter().rev() {
            self.queue.push_front(entry.clone());
        }
    }

    /// The pending batch is done with.
    fn finish(&mut self) {
        if let Some(batch) = self.pending.take() {
            self.body_bytes = self.body_bytes.saturating_sub(batch.body_bytes);
        }
        if self.degraded.take().is_some() {
            tracing::info!("the request log is written again");
        }
    }
}

impl Claim<'_> {
    /// Does nothing when the lease ran out and another flush has taken over: that one settles the batch.
    fn settle(self, ending: Ending) {
        let mut state = self.recorder.state();
        if state.lease.is_none_or(|lease| lease.id != self.lease) {
            return;
        }
        match ending {
            Ending::Written => state.finish(),
            Ending::PassedOver(error) => {
                for entry in &self.batch.entries {
                    // The database's own words are left out: a server may quote what it was sent.
                    tracing::error!(
                        id = entry.id,
                        body_bytes = self.batch.body_bytes,
                        kind = ?error.kind,
                        "the database refuses a log entry, which is lost"
                    );
                }
                state.dropped += self.batch.entries.len() as u64;
                state.finish();
            }
            Ending::Failed(error) => {
                if state.degraded.is_none() {
                    tracing::warn!(%error, "the request log cannot be written; its entries wait in memory");
                }
                if is_refusal(&error) && !self.batch.is_alone {
                    state.refusals += 1;
                    if state.refusals >= MAX_REFUSALS {
                        state.split();
                    }
                }
                state.degraded = Some(error.message);
            }
        }
    }
}

/// Whether it is what the statements hold, or how much, that the database may object to.
const fn is_refusal(error: &DatabaseError) -> bool {
    matches!(error.kind, DatabaseErrorKind::Constraint | DatabaseErrorKind::Other)
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
