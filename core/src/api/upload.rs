//! Reading what a client sends.

use core::time::Duration;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
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
/// Room for what comes is made in steps that double, up to what was announced.
const FIRST_STEP: usize = 64 << 10;

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
    let mut parts = BytesMut::new();
    let mut size = 0;
    while let Some(chunk) = next(shared, &mut body, begun, size).await? {
        size += chunk.len();
        if size > limit {
            drain(shared, body).await;
            return Err(too_large(limit));
        }
        if !room.grow(chunk.len()) {
            // Others can have the place at once.
            drop((all, parts, chunk));
            room.release();
            drain_for(shared, body, DRAIN_TIME_WITHOUT_ROOM).await;
            return Err(busy());
        }
        if all.is_empty() && parts.is_empty() {
            all = chunk;
            continue;
        }
        if parts.is_empty() {
            parts.extend_from_slice(&std::mem::take(&mut all));
        }
        if parts.capacity() < size {
            let step = size.max(FIRST_STEP);
            let rest = length.saturating_sub(size);
            parts.reserve(chunk.len() + if rest > 0 { rest.min(step) } else { step });
        }
        parts.extend_from_slice(&chunk);
    }
    Ok(if parts.is_empty() { all } else { parts.freeze() })
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
