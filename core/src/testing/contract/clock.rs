//! The contract of [`Clock`].

use core::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Either, select};

use crate::platform::{Clock, Timestamp, with_timeout};

/// Runs everything below, on a clock that shows the present.
pub async fn all(clock: &dyn Clock) {
    time_is_of_this_age(clock);
    sleep_lasts(clock).await;
    the_shorter_sleep_ends_first(clock).await;
}

pub fn time_is_of_this_age(clock: &dyn Clock) {
    let now = clock.now();
    assert!(now > Timestamp::from_secs(1_767_225_600), "microseconds since 1970, and past the start of 2026: {now:?}");
    assert!(now < Timestamp::from_secs(4_102_444_800), "before 2100: {now:?}");
}

pub async fn sleep_lasts(clock: &dyn Clock) {
    let duration = Duration::from_millis(30);
    let sleep = clock.sleep(duration);
    let start = clock.now();
    sleep.await;
    let slept = clock.now().since(start);
    // A wall clock may be set back a little meanwhile.
    assert!(slept >= duration - Duration::from_millis(5), "slept {slept:?} instead of {duration:?}");
}

pub async fn the_shorter_sleep_ends_first(clock: &dyn Clock) {
    let long = clock.sleep(Duration::from_secs(60));
    let short = clock.sleep(Duration::from_millis(10));
    assert!(matches!(select(long, short).await, Either::Right(_)));
    let never = std::future::pending::<()>();
    assert!(with_timeout(clock, Duration::from_millis(10), never.boxed()).await.is_none());
}
