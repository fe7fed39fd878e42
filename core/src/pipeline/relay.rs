//! An answer on its way to the client: its bytes go past the guide, which says what the client gets of them.

use core::time::Duration;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{FutureExt, Stream, StreamExt};

use super::answer::Answer;
use super::doubt::Doubt;
use super::end::End;
use super::guide::{Guide, Last};
use super::silence::Silence;
use crate::dialect::Remainder;
use crate::platform::{Background, Body, BodyError, BoxFuture, Clock, Timestamp, with_timeout};

/// How long a stream whose end may be near is waited for.
pub(super) const SOON: Duration = Duration::from_secs(2);
/// How long a provider that said everything may take to end its answer, so that its connection can be used again.
const LINGER: Duration = Duration::from_secs(1);

/// An answer whose rest is still to come.
///
/// A home may send it as a stream, or take it apart with [`Relay::into_parts`], read and write by its own means, and
/// send what the guide makes of each chunk.
#[derive(Debug)]
pub struct Relay {
    /// Goes to the client as it is.
    ready: VecDeque<Bytes>,
    rest: Option<Body>,
    guide: Guide,
    pace: Pace,
    silence: Silence,
    /// The silences of the current wait that were filled.
    fillers: u32,
    doubt: Doubt,
    /// Ready when the home ends the request.
    end: Option<Timer>,
    clock: Arc<dyn Clock>,
    background: Arc<dyn Background>,
}

/// How long silences in a stream may be.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Then the provider counts as stalled.
    pub idle: Duration,
    /// After each such time the client's connection is kept alive; `None` for never.
    pub keep_alive: Option<Duration>,
}

impl Relay {
    pub(super) fn new(
        held: Vec<Bytes>,
        rest: Option<Body>,
        mut guide: Guide,
        pace: Pace,
        ends_at: Option<Timestamp>,
        clock: &Arc<dyn Clock>,
        background: Arc<dyn Background>,
    ) -> Self {
        let ready = guide.pass_held(held).into();
        let end = ends_at.filter(|_| rest.is_some()).map(|end| Timer(clock.sleep(end.since(clock.now()))));
        Self {
            ready,
            rest,
            guide,
            pace,
            silence: Silence::default(),
            fillers: 0,
            doubt: Doubt::default(),
            end,
            clock: Arc::clone(clock),
            background,
        }
    }

    /// What a home that takes the relay apart watches over, beside the end that it set itself.
    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// A silent stream is filled at once when `doubt` is raised.
    pub fn watch(&mut self, doubt: Doubt) {
        self.doubt = doubt;
    }

    /// What the client gets first, the provider's rest, and the guide.
    pub fn into_parts(self) -> (VecDeque<Bytes>, Option<Body>, Guide) {
        (self.ready, self.rest, self.guide)
    }

    /// An answer that is whole already is given whole; its journal ends here.
    pub(super) fn into_answer(mut self) -> Answer {
        if self.rest.is_some() || self.guide.is_stream() {
            return Answer::Relay(Box::new(self));
        }
        self.guide.end(&End::Clean);
        Answer::Body(self.ready.pop_front().unwrap_or_default().into())
    }

    /// The next of what is ready, or the client's own end.
    fn finish(&mut self, end: &End) -> Option<Result<Bytes, BodyError>> {
        let rest = self.rest.take();
        if let (End::Over, Some(rest)) = (end, rest) {
            self.linger(rest);
        }
        match self.guide.end(end) {
            Last::Bytes(bytes) if bytes.is_empty() => None,
            Last::Bytes(bytes) => Some(Ok(bytes)),
            Last::Broken(cause) => Some(Err(BodyError::Broken(cause))),
        }
    }

    /// Reads what is left of a provider's body that has said everything: a connection is used again only after its end.
    fn linger(&self, mut rest: Body) {
        if let Some(None) = rest.next().now_or_never() {
            return;
        }
        let clock = Arc::clone(&self.clock);
        self.background.spawn(Box::pin(async move {
            let end = Box::pin(async { while let Some(Ok(_)) = rest.next().await {} });
            with_timeout(&*clock, LINGER, end).await;
        }));
    }

    /// What follows from a silence, `None` while it goes on.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<Silent> {
        let is_ending = self.guide.remainder() == Remainder::Little;
        let limit = if is_ending { SOON } else { self.pace.idle };
        let filler_due = self.pace.keep_alive.map(|every| every.saturating_mul(self.fillers + 1));
        let filler_due = filler_due.filter(|due| *due < limit && self.guide.is_stream());
        let silent = std::task::ready!(self.silence.poll(cx, &*self.clock, filler_due.unwrap_or(limit)));
        Poll::Ready(match filler_due {
            Some(_) if silent < limit => Silent::Fill,
            _ if is_ending => Silent::End(End::Over),
            _ => Silent::End(End::Stalled),
        })
    }
}

enum Silent {
    Fill,
    End(End),
}

impl Stream for Relay {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(chunk) = this.ready.pop_front() {
                if chunk.is_empty() {
                    continue;
                }
                return Poll::Ready(Some(Ok(chunk)));
            }
            if !this.guide.is_open() {
                return Poll::Ready(None);
            }
            if this.guide.remainder() == Remainder::Nothing {
                return Poll::Ready(this.finish(&End::Over));
            }
            if this.end.as_mut().is_some_and(|end| end.0.poll_unpin(cx).is_ready()) {
                return Poll::Ready(this.finish(&End::TimeIsUp));
            }
            let Some(rest) = &mut this.rest else {
                return Poll::Ready(this.finish(&End::Clean));
            };
            match rest.poll_next_unpin(cx) {
                Poll::Ready(Some(Ok(chunk))) => {
                    let chunk = this.guide.pass(chunk);
                    this.silence.broken();
                    this.fillers = 0;
                    this.ready.push_back(chunk);
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(this.finish(&End::Broken(error.to_string()))),
                Poll::Ready(None) => return Poll::Ready(this.finish(&End::Clean)),
                Poll::Pending if this.doubt.settle() => {
                    if let Some(filler) = this.guide.filler() {
                        return Poll::Ready(Some(Ok(Bytes::from_static(filler))));
                    }
                }
                Poll::Pending => match std::task::ready!(this.poll_silence(cx)) {
                    Silent::End(end) => return Poll::Ready(this.finish(&end)),
                    Silent::Fill => {
                        this.fillers += 1;
                        if let Some(filler) = this.guide.filler() {
                            return Poll::Ready(Some(Ok(Bytes::from_static(filler))));
                        }
                    }
                },
            }
        }
    }
}

struct Timer(BoxFuture<'static, ()>);

impl std::fmt::Debug for Timer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Timer")
    }
}
