//! The wall clock, which nothing else in this crate reads.
//!
//! One read serves an event's time and its id.

use std::time::SystemTime;

use crate::time::Timestamp;

/// The time now, to the microsecond.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the wall clock"
)]
pub(crate) fn now() -> Timestamp {
    Timestamp::from(SystemTime::now())
}
