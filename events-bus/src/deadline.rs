//! Points in time at which something is to be done with.

use std::time::{Duration, Instant};

/// More than any process lasts, and little enough for the clock to count.
const AGES: Duration = Duration::from_hours(24 * 365 * 100);

/// So long from now. `Duration::MAX` is as good as never.
pub(crate) fn after(time: Duration) -> Instant {
    Instant::now() + time.min(AGES)
}
