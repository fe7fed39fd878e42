use core::time::Duration;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use llmio_core::platform::{BoxFuture, Clock, Timestamp};
use worker::send::SendFuture;

use crate::exchange;
use crate::js::{self, Exchange};
use crate::settled::Settled;

/// `Date.now()` and `setTimeout`. Workers hold the time still between I/O.
#[derive(Debug)]
pub(crate) struct JsClock;

impl Clock for JsClock {
    #[expect(clippy::cast_possible_truncation, reason = "whole milliseconds")]
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(js_sys::Date::now() as i64)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(SendFuture::new(Sleep { duration, running: None }))
    }
}

/// Begins when it is first polled.
struct Sleep {
    duration: Duration,
    running: Option<(Settled, Alarm)>,
}

/// What will end a sleep. Dropping it cancels that.
enum Alarm {
    /// The exchange's, with its number there.
    Shared(Exchange, u32),
    /// A timer of its own, for what belongs to no exchange.
    Own(f64),
}

impl Sleep {
    fn start(&self) -> (Settled, Alarm) {
        let millis = millis(self.duration);
        Settled::when(|number, settle| match exchange::current() {
            Some(exchange) => {
                exchange.sleep(number, settle, millis);
                Alarm::Shared(exchange, number)
            }
            None => Alarm::Own(js::set_timeout(settle, millis, number, true)),
        })
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.running.is_none() {
            self.running = Some(self.start());
        }
        let Some((over, _)) = &mut self.running else { return Poll::Pending };
        if Pin::new(over).poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.running = None;
        Poll::Ready(())
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        match self {
            Self::Shared(exchange, number) => exchange.wake(*number),
            Self::Own(timer) => js::clear_timeout(*timer),
        }
    }
}

/// Never less than asked for, and no more than `setTimeout` takes (24.8 days).
pub(crate) fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).ceil().min(f64::from(i32::MAX))
}
