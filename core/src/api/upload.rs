//! Reading what a client sends.

use core::time::Duration;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};

use super::{too_large, unreadable};
use crate::dialect::{ErrorKind, GatewayError};
use crate::platform::{Body, Timestamp, with_timeout};
use crate::room::Reserved;
use crate::shared::Shared;

/// The client broke off while it sent its request.
pub(super) const ABORTED: &str = "request_aborted";
/// How long a client may pause while it sends its request.
const SILENCE: Duration = Duration::from_secs(30);
/// Who sends more slowly than this, in bytes a second, after the first [`SILENCE`], only holds a place.
const SLOWEST: usize = 4 << 10;
/// So much of a request that is refused is read all the same, and so long: a client that is still sending when the
/// connection closes sees a broken connection instead of the answer.
const DRAINED: usize = 64 << 20;
const DRAIN_TIME: Duration = Duration::from_secs(2);
/// For whom only the room was missing: it shall come back.
const DRAIN_TIME_WITHOUT_ROOM: Duration = Duration::from_secs(10);
/// Room for what comes is a quarter of what was announced, or a quarter of that, and so on, as large as what has come: what is
/// there is copied with each step, a third of the body in all, and what a step leaves behind is a quarter of it at most.
const STEP: usize = 4;
const LEAST_STEP: usize = 16 << 10;

/// What a request's head says of its body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Announced {
    pub(super) length: usize,
    /// The client sends nothing before it is asked to.
    pub(super) waits: bool,
}

/// Reads a body of at most `limit` bytes, taking room for it as it comes.
pub(super) async fn read(
    shared: &Arc<Shared>,
    mut body: Body,
    limit: usize,
    announced: Announced,
    room: &mut Reserved,
) -> Result<Bytes, GatewayError> {
    let Announced { length, waits } = announced;
    if length > limit {
        if !waits {
            drain(shared, body).await;
        }
        return Err(too_large(limit));
    }
    let begun = shared.now();
    let mut all = Bytes::new();
    let mut parts = Vec::new();
    let mut size = 0;
    while let Some(chunk) = next(shared, &mut body, begun, size).await? {
        size += chunk.len();
        if size > limit {
            drain(shared, body).await;
            return Err(too_large(limit));
        }
        // What is made room for is taken, whether it is full or not: it is memory.
        let is_first = all.is_empty() && parts.is_empty();
        let capacity = if is_first { size } else { capacity(parts.capacity(), size, length) };
        let held = if is_first { 0 } else { parts.capacity().max(all.len()) };
        if !room.grow(capacity - held) {
            // Others can have the place at once.
            drop((all, parts, chunk));
            room.release();
            drain_for(shared, body, DRAIN_TIME_WITHOUT_ROOM).await;
            return Err(busy());
        }
        if is_first {
            all = chunk;
            continue;
        }
        parts.reserve_exact(capacity - parts.len());
        parts.extend_from_slice(&std::mem::take(&mut all));
        parts.extend_from_slice(&chunk);
    }
    Ok(if parts.is_empty() { all } else { parts.into() })
}

/// Room for a body of which `size` bytes have come and `announced` were, where there is room for `now`.
fn capacity(now: usize, size: usize, announced: usize) -> usize {
    if size <= now {
        return now;
    }
    if announced <= size {
        // Who announces nothing may be done with the next byte.
        return size + (size / 2).max(LEAST_STEP);
    }
    let mut room = announced;
    while room / STEP >= size.max(LEAST_STEP) {
        room = room.div_ceil(STEP);
    }
    room
}

/// Reads on for a while, for nothing.
pub(super) async fn drain(shared: &Shared, body: Body) {
    drain_for(shared, body, DRAIN_TIME).await;
}

async fn drain_for(shared: &Shared, mut body: Body, time: Duration) {
    let mut left = DRAINED;
    let all = Box::pin(async {
        while let Some(Ok(chunk)) = body.next().await {
            left = left.saturating_sub(chunk.len());
            if left == 0 {
                return;
            }
        }
    });
    with_timeout(&*shared.platform.clock, time, all).await;
}

/// The next chunk of a body that began to come at `begun` and has come to `size`.
async fn next(shared: &Shared, body: &mut Body, begun: Timestamp, size: usize) -> Result<Option<Bytes>, GatewayError> {
    // What is there needs no timer.
    let chunk = match body.next().now_or_never() {
        Some(chunk) => chunk,
        None => {
            let due = begun.plus(SILENCE + Duration::from_secs((size / SLOWEST) as u64));
            let wait = due.since(shared.now()).min(SILENCE);
            with_timeout(&*shared.platform.clock, wait, body.next()).await.ok_or_else(|| {
                GatewayError::new(ErrorKind::InvalidRequest, "the request's body stopped coming; send it again")
                    .code("request_timeout")
            })?
        }
    };
    chunk.transpose().map_err(|error| unreadable(&error))
}

pub(super) fn busy() -> GatewayError {
    GatewayError::new(ErrorKind::Unavailable, "too many large requests are in flight; try again in a moment")
        .code("overloaded")
        .retry_after(Some(Duration::from_secs(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_grows_with_what_has_come() {
        // Room that there is, what has come, what was announced; room that there is then.
        for (now, size, announced, expected) in [
            (0, 100, 1_000, 1_000),
            (0, 100, 64 << 20, LEAST_STEP),
            (0, 100, 0, 100 + LEAST_STEP),
            (1_000, 900, 64 << 20, 1_000),
            (1_000, 1_000, 64 << 20, 1_000),
            (1 << 20, 2 << 20, 64 << 20, 4 << 20),
            (1 << 20, 2 << 20, 10_000_000, 2_500_000),
            (2_500_000, 2_500_001, 10_000_000, 10_000_000),
            (1 << 20, 2 << 20, (2 << 20) + 5, (2 << 20) + 5),
            (1 << 20, 2 << 20, 100, 3 << 20),
        ] {
            assert_eq!(capacity(now, size, announced), expected, "{now} {size} {announced}");
        }
    }
}
