use core::time::Duration;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::{Either, select};
use futures_util::{FutureExt, StreamExt};
use http::StatusCode;

use super::meter::joined;
use crate::platform::{Body, BodyError, BoxFuture, Clock, HttpResponse, Timestamp};

/// An answer's body being read against the clock, and held.
pub(super) struct Reading {
    pub(super) head: http::response::Parts,
    pub(super) held_bytes: usize,
    body: Option<Body>,
    held: Vec<Bytes>,
    /// What was looked at before anybody asked for it.
    ahead: Option<Arrival>,
    clock: Arc<dyn Clock>,
    limit: Timestamp,
    /// How long it may be silent before `limit`.
    silence: Duration,
    /// With the time when it fires.
    timer: Option<(Timestamp, BoxFuture<'static, ()>)>,
}

/// What came next.
pub(super) enum Arrival {
    /// Appended to what is held.
    Chunk,
    End,
    Broken(BodyError),
    TimeOut,
}

impl Reading {
    pub(super) fn new(clock: &Arc<dyn Clock>, response: HttpResponse, limit: Timestamp, silence: Duration) -> Self {
        let (head, body) = response.into_parts();
        let clock = Arc::clone(clock);
        let (held, ahead) = (Vec::new(), None);
        Self { head, body: Some(body), held, held_bytes: 0, ahead, clock, limit, silence, timer: None }
    }

    /// Waits so long instead.
    pub(super) const fn wait(&mut self, limit: Timestamp, silence: Duration) {
        self.limit = limit;
        self.silence = silence;
    }

    /// Waits no longer than this for more.
    pub(super) fn hurry(&mut self, silence: Duration) {
        self.silence = self.silence.min(silence);
    }

    /// The first byte that is no white space, if one comes before `limit` others. `next` gives all the same what was read for it.
    pub(super) async fn peek(&mut self, limit: usize) -> Option<u8> {
        loop {
            let first = self.held.iter().flatten().find(|byte| !byte.is_ascii_whitespace()).copied();
            if first.is_some() || self.held_bytes > limit || self.ahead.is_some() {
                // As one chunk, of which the meters are told.
                self.held = vec![joined(&self.held)];
                self.ahead = self.ahead.take().or(Some(Arrival::Chunk));
                return first;
            }
            self.ahead = Some(self.next().await).filter(|arrival| !matches!(arrival, Arrival::Chunk));
        }
    }

    pub(super) async fn next(&mut self) -> Arrival {
        if let Some(arrival) = self.ahead.take() {
            return arrival;
        }
        let Some(body) = &mut self.body else {
            return Arrival::End;
        };
        // What is there needs no timer.
        let next = match body.next().now_or_never() {
            Some(next) => next,
            None => {
                let now = self.clock.now();
                let due = self.limit.min(now.plus(self.silence));
                let (_, timer) = match &mut self.timer {
                    Some(timer) if timer.0 == due => timer,
                    _ => self.timer.insert((due, self.clock.sleep(due.since(now)))),
                };
                match select(body.next(), timer).await {
                    Either::Left((next, _)) => next,
                    Either::Right(((), _)) => return Arrival::TimeOut,
                }
            }
        };
        match next {
            Some(Ok(chunk)) => {
                self.held_bytes += chunk.len();
                self.held.push(chunk);
                Arrival::Chunk
            }
            Some(Err(error)) => {
                self.body = None;
                Arrival::Broken(error)
            }
            None => {
                self.body = None;
                Arrival::End
            }
        }
    }

    /// Reads on to the end, as long as less than `limit` bytes are held.
    pub(super) async fn rest(&mut self, limit: usize) {
        while self.held_bytes < limit {
            let Arrival::Chunk = self.next().await else { break };
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn status(&self) -> StatusCode {
        self.head.status
    }

    pub(super) fn newest(&self) -> &[u8] {
        self.held.last().map_or(&[], |chunk| chunk)
    }

    /// The chunk that came last, which is held no longer.
    pub(super) fn take_newest(&mut self) -> Bytes {
        let newest = self.held.pop().unwrap_or_default();
        self.held_bytes -= newest.len();
        newest
    }

    pub(super) fn text(&self) -> Bytes {
        joined(&self.held)
    }

    pub(super) fn into_parts(self) -> (http::response::Parts, Vec<Bytes>, Option<Body>) {
        (self.head, self.held, self.body)
    }
}
