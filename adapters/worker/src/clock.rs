use core::time::Duration;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use llmio_core::platform::{BoxFuture, Clock, Timestamp};
use worker::send::SendFuture;

use crate::js::Timer;
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

/// Begins when it is first polled; dropping it clears the timer.
struct Sleep {
    duration: Duration,
    running: Option<(Timer, Settled)>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let millis = millis(self.duration);
        let (_, over) = self.running.get_or_insert_with(|| {
            let timer = Timer::new(millis);
            let over = Settled::from(timer.over());
            (timer, over)
        });
        match Pin::new(over).poll(cx) {
            Poll::Ready(_) => {
                self.running = None;
                Poll::Ready(())
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some((timer, _)) = &self.running {
            timer.clear();
        }
    }
}

/// Never less than asked for, and no more than `setTimeout` takes (24.8 days).
pub(crate) fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).ceil().min(f64::from(i32::MAX))
}
