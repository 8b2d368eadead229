//! Points in time at which something ends or is due.

use std::time::{Duration, Instant};

/// More than any process lasts, and little enough for the clock to count.
const AGES: Duration = Duration::from_hours(24 * 365 * 100);

/// Returns the moment after a time. `Duration::MAX` is as good as never.
pub(crate) fn after(time: Duration) -> Instant {
    from(Instant::now(), time)
}

/// Returns the moment that is a time after another.
pub(crate) fn from(now: Instant, time: Duration) -> Instant {
    now + time.min(AGES)
}
