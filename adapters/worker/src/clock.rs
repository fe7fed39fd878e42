use core::time::Duration;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use llmio_core::platform::{BoxFuture, Clock, Timestamp};
use worker::send::SendFuture;

use crate::js;
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
    /// With the number of its timer.
    running: Option<(Settled, f64)>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let millis = millis(self.duration);
        let (over, _) = self
            .running
            .get_or_insert_with(|| Settled::when(|number, settle| js::set_timeout(settle, millis, number, true)));
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
        if let Some((_, timer)) = self.running {
            js::clear_timeout(timer);
        }
    }
}

/// Never less than asked for, and no more than `setTimeout` takes (24.8 days).
pub(crate) fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).ceil().min(f64::from(i32::MAX))
}
