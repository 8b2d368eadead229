//! Limits of numbers and durations.

use core::ops::RangeInclusive;
use std::time::Duration;

type Numbers = RangeInclusive<i64>;
type Durations = RangeInclusive<Duration>;

const MILLISECOND: Duration = Duration::from_millis(1);
const DAY: Duration = Duration::from_hours(24);

pub(super) const CAPACITY: Numbers = 1..=10_000_000;
pub(super) const BLOCK_TIMEOUT: Durations = MILLISECOND..=Duration::from_mins(10);
pub(super) const MAX_EVENT_BYTES: Numbers = 1_024..=1_073_741_824;
pub(super) const MAX_BATCH: Numbers = 1..=10_000;

pub(super) const WORKERS: Numbers = 1..=1_024;
pub(super) const MAX_IN_FLIGHT: Numbers = 1..=1_000_000;
pub(super) const MAX_IN_FLIGHT_BYTES: Numbers = 1..=1 << 40;
pub(super) const MAX_PARKED: Numbers = 1..=10_000_000;
pub(super) const MAX_DELIVERIES: Numbers = 1..=1_000_000;
pub(super) const BATCH: Numbers = 1..=10_000;
pub(super) const LEASE: Durations = Duration::from_millis(100)..=Duration::from_hours(1);
pub(super) const RECEIVER_TIMEOUT: Durations = Duration::from_millis(10)..=DAY;
pub(super) const DUPLICATE_WINDOW: Durations = Duration::ZERO..=Duration::from_hours(7 * 24);

pub(super) const MAX_ATTEMPTS: Numbers = 1..=1_000_000;
pub(super) const FIRST_DELAY: Durations = MILLISECOND..=DAY;
pub(super) const MAX_DELAY: Durations = MILLISECOND..=Duration::from_hours(30 * 24);
pub(super) const MULTIPLIER_PERCENT: Numbers = 100..=1_000;
pub(super) const JITTER_PERCENT: Numbers = 0..=100;

pub(super) const KEEP_ENTRIES: Numbers = 0..=i64::MAX;
pub(super) const KEEP_FOR: Durations = Duration::ZERO..=Duration::from_hours(3_650 * 24);
pub(super) const LOSE_UNREAD_BEYOND: Numbers = 1..=i64::MAX;

pub(super) const DEAD_LETTERS: Numbers = 1..=i64::MAX;
pub(super) const DEAD_LETTER_AGE: Durations =
    Duration::from_mins(1)..=Duration::from_hours(3_650 * 24);
